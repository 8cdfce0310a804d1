"""ICD-10-CM (https://www.cdc.gov/nchs/icd/icd-10-cm): chapters, blocks and codes, from the tabular list in XML.

Inclusion terms become synonyms. Excludes, code-first and use-additional notes tell a coder what to do; they state
nothing about diseases and are no relations. Codes with a 7th character are not written out in the XML: they are made
from its definitions, and kept where the list of codes has them.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, recorded_release, wrong
from clinweave.databases.prefixes import curie
from clinweave.databases.xmlsafe import elements
from clinweave.records import Concept, Relation, Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "icd10cm-tabular.xml", "the tabular list of ICD-10-CM"
_CODES, _CODES_KIND = "icd10cm-codes.txt", "the list of codes of ICD-10-CM"
_ROOT = "ICD10CM.tabular"
_CODE = re.compile(r"[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?")
_NOT_DISEASES = frozenset({"20", "21", "22"})  # external causes, health status, special purposes
_RANGE = re.compile(r"\s*\([A-Z]\w\w(?:-[A-Z]\w\w)?\)$")  # "(A00-B99)" after the name of a block


@dataclass(frozen=True)
class _Walk:
    """What is the same for every code of a chapter."""

    path: Path
    category: str
    listed: frozenset[str]  # codes without dot
    log: RowLog


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "icd10cm")
    version = next((element.text for _, element in elements(path, _ROOT, "version", _KIND)), None)
    if not version:
        wrong(path, _KIND, "it states no version")
    return Source(
        id="icd10cm",
        name="ICD-10-CM",
        infores="infores:icd10cm",
        release=recorded_release(path, unknown=version.strip()),
        licence="public domain (US government)",
        homepage="https://www.cdc.gov/nchs/icd/icd-10-cm",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "icd10cm")
    listed: frozenset[str] = frozenset()
    if _CODES in files:
        listed = frozenset(line.strip() for _, line in lines(files[_CODES], _CODES_KIND))
    for row, chapter in elements(path, _ROOT, "chapter", _KIND):
        number, name = _text(chapter, "name"), _text(chapter, "desc")
        if not number.isdecimal() or not name:
            log.drop(path.name, row, "a chapter without number or name")
            continue
        category = "ClinicalEntity" if number in _NOT_DISEASES else "DiseaseOrPhenotypicFeature"
        walk = _Walk(path, f"biolink:{category}", listed, log)
        top = f"ICD10CM:chapter{number}"
        yield Concept(top, walk.category, _RANGE.sub("", name), "icd10cm")
        for section in chapter.iter("section"):
            yield from _section(section, top, walk, row)


def _section(section: "Element", above: str, walk: _Walk, row: int) -> Iterator[Record]:
    """Yield a block and its codes; a block of one category, which bears its name, is not repeated."""
    id_ = curie("ICD10CM", section.get("id", ""))
    codes = section.findall("diag")
    if not id_:
        walk.log.drop(walk.path.name, row, "a block without an id")
        return
    if all(curie("ICD10CM", _text(code, "name")) != id_ for code in codes):
        yield Concept(id_, walk.category, _RANGE.sub("", _text(section, "desc")) or id_, "icd10cm")
        yield Relation(id_, "biolink:subclass_of", above, "icd10cm")
        above = id_
    for code in codes:
        yield from _code(code, above, {}, walk, row)


def _code(
    element: "Element", above: str, seventh: Mapping[str, str], walk: _Walk, row: int
) -> Iterator[Record]:
    """Yield a code, what is below it, and its extensions by a 7th character (`seventh`: character -> meaning)."""
    code, name = _text(element, "name"), _text(element, "desc")
    if not _CODE.fullmatch(code) or not name:
        walk.log.drop(walk.path.name, row, "not a code of ICD-10-CM (row of its chapter)")
        return
    id_ = f"ICD10CM:{code}"
    notes = (" ".join((note.text or "").split()) for note in element.iterfind("inclusionTerm/note"))
    synonyms = tuple(dict.fromkeys(note for note in notes if note and note != name))
    yield Concept(id_, walk.category, name, "icd10cm", synonyms=synonyms)
    yield Relation(id_, "biolink:subclass_of", above, "icd10cm")
    definition = element.find("sevenChrDef")
    if definition is not None:
        seventh = {
            extension.get("char", ""): " ".join((extension.text or "").split())
            for extension in definition.iterfind("extension")
        }
    below = element.findall("diag")
    for child in below:
        yield from _code(child, id_, seventh, walk, row)
    bare = code.replace(".", "")
    if not below and len(bare) < 7:
        for character, meaning in seventh.items():
            full = bare.ljust(6, "X") + character
            if full in walk.listed and meaning:
                extended = f"ICD10CM:{full[:3]}.{full[3:]}"
                yield Concept(extended, walk.category, f"{name}, {meaning}", "icd10cm")
                yield Relation(extended, "biolink:subclass_of", id_, "icd10cm")


def _text(element: "Element", tag: str) -> str:
    return " ".join((element.findtext(tag) or "").split())


ICD10CM = Database("icd10cm", "ICD10CM", (_FILE,), _source, _read, optional=(_CODES,))
