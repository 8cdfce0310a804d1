"""Diseases by their findings: which diseases have a finding or a kind of it, how often, and how telling it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinweave.core.predicates import HAS_PHENOTYPE
from clinweave.knowledge.graph import frequency
from clinweave.knowledge.graph.arrays import closure
from clinweave.knowledge.graph.frequency import is_absent

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph

_BROADER = 0.5  # credit for a finding that a disease has only as a broader term
_MIN_INFORMATION = 2.0  # information content (nats) from which on a broader term says something
_tables: "WeakKeyDictionary[Graph, DiseaseProfiles]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class RankedDisease:
    """One disease that fits findings, with how many of them it is recorded with."""

    id: str
    score: float
    matched: int


def profiles(graph: "Graph") -> "DiseaseProfiles":
    """Return the disease profiles of a graph, read once."""
    cached = _tables.get(graph)
    if cached is None:
        cached = _tables.setdefault(graph, DiseaseProfiles(graph))
    return cached


class DiseaseProfiles:
    """The findings of all diseases as arrays; the graph's own row numbers identify both."""

    def __init__(self, graph: "Graph") -> None:
        self.graph = graph

    def rank(self, findings: Sequence[str], limit: int) -> list[RankedDisease]:
        """Return the diseases that fit the findings best.

        A finding counts by its information content, times how often the disease has it (or a kind of it); one that
        is recorded only as a broader term counts half of that term's content. Diseases with more findings come first.
        """
        score, matched = np.zeros(len(self._diseases)), np.zeros(len(self._diseases), np.int64)
        for finding in findings:
            share = self._share(finding)
            content = self._content(share)
            value = content * np.where(share > 0, 0.5 + 0.5 * share, 0.0)
            for parent in self._broader(finding):
                above = self._share(parent)
                part = min(self._content(above), content)
                if part >= _MIN_INFORMATION:
                    value = np.maximum(value, _BROADER * part * (above > 0) * (0.5 + 0.5 * above))
            score += value
            matched += share > 0
        # Of two findings both must fit; of more, the better fit may lack one.
        first = -matched if len(findings) <= 2 else np.zeros_like(matched)
        worth = score + matched * score.max() / (2 * max(len(findings), 1))
        order = np.lexsort((-self._records, -np.round(worth, 3), first))
        order = order[(score[order] > 0) & (matched[order] > 0)][:limit]
        return [
            RankedDisease(
                self.graph._ids[int(self._diseases[row])], round(float(score[row]), 4), int(matched[row])
            )
            for row in order
        ]

    def _broader(self, finding: str) -> list[str]:
        return [item for item in self.graph.ancestors(finding) if item.startswith("HP:")]

    def _content(self, share: np.ndarray) -> float:
        return float(np.log((len(self._diseases) + 1) / (np.count_nonzero(share) + 1)))

    @cached_property
    def _share(self) -> Callable[[str], np.ndarray]:
        return lru_cache(maxsize=512)(self._read_share)

    def _read_share(self, finding: str) -> np.ndarray:
        """Return, per disease, the share of patients with the finding or a kind of it (0: not recorded)."""
        below = np.zeros(len(self.graph._ids), np.bool_)
        row = self.graph._ids.find(finding)
        if row is not None:
            below[row] = True
            below[closure(self.graph._array("down"), self.graph._array("down_targets"), row)] = True
        rows = np.flatnonzero(below[self._table.object])
        share = np.zeros(len(self._diseases), np.float32)
        np.maximum.at(share, self._table.disease[rows], self._table.weight[rows])
        return share

    @cached_property
    def _records(self) -> np.ndarray:
        """Return how many findings are recorded of each disease: of equals the better described comes first."""
        return np.bincount(self._table.disease, minlength=len(self._table.diseases))

    @cached_property
    def _diseases(self) -> np.ndarray:
        return self._table.diseases

    @cached_property
    def _table(self) -> "_Table":
        """Return the has_phenotype rows that state a presence: no NOT, not excluded, not seen in nobody."""
        code = self.graph._predicates.get(HAS_PHENOTYPE, -1)
        rows = np.flatnonzero(self.graph._predicate_codes == code)
        rows = rows[~np.asarray(self.graph._array("negated"))[rows].astype(bool)]
        coded = pc.dictionary_encode(self.graph._relations.column("frequency").take(pa.array(rows)))
        stated = coded.dictionary.to_pylist()
        weights = np.array([lower_share(text or "") for text in stated], np.float32)
        absent = np.array([is_absent(text or "") for text in stated], np.bool_)
        codes = coded.indices.to_numpy()
        seen = ~absent[codes]
        subject = np.asarray(self.graph._array("subject"))[rows][seen]
        diseases, disease = np.unique(subject, return_inverse=True)
        target = np.asarray(self.graph._array("object"))[rows][seen]
        return _Table(diseases, disease, target, np.maximum(weights[codes][seen], 0.01))


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """One row per statement: the disease (index into `diseases`), the finding (row of the graph), the share."""

    diseases: np.ndarray
    disease: np.ndarray
    object: np.ndarray
    weight: np.ndarray


def lower_share(recorded: str) -> float:
    """Return the lower end of a recorded frequency as a share: of counts a 95 % Wilson bound, else of the range."""
    stated = frequency.parse(recorded)
    if stated is None:
        return 0.1
    if stated.count is None or stated.total is None:
        return stated.low / 100
    return wilson_lower(stated.count, stated.total)


def wilson_lower(count: int, total: int, z: float = 1.96) -> float:
    """Return the lower end of the 95 % Wilson interval of a share."""
    if total == 0:
        return 0.0
    share: float = count / total
    centre = share + z * z / (2 * total)
    spread = z * ((share * (1 - share) + z * z / (4 * total)) / total) ** 0.5
    return float(max(0.0, (centre - spread) / (1 + z * z / total)))
