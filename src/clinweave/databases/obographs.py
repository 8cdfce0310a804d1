"""Parser of obographs JSON (https://github.com/geneontology/obographs), the JSON format of OBO ontologies (`hp.json`).

Nodes and edges are converted to OBO stanzas, which every ontology reader accepts.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from clinweave.databases.base import RowLog
from clinweave.databases.files import json_value, wrong
from clinweave.databases.obo_terms import Stanza

_OBO = re.compile(r"http://purl\.obolibrary\.org/obo/([A-Za-z][A-Za-z.]*)_(\w+)")
_VERSION = re.compile(r"/releases/([^/]+)|/(\d{4}-\d\d-\d\d)/|(\d{4}-\d\d-\d\d)")
_IRIS = (  # where other vocabularies' identifiers live, as Mondo's exact matches write them
    (re.compile(r"https?://(?:www\.)?omim\.org/(?:entry|MIM)/(\d+)"), "OMIM"),
    (re.compile(r"https?://(?:www\.)?omim\.org/phenotypicSeries/(\w+)"), "OMIMPS"),
    (re.compile(r"https?://www\.orpha\.net/ORDO/Orphanet_(\w+)"), "ORPHA"),
    (re.compile(r"https?://identifiers\.org/snomedct/(\d+)"), "SNOMEDCT"),
    (re.compile(r"https?://(?:linkedlifedata\.com/resource/umls/id|identifiers\.org/umls)/(C\d+)"), "UMLS"),
    (re.compile(r"https?://identifiers\.org/([a-z.]+)/(\w+)"), ""),
)
_TAGS = {
    "hasAlternativeId": "alt_id",
    "consider": "consider",
    "IAO_0100001": "replaced_by",
    "exactMatch": "exact_match",
}
_SCOPES = {"hasExactSynonym": "EXACT", "hasBroadSynonym": "BROAD", "hasNarrowSynonym": "NARROW"}


@lru_cache(maxsize=1)
def _graph(path: Path, size: int, changed: int, kind: str) -> dict[str, object]:  # noqa: ARG001 - the key of the cache
    value = json_value(path, kind)
    graphs = value.get("graphs") if isinstance(value, dict) else None
    if not isinstance(graphs, list) or not graphs or not isinstance(graphs[0], dict):
        wrong(path, kind, "it holds no graphs")
    if not isinstance(graphs[0].get("nodes"), list) or not isinstance(graphs[0].get("edges", []), list):
        wrong(path, kind, "its first graph holds no nodes")
    return dict(graphs[0])


def _read(path: Path, kind: str) -> dict[str, Any]:
    """Return the first graph; header and terms are asked for in turn, so the last file read is kept."""
    try:
        stat = path.stat()
    except OSError:
        return _graph.__wrapped__(path, 0, 0, kind)  # says which file is missing
    return _graph(path, stat.st_size, stat.st_mtime_ns, kind)


def header(path: Path, kind: str) -> dict[str, str]:
    """Return {"data-version": release, "ontology": id} as an OBO header would."""
    graph = _read(path, kind)
    meta = graph.get("meta")
    stated = str(meta.get("version", "")) if isinstance(meta, dict) else ""
    match = _VERSION.search(stated)
    release = next((item for item in match.groups() if item), "") if match else stated
    return {"data-version": release, "ontology": str(graph.get("id", ""))}


def stanzas(path: Path, kind: str, log: RowLog) -> Iterator[Stanza]:
    """Yield one stanza a class (row = place in the list of nodes); a malformed node is counted and skipped."""
    graph = _read(path, kind)
    edges: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row, edge in enumerate(graph.get("edges", ()), 1):
        try:
            edges[edge["sub"]].append((str(edge["pred"]), str(edge["obj"])))
        except (TypeError, KeyError):
            log.drop(path.name, row, "not an edge")
    for row, node in enumerate(graph["nodes"], 1):
        try:
            if node.get("type", "CLASS") == "CLASS" and (id_ := short(node["id"])):
                yield _stanza(row, id_, node, edges.get(node["id"], []))
        except (TypeError, KeyError, AttributeError, ValueError):
            log.drop(path.name, row, "not a node")


def _stanza(row: int, id_: str, node: dict[str, Any], edges: list[tuple[str, str]]) -> Stanza:
    meta = node.get("meta") or {}
    term = Stanza(row)
    term.add("id", id_)
    if isinstance(node.get("lbl"), str):
        term.add("name", node["lbl"])
    if meta.get("deprecated"):
        term.add("is_obsolete", "true")
    if definition := meta.get("definition"):
        term.add("def", _quote(definition["val"]))
    for synonym in meta.get("synonyms", ()):
        term.add("synonym", f"{_quote(synonym['val'])} {_SCOPES.get(synonym.get('pred', ''), 'RELATED')}")
    for xref in meta.get("xrefs", ()):
        term.add("xref", str(xref["val"]))
    for value in meta.get("basicPropertyValues", ()):
        tag = _TAGS.get(re.split(r"[#/]", str(value["pred"]))[-1])
        if tag and (identifier := short(str(value["val"]))):
            term.add(tag, identifier)
    for predicate, target in edges:
        if identifier := short(target):
            name = "is_a" if predicate == "is_a" else "relationship"
            term.add(name, identifier if name == "is_a" else f"{short(predicate) or predicate} {identifier}")
    return term


@lru_cache(maxsize=1 << 16)
def short(iri: str) -> str:
    """Return the CURIE of an IRI ("http://purl.obolibrary.org/obo/HP_0000001" -> "HP:0000001"), or ""."""
    if match := _OBO.fullmatch(iri):
        return f"{match[1]}:{match[2]}"
    for pattern, prefix in _IRIS:
        if match := pattern.fullmatch(iri):
            return f"{prefix}:{match[1]}" if prefix else f"{match[1]}:{match[2]}"
    return iri if re.fullmatch(r"[A-Za-z][\w.]*:[\w.\-]+", iri) else ""


def _quote(text: str) -> str:
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
