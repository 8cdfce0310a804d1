"""What `clinweave diagnose` ranks: files of cases, a letter, or findings on the command line; corrected by hand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clinweave.core.artifacts import home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.diagnosis import Case, Corrections, Letter, Ontology
    from clinweave.knowledge import TranslatedLinker


@dataclass(frozen=True)
class Given:
    """The options that name a patient: files, and findings, age and sex as typed."""

    source: Path | None
    text: Path | None
    hpo: str
    excluded: str
    ignored: str
    age: str
    sex: str

    @property
    def single(self) -> bool:
        """Return whether the input is one patient of the command line."""
        return self.source is None

    def check(self) -> None:
        """Raise `UserError` where the options contradict one another or name nobody."""
        from clinweave.applications.diagnosis import read_sex

        if self.source is not None and self.text is not None:
            raise UserError("give INPUT or --text FILE, not both")
        if self.source is None and self.text is None and not self.hpo.strip() and not self.excluded.strip():
            raise UserError("give one of: INPUT, --text FILE, or --hpo (with --excluded)")
        read_sex(self.sex, "--sex")


def cases(
    given: Given, ontology: "Ontology", *, publications: bool, skipped: list[str]
) -> "Iterator[tuple[Case, Letter | None]]":
    """Yield each case, corrected as the options say, with the letter that it was read from.

    Raises `UserError` where corrections would meet several patients.
    """
    from clinweave.applications.diagnosis import (
        Corrections,
        correct,
        read_age,
        read_cases,
        read_sex,
        read_terms,
    )

    given.check()
    changes = Corrections(
        **{
            name: read_terms(typed, ontology, option)
            for name, option, typed in (
                ("observed", "--hpo", given.hpo),
                ("excluded", "--excluded", given.excluded),
                ("ignored", "--ignore", given.ignored),
            )
        },
        sex=read_sex(given.sex, "--sex"),
        age=read_age(given.age),
    )
    items: Iterable[tuple[Case, Letter | None]]
    if given.source is not None:
        items = (
            (case, None) for case in read_cases(given.source, publications=publications, skipped=skipped)
        )
        if changes:
            items = _only(list(items), given.source)
    else:
        items = [_typed_or_read(given.text, changes)]
    for case, letter in items:
        yield correct(case, ontology, changes, letter), letter


def _only(items: "list[tuple[Case, Letter | None]]", source: Path) -> "list[tuple[Case, Letter | None]]":
    if len(items) > 1:
        raise UserError(
            f"{source} holds {len(items)} cases: --hpo, --excluded, --ignore, --age and --sex correct one patient; "
            "give the file of that patient alone"
        )
    return items


def _typed_or_read(text: Path | None, changes: "Corrections") -> "tuple[Case, Letter | None]":
    from clinweave.applications.diagnosis import Case

    return _read(text, changes) if text is not None else (Case("patient"), None)


def _read(path: Path, changes: "Corrections") -> "tuple[Case, Letter]":
    """Return the case that a letter tells, and the letter with its marks; values are read for the given age and sex."""
    from clinweave.applications.diagnosis import case_from_letter
    from clinweave.knowledge import Graph, Linker, with_translations
    from clinweave.patients import check_note, read_note

    text = read_note(path)

    def open_linker() -> "TranslatedLinker":
        return with_translations(Linker.open(Graph.open(home() / "graph")), home())

    try:
        check_note(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    result = case_from_letter(text, open_linker, path.stem, changes)
    for warning in result.warnings:
        typer.echo(f"warning: {warning}", err=True)
    return result.case, result.letter
