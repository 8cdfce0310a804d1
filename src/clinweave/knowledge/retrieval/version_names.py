"""What a file's name, title and first lines say of its version: numbers, dates, status and the name without them."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"), ("may",), ("june", "jun"),
            ("july", "jul"), ("august", "aug"), ("september", "sep", "sept"), ("october", "oct"),
            ("november", "nov"), ("december", "dec"),
        ),
        1,
    )
    for name in names
}  # fmt: skip
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_NUMBER = re.compile(
    r"(?<![a-z0-9])(?:version|vers|ver|v|revision|rev|edition)[ ._:-]{0,2}(\d{1,3}(?:\.\d{1,3}){0,3})(?![a-z0-9])"
    r"|(?<![a-z0-9.])(\d{1,2})(?:st|nd|rd|th) (?:edition|revision)(?![a-z0-9])"
    r"|(?<![a-z0-9])(?:version|revision|rev|edition)[ ._:-]{1,2}([a-z])(?![a-z0-9])"
)
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[ ._/-]?(0[1-9]|1[0-2])[ ._/-]?(0[1-9]|[12]\d|3[01])(?!\d)"  # 2024-03-31, 20240331
    r"|(?<!\d)(0?[1-9]|[12]\d|3[01])[ ._/-](0?[1-9]|1[0-2])[ ._/-]((?:19|20)\d\d)(?!\d)"  # 31.03.2024
    rf"|(?<![a-z0-9])(?:(\d\d?)(?:st|nd|rd|th)? )?({MONTH})[ .,_-]{{1,2}}((?:19|20)\d\d)(?!\d)"  # (31) March 2024
    r"|(?<!\d)((?:19|20)\d\d)[ ._/-](0[1-9]|1[0-2])(?!\d)"  # 2024-03
    r"|(?<![\d.])((?:19|20)\d\d)(?![\d.])"  # 2024
)
STATUS_WORD = "withdrawn|superseded|obsolete|retired|rescinded|retracted"
_OF_WHAT = (
    r"(?:[ _-]+(?:versions?|editions?|guidelines?|documents?|docs|files|policies|(?:19|20)\d\d))*[\W_]*$"
)
_OLD_FOLDER = re.compile(
    rf"^[\W_]*(?:z+[ _-]?)?(?:old|older|archived?s?|previous|outdated|{STATUS_WORD}){_OF_WHAT}", re.IGNORECASE
)
_STATUS_FOLDER = re.compile(rf"^[\W_]*(?:{STATUS_WORD}){_OF_WHAT}", re.IGNORECASE)
_OLD_NAME = re.compile(
    r"[ ._\-(\[]+(?:old|previous|archived?|outdated|do not use)[)\]]?$|^[(\[]?(?:old|archived?|outdated)[)\]]?[ ._-]+",
    re.IGNORECASE,
)
_COPY_NAME = re.compile(  # as file managers name copies: "a copy.txt", "a - Copy (2).txt", "Copy of a.txt", "a (1).txt"
    r"[ ._-](?:copy|kopie|copie|copia)(?: ?\d+| ?\(\d+\))?$|^(?:copy of|copie de|copia de|kopie von) | ?\(\d{1,2}\)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z0-9]+")
_COUNTER = re.compile(r"^(.*?)(?<!\d)(?<!\d[-._/ ])(\d{1,6})$")


@dataclass(frozen=True)
class Version:
    """A version number and a date, each () where none is stated."""

    number: tuple[int, ...] = ()
    date: tuple[int, ...] = ()

    def is_older(self, other: "Version") -> bool:
        """Say whether this is certainly older: number and date must not contradict each other."""
        verdicts = []
        if self.number and other.number and self.number != other.number:
            verdicts.append(_padded(self.number) < _padded(other.number))
        if self.date and other.date:
            length = min(len(self.date), len(other.date))
            if self.date[:length] != other.date[:length]:
                verdicts.append(self.date < other.date)
        return bool(verdicts) and all(verdicts)

    def __str__(self) -> str:
        number = ".".join(map(str, self.number))
        date = "-".join(f"{part:02d}" for part in self.date)
        return ", ".join(part for part in (f"version {number}" if number else "", date) if part)


def family(name: str) -> str:
    """Return a file's path without version, date and folders of old documents."""
    path = PurePosixPath(name)
    folders = [stripped(part) for part in path.parent.parts if not _OLD_FOLDER.match(part)]
    stem = stripped(path.stem)
    return "/".join([*(part for part in folders if part), stem]) if stem else ""


def stripped(text: str) -> str:
    """Return the words of a name without version and date."""
    plain = plain_text(_OLD_NAME.sub(" ", text))
    plain = _DATE.sub(" ", _NUMBER.sub(" ", plain))
    return " ".join(_WORD.findall(re.sub(r"\b(?:final|updated?|new|latest|current)\b", " ", plain)))


def is_marked_old(name: str) -> bool:
    """Say whether the name or a folder calls a document old: "sepsis old.md", "archive 2020/sepsis.md"."""
    path = PurePosixPath(name)
    return bool(_OLD_NAME.search(path.stem)) or any(_OLD_FOLDER.match(part) for part in path.parent.parts)


def is_marked_copy(name: str) -> bool:
    """Say whether the name calls a document a copy: "sepsis copy.md", "sepsis (1).md"."""
    return bool(_COPY_NAME.search(PurePosixPath(name).stem))


def status_folder(name: str) -> str:
    """Return the folder of a document that says that it is withdrawn, "" if there is none."""
    return next((part for part in PurePosixPath(name).parent.parts if _STATUS_FOLDER.match(part)), "")


def plain_text(text: str) -> str:
    """Return a text in lower case with single spaces for blanks and underscores."""
    return re.sub(r"[_\s]+", " ", text.lower())


def numbers(plain: str) -> tuple[int, ...]:
    """Return the version number of a plain text, letters as their place in the alphabet, () if there is none."""
    match = _NUMBER.search(plain)
    if not match:
        return ()
    if match[3]:
        return (ord(match[3]) - ord("a") + 1,)
    return tuple(int(part) for part in (match[1] or match[2]).split("."))


def dates(plain: str) -> tuple[int, ...]:
    """Return (year), (year, month) or (year, month, day) of the latest date in a plain text."""
    result: list[tuple[int, ...]] = []
    for item in _DATE.finditer(plain):
        if item[1]:
            result.append((int(item[1]), int(item[2]), int(item[3])))
        elif item[6]:
            result.append((int(item[6]), int(item[5]), int(item[4])))
        elif item[9]:
            day = (int(item[7]),) if item[7] else ()
            result.append((int(item[9]), MONTHS[item[8]], *day))
        elif item[10]:
            result.append((int(item[10]), int(item[11])))
        else:
            result.append((int(item[12]),))
    return max(result, default=())


def numbered(names: list[str]) -> frozenset[str]:
    """Return the names that only count: "note200", "note 2000" stand among numbers that are no years."""
    counted: dict[str, list[tuple[str, int]]] = {}
    for name in names:
        path = PurePosixPath(name)
        match = _COUNTER.search(path.stem)
        if match:
            counted.setdefault(f"{path.parent}/{match[1].lower()}", []).append((name, int(match[2])))
    return frozenset(
        name
        for members in counted.values()
        if any(not 1900 <= number < 2100 for _, number in members)
        for name, _ in members
    )


def _padded(number: tuple[int, ...]) -> tuple[int, ...]:
    return (*number, 0, 0, 0, 0)[:4]
