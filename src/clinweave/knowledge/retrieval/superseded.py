"""Documents that must not be cited: withdrawn ones, older versions of another one, and second copies of a text.

Detection is conservative: what is not certain stays. A document is withdrawn where its name, title or first lines say
so of itself. Two documents are versions of one where their names or titles differ only in a version number or a date;
the newest stays. Names that mark a series (minutes, reports, letters) and bare numbers ("part 2") are no versions.
Only files are compared, not the records within a file (answers, articles, lines of JSONL).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

MOST_HEAD = 800  # characters at the beginning of a document that are read for its status and version
_MOST_VERSIONS = 50  # documents of one title; more are no versions of each other
_LEAST_ALIKE = 0.4  # share of common words at which two documents of one title are versions of each other
_MONTHS = {
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
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_NUMBER = re.compile(
    r"(?<![a-z0-9])(?:version|vers|ver|v|revision|rev|edition)[ ._:-]{0,2}(\d{1,3}(?:\.\d{1,3}){0,3})(?![a-z0-9])"
    r"|(?<![a-z0-9.])(\d{1,2})(?:st|nd|rd|th) (?:edition|revision)(?![a-z0-9])"
)
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[ ._/-]?(0[1-9]|1[0-2])[ ._/-]?(0[1-9]|[12]\d|3[01])(?!\d)"  # 2024-03-31, 20240331
    r"|(?<!\d)(0?[1-9]|[12]\d|3[01])[ ._/-](0?[1-9]|1[0-2])[ ._/-]((?:19|20)\d\d)(?!\d)"  # 31.03.2024
    rf"|(?<![a-z0-9])(?:(\d\d?)(?:st|nd|rd|th)? )?({_MONTH})[ .,_-]{{1,2}}((?:19|20)\d\d)(?!\d)"  # (31) March 2024
    r"|(?<!\d)((?:19|20)\d\d)[ ._/-](0[1-9]|1[0-2])(?!\d)"  # 2024-03
    r"|(?<![\d.])((?:19|20)\d\d)(?![\d.])"  # 2024
)
_STATUS_WORD = "withdrawn|superseded|obsolete|retired|rescinded|retracted"
_NAMED = re.compile(
    rf"[\[(](?:{_STATUS_WORD})[\])]|[ _-](?:{_STATUS_WORD})$|^(?:{_STATUS_WORD})(?::|_| - |-)", re.IGNORECASE
)
_NAMED_LOUDLY = re.compile(rf"(?<![A-Za-z])(?:{_STATUS_WORD.upper()})(?![A-Za-z])")
_ITSELF = (
    r"(?:this|the present) (?:clinical |local |trust |hospital )?"
    r"(?:guideline|guidance|document|policy|protocol|procedure|pathway|version|edition|recommendation|article|review)s?"
)
_STATED = re.compile(
    rf"^\W*(?:document |guideline |review )?status\W{{0,4}}(?:{_STATUS_WORD}|expired|archived|replaced|"
    r"no longer in (?:force|use))\b"
    rf"|^\W*(?:{_STATUS_WORD})\W*$"
    r"|^\W*(?:superseded|rescinded) by\b"
    r"|^\W*(?:withdrawn|retired|replaced) (?:by|on|from|in)\b[^\n]{0,60}"
    r"(?:guideline|guidance|version|policy|protocol|document|\bv\d|\b(?:19|20)\d\d\b)"
    rf"|\b{_ITSELF} (?:has been|was|is|is now|has now been) (?:(?:formally|now|officially) )?"
    rf"(?:{_STATUS_WORD}|replaced|no longer (?:valid|current|in force|in use|applicable|to be used))\b",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSED = re.compile(rf"^(?:old|older|archive|archived|previous|{_STATUS_WORD})$")
_DRAFT = re.compile(
    r"\bstatus\W{0,4}(?:draft|consultation|proposed|in preparation)\b|^\W*(?:draft|consultation draft)\b"
    r"|\bthis (?:is a|document is a) draft\b",
    re.IGNORECASE | re.MULTILINE,
)
_OLD = re.compile(r"[ _\-(\[]+(?:old|previous|archived|outdated)[)\]]?$", re.IGNORECASE)
_SERIES = re.compile(
    r"\b(?:minutes?|reports?|newsletters?|bulletins?|agendas?|meetings?|audits?|letters?|notes?|logs?|rotas?|cases?|"
    r"visits?|encounters?|diary|diaries|issues?|volumes?|vol|parts?|chapters?|appendix|annex|discharge|summar(?:y|ies)|"
    r"results?|lectures?|slides?|weeks?|days?|trials?|stud(?:y|ies)|patients?|consults?|ward rounds?)\b"
)
_POPULATION = re.compile(
    r"\b(?:adults?|child(?:ren)?|paediatrics?|pediatrics?|neonat\w*|newborns?|infants?|pregnan\w*|obstetrics?|"
    r"maternity|elderly|men|women|emergency|outpatients?|inpatients?|icu)\b"
)
_HEAD_VERSION = re.compile(
    rf"^\W*(?:document |guideline )?(?:version|revision|edition|rev|date|dated|issued|issue date|effective(?: date)?|"
    rf"valid from|last updated|updated|published)\b[^\n]{{0,60}}$"
    rf"|^\W*(?:\d\d? )?(?:{_MONTH}) (?:19|20)\d\d\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_LATER = re.compile(
    r"\b(?:next |for |due )?review.*|\bexpir.*|\bvalid (?:un)?til.*|\bvalid to.*", re.IGNORECASE
)
_WORD = re.compile(r"[a-z0-9]+")


Text = tuple[str, str, str]  # document id, title, text of one passage


@dataclass
class _File:
    """One document with what its name, title and first lines say of its version."""

    collection: str
    name: str  # the file, or file#record
    title: str = ""
    head: str = ""
    words: set[str] = field(default_factory=set, repr=False)
    hash: str = ""
    is_record: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A document that is not indexed, and why."""

    collection: str
    document: str
    reason: str
    kind: str  # "withdrawn" | "older version" | "duplicate"


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


def left_out(collections: Mapping[str, Iterable[Text]]) -> list[LeftOut]:
    """Return the documents of all collections that must not be indexed, in the order of collection and name."""
    files = [file for name, passages in collections.items() for file in _files(name, passages)]
    out = [*_withdrawn(files)]
    gone = {(item.collection, item.document) for item in out}
    left = [file for file in files if (file.collection, file.name) not in gone]
    copies = _duplicates(left)
    gone = {(item.collection, item.document) for item in copies}
    left = [file for file in left if (file.collection, file.name) not in gone]
    return sorted([*out, *copies, *_older(left)], key=lambda item: (item.collection, item.document))


def file_of(document: str) -> str:
    """Return the document that a document's id counts to: all pages of a file are one."""
    return document.partition("#page=")[0]


def _files(collection: str, passages: Iterable[Text]) -> Iterator[_File]:
    found: dict[str, _File] = {}
    hashes: dict[str, Any] = {}
    for document, title, text in passages:
        name = file_of(document)
        file = found.get(name)
        if file is None:
            file = found[name] = _File(collection, name, title, is_record="#" in name)
            # Answers to different questions may be the same; they stay apart.
            hashes[name] = sha256(title.encode() if file.is_record else b"")
        if len(file.head) < MOST_HEAD:
            file.head += f"{text}\n"
        hashes[name].update(" ".join(text.split()).encode() + b"\n")
        if not file.is_record:
            file.words.update(_WORD.findall(text.lower()))
    for name, file in found.items():
        file.hash = hashes[name].hexdigest()
        yield file


def _withdrawn(files: Iterable[_File]) -> Iterator[LeftOut]:
    for file in files:
        path = PurePosixPath(file.name)
        title = "" if file.title == file.name else file.title
        names = (title,) if file.is_record else (path.stem, title)
        if any(_NAMED.search(text) or _NAMED_LOUDLY.search(text) for text in names):
            why = "its name or title says that it is withdrawn"
        elif not file.is_record and _status_folder(path):
            why = f"it is in the folder {path.parent.name!r}"
        elif not file.is_record and (stated := _STATED.search(file.head[:MOST_HEAD])):
            why = f"its text says {' '.join(stated[0].split())[:80]!r}"
        else:
            continue
        yield LeftOut(file.collection, file.name, f"withdrawn: {why}", "withdrawn")


def _status_folder(path: PurePosixPath) -> bool:
    return any(re.fullmatch(_STATUS_WORD, part.lower()) for part in path.parent.parts)


def _duplicates(files: Iterable[_File]) -> list[LeftOut]:
    """Return second copies within one collection; across collections each may be searched alone, so both stay."""
    first: dict[tuple[str, str], str] = {}
    out = []
    for file in files:
        original = first.setdefault((file.collection, file.hash), file.name)
        if original != file.name:
            out.append(
                LeftOut(file.collection, file.name, f"duplicate: the same text as {original}", "duplicate")
            )
    return out


def _older(files: Iterable[_File]) -> Iterator[LeftOut]:
    """Return the documents of which a newer version is there."""
    files = [file for file in files if not file.is_record]
    named: dict[str, list[_File]] = {}
    titled: dict[str, list[_File]] = {}
    for file in files:
        if (key := _family(file.name)) and not _SERIES.search(key):
            named.setdefault(key, []).append(file)
        title = _stripped(file.title)
        if file.title != file.name and title and not _SERIES.search(title):
            titled.setdefault(title, []).append(file)
    newer: dict[int, tuple[_File, Version, Version]] = {}
    for group, by_title in ((named, False), (titled, True)):
        for members in group.values():
            if len(members) <= _MOST_VERSIONS:
                _compare(members, newer, by_title=by_title)
    for file in files:
        if id(file) in newer:
            other, own, its = newer[id(file)]
            where = "" if other.collection == file.collection else f" of the collection {other.collection}"
            yield LeftOut(
                file.collection,
                file.name,
                f"older version ({own}): {other.name}{where} is {its}"
                if own.is_older(its)
                else f"older version (its name says so): {other.name}{where} is not marked so",
                "older version",
            )


def _compare(
    members: list[_File], newer: dict[int, tuple[_File, Version, Version]], *, by_title: bool
) -> None:
    """Add to `newer` the members that another one of the family replaces, with the newest such."""
    versions = {id(file): _version(file) for file in members}
    for file in members:
        own = versions[id(file)]
        for other in members:
            its = versions[id(other)]
            if (
                not _is_older(file, own, other, its)
                or _is_draft(other)
                or _is_of_another(file, other, by_title=by_title)
            ):
                continue
            if id(file) not in newer or newer[id(file)][2].is_older(its):
                newer[id(file)] = (other, own, its)


def _is_older(file: _File, own: Version, other: _File, its: Version) -> bool:
    """Say whether a document is older by its version, or by a name that calls it old; both must not contradict."""
    old, other_old = _is_marked_old(file), _is_marked_old(other)
    if old != other_old:
        return old and not its.is_older(own)
    return own.is_older(its)


def _is_marked_old(file: _File) -> bool:
    """Say whether the name or a folder calls a document old: "sepsis old.md", "archive/sepsis.md"."""
    path = PurePosixPath(file.name)
    return bool(_OLD.search(path.stem)) or any(_CLOSED.match(part.lower()) for part in path.parent.parts)


def _is_draft(file: _File) -> bool:
    """Say whether a document is not in force yet: it takes no other's place."""
    title = "" if file.title == file.name else file.title
    return "draft" in _plain(f"{file.name} {title}") or bool(_DRAFT.search(file.head[:MOST_HEAD]))


def _is_of_another(file: _File, other: _File, *, by_title: bool) -> bool:
    """Say whether two documents of one family seem to be about different things."""
    titles = [_stripped(item.title) for item in (file, other) if item.title != item.name]
    places = [_stripped(f"{item.name} {item.title}") for item in (file, other)]
    groups = [frozenset(_POPULATION.findall(text)) for text in places]
    if groups[0] != groups[1]:
        return True
    if by_title:
        return _shared(file.words, other.words) < _LEAST_ALIKE
    if len(titles) == 2:
        return _shared(set(titles[0].split()), set(titles[1].split())) == 0
    return False


def _shared(one: set[str], other: set[str]) -> float:
    """Return the words in common, as a share of the smaller set."""
    return len(one & other) / max(1, min(len(one), len(other)))


def _version(file: _File) -> Version:
    """Return what the name states; what it does not, of the title, then of the first lines."""
    name = str(PurePosixPath(file.name).with_suffix(""))
    title = "" if file.title == file.name else file.title
    head = "\n".join(_LATER.sub("", found[0]) for found in _HEAD_VERSION.finditer(file.head[:MOST_HEAD]))
    number: tuple[int, ...] = ()
    date: tuple[int, ...] = ()
    for text in (name, title, head):
        plain = _plain(text)
        number = number or _numbers(plain)
        date = date or _dates(plain)
    return Version(number, date)


def _family(name: str) -> str:
    """Return a file's path without version, date and folders of old documents."""
    path = PurePosixPath(name)
    folders = [part for part in path.parent.parts if not _CLOSED.match(part.lower())]
    kept = [_stripped(part) for part in folders]
    stem = _stripped(path.stem)
    return "/".join([*(part for part in kept if part), stem]) if stem else ""


def _stripped(text: str) -> str:
    """Return the words of a name without version and date."""
    plain = _plain(_OLD.sub("", text))
    plain = _DATE.sub(" ", _NUMBER.sub(" ", plain))
    return " ".join(_WORD.findall(re.sub(r"\b(?:final|updated?|new|latest|current)\b", " ", plain)))


def _plain(text: str) -> str:
    return re.sub(r"[_\s]+", " ", text.lower())


def _numbers(plain: str) -> tuple[int, ...]:
    found = _NUMBER.search(plain)
    return tuple(int(part) for part in (found[1] or found[2]).split(".")) if found else ()


def _dates(plain: str) -> tuple[int, ...]:
    """Return (year), (year, month) or (year, month, day) of the latest date in a text."""
    found: list[tuple[int, ...]] = []
    for item in _DATE.finditer(plain):
        if item[1]:
            found.append((int(item[1]), int(item[2]), int(item[3])))
        elif item[6]:
            found.append((int(item[6]), int(item[5]), int(item[4])))
        elif item[9]:
            day = (int(item[7]),) if item[7] else ()
            found.append((int(item[9]), _MONTHS[item[8]], *day))
        elif item[10]:
            found.append((int(item[10]), int(item[11])))
        else:
            found.append((int(item[12]),))
    return max(found, default=())


def _padded(number: tuple[int, ...]) -> tuple[int, ...]:
    return (*number, 0, 0, 0, 0)[:4]
