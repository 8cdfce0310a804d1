"""Extension points: implementations by name, built in or published by installed packages as entry points.

A built-in name always wins: an installed package cannot replace what clinweave ships.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from clinweave.core.errors import ClinweaveError, UserError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


class PluginError(ClinweaveError):
    """An installed package publishes an extension that cannot be used."""


@dataclass(frozen=True)
class ExtensionPoint(Generic[T]):
    """A group of implementations; `built_in` maps a name to "module:attribute"."""

    group: str  # of entry points
    noun: str  # in messages: "retriever"
    built_in: Mapping[str, str] = field(default_factory=dict)

    def installed(self) -> "dict[str, EntryPoint]":
        """Return the entry points of other packages by name, without importing them."""
        from importlib.metadata import entry_points

        points: dict[str, EntryPoint] = {}
        for point in entry_points(group=self.group):
            if point.name not in self.built_in:
                points.setdefault(point.name, point)
        return points

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted."""
        return tuple(sorted({*self.built_in, *self.installed()}))

    def __contains__(self, name: object) -> bool:
        """Return whether a name is registered; looks at installed packages only if it is not built in."""
        return name in self.built_in or name in self.installed()

    def load(self, name: str) -> T:
        """Import and return an implementation.

        Raises `UserError` with the nearest name for an unknown name, `PluginError` naming the package where the
        import fails or several packages publish the name.
        """
        if name in self.built_in:
            module, _, attribute = self.built_in[name].partition(":")
            return cast("T", getattr(import_module(module), attribute))
        point = self.installed().get(name)
        if point is None:
            raise UserError(self.unknown(name))
        self._check_unique(name)
        try:
            return cast("T", point.load())
        except Exception as error:  # a package of somebody else may raise anything
            raise PluginError(
                f"{self.noun} {name!r} of the installed package {package_of(point)} cannot be imported "
                f"({point.value}: {type(error).__name__}: {error}); upgrade or uninstall that package"
            ) from error

    def unknown(self, name: str, others: Iterable[str] = ()) -> str:
        """Return the message for an unknown name; `others` are further words that the user may write."""
        from difflib import get_close_matches

        names = [*self.names(), *others]
        nearest = get_close_matches(name, names, n=1, cutoff=0.5)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else "."
        return (
            f"there is no {self.noun} {name!r}{hint} Known: {', '.join(names) or 'none'} "
            f"(a package adds one under the entry point group {self.group})"
        )

    def _check_unique(self, name: str) -> None:
        from importlib.metadata import entry_points

        packages = sorted({package_of(point) for point in entry_points(group=self.group, name=name)})
        if len(packages) > 1:
            raise PluginError(
                f"{self.noun} {name!r} is published by several packages: {', '.join(packages)}; uninstall all but one"
            )


def package_of(point: "EntryPoint") -> str:
    """Return the name and version of the package that publishes an entry point."""
    distribution: Any = point.dist
    return (
        f"{distribution.name} {distribution.version}"
        if distribution is not None
        else point.value.partition(":")[0]
    )
