"""What pyproject.toml cannot say: compendium/ and recipes/ go into the package of a wheel."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages("src"), "clinweave.data.compendium", "clinweave.data.recipes"],
    package_dir={"": "src", "clinweave.data.compendium": "compendium", "clinweave.data.recipes": "recipes"},
)
