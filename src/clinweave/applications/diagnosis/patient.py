"""The case of one patient: read from a letter, and corrected by findings, sex and age given by hand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan

from clinweave.applications.diagnosis.ages import read_age, years
from clinweave.applications.diagnosis.cases import Case, corrected, from_mentions
from clinweave.applications.diagnosis.diagnose import Diagnoser
from clinweave.applications.diagnosis.letters import Letter, read_letter
from clinweave.applications.diagnosis.ontology import Ontology
from clinweave.applications.diagnosis.result import DiagnosisResult
from clinweave.applications.diagnosis.sex import sex_problems
from clinweave.applications.diagnosis.term_lists import read_terms
from clinweave.core.errors import UserError
from clinweave.knowledge import NoteReader, Person, TranslatedLinker, person_of, unread_language
from clinweave.patients import check_note

_SEXES = {"": "", "M": "MALE", "MALE": "MALE", "F": "FEMALE", "FEMALE": "FEMALE"}


@dataclass(frozen=True)
class LetterCase:
    """A letter with its marked findings, and what to warn of; `case` has the warnings among its problems."""

    case: Case
    letter: Letter
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Corrections:
    """Findings (HPO ids), sex ("MALE", "FEMALE" or "") and age (ISO 8601 duration) that overrule a case."""

    observed: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    sex: str = ""
    age: str = ""

    def __bool__(self) -> bool:
        return bool(self.observed or self.excluded or self.ignored or self.sex or self.age)


def read_sex(text: str, option: str) -> str:
    """Return "MALE", "FEMALE" or "" for male, female, m, f or nothing. Raises `UserError` for anything else."""
    sex = _SEXES.get(text.strip().upper())
    if sex is None:
        raise UserError(f"{option} is {text[:40]!r}; give male or female, or leave it out")
    return sex


def case_from_letter(
    text: str, open_linker: Callable[[], TranslatedLinker], id_: str, given: Corrections | None = None
) -> LetterCase:
    """Return the case that the letter of one patient tells. Raises `UserError` where it is no such letter.

    Values are read for the age and sex that are `given`, else for those of the text.
    """
    warnings = check_note(text)
    linker = open_linker()
    if unread := unread_language(text, linker.languages):
        warnings.append(unread)
    letter = read_letter(text, NoteReader(linker).read(text, _person(given)))
    warnings += letter.warnings()
    case = from_mentions(id_, letter.mentions)
    return LetterCase(replace(case, problems=(*warnings, *case.problems)), letter, tuple(warnings))


def _person(given: Corrections | None) -> Person | None:
    if given is None:
        return None
    age = years(given.age)
    return Person(None if isnan(age) else age, given.sex.lower())


def correct(case: Case, ontology: Ontology, changes: Corrections, letter: Letter | None = None) -> Case:
    """Return a case with what was given by hand; findings of a letter are checked against the sex it states."""
    personal = replace(case, sex=changes.sex or case.sex, age=changes.age or case.age)
    final = corrected(personal, ontology, changes.observed, changes.excluded, changes.ignored)
    if letter is None or final.sex:
        return final
    observed = [index for id_ in final.observed if (index := ontology.place(id_)) is not None]
    unlikely = sex_problems(ontology, observed, person_of(letter.text).sex.upper())
    return replace(final, problems=(*final.problems, *unlikely))


def diagnose_patient(
    diagnoser: Diagnoser,
    linker: Callable[[], TranslatedLinker],
    *,
    observed: Sequence[str] = (),
    excluded: Sequence[str] = (),
    text: str = "",
    sex: str = "",
    age: str = "",
    limit: int = 10,
) -> DiagnosisResult:
    """Return the ranking for one patient, with reasons for every rank; with "read", the letter's findings, of a text.

    `observed` and `excluded` are HPO ids or names; they overrule the findings of `text`. `linker` is opened for a text
    alone. Raises `UserError` for a name that HPO does not have, and for a text that is no note of one patient.
    """
    ontology = diagnoser.model.ontology
    changes = Corrections(
        read_terms("\n".join(observed), ontology, "observed"),
        read_terms("\n".join(excluded), ontology, "excluded"),
        sex=read_sex(sex, "sex"),
        age=read_age(age),
    )
    read = case_from_letter(text, linker, "case", changes) if text else None
    case = correct(read.case if read else Case("case"), ontology, changes, read.letter if read else None)
    line = diagnoser.diagnose(case, top=limit, explained=limit)
    return line | {"read": read.letter.summary()} if read else line
