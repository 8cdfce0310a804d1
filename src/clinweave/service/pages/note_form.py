"""What the form of the page Note says: the letter, and the corrections that were made to its findings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinweave.core.errors import UserError
from clinweave.knowledge import TEXT_DOCUMENTS, document_text
from clinweave.patients import decoded
from clinweave.service.pages.forms import FormFields, Upload

MAX_LETTER = 100_000  # characters; a longer one is read by `clinweave diagnose --text`
_TERM = re.compile(r"HP:\d{7}")
_SETTINGS = ("outpatient", "inpatient")


@dataclass(frozen=True)
class NoteForm:
    """The letter and the findings set by hand, as HPO ids. `ignored` were taken out."""

    text: str
    observed: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    sex: str = ""
    age: str = ""
    setting: str = "outpatient"
    search: str = ""  # the name of a finding to add
    uploaded: bool = False

    def after(self, action: str) -> "NoteForm":
        """Return the form after one correction.

        `action` is "present:ID", "absent:ID", "remove:ID", "restore:ID", "replace:OLD:NEW" (with the status of the old
        one), "not-replace:OLD:NEW" (of an absent one), or "read". Raises `UserError` for anything else.
        """
        if action in {"", "read", "find"}:
            return self
        verb, *ids = re.split(r":(?=HP:)", action)
        if not ids or not all(_TERM.fullmatch(id_) for id_ in ids):
            raise UserError("the correction is not understood")
        first, last = ids[0], ids[-1]
        observed, excluded, ignored = (
            _without(terms, ids) for terms in (self.observed, self.excluded, self.ignored)
        )
        if verb in {"present", "replace"}:
            observed = (*observed, last)
        elif verb in {"absent", "not-replace"}:
            excluded = (*excluded, last)
        if verb in {"remove", "replace", "not-replace"}:
            ignored = (*ignored, first)
        elif verb not in {"present", "absent", "restore"}:
            raise UserError("the correction is not understood")
        return replace(self, observed=observed, excluded=excluded, ignored=ignored, search="")


def note_form(form: FormFields) -> NoteForm:
    """Return the form of a request. A file that was handed in takes the place of the text. Raises `UserError`."""
    file = form.files.get("file")
    text = upload_text(file) if file is not None and file.content else form.text("text")
    if len(text) > MAX_LETTER:
        raise UserError(
            f"the letter has {len(text):,} characters; at most {MAX_LETTER:,} are read here "
            "(`clinweave diagnose --text` reads longer ones)"
        )
    sex, setting = form.text("sex"), form.text("setting", "outpatient")
    if sex not in {"", "MALE", "FEMALE"}:
        raise UserError("the sex is MALE, FEMALE or not stated")
    if setting not in _SETTINGS:
        raise UserError("the setting is outpatient or inpatient")
    return NoteForm(
        text=text,
        observed=_terms(form, "observed"),
        excluded=_terms(form, "excluded"),
        ignored=_terms(form, "ignored"),
        sex=sex,
        age=form.text("age").strip()[:40],
        setting=setting,
        search=form.text("term").strip()[:200],
        uploaded=file is not None,
    )


def upload_text(file: Upload) -> str:
    """Return the text of a letter that was handed in as a file. Raises `UserError`."""
    ending = file.name.lower().rpartition(".")[2]
    if f".{ending}" in TEXT_DOCUMENTS:
        return document_text(file.name, file.content)
    if ending not in {"txt", "text", "md", file.name.lower()}:
        raise UserError(f"files of the type .{ending[:20]} are not read here; use text, DOCX or PDF")
    return decoded(file.content, "the file")


def _terms(form: FormFields, name: str) -> tuple[str, ...]:
    return tuple(value for value in form.texts(name) if _TERM.fullmatch(value))


def _without(ids: Sequence[str], dropped: Sequence[str]) -> tuple[str, ...]:
    return tuple(id_ for id_ in ids if id_ not in dropped)
