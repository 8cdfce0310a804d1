"""Score candidates: the sum of each finding's evidence. Rows per finding are cached."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from clinweave.applications.diagnosis.annotations import Annotations, profiles
from clinweave.applications.diagnosis.model import (
    Model,
    Tables,
    cardinal_table,
    documented,
    evidence,
    frequencies,
    log_ratio,
    matrix,
    member_rows,
    mix,
    own_tables,
    relatives,
)
from clinweave.applications.diagnosis.propagation import closure
from clinweave.applications.diagnosis.related_diseases import RelatedDiseases

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]

NOTHING = -1e9  # the score of a candidate without remaining annotations
_TOLERANCE, _MARGIN = 0.8, 0.05  # an onset a fifth and 0.05 years before the stated one is no contradiction
_OVERLAYS = 64  # publications whose removal is remembered


@dataclass(frozen=True)
class Overlay:
    """The candidates that change when some publications are dropped, with their new evidence."""

    disease: "Ints"
    ratio: "Floats"  # terms by candidates
    spread: "Floats"
    refused: "Floats"  # terms by candidates: what an excluded finding says
    empty: "npt.NDArray[np.bool_]"
    documented: "Floats"  # see `model.documented`
    tables: Tables


class Ranker:
    """Scores cases against one model. Not for several threads at once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._ratio: dict[int, Floats] = {}  # term -> evidence carried down
        self._full: dict[int, Floats] = {}  # with the bonuses
        self._shared: dict[int, Floats] = {}
        self._cited = _citations(model.annotations)
        self._leaning = _leaning(model.related)
        self._stand_ins = _stand_ins(model.related)
        self.overlay = lru_cache(_OVERLAYS)(self._overlay)

    def scores(
        self,
        observed: Sequence[int],
        excluded: Sequence[int] = (),
        dropped: tuple[str, ...] = (),
        sex: str = "",
        age: float = float("nan"),
    ) -> "Floats":
        """Return the score of every candidate; `dropped` publications are taken from every disease; `age` is in years.

        Findings are places in the ontology. With no observed finding every score is 0 but for the excluded. A disease
        of which nothing is annotated scores a little less than the best one of its gene, if that is more.
        """
        import numpy as np

        settings = self.model.settings
        share = self.shares(observed)
        total = np.zeros(len(self.model.related), np.float32)
        for term, part in zip(observed, share, strict=True):
            total += part * self.row(term)
        total -= settings.breadth_penalty * share.sum() * self.model.spread
        total += self.model.documented
        for term in excluded:
            disease, says = self.refused(term)
            total[disease] += says
        if dropped and len((overlay := self.overlay(dropped)).disease):
            new = (
                share @ overlay.ratio[list(observed)]
                - settings.breadth_penalty * share.sum() * overlay.spread
            )
            new += overlay.documented
            new += overlay.refused[list(excluded)].sum(axis=0)
            total[overlay.disease] = np.where(overlay.empty, NOTHING, new)
        if sex == "FEMALE":
            total[self.model.x_linked] -= settings.sex
        total[self.too_young(age)] -= settings.age
        disease, others, starts = self._stand_ins
        if len(disease):
            best = np.maximum.reduceat(total[others], starts) - settings.unannotated_penalty
            total[disease] = np.maximum(total[disease], best)
        return total

    def refused(self, term: int) -> "tuple[Ints, Floats]":
        """Return the candidates that have an excluded finding, and what its absence says for each (negative).

        It is ln(1 - frequency) with a small weight, for case tables mark as absent what was never looked for, and with
        the weight of a finding that defines the disease where it does.
        """
        import numpy as np

        settings, tables = self.model.settings, self.model.tables
        disease, frequency = tables.own.row(term)
        says = settings.excluded * np.log1p(-frequency)
        defined, certain = tables.cardinal.row(term)
        rows = np.searchsorted(disease, defined)
        says[rows] += (settings.excluded_cardinal - settings.excluded) * np.log1p(-certain)
        return disease, says.astype(np.float32, copy=False)

    def refused_of(self, term: int, candidate: int) -> float:
        """Return what an excluded finding says against one candidate, 0 where that does not have it."""
        disease, says = self.refused(term)
        at = int(disease.searchsorted(candidate))
        return float(says[at]) if at < len(disease) and disease[at] == candidate else 0.0

    def too_young(self, age: float) -> "npt.NDArray[np.bool_]":
        """Return the candidates that begin later than at `age` in years, with some tolerance; none for NaN."""
        import numpy as np

        return np.asarray(age < _TOLERANCE * self.model.earliest - _MARGIN)

    def stand_in(self, candidate: int, scores: "Floats") -> int | None:
        """Return the candidate of the same gene that gave `place` its score, or None if that is its own."""
        import numpy as np

        borrowers, others, starts = self._stand_ins
        position = int(np.searchsorted(borrowers, candidate))
        if position == len(borrowers) or borrowers[position] != candidate:
            return None
        near = others[
            starts[position] : starts[position + 1] if position + 1 < len(borrowers) else len(others)
        ]
        best = int(near[scores[near].argmax()])
        return (
            best
            if scores[candidate] <= scores[best] - np.float32(self.model.settings.unannotated_penalty)
            else None
        )

    def shares(self, observed: Sequence[int]) -> "Floats":
        """Return each finding's vote: less than 1 where others say the same."""
        import numpy as np

        if not observed:
            return np.zeros(0, np.float32)
        own = np.maximum(self.model.information[list(observed)], 1e-9)
        alike = np.stack([np.minimum(self.shared(term)[list(observed)] / own, 1) for term in observed])
        crowd = np.maximum(alike.sum(axis=0), 1)
        return np.asarray(crowd**-self.model.settings.redundancy, np.float32)

    def row(self, term: int) -> "Floats":
        """Return the finding's evidence for every candidate, in nats."""
        if term not in self._full:
            full = self._carried(term).copy()
            full[self.model.tables.own.row(term)[0]] += self.model.settings.exact_term_bonus
            full[self.model.tables.stated.row(term)[0]] += self.model.settings.stated
            self._full[term] = full
        return self._full[term]

    def _carried(self, term: int) -> "Floats":
        import numpy as np

        for ancestor in self.model.ontology.ancestors[term].tolist():  # parents come first
            if ancestor in self._ratio:
                continue
            settings = self.model.settings
            row = np.full(len(self.model.related), np.log(settings.noise), np.float32)
            for parent in self.model.ontology.parents[ancestor]:
                np.maximum(row, self._ratio[parent], out=row)
            disease, frequency = self.model.tables.mixed.row(ancestor)
            ratio = log_ratio(frequency, float(self.model.background[ancestor]), settings)
            row[disease] = np.maximum(row[disease], ratio)
            self._ratio[ancestor] = row
        return self._ratio[term]

    def shared(self, term: int) -> "Floats":
        """Return for every term the information of the most telling ancestor that it shares with `term`."""
        import numpy as np

        if term not in self._shared:
            ontology, information = self.model.ontology, self.model.information
            values = np.zeros(len(ontology.ids), np.float32)
            for above in sorted(
                ontology.ancestors[term].tolist(), key=lambda ancestor: information[ancestor]
            ):
                values[ontology.descendants[above]] = information[above]
            self._shared[term] = values
        return self._shared[term]

    def _overlay(self, dropped: tuple[str, ...]) -> Overlay:
        import numpy as np

        model = self.model
        rows = model.annotations
        lost = np.array(
            sorted({row for publication in dropped for row in self._cited.get(publication, ())}), np.int32
        )
        touched = {rows.diseases[index] for index in np.unique(rows.disease[lost])}
        disease = np.array(
            sorted({index for id_ in touched for index in self._leaning.get(id_, ())}), np.int32
        )
        if not len(disease):
            none = np.zeros((len(model.ontology.ids), 0), np.float32)
            return Overlay(disease, none, none[0], none, np.zeros(0, np.bool_), none[0], model.tables)
        changed = [model.related[index] for index in disease]
        tables = _without(model, changed, lost)
        annotated, owner = member_rows(rows, changed)
        kept = ~np.isin(annotated, lost)
        known = documented(rows, annotated[kept], owner[kept], len(changed), model.settings)
        few = np.arange(len(disease), dtype=np.int32)
        ratio, spread = evidence(model.ontology, tables, model.background, model.settings, few, model.weight)
        settings = model.settings
        refused = settings.excluded * np.log1p(-matrix(tables.own).toarray().T)
        refused += (settings.excluded_cardinal - settings.excluded) * np.log1p(
            -matrix(tables.cardinal).toarray().T
        )
        empty = np.bincount(tables.mixed.disease, minlength=len(disease)) == 0
        return Overlay(disease, ratio, spread, refused, empty, known, tables)


def _without(model: Model, related: Sequence[RelatedDiseases], lost: "Ints") -> Tables:
    """Return the tables of some candidates after rows are removed; only their own and related diseases are read."""
    import numpy as np

    rows, settings, ontology = model.annotations, model.settings, model.ontology
    index_of = rows.index_of
    needed = sorted(
        {
            index_of[id_]
            for entry in related
            for id_ in (*entry.members, *entry.groups, *entry.siblings)
            if id_ in index_of
        }
    )
    gone = np.zeros(len(rows.disease), np.bool_)
    gone[lost] = True

    def member_rows_of(owners: Iterable[tuple[int, int]]) -> "tuple[Ints, Ints]":
        selected, owner = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
        for index, candidate in owners:
            annotated = rows.rows_of(index)
            annotated = annotated[~gone[annotated]]
            selected.append(annotated)
            owner.append(np.full(len(annotated), candidate, np.int32))
        return np.concatenate(selected), np.concatenate(owner)

    mine = profiles(
        rows,
        *member_rows_of(
            (index_of[id_], number)
            for number, entry in enumerate(related)
            for id_ in entry.members
            if id_ in index_of
        ),
    )
    own, stated = own_tables(ontology, mine, settings, len(related))
    cardinal = cardinal_table(ontology, mine, model.information, settings, len(related))
    each = profiles(rows, *member_rows_of((index, index) for index in needed))
    frequency = frequencies(each, settings)
    whole = closure(ontology, each, frequency, len(rows.diseases))
    return Tables(own, stated, mix(own, matrix(whole), relatives(rows, related), settings), cardinal)


def _leaning(related: Sequence[RelatedDiseases]) -> dict[str, list[int]]:
    """Return for each disease id the candidates that its rows speak for, as a member or as related."""
    dependents: dict[str, list[int]] = {}
    for index, entry in enumerate(related):
        for id_ in {*entry.members, *entry.groups, *entry.siblings}:
            dependents.setdefault(id_, []).append(index)
    return dependents


def _stand_ins(related: Sequence[RelatedDiseases]) -> "tuple[Ints, Ints, Ints]":
    """Return the candidates that others of their gene stand in for, these end to end, and where each one's start."""
    import numpy as np

    index_of = {entry.members[0]: index for index, entry in enumerate(related)}
    lists = [
        (index, near)
        for index, entry in enumerate(related)
        if (near := [index_of[id_] for id_ in entry.genes if id_ in index_of])
    ]
    starts = np.cumsum([0, *(len(near) for _, near in lists[:-1])])
    others = np.array([other for _, near in lists for other in near], np.int32)
    return np.array([index for index, _ in lists], np.int32), others, starts.astype(np.int32)


def _citations(rows: Annotations) -> dict[str, list[int]]:
    rows_of: dict[str, list[int]] = {}
    for row, text in enumerate(rows.references):
        for publication in text.split(";"):
            rows_of.setdefault(publication, []).append(row)
    return rows_of


def order(scores: "np.ndarray", top: int) -> "Ints":
    """Return the places of the best candidates; ties in the order of candidates, which is by id."""
    import numpy as np

    least = np.partition(scores, -top)[-top] if top < len(scores) else NOTHING
    near = np.flatnonzero(scores >= least)  # sorting only these saves most of the time of a case
    ranked = near[np.argsort(-scores[near], kind="stable")][:top]
    return np.asarray(ranked[scores[ranked] > NOTHING], np.int32)
