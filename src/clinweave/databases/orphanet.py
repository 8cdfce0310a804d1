"""Orphadata (https://www.orphadata.com): rare disorders, their findings, ages of onset and inheritance.

Product 1 (disorders, cross-references), product 4 (findings with frequency) and product 9 (ages, inheritance), as XML.
A cross-reference that Orphanet calls exact means the same thing; a broader or narrower one is a looser link, and so is
every code (ICD, MedDRA). Frequencies become HPO's classes; "Excluded (0%)" is kept as the class that says so.
"""

import html
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed, opened, wrong
from clinweave.databases.prefixes import curie
from clinweave.databases.xmlsafe import elements
from clinweave.records import Concept, Passage, Relation, Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "en_product1.xml", "Orphadata's product 1"
_FINDINGS, _AGES = "en_product4.xml", "en_product9_ages.xml"
_EXACT = frozenset({"MONDO", "OMIM", "UMLS", "MESH", "GARD"})
_FREQUENCIES = {
    "Obligate": "HP:0040280", "Very frequent": "HP:0040281", "Frequent": "HP:0040282", "Occasional": "HP:0040283",
    "Very rare": "HP:0040284", "Excluded": "HP:0040285",
}  # fmt: skip
_ONSETS = {
    "Antenatal": "HP:0030674", "Neonatal": "HP:0003623", "Infancy": "HP:0003593", "Childhood": "HP:0011463",
    "Adolescent": "HP:0003621", "Adult": "HP:0003581", "Elderly": "HP:0003584",
}  # fmt: skip
_INHERITANCE = {
    "Autosomal dominant": "HP:0000006", "Autosomal recessive": "HP:0000007", "X-linked dominant": "HP:0001423",
    "X-linked recessive": "HP:0001419", "Mitochondrial inheritance": "HP:0001427", "Y-linked": "HP:0001450",
    "Multigenic/multifactorial": "HP:0001426", "Oligogenic": "HP:0010983", "Semi-dominant": "HP:0032113",
}  # fmt: skip
_SILENT = frozenset({"No data available", "Not applicable", "Not yet documented", "Unknown", "All ages"})
_NOT_RARE = (
    "32"  # flag of a disorder that is common, whose name begins with "NON RARE IN EUROPE: " in its language
)
_OBSOLETE = frozenset({"16", "1024"})
_RELEASE = re.compile(rb'<JDBOR[^>]*\bdate="(\d{4}-\d\d-\d\d)')


def release(path: Path, kind: str) -> str:
    """Return the date that an Orphadata file states of itself."""
    with opened(path, kind) as stream:
        match = _RELEASE.search(stream.read(1 << 12))
    return match[1].decode() if match else "not stated"


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "orphanet")
    first = next(elements(path, "JDBOR", "Disorder", _KIND), None)
    if first is None or first[1].find("ExternalReferenceList") is None:
        wrong(path, _KIND, "its first disorder has no list of cross-references")
    return Source(
        id="orphanet",
        name="Orphadata",
        infores="infores:orphanet",
        release=release(path, _KIND),
        licence="CC BY 4.0",
        homepage="https://www.orphadata.com",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "orphanet")
    ids: set[str] = set()
    for row, element in elements(path, "JDBOR", "Disorder", _KIND):
        id_, name = _id(element), _text(element, "Name").removeprefix("NON RARE IN EUROPE: ")
        if not id_ or not name or id_ in ids:
            log.drop(path.name, row, "an OrphaCode twice" if id_ in ids else "no OrphaCode or no name")
        elif name.startswith("OBSOLETE"):
            log.drop(path.name, row, "an obsolete disorder")
        else:
            ids.add(id_)
            yield from _disorder(element, id_, name)
    if _FINDINGS in files:
        yield from _findings(files[_FINDINGS], ids, log)
    if _AGES in files:
        yield from _ages(files[_AGES], ids, log)


def read_nomenclature(path: Path, log: RowLog) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield identifier, name and synonyms of each disorder of a product 1 in any language, obsolete ones left out."""
    for row, element in elements(path, "JDBOR", "Disorder", _KIND):
        id_, name = _id(element), _text(element, "Name")
        flags = {item.text for item in element.iterfind("DisorderFlagList/DisorderFlag/Value")}
        if not id_ or not name:
            log.drop(path.name, row, "no OrphaCode or no name")
        elif not flags & _OBSOLETE:
            if _NOT_RARE in flags:
                name = name.partition(":")[2].strip() or name
            synonyms = (
                " ".join((item.text or "").split()) for item in element.iterfind("SynonymList/Synonym")
            )
            yield id_, name, tuple(dict.fromkeys(item for item in synonyms if item and item != name))


def _disorder(element: "Element", id_: str, name: str) -> Iterator[Record]:
    same: list[str] = []
    looser: list[str] = []
    for reference in element.iterfind("ExternalReferenceList/ExternalReference"):
        xref = curie(_text(reference, "Source"), _text(reference, "Reference"))
        exact = _text(reference, "DisorderMappingRelation/Name").startswith("E ")
        if xref and xref != id_:
            (same if exact and xref.partition(":")[0] in _EXACT else looser).append(xref)
    names = (" ".join((item.text or "").split()) for item in element.iterfind("SynonymList/Synonym"))
    definition = ""
    for section in element.iterfind(".//TextSection"):
        if _text(section, "TextSectionType/Name") == "Definition":
            definition = _plain(_text(section, "Contents"))
    yield Concept(
        id_,
        "biolink:Disease",
        name,
        "orphanet",
        tuple(dict.fromkeys(item for item in names if item and item != name)),
        definition,
        tuple(dict.fromkeys(same)),
        tuple(xref for xref in dict.fromkeys(looser) if xref not in same),
    )
    if definition:
        yield Passage(
            f"orphanet:{id_}:definition", definition, name, id_, 0, len(definition), "orphanet",
            "definition", (id_,),
        )  # fmt: skip


def _findings(path: Path, ids: set[str], log: RowLog) -> Iterator[Record]:
    kind, seen = "Orphadata's product 4", False
    for row, status in elements(path, "JDBOR", "HPODisorderSetStatus", kind):
        seen = True
        id_ = _id(status.find("Disorder"))
        if id_ not in ids:
            log.drop(path.name, row, "a disorder that product 1 lacks")
            continue
        for item in status.iterfind("Disorder/HPODisorderAssociationList/HPODisorderAssociation"):
            term = _text(item, "HPO/HPOId")
            stated = _text(item, "HPOFrequency/Name").partition(" (")[0]
            if not re.fullmatch(r"HP:\d{7}", term) or (stated and stated not in _FREQUENCIES):
                log.drop(path.name, row, "no HP id or an unknown frequency")
                continue
            yield Relation(
                id_,
                "biolink:has_phenotype",
                term,
                "orphanet",
                publications=(id_,),
                frequency=_FREQUENCIES.get(stated, ""),
                evidence=_text(item, "DiagnosticCriteria/Name"),
            )
    if not seen:
        wrong(path, kind, "it holds no findings")


def _ages(path: Path, ids: set[str], log: RowLog) -> Iterator[Record]:
    kind, seen = "Orphadata's product 9", False
    for row, element in elements(path, "JDBOR", "Disorder", kind):
        seen = seen or element.find("AverageAgeOfOnsetList") is not None
        id_ = _id(element)
        if id_ not in ids:
            log.drop(path.name, row, "a disorder that product 1 lacks")
            continue
        for predicate, xpath, table in (
            ("has_attribute", "AverageAgeOfOnsetList/AverageAgeOfOnset", _ONSETS),
            ("has_mode_of_inheritance", "TypeOfInheritanceList/TypeOfInheritance", _INHERITANCE),
        ):
            for item in element.iterfind(xpath):
                stated = _text(item, "Name")
                if stated in table:
                    yield Relation(
                        id_, f"biolink:{predicate}", table[stated], "orphanet", publications=(id_,)
                    )
                elif stated not in _SILENT:
                    log.drop(path.name, row, "an unknown age or inheritance")
    if not seen:
        wrong(path, kind, "it holds no ages of onset")


def _id(element: "Element | None") -> str:
    code = "" if element is None else _text(element, "OrphaCode")
    return curie("ORPHA", code) if code.isdecimal() else ""


def _text(element: "Element", path: str) -> str:
    return " ".join((element.findtext(path) or "").split())


def _plain(text: str) -> str:
    """Return text without the HTML tags and entities that it holds as characters."""
    return " ".join(html.unescape(re.sub(r"</?\w+/?>", "", text)).split())


ORPHANET = Database("orphanet", "ORPHA", (_FILE,), _source, _read, optional=(_FINDINGS, _AGES))
