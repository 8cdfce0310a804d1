"""Lazy package attributes (PEP 562) by lazy_loader: a package lists its public names, each imported on first use.

`OpenedOnce` does the same for what is opened: a table, for instance.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import lazy_loader

T = TypeVar("T")


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


class OpenedOnce(Generic[T]):
    """A value that is opened on first use, once for all threads: while one opens it, those that need it wait.

    A failure is not kept: the next use tries again.
    """

    def __init__(self, opened: Callable[[], T]) -> None:
        self._open, self._lock = opened, threading.Lock()
        self._values: list[T] = []

    def get(self) -> T:
        """Return the value. Raises what opening it raises."""
        with self._lock:
            if not self._values:
                self._values.append(self._open())
            return self._values[0]
