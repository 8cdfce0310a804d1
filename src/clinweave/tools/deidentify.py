"""The tool `deidentify`: a note pseudonymised by rules."""

import secrets
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from clinweave.core.errors import UserError
from clinweave.knowledge_base import KnowledgeBase
from clinweave.tools.base import LONGEST_TEXT, Parameter, Tool

_NOTICE = "pseudonymised by rules, not anonymised: read it before it goes anywhere"


@dataclass(frozen=True, slots=True)
class DeidentifyInput:
    """Arguments of `deidentify`."""

    note: Annotated[str, Parameter("The note of one patient.", LONGEST_TEXT, required=True)]
    patient: Annotated[
        str, Parameter("A name for the patient: dates of notes of the same patient are shifted alike.")
    ] = ""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A stretch that was replaced: `note[start:end]` by `text`. `kind` is name, date, id, contact, place or age."""

    start: int
    end: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class DeidentifyResult:
    """The note without what the rules found. `notes` says what that does not promise."""

    text: str
    state: str
    replaced: tuple[Replaced, ...]
    notes: tuple[str, ...]


def deidentify(base: KnowledgeBase, arguments: DeidentifyInput) -> DeidentifyResult:
    """Return a note with names, dates, numbers, contacts, places and high ages replaced."""
    from clinweave.patients import Pseudonymiser, key_at

    notes = [_NOTICE]
    try:
        key = key_at(base.home / "deid.key", create=False)
    except UserError as error:
        key = _key_of_this_process()
        notes.append(f"{error}: dates are shifted alike until this process ends")
    linker = base.linker if base.has("graph") else None
    if linker is None:
        notes.append(
            "there is no graph: only built-in clinical terms are protected from being taken for names"
        )
    done = Pseudonymiser(key, linker).note(arguments.note, arguments.patient)
    if not done.spans:
        notes.append("nothing was found to replace")
    replaced = tuple(Replaced(item.start, item.end, item.kind.value, done.shown(item)) for item in done.spans)
    return DeidentifyResult(done.text, done.state, replaced, tuple(notes))


@cache
def _key_of_this_process() -> bytes:
    return secrets.token_bytes(32)


TOOL = Tool(
    "deidentify",
    "De-identify a note",
    "Replace names, dates, numbers, contacts, places and ages over 89 of a clinical note by rules: pseudonymised, not "
    "anonymised.",
    DeidentifyInput,
    DeidentifyResult,
    deidentify,
)
