"""Documents that must not be cited: withdrawn ones, older versions of another one, and second copies of a text.

A document is withdrawn where its name, title or first lines say so of itself. Two documents are versions of one where
their names or titles differ only in a version number or a date, or one says that it supersedes the other; the newest
stays. What is likely and not certain stays, too, and is listed as a possible older version. Names that mark a series
(minutes, reports, letters), bare numbers ("part 2") and notes on patients are no versions. Only files are compared,
not the records within a file (answers, articles, lines of JSONL).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any

from clinweave.knowledge.retrieval.document_status import (
    MAX_HEAD,
    is_draft,
    superseded_by_text,
    withdrawn_by_name,
    withdrawn_by_text,
)
from clinweave.knowledge.retrieval.version_names import (
    MONTH,
    Version,
    dates,
    family,
    is_marked_copy,
    is_marked_old,
    numbered,
    numbers,
    plain_text,
    status_folder,
    stripped,
)

POSSIBLE = "possible older version"  # the kind of a document that is indexed all the same
_MAX_VERSIONS = 50  # documents of one title; more are no versions of each other
_FEW_WORDS = 12  # a text with fewer different words says nothing of whether it is another version
_DIFFERENT, _ALIKE, _SAME = 0.25, 0.5, 0.7  # share of the words of the shorter text that the other has
_EARLIER = re.compile(
    r"\b(?:(?:previous|earlier|prior|older|all other|preceding|last) (?:versions?|editions?|ones?|guidelines?|guidance|"
    r"polic(?:y|ies)|protocols?|documents?)|(?:version|revision|edition)s? [\dA-Za-z.]+|that of (?:19|20)\d\d|"
    r"the (?:19|20)\d\d (?:version|edition|guideline|policy|protocol))\b",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    r"\b(?:guidelines?|guidance|polic(?:y|ies)|protocols?|sops?|procedures?|pathways?|standards?|formular(?:y|ies)|leaflets?|"
    r"manuals?|handbooks?|bundles?|recommendations?|algorithms?|checklists?|leitlinien?|directrices|guia|guide)\b"
)
_SERIES = re.compile(
    r"\b(?:minutes?|newsletters?|bulletins?|agendas?|meetings?|audits?|letters?|logs?|rotas?|visits?|encounters?|diary|"
    r"diaries|issues?|volumes?|vol|parts?|chapters?|appendix|annex|lectures?|slides?|weeks?|days?|ward rounds?|img|"
    r"images?|photos?|scans?|beds?)\b"
)
_SERIES_OF_NOTES = re.compile(  # also the subject of guidelines: "discharge policy"
    r"\b(?:reports?|notes?|cases?|discharge|summar(?:y|ies)|results?|trials?|stud(?:y|ies)|patients?|"
    r"consult(?:ation)?s?|admissions?|clinic|progress|radiology|operations?|x ?rays?|ct|mri?|ecgs?|eegs?|labs?|"
    r"pathology|referrals?|outbreaks?)\b"
)
_NOTE = re.compile(
    r"\b(?:m(?:rs?|s)\.? [A-Z]|\d{1,3}[- ](?:year|month|week|day)s?[- ]old\b|admitted (?:on|with|to|for|overnight)\b|"
    r"(?:date of birth|dob|mrn|nhs n(?:o|umber)|hospital n(?:o|umber))\b\W|presenting complaint|chief complaint|"
    r"history of present(?:ing)? (?:illness|complaint)|assessment and plan|discharged (?:on|home)|"
    r"(?:he|she) (?:was|has|had)\b)",
    re.IGNORECASE,
)
_POPULATION = re.compile(
    r"\b(?:adults?|child(?:ren)?|paediatrics?|pediatrics?|neonat\w*|newborns?|infants?|pregnan\w*|obstetrics?|"
    r"maternity|elderly|men|women|emergency|outpatients?|inpatients?|icu)\b"
)
_HEAD_VERSION = re.compile(
    rf"^\W*(?:document |guideline )?(?:version|revision|edition|rev|date|dated|issued|issue date|effective(?: date)?|"
    rf"valid from|last updated|updated|published)\b[^\n]{{0,60}}$"
    rf"|^\W*(?:\d\d? )?(?:{MONTH}) (?:19|20)\d\d\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_LATER = re.compile(
    r"\b(?:next |for |due )?review.*|\bexpir.*|\bvalid (?:un)?til.*|\bvalid to.*", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]{4,}")
_RECORD = re.compile(r"\.(?:xml|nxml|jsonl)#", re.IGNORECASE)  # an answer, an article or a line of a file


Text = tuple[str, str, str]  # document id, title, text of one passage


class Likelihood(StrEnum):
    """How likely a document is an older version of another one."""

    CERTAIN = "certain"
    POSSIBLE = "possible"


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

    @property
    def own_title(self) -> str:
        """Return the title, "" where the file's name stands for it."""
        return "" if self.title == self.name else self.title


@dataclass(frozen=True)
class LeftOut:
    """A document that is not indexed, or only possibly an older version and kept, and why."""

    collection: str
    document: str
    reason: str
    kind: str  # "withdrawn" | "older version" | "duplicate" | "by choice" | POSSIBLE

    @property
    def is_kept(self) -> bool:
        """Say whether the document is indexed all the same."""
        return self.kind == POSSIBLE


def left_out(collections: Mapping[str, Iterable[Text]]) -> list[LeftOut]:
    """Return the documents of all collections that must not be indexed, or may be so, in the order of their names."""
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
    result: dict[str, _File] = {}
    hashes: dict[str, Any] = {}
    for document, title, text in passages:
        name = file_of(document)
        file = result.get(name)
        if file is None:
            file = result[name] = _File(collection, name, title, is_record=bool(_RECORD.search(name)))
            # Answers to different questions may be the same; they stay apart.
            hashes[name] = sha256(title.encode() if file.is_record else b"")
        if len(file.head) < MAX_HEAD:
            file.head += f"{text}\n"
        hashes[name].update(" ".join(text.split()).encode() + b"\n")
        if not file.is_record:
            file.words.update(_WORD.findall(text.lower()))
    for name, file in result.items():
        file.hash = hashes[name].hexdigest()
        yield file


def _withdrawn(files: Iterable[_File]) -> Iterator[LeftOut]:
    for file in files:
        names = (file.own_title,) if file.is_record else (PurePosixPath(file.name).stem, file.own_title)
        why = withdrawn_by_name(names)
        if not why and not file.is_record:
            folder = status_folder(file.name)
            why = f"it is in the folder {folder!r}" if folder else withdrawn_by_text(file.head)
        if why:
            yield LeftOut(file.collection, file.name, f"withdrawn: {why}", "withdrawn")


def _duplicates(files: Iterable[_File]) -> list[LeftOut]:
    """Return second copies within one collection; across collections each may be searched alone, so both stay.

    The first one stays that is not called a copy, old or a draft; of versions with one text the latest.
    """
    same: dict[tuple[str, str], list[_File]] = {}
    for file in files:
        same.setdefault((file.collection, file.hash), []).append(file)
    out = []
    for members in same.values():
        original = members[0] if members[0].is_record else max(members, key=_originality)
        out += [
            LeftOut(file.collection, file.name, f"duplicate: the same text as {original.name}", "duplicate")
            for file in members
            if file is not original
        ]
    return out


def _originality(file: _File) -> tuple[bool, tuple[int, ...], tuple[int, ...]]:
    """Return the sort key of copies: the largest stays."""
    is_marked = is_marked_copy(file.name) or is_marked_old(file.name) or _is_draft(file)
    version = _version(file)
    return not is_marked, version.number, version.date


@dataclass
class _Replaced:
    """What replaces a document, why, and how likely it is."""

    version: Version
    why: str
    likelihood: Likelihood


def _older(files: Iterable[_File]) -> Iterator[LeftOut]:
    """Return the documents of which a newer version is there."""
    files = [file for file in files if not file.is_record]
    counted = numbered([file.name for file in files])
    named: dict[str, list[_File]] = {}
    titled: dict[str, list[_File]] = {}
    for file in files:
        if key := family(file.name):
            named.setdefault(key, []).append(file)
        if title := stripped(file.own_title):
            titled.setdefault(title, []).append(file)
    result: dict[int, _Replaced] = {}
    for group, by_title in ((named, False), (titled, True)):
        for members in group.values():
            if 1 < len(members) <= _MAX_VERSIONS:
                _compare(members, result, counted, by_title=by_title)
    _by_statement(files, result)
    for file in files:
        if id(file) in result:
            item = result[id(file)]
            certain = item.likelihood == Likelihood.CERTAIN
            kind = "older version" if certain else POSSIBLE
            yield LeftOut(file.collection, file.name, f"{kind} {item.why}", kind)


def _compare(
    members: list[_File], replaced: dict[int, _Replaced], counted: frozenset[str], *, by_title: bool
) -> None:
    """Add to `found` the members that another one of the family replaces, with the likeliest and newest such."""
    versions = {id(file): _version(file) for file in members}
    for file in members:
        own = versions[id(file)]
        for other in members:
            its = versions[id(other)]
            if not _is_older(file, own, other, its) or _is_draft(other) or _is_of_another(file, other):
                continue
            is_counted = file.name in counted and not own.number
            likelihood = _likelihood(file, own, other, its, by_title=by_title, is_counted=is_counted)
            if likelihood is None:
                continue
            before = replaced.get(id(file))
            if before is None or (
                before.version.is_older(its)
                if before.likelihood == likelihood
                else likelihood == Likelihood.CERTAIN
            ):
                replaced[id(file)] = _Replaced(its, _why(file, own, other, its), likelihood)


def _why(file: _File, own: Version, other: _File, its: Version) -> str:
    if own.is_older(its):
        return f"({own}): {_place(other, file)} is {its}"
    return f"(its name says so): {_place(other, file)} is not marked so"


def _place(other: _File, file: _File) -> str:
    return (
        other.name
        if other.collection == file.collection
        else f"{other.name} of the collection {other.collection}"
    )


def _likelihood(
    file: _File, own: Version, other: _File, its: Version, *, by_title: bool, is_counted: bool
) -> Likelihood | None:
    """Say how likely two documents, of which one seems to be older, are versions of one; None if they are not.

    A stated version is evidence by itself, unless the texts differ. A date is that of a document only where name and
    text do not speak of a note on a patient, and the texts do not differ.
    """
    stated = bool(own.number and its.number) or is_marked_old(file.name)
    doubtful = is_counted
    if not _DOCUMENT.search(plain_text(f"{file.name} {file.title}")):
        names = f"{family(file.name)} {stripped(file.own_title)}"
        is_note = any(_NOTE.search(item.head[:MAX_HEAD]) for item in (file, other))
        if not stated and (_SERIES.search(names) or _SERIES_OF_NOTES.search(names)):
            return None
        doubtful = doubtful or is_note or bool(_SERIES.search(names) or _SERIES_OF_NOTES.search(names))
    alike = _alike(file.words, other.words)
    if alike is not None and alike < (_ALIKE if by_title else _DIFFERENT):
        return Likelihood.POSSIBLE if stated and not (by_title and alike < _DIFFERENT) else None
    if doubtful:
        return Likelihood.POSSIBLE if stated or is_counted else None
    titles = [stripped(item.own_title) for item in (file, other)]
    sure = stated or alike is None or alike >= _SAME or titles[0] == titles[1] != ""
    sure = sure or bool(_DOCUMENT.search(plain_text(f"{file.name} {file.title}")))
    return Likelihood.CERTAIN if sure else Likelihood.POSSIBLE


def _alike(one: set[str], other: set[str]) -> float | None:
    """Return the longer words in common as a share of the smaller set; None where a text is too short to tell."""
    least = min(len(one), len(other))
    return len(one & other) / least if least >= _FEW_WORDS else None


def _by_statement(files: list[_File], replaced: dict[int, _Replaced]) -> None:
    """Add the documents that another one of the collection says it supersedes, by their name or title."""
    for other in files:
        for what, statement in () if _is_draft(other) else superseded_by_text(other.head):
            for file in files:
                earlier = replaced.get(id(file))
                if file is other or file.collection != other.collection:
                    continue
                if (earlier is None or earlier.likelihood != Likelihood.CERTAIN) and _is_meant(
                    file, other, what
                ):
                    why = f"(superseded): {other.name} says {statement!r}"
                    replaced[id(file)] = _Replaced(_version(other), why, Likelihood.CERTAIN)


def _is_meant(file: _File, other: _File, stated: str) -> bool:
    """Say whether "supersedes ..." names this document, or the older versions of one with its name or title."""
    if _version(other).is_older(_version(file)) or _is_of_another(file, other):
        return False
    what, own = (
        f" {_words(stated)} ",
        f" {_words(PurePosixPath(other.name).stem)} | {_words(other.own_title)} ",
    )
    for name in (_words(PurePosixPath(file.name).stem), _words(file.own_title)):
        if len(name.split()) > 1 and f" {name} " in what and f" {name} " not in own:
            return True
    same = (
        family(file.name) == family(other.name) != ""
        or stripped(file.own_title) == stripped(other.own_title) != ""
    )
    return bool(same and _EARLIER.search(stated))


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", plain_text(text)))


def _is_older(file: _File, own: Version, other: _File, its: Version) -> bool:
    """Say whether a document is older by its version, or by a name that calls it old; both must not contradict."""
    old, other_old = is_marked_old(file.name), is_marked_old(other.name)
    if old != other_old:
        return old and not its.is_older(own)
    return own.is_older(its)


def _is_draft(file: _File) -> bool:
    """Say whether a document is not in force yet: it takes no other's place."""
    return "draft" in plain_text(f"{file.name} {file.own_title}") or is_draft(file.head)


def _is_of_another(file: _File, other: _File) -> bool:
    """Say whether two documents of one family seem to be about different things."""
    places = [stripped(f"{item.name} {item.title}") for item in (file, other)]
    groups = [frozenset(_POPULATION.findall(text)) for text in places]
    if groups[0] != groups[1]:
        return True
    titles = [set(stripped(item.own_title).split()) for item in (file, other)]
    return all(titles) and not titles[0] & titles[1]


def _version(file: _File) -> Version:
    """Return what the name states; what it does not, of the title, then of the first lines."""
    name = str(PurePosixPath(file.name).with_suffix(""))
    head = "\n".join(_LATER.sub("", match[0]) for match in _HEAD_VERSION.finditer(file.head[:MAX_HEAD]))
    number: tuple[int, ...] = ()
    date: tuple[int, ...] = ()
    for text in (name, file.own_title, head):
        plain = plain_text(text)
        number = number or numbers(plain)
        date = date or dates(plain)
    return Version(number, date)
