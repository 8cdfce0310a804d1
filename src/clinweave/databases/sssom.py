"""Mapping sets in the SSSOM format (https://mapping-commons.github.io/sssom): which identifiers mean the same.

Any number of files. A mapping becomes a relation between the two identifiers: exactMatch is
`biolink:exact_match`, which the graph takes as a statement of identity (one to one, within one family); broad,
narrow, close and related matches stay relations. A row whose predicate_modifier is Not says that two things are
not the same: the graph never merges those. Mappings made by a program alone (lexical, semantic similarity) are
class-inferred, and never a reason to merge. Cells may be quoted as in RFC 4180, also all of them. What the header
states for every row (the provider, the tool) counts where a row states nothing.
"""

import csv
import io
import textwrap
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, wrong
from clinweave.databases.obographs import short
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
_PREDICATE_IRIS = {
    "http://www.w3.org/2004/02/skos/core#": "skos:",
    "http://www.w3.org/2002/07/owl#": "owl:",
    "http://www.geneontology.org/formats/oboInOwl#": "oboInOwl:",
}
_PROPAGATED = ("mapping_provider", "mapping_tool")  # slots that the header may state for every row
_MAX_LINES = 200  # of one record
_BY_HAND = frozenset({"semapv:ManualMappingCuration", "semapv:MappingReview", ""})


def _source(files: Mapping[str, Path]) -> Source:
    needed(files, next(iter(files), _FILE), "sssom")
    stated: dict[str, list[str]] = defaultdict(list)
    for path in files.values():
        for name, value in _header(path).slots.items():
            stated[name].append(value)
    joined = {name: "; ".join(dict.fromkeys(values)) for name, values in stated.items()}
    return Source(
        id="sssom",
        name="SSSOM mapping sets",
        infores="infores:sssom",
        release=joined.get("mapping_set_version", "not stated"),
        licence=joined.get("license", "not stated"),
        homepage=joined.get("mapping_set_id", "https://mapping-commons.github.io/sssom"),
    )


class _Header(NamedTuple):
    """The metadata above a table: scalar slots, and what the file's own prefixes stand for."""

    slots: dict[str, str]
    prefixes: dict[str, str]


def _header(path: Path) -> _Header:
    """Return the metadata of a mapping set; `UserError` where no table of mappings follows it."""
    comments: list[str] = []
    for _, line in lines(path, _KIND):
        text = line.strip('"') if line.startswith('"#') else line
        if not text.startswith("#"):
            if not text.strip():
                continue
            columns = _columns(text, path)
            if missing := [name for name in _COLUMNS if name not in columns]:
                wrong(path, _KIND, f"its header lacks {', '.join(missing)}")
            return _metadata(textwrap.dedent("\n".join(comments)))
        comments.append(text[1:])
    return wrong(path, _KIND, "it is empty")


def _metadata(text: str) -> _Header:
    """Read the YAML of a header as far as mappings need it: scalars, and the map of prefixes."""
    slots: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    parent = ""
    for line in text.split("\n"):
        key, colon, value = line.strip().partition(":")
        key, value = key.strip("\"'"), value.strip().strip("\"'")
        if not colon:
            continue
        if line[:1].isspace():
            if parent == "curie_map" and value:
                prefixes[key] = value
        else:
            parent = key
            if value:
                slots[key] = value
    return _Header(slots, prefixes)


def _delimiter(header: str) -> str:
    return "\t" if "\t" in header else ","


def _columns(line: str, path: Path) -> list[str]:
    """Return the names of the columns; `UserError` where the line is no row of a table."""
    columns = _cells(line, _delimiter(line))
    return wrong(path, _KIND, "its header is no row of a table") if columns is None else columns


def rows(path: Path, log: RowLog) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (row, column -> cell) of the mappings of one file; quoted cells may hold tabs and line breaks (RFC 4180).

    A quotation mark without its partner costs its own line only, which is counted.
    """
    columns: list[str] = []
    delimiter = "\t"
    source = lines(path, _KIND, log)
    waiting: deque[tuple[int, str]] = deque()
    while (item := waiting.popleft() if waiting else next(source, None)) is not None:
        row, line = item
        if not line.strip() or line.startswith(("#", '"#')):
            continue
        if not columns:
            delimiter = _delimiter(line)
            columns = _columns(line, path)
            continue
        joined, taken = line, 0
        while (cells := _cells(joined, delimiter)) is None and taken < _MAX_LINES:
            if taken == len(waiting):
                if (more := next(source, None)) is None:
                    break
                waiting.append(more)
            joined += "\n" + waiting[taken][1]
            taken += 1
        if cells is None:
            log.drop(path.name, row, "a quotation mark without its partner")
        elif len(cells) != len(columns):
            log.drop(path.name, row, f"not {len(columns)} columns")
        else:
            yield row, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
        for _ in range(taken if cells is not None else 0):
            waiting.popleft()


def _cells(text: str, delimiter: str) -> list[str] | None:
    """Return the cells of one record; None where a quoted cell does not end in it."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def relations(path: Path, log: RowLog, source: str = "sssom") -> Iterator[Relation]:
    """Yield the mappings of one file as relations."""
    header = _header(path)
    for row, cells in rows(path, log):
        stated = {
            **{name: header.slots[name] for name in _PROPAGATED if name in header.slots},
            **_filled(cells),
        }
        ends = [stated.get(name, "") for name in ("subject_id", "object_id")]
        subject, object_ = (_identifier(end, header.prefixes) for end in ends)
        predicate = _PREDICATES.get(_contracted(stated.get("predicate_id", "")), "")
        modifier = stated.get("predicate_modifier", "").rpartition(":")[2].lower()
        reason = _refusal(ends, bool(subject and object_), predicate, modifier)
        if reason:
            log.drop(path.name, row, reason)
            continue
        justification = stated.get("mapping_justification", "")
        by_hand = justification in _BY_HAND and not (not justification and "mapping_tool" in stated)
        yield Relation(
            subject,
            predicate,
            object_,
            source,
            publications=tuple(filter(None, (normal(stated.get("mapping_provider", "")),))),
            negated=modifier == "not",
            evidence=justification,
            grade=Grade.CURATED if by_hand else Grade.CLASS_INFERRED,
            knowledge_level="knowledge_assertion" if by_hand else "prediction",
            agent_type="manual_agent" if by_hand else "automated_agent",
        )


def _filled(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in cells.items() if value}


def _refusal(ends: Sequence[str], identified: bool, predicate: str, modifier: str) -> str:
    """Return why a mapping cannot be read, or ""."""
    if any(end.rpartition(":")[2] == "NoTermFound" for end in ends):
        return "a statement that no term was found"
    if not predicate:
        return "a predicate that is not read"
    if modifier not in {"", "not"}:
        return "a predicate modifier that is not read"
    return "" if identified else "an end is no CURIE"


def _identifier(text: str, prefixes: Mapping[str, str]) -> str:
    """Return a CURIE or IRI in the one spelling of its vocabulary, by the file's own prefixes, or ""."""
    prefix, colon, local = text.partition(":")
    iri = text if local.startswith("//") else prefixes.get(prefix, "") + local
    compact = short(iri) if colon and iri.startswith("http") else ""
    return normal(compact) or ("" if local.startswith("//") else normal(text))


def _contracted(predicate: str) -> str:
    """Return a predicate as a CURIE where it is written as an IRI."""
    for iri, prefix in _PREDICATE_IRIS.items():
        if predicate.startswith(iri):
            return prefix + predicate.removeprefix(iri)
    return predicate


def exact_pairs(path: Path, log: RowLog) -> dict[str, list[str]]:
    """Return subject -> objects of the exact matches of a mapping set, without those denied."""
    pairs: dict[str, list[str]] = defaultdict(list)
    for relation in relations(path, log):
        if relation.predicate == "biolink:exact_match" and not relation.negated:
            pairs[relation.subject].append(relation.object)
    return dict(pairs)


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    needed(files, next(iter(files), _FILE), "sssom")
    for path in files.values():
        yield from relations(path, log)


SSSOM = Database("sssom", "", (_FILE,), _source, _read, many=True)
