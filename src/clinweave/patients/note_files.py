"""Reading a file as one clinical note, and refusing what is none."""

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from clinweave.core.errors import UserError

MAX_CHARACTERS = 8_000_000  # characters
_LETTERS = 3
_PASTED = "clinweave-windows-1252"  # name of an error handler
_PATIENT = re.compile(
    r"^[ \t\f]*(?:patient(?:'s)?(?: name| id)?|name|pt name|mrn|medical record (?:number|no\.?)|patient no\.?"
    r"|subject_id|(?:nhs|hospital|hosp\.?|chi) (?:no\.?|number)|re)"
    r"[ \t]*[:#=][ \t]*([^\n,;|]{2,60})",
    re.IGNORECASE | re.MULTILINE,
)
_IDENTIFIED = re.compile(
    r"\b(?:dob|d\.o\.b|born|mrn|nhs|hosp|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4})", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"^[ \t\f#*]*((?:patient|case|pt|subject|proband)[ \t]*(?:no\.?|number|\#)?[ \t]*(?:\d{1,4}|[A-F]))"
    r"[ \t*]*(?:[:.)-]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_TITLED = re.compile(
    r"^[ \t\f]*(?:Mr|Mrs|Ms|Miss|Master)\.? ([A-Z][\w'-]+(?: [A-Z][\w'-]+)?),? "
    r"(?:is )?(?:an? |aged )?\d{1,3}[ -]?(?:y|m)",
    re.MULTILINE,
)
_TABLE = re.compile(
    r"\s*(?:[^\n,;\t|]{0,40}[,;\t|]){0,6}[\"' ]*"
    r"(patient_?\s?(?:id|no|number)|subject_?id|person_?id|pat_?id|hadm_?id|mrn|note_?id)[\"' ]*"
    r"(?:[,;\t|][^\n]*)?\r?\n",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"\s*(?:<!doctype html|<html|<\?xml|<clinicaldocument|<body|<div)\b", re.IGNORECASE)
_DOUBLED = re.compile(r"[^\x00-\x7f]{2,}")
_ASKING = re.compile(
    r"^[ \t]*\[?(?:doctor|dr|physician|clinician|provider|nurse)\d?\]?[ \t]*[:\]]",
    re.IGNORECASE | re.MULTILINE,
)
_JSON_LINES = re.compile(r"\s*\{[^\n]*\}[ \t]*\r?\n\s*\{[^\n]*\}")
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def read_note(path: Path) -> str:
    """Return the text of a note: UTF-8, UTF-16 with a byte order mark, or Windows-1252.

    Raises `UserError` for a missing file and for one that is no plain text.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist or is no file; give a text file with one note")
    raw = path.read_bytes()
    return decoded(raw, str(path))


def decoded(raw: bytes, name: str) -> str:
    """Return bytes as text; see `read_note`."""
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            try:
                return _plain(raw.decode(encoding), name)
            except UnicodeDecodeError as error:
                raise UserError(
                    f"{name}: not valid {encoding} ({error.reason} at byte {error.start})"
                ) from error
    if b"\x00" in raw or raw.startswith((b"%PDF", b"PK\x03\x04", b"{\\rtf", b"\x1f\x8b")):
        raise UserError(f"{name}: not plain text; save the note as text (UTF-8) first")
    return _plain(raw.decode("utf-8", _PASTED), name)


def _windows(error: UnicodeError) -> tuple[str, int]:
    """Return the bytes that are no UTF-8 as Windows-1252: some notes are pasted together from both."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error(_PASTED, _windows)


def _plain(text: str, name: str) -> str:
    if len(text) > MAX_CHARACTERS:
        raise UserError(
            f"{name}: {len(text):,} characters, at most {MAX_CHARACTERS:,} are read as one note; split the file"
        )
    return _DOUBLED.sub(_once, text).replace("\r\n", "\n").replace("\r", "\n")


def _once(run: re.Match[str]) -> str:
    """Return letters that were encoded twice ("MÃ©niÃ¨re") as they were meant, others as they are."""
    try:
        raw = b"".join(bytes([ord(sign)]) if ord(sign) < 256 else sign.encode("cp1252") for sign in run[0])
        return raw.decode("utf-8")
    except UnicodeError:
        return run[0]


def check_note(text: str) -> list[str]:
    """Return warnings about a note; raises `UserError` where it is empty, no text, or of several patients."""
    letters = sum(character.isalpha() for character in text[:200_000])
    if letters < _LETTERS:
        raise UserError("the note is empty: it has no words; give the text of one note")
    odd = sum(
        unicodedata.category(character) in {"Cc", "Co", "Cn"} and character not in "\n\t\f"
        for character in text[:200_000]
    )
    if odd > 0.1 * min(len(text), 200_000):
        raise UserError(
            "the note is not plain text: it is full of control characters; save it as text (UTF-8) first"
        )
    _check_shape(text)
    patients = _patients(text)
    if len(patients) > 1:
        places = ", ".join(f"line {line} ({label})" for line, label in patients[:4])
        raise UserError(f"the text is of several patients: {places}; give one file per patient")
    warnings = []
    if "\ufffd" in text:
        warnings.append(
            f"{text.count(chr(0xFFFD))} characters could not be decoded; check the file's encoding"
        )
    if len(text) > 200_000:
        warnings.append(
            f"{len(text):,} characters are long for one note: check that it is one visit of one patient"
        )
    return warnings


def _check_shape(text: str) -> None:
    if _JSON_LINES.match(text):
        raise UserError("the text is a file of JSON records, not a note; give the text of one note per file")
    if _MARKUP.match(text):
        raise UserError(
            "the text is a page with markup (HTML or XML), not a note; save it as plain text first"
        )
    if column := _TABLE.match(text):
        raise UserError(
            f"the text is a table of records (line 1 has the column {column[1]!r}), not a note; give the text of one "
            "note per file"
        )


def check_one_patient(notes: Mapping[str, str]) -> None:
    """Raise `UserError` where the headings of several notes (name -> text) name several patients."""
    seen: dict[str, dict[str, str]] = {}
    for name, text in notes.items():
        for _, label, value in _headings(text):
            seen.setdefault(label, {}).setdefault(value, name)
    for label, values in seen.items():
        if len(_persons(values)) > 1:
            places = ", ".join(sorted(set(values.values()))[:4])
            raise UserError(
                f"the notes are of several patients: {len(values)} values of {label!r} in {places}; give the notes of"
                " one patient"
            )


def _headings(text: str) -> Iterator[tuple[re.Match[str], str, str]]:
    """Yield (match, label, value) of the headings that name a patient; "Patient: No." in a dialogue is none."""
    dialogue = _ASKING.search(text) is not None
    for match in _PATIENT.finditer(text):
        label, value = _named(match)
        line = text[match.start() : match.end() + 60].partition("\n")[0]
        if value and not (dialogue and label == "patient") and (label != "re" or _IDENTIFIED.search(line)):
            yield match, label, value
    for label, pattern in (("number", _NUMBERED), ("person", _TITLED)):
        for match in pattern.finditer(text):
            yield match, label, " ".join(match[1].lower().split())


def _named(match: re.Match[str]) -> tuple[str, str]:
    """Return (label, value) of a heading that names a patient, in lower case."""
    label = re.split(r"[:#=]", match.group())[0].strip().lower()
    value = re.split(r"\s{3,}|\t|\b(?:dob|mrn|age|sex)\b", match[1], flags=re.IGNORECASE)[0]
    return label, " ".join(value.lower().split()).strip(" .")


def _patients(text: str) -> list[tuple[int, str]]:
    """Return (line, heading) of each patient that the headings name, where they name more than one."""
    seen: dict[str, dict[str, tuple[int, str]]] = {}
    for match, label, value in _headings(text):
        line = text.count("\n", 0, match.start(1)) + 1
        seen.setdefault(label, {}).setdefault(value, (line, " ".join(match.group().split())))
    for values in seen.values():
        if len(_persons(values)) > 1:
            return list(values.values())
    return []


def _persons(names: Iterable[str]) -> set[str]:
    """Return names without those that are the last part of another: "Cooper" of "Christina Cooper"."""
    several = set(names)
    return {name for name in several if not any(other.endswith(f" {name}") for other in several)}
