"""What pyproject.toml cannot say: compendium/ and recipes/ go into the package of a wheel."""

from pathlib import Path

from setuptools import find_namespace_packages, setup

DATA = {
    ".".join(("clinweave", "data", *folder.parts)): folder.as_posix()
    for top in ("compendium", "recipes")
    for folder in (Path(top), *sorted(path for path in Path(top).rglob("*") if path.is_dir()))
}

setup(
    packages=[*find_namespace_packages("src", exclude=["*__pycache__*"]), *DATA],
    package_dir={"": "src", **DATA},
)
