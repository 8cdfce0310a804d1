"""Options and messages of the rules that refuse structures which nobody would make."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from clinweave.applications.molecules.structure_filters import StructureFilter

SHOWN = 6  # rules and molecules named on the screen; all are in --json and the output
Allow = Annotated[
    list[str] | None,
    typer.Option(metavar="RULE", help="Do not apply this rule (docs/molecules_filters.md); may be repeated."),
]
Filters = Annotated[
    bool,
    typer.Option(
        "--filters/--no-filters",
        help="Refuse structures that a chemist would not make: unstable or reactive motifs, PAINS, unseen ring "
        "systems, a high SA score.",
    ),
]
RefuseSmarts = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Also refuse these patterns: one SMARTS per line, then a name."),
]


def chosen_filter(allow: Sequence[str] | None, filters: bool, own: Path | None) -> "StructureFilter | None":
    """Return the filter that the options ask for, or None with --no-filters.

    Raises `UserError` for an unknown rule, an unusable file, or either of them with --no-filters.
    """
    from clinweave.applications.molecules.structure_filters import open_filter
    from clinweave.core.errors import UserError

    if filters:
        return open_filter(allow or (), own)
    if allow or own:
        raise UserError(
            "--no-filters refuses nothing: leave out --allow and --refuse-smarts, or --no-filters"
        )
    return None


def tell_refusals(refusals: Sequence[str] | None) -> None:
    """Print how many structures each rule refused."""
    if refusals is None:
        typer.echo("structures are not checked for what a chemist would make (--no-filters)", err=True)
    elif refusals:
        more = f"; and {len(refusals) - SHOWN} more rules" if len(refusals) > SHOWN else ""
        typer.echo(f"refused as not makeable: {'; '.join(refusals[:SHOWN])}{more}")


def tell_controlled(classes: Mapping[str, str]) -> None:
    """Print the molecules that match a class of chemical-weapons or controlled-substance law."""
    matches = [(smiles, text) for smiles, text in classes.items() if text]
    for smiles, text in matches[:SHOWN]:
        typer.echo(f"check before making: {smiles} matches {text}", err=True)
    if len(matches) > SHOWN:
        typer.echo(f"... and {len(matches) - SHOWN} more that match", err=True)
