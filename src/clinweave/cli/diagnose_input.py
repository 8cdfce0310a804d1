"""What `clinweave diagnose` ranks: files of cases, a letter, or findings on the command line; corrected by hand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clinweave.core.artifacts import home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.diagnosis import Case, Letter, Ontology


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
        if self.source is not None and self.text is not None:
            raise UserError("give INPUT or --text FILE, not both")
        if self.source is None and self.text is None and not self.hpo.strip() and not self.excluded.strip():
            raise UserError("give one of: INPUT, --text FILE, or --hpo (with --excluded)")
        if self.sex.strip().upper() not in {"", "MALE", "FEMALE", "M", "F"}:
            raise UserError(f"--sex is {self.sex!r}; give male or female, or leave it out")


def cases(
    given: Given, ontology: "Ontology", *, publications: bool, skipped: list[str]
) -> "Iterator[tuple[Case, Letter | None]]":
    """Yield each case, corrected as the options say, with the letter that it was read from.

    Raises `UserError` where corrections would meet several patients.
    """
    from clinweave.applications.diagnosis import corrected, read_age, read_cases, read_terms

    given.check()
    sex = {"M": "MALE", "F": "FEMALE"}.get(given.sex.strip().upper(), given.sex.strip().upper())
    age = read_age(given.age)
    lists = {
        option: read_terms(typed, ontology, option)
        for option, typed in (
            ("--hpo", given.hpo),
            ("--excluded", given.excluded),
            ("--ignore", given.ignored),
        )
    }
    items: Iterable[tuple[Case, Letter | None]]
    if given.source is not None:
        items = (
            (case, None) for case in read_cases(given.source, publications=publications, skipped=skipped)
        )
        if any(lists.values()) or sex or age:
            items = _only(list(items), given.source)
    else:
        items = [_typed_or_read(given.text)]
    for case, letter in items:
        personal = replace(case, sex=sex or case.sex, age=age or case.age)
        final = corrected(personal, ontology, lists["--hpo"], lists["--excluded"], lists["--ignore"])
        yield _with_sex_checked(final, letter, ontology), letter


def _with_sex_checked(case: "Case", letter: "Letter | None", ontology: "Ontology") -> "Case":
    """Return a case read from a letter with its findings checked against the sex that the letter states."""
    from clinweave.applications.diagnosis import sex_problems
    from clinweave.knowledge import person_of

    if letter is None or case.sex:
        return case
    observed = [place for id_ in case.observed if (place := ontology.place(id_)) is not None]
    return replace(
        case, problems=(*case.problems, *sex_problems(ontology, observed, person_of(letter.text).sex.upper()))
    )


def _only(items: "list[tuple[Case, Letter | None]]", source: Path) -> "list[tuple[Case, Letter | None]]":
    if len(items) > 1:
        raise UserError(
            f"{source} holds {len(items)} cases: --hpo, --excluded, --ignore, --age and --sex correct one patient; "
            "give the file of that patient alone"
        )
    return items


def _typed_or_read(text: Path | None) -> "tuple[Case, Letter | None]":
    from clinweave.applications.diagnosis import Case

    return _read(text) if text is not None else (Case("patient"), None)


def _read(path: Path) -> "tuple[Case, Letter]":
    """Return the case that a letter tells, and the letter with its marks."""
    from clinweave.applications.diagnosis import from_mentions, read_letter
    from clinweave.knowledge import Graph, Linker, NoteReader, unread_language, with_translations
    from clinweave.patients import check_note, read_note

    text = read_note(path)
    try:
        warnings = check_note(text)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    linker = with_translations(Linker.open(Graph.open(home() / "graph")), home())
    if unread := unread_language(text, linker.languages):
        warnings.append(unread)
    letter = read_letter(text, NoteReader(linker).read(text))
    for warning in (*warnings, *letter.warnings()):
        typer.echo(f"warning: {warning}", err=True)
    case = from_mentions(path.stem, letter.mentions)
    problems = (*warnings, *letter.warnings(), *case.problems)
    return replace(case, problems=problems), letter
