"""Lazy package attributes (PEP 562) by lazy_loader: a package lists its public names, each imported on first use."""

from collections import defaultdict
from collections.abc import Callable, Mapping

import lazy_loader


def attach(
    package: str, exports: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `(__getattr__, __dir__)` for a package whose `exports` maps a public name to its submodule.

    Example, in a package's `__init__.py`: `__getattr__, __dir__ = attach(__name__, {"Graph": "graph"})`.
    """
    names: dict[str, list[str]] = defaultdict(list)
    for name, module in exports.items():
        names[module].append(name)
    attribute, directory, _ = lazy_loader.attach(package, submod_attrs=names)
    return attribute, directory
