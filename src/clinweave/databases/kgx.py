"""Read any graph in KGX TSV (https://github.com/biolink/kgx) and merge it with the other databases by identifier.

Files whose names end in nodes.tsv and edges.tsv, any number of each. `same_as` of a node means identity, its xrefs are
looser links. An edge may end at an identifier of another database of the graph. Without a stated grade a relation that
states a knowledge level or agent is curated only where it is a knowledge_assertion by a manual_agent; one that states
neither is what the owner of the files asserts. The primary source of a row is kept as its evidence. (`clinweave graph
import` opens a KGX graph as it is, without joining.)
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, recorded_release, wrong
from clinweave.databases.prefixes import normal
from clinweave.records import Concept, Grade, Relation, Source

_NODES, _EDGES = "nodes.tsv", "edges.tsv"
_NEEDED = {_NODES: ("id", "category"), _EDGES: ("subject", "predicate", "object")}


def _source(files: Mapping[str, Path]) -> Source:
    for kind in _NEEDED:
        for path in _of_kind(files, kind):
            next(_rows(path, kind, RowLog(keep=0)), None)
    return Source(
        id="kgx",
        name="a graph in KGX",
        infores="infores:kgx",
        release=recorded_release(_of_kind(files, _NODES)[0]),
        licence="not stated",
        homepage="https://github.com/biolink/kgx",
    )


def _of_kind(files: Mapping[str, Path], kind: str) -> list[Path]:
    paths = [path for name, path in files.items() if name.endswith(kind)]
    return paths or [needed(files, kind, "kgx")]


def _rows(path: Path, kind: str, log: RowLog) -> Iterator[tuple[int, dict[str, str]]]:
    header: list[str] = []
    for row, line in lines(path, f"a table of {kind[:-4]} in KGX", log):
        cells = line.split("\t")
        if not header:
            header = cells
            if missing := [name for name in _NEEDED[kind] if name not in header]:
                wrong(path, f"a table of {kind[:-4]} in KGX", f"its header lacks {', '.join(missing)}")
        elif len(cells) == len(header):
            yield row, dict(zip(header, cells, strict=True))
        elif line:
            log.drop(path.name, row, f"not {len(header)} columns")
    if not header:
        wrong(path, f"a table of {kind[:-4]} in KGX", "it is empty")


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    seen: set[str] = set()
    for path in _of_kind(files, _NODES):
        for row, cells in _rows(path, _NODES, log):
            id_ = normal(cells["id"])
            if not id_ or id_ in seen:
                log.drop(path.name, row, "an id twice" if id_ else "no CURIE")
                continue
            seen.add(id_)
            yield _concept(id_, cells)
    for path in _of_kind(files, _EDGES):
        for row, cells in _rows(path, _EDGES, log):
            subject, target = normal(cells["subject"]), normal(cells["object"])
            predicate = cells["predicate"].strip()
            if not subject or not target or not predicate.startswith("biolink:") or " " in predicate:
                log.drop(path.name, row, "an end is no CURIE, or the predicate is not Biolink's")
            else:
                yield _relation(subject, predicate, target, cells)


def _concept(id_: str, cells: Mapping[str, str]) -> Concept:
    name = cells.get("name", "").strip() or id_
    same = _list(cells.get("same_as", ""), id_)
    category = next((item for item in cells["category"].split("|") if item.startswith("biolink:")), "")
    synonyms = dict.fromkeys(item.strip() for item in cells.get("synonym", "").split("|"))
    return Concept(
        id_,
        category.strip() or "biolink:NamedThing",
        name,
        "kgx",
        tuple(item for item in synonyms if item and item != name),
        cells.get("description", "").strip(),
        same,
        tuple(item for item in _list(cells.get("xref", ""), id_) if item not in same),
    )


def _relation(subject: str, predicate: str, target: str, cells: Mapping[str, str]) -> Relation:
    level = cells.get("knowledge_level", "").strip() or "not_provided"
    agent = cells.get("agent_type", "").strip() or "not_provided"
    stated = cells.get("grade", "").strip()
    grade = Grade(stated) if stated in set(Grade) else _grade(level, agent)
    return Relation(
        subject,
        predicate,
        target,
        "kgx",
        publications=_list(cells.get("publications", ""), ""),
        frequency=(cells.get("frequency", "") or cells.get("frequency_qualifier", "")).strip(),
        negated=cells.get("negated", "").strip().lower() == "true",
        evidence=cells.get("primary_knowledge_source", "").strip(),
        grade=grade,
        knowledge_level=level,
        agent_type=agent,
    )


def _grade(level: str, agent: str) -> Grade:
    return Grade.CURATED if level == agent == "not_provided" else Grade.from_biolink(level, agent)


def _list(text: str, own: str) -> tuple[str, ...]:
    unique = dict.fromkeys(filter(None, (normal(item.strip()) for item in text.split("|") if item)))
    return tuple(item for item in unique if item != own)


KGX = Database("kgx", "", (_NODES, _EDGES), _source, _read, many=True, version=2)
