"""Mapping sets in the SSSOM format (https://mapping-commons.github.io/sssom): which identifiers mean the same.

Any number of files. A mapping becomes a relation between the two identifiers: exactMatch is
`biolink:exact_match`, which the graph takes as a statement of identity (one to one, within one family); broad,
narrow, close and related matches stay relations. A row whose predicate_modifier is Not says that two things are
not the same: the graph never merges those. Mappings made by a program alone (lexical, semantic similarity) are
class-inferred, and never a reason to merge.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, wrong
from clinweave.databases.prefixes import normal
from clinweave.records import Grade, Relation, Source

_FILE, _KIND = "mappings.sssom.tsv", "a mapping set in SSSOM format"
_COLUMNS = ("subject_id", "predicate_id", "object_id")
_PREDICATES = {
    "skos:exactMatch": "biolink:exact_match",
    "owl:equivalentClass": "biolink:exact_match",
    "owl:sameAs": "biolink:exact_match",
    "skos:closeMatch": "biolink:close_match",
    "skos:broadMatch": "biolink:broad_match",
    "skos:narrowMatch": "biolink:narrow_match",
    "skos:relatedMatch": "biolink:related_match",
    "oboInOwl:hasDbXref": "biolink:close_match",
}
_BY_HAND = frozenset({"semapv:ManualMappingCuration", "semapv:MappingReview", ""})


def _source(files: Mapping[str, Path]) -> Source:
    needed(files, next(iter(files), _FILE), "sssom")
    told: dict[str, list[str]] = defaultdict(list)
    for path in files.values():
        said = _metadata(path)
        for name in ("mapping_set_version", "license", "mapping_set_id"):
            if said.get(name):
                told[name].append(said[name])
    stated = {name: "; ".join(dict.fromkeys(values)) for name, values in told.items()}
    return Source(
        id="sssom",
        name="SSSOM mapping sets",
        infores="infores:sssom",
        release=stated.get("mapping_set_version", "not stated"),
        licence=stated.get("license", "not stated"),
        homepage=stated.get("mapping_set_id", "https://mapping-commons.github.io/sssom"),
    )


def _metadata(path: Path) -> dict[str, str]:
    """Return the scalar values of the header; `UserError` where no table of mappings follows it."""
    found: dict[str, str] = {}
    for _, line in lines(path, _KIND):
        if not line.startswith("#"):
            if missing := [name for name in _COLUMNS if name not in line.split("\t")]:
                wrong(path, _KIND, f"its header lacks {', '.join(missing)}")
            return found
        key, colon, value = line[1:].strip().partition(": ")
        if colon and not line.startswith(("# ", "#\t")) and value:
            found[key] = value.strip("\"' ")
    return wrong(path, _KIND, "it is empty")


def rows(path: Path, log: RowLog) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row, column -> cell) of the mappings of one file."""
    header: list[str] = []
    for row, line in lines(path, _KIND, log):
        if line.startswith("#") or not line:
            continue
        cells = line.split("\t")
        if not header:
            header = cells
        elif len(cells) != len(header):
            log.drop(path.name, row, f"not {len(header)} columns")
        else:
            yield row, dict(zip(header, cells, strict=True))


def relations(path: Path, log: RowLog, source: str = "sssom") -> Iterator[Relation]:
    """Yield the mappings of one file as relations."""
    _metadata(path)
    for row, cells in rows(path, log):
        subject, object_ = (normal(cells[name].strip()) for name in ("subject_id", "object_id"))
        predicate = _PREDICATES.get(cells["predicate_id"].strip(), "")
        if not subject or not object_ or not predicate:
            log.drop(path.name, row, "an end is no CURIE" if predicate else "a predicate that is not read")
            continue
        by_hand = cells.get("mapping_justification", "").strip() in _BY_HAND
        yield Relation(
            subject,
            predicate,
            object_,
            source,
            publications=tuple(filter(None, (normal(cells.get("mapping_provider", "")),))),
            negated=cells.get("predicate_modifier", "").strip().lower() == "not",
            evidence=cells.get("mapping_justification", "").strip(),
            grade=Grade.CURATED if by_hand else Grade.CLASS_INFERRED,
            knowledge_level="knowledge_assertion" if by_hand else "prediction",
            agent_type="manual_agent" if by_hand else "automated_agent",
        )


def exact_pairs(path: Path, log: RowLog) -> dict[str, list[str]]:
    """Return subject -> objects of the exact matches of a mapping set, without those denied."""
    found: dict[str, list[str]] = defaultdict(list)
    for relation in relations(path, log):
        if relation.predicate == "biolink:exact_match" and not relation.negated:
            found[relation.subject].append(relation.object)
    return dict(found)


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    needed(files, next(iter(files), _FILE), "sssom")
    for path in files.values():
        yield from relations(path, log)


SSSOM = Database("sssom", "", (_FILE,), _source, _read, many=True)
