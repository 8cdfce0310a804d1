"""Lazy package attributes (PEP 562): a package lists its public names and imports a module on first use."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def attach(
    package: str, exports: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `(__getattr__, __dir__)` for a package whose `exports` maps a public name to its submodule.

    Example, in a room's `__init__.py`: `__getattr__, __dir__ = attach(__name__, {"Graph": "graph"})`.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807
        if name not in exports:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{exports[name]}"), name)
        # importing a submodule of the same name has just bound that name to the module
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807
        return sorted(exports)

    return __getattr__, __dir__
