"""Scoring: what a patient's findings say for every candidate, summed; rows are kept, so that a case costs little."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from clinweave.applications.diagnosis.annotations import Annotations, profiles
from clinweave.applications.diagnosis.links import Kin
from clinweave.applications.diagnosis.model import Model, Tables, evidence, matrix, mix, relatives
from clinweave.applications.diagnosis.propagation import closure, direct, smoothed

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]

NOTHING = -1e9  # the score of a candidate of which nothing is left
_OVERLAYS = 64  # publications whose removal is remembered


@dataclass(frozen=True)
class Overlay:
    """The candidates that change when some publications are dropped, and what is then known of them."""

    who: "Ints"
    ratio: "Floats"  # terms by candidates
    spread: "Floats"
    refused: "Floats"  # terms by candidates: ln(1 - frequency), for excluded findings
    empty: "npt.NDArray[np.bool_]"
    tables: Tables


class Ranker:
    """Scores cases against one model. Not for several threads at once."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._ratio: dict[int, Floats] = {}  # term -> evidence carried down
        self._full: dict[int, Floats] = {}  # with the bonuses
        self._shared: dict[int, Floats] = {}
        self._cited = _citations(model.annotations)
        self._leaning = _leaning(model.kin)
        self._stand_ins = _stand_ins(model.kin)
        self.overlay = lru_cache(_OVERLAYS)(self._overlay)

    def scores(
        self,
        observed: Sequence[int],
        excluded: Sequence[int] = (),
        dropped: tuple[str, ...] = (),
        sex: str = "",
    ) -> "Floats":
        """Return the score of every candidate; `dropped` publications are taken from every disease.

        Findings are places in the ontology. With no observed finding every score is 0 but for the excluded. A disease
        of which nothing is annotated scores a little less than the best one of its gene, if that is more.
        """
        import numpy as np

        settings = self.model.settings
        share = self.shares(observed)
        total = np.zeros(len(self.model.kin), np.float32)
        for term, part in zip(observed, share, strict=True):
            total += part * self.row(term)
        total -= settings.spread * share.sum() * self.model.spread
        for term in excluded:
            who, often = self.model.tables.own.row(term)
            total[who] += settings.excluded * np.log1p(-often)
        if dropped and len((overlay := self.overlay(dropped)).who):
            new = share @ overlay.ratio[list(observed)] - settings.spread * share.sum() * overlay.spread
            new += settings.excluded * overlay.refused[list(excluded)].sum(axis=0)
            total[overlay.who] = np.where(overlay.empty, NOTHING, new)
        if sex == "FEMALE":
            total[self.model.x_linked] -= settings.sex
        who, others, starts = self._stand_ins
        if len(who):
            best = np.maximum.reduceat(total[others], starts) - settings.gene
            total[who] = np.maximum(total[who], best)
        return total

    def stand_in(self, place: int, scores: "Floats") -> int | None:
        """Return the candidate of the same gene that gave `place` its score, or None if that is its own."""
        import numpy as np

        who, others, starts = self._stand_ins
        at = int(np.searchsorted(who, place))
        if at == len(who) or who[at] != place:
            return None
        near = others[starts[at] : starts[at + 1] if at + 1 < len(who) else len(others)]
        best = int(near[scores[near].argmax()])
        return best if scores[place] <= scores[best] - np.float32(self.model.settings.gene) else None

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
        """Return what the finding says for every candidate, in natural units of evidence."""
        if term not in self._full:
            full = self._carried(term).copy()
            full[self.model.tables.own.row(term)[0]] += self.model.settings.exact
            full[self.model.tables.stated.row(term)[0]] += self.model.settings.stated
            self._full[term] = full
        return self._full[term]

    def _carried(self, term: int) -> "Floats":
        import numpy as np

        for place in self.model.ontology.ancestors[term].tolist():  # parents come first
            if place in self._ratio:
                continue
            settings = self.model.settings
            row = np.full(len(self.model.kin), np.log(settings.noise), np.float32)
            for parent in self.model.ontology.parents[place]:
                np.maximum(row, self._ratio[parent], out=row)
            who, often = self.model.tables.mixed.row(place)
            said = np.log((1 - settings.noise) * often / self.model.background[place] + settings.noise)
            row[who] = np.maximum(row[who], said)
            self._ratio[place] = row
        return self._ratio[term]

    def shared(self, term: int) -> "Floats":
        """Return for every term the information of the most telling ancestor that it shares with `term`."""
        import numpy as np

        if term not in self._shared:
            ontology, information = self.model.ontology, self.model.information
            found = np.zeros(len(ontology.ids), np.float32)
            for above in sorted(ontology.ancestors[term].tolist(), key=lambda place: information[place]):
                found[ontology.descendants[above]] = information[above]
            self._shared[term] = found
        return self._shared[term]

    def _overlay(self, dropped: tuple[str, ...]) -> Overlay:
        import numpy as np

        model = self.model
        rows = model.annotations
        lost = np.array(sorted({row for one in dropped for row in self._cited.get(one, ())}), np.int32)
        touched = {rows.diseases[place] for place in np.unique(rows.disease[lost])}
        who = np.array(sorted({place for id_ in touched for place in self._leaning.get(id_, ())}), np.int32)
        if not len(who):
            none = np.zeros((len(model.ontology.ids), 0), np.float32)
            return Overlay(who, none, none[0], none, np.zeros(0, np.bool_), model.tables)
        tables = _without(model, [model.kin[place] for place in who], lost)
        few = np.arange(len(who), dtype=np.int32)
        ratio, spread = evidence(model.ontology, tables, model.background, model.settings, few, model.weight)
        refused = np.log1p(-matrix(tables.own).toarray().T)
        empty = np.bincount(tables.mixed.who, minlength=len(who)) == 0
        return Overlay(who, ratio, spread, refused, empty, tables)


def _without(model: Model, kin: Sequence[Kin], lost: "Ints") -> Tables:
    """Return the tables of some candidates after rows are lost; only the diseases that they stand on are read."""
    import numpy as np

    rows, settings, ontology = model.annotations, model.settings, model.ontology
    places = rows.places
    needed = sorted(
        {places[id_] for one in kin for id_ in (*one.members, *one.groups, *one.siblings) if id_ in places}
    )
    gone = np.zeros(len(rows.disease), np.bool_)
    gone[lost] = True

    def kept(owners: Iterable[tuple[int, int]]) -> "tuple[Ints, Ints]":
        found, owner = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
        for place, candidate in owners:
            here = rows.rows_of(place)
            here = here[~gone[here]]
            found.append(here)
            owner.append(np.full(len(here), candidate, np.int32))
        return np.concatenate(found), np.concatenate(owner)

    mine = profiles(
        rows, *kept((places[id_], at) for at, one in enumerate(kin) for id_ in one.members if id_ in places)
    )
    often = smoothed(mine, settings.prior, settings.strength)
    own = closure(ontology, mine, often, len(kin))
    stated = direct(mine, often, len(ontology.ids), len(kin))
    each = profiles(rows, *kept((place, place) for place in needed))
    often = smoothed(each, settings.prior, settings.strength)
    whole = closure(ontology, each, often, len(rows.diseases))
    return Tables(own, stated, mix(own, matrix(whole), relatives(rows, kin), settings))


def _leaning(kin: Sequence[Kin]) -> dict[str, list[int]]:
    """Return for each disease id the candidates that its rows speak for, as a member or as kin."""
    found: dict[str, list[int]] = {}
    for place, one in enumerate(kin):
        for id_ in {*one.members, *one.groups, *one.siblings}:
            found.setdefault(id_, []).append(place)
    return found


def _stand_ins(kin: Sequence[Kin]) -> "tuple[Ints, Ints, Ints]":
    """Return the candidates that others of their gene stand in for, these end to end, and where each one's start."""
    import numpy as np

    places = {one.members[0]: place for place, one in enumerate(kin)}
    lists = [
        (place, near)
        for place, one in enumerate(kin)
        if (near := [places[id_] for id_ in one.genes if id_ in places])
    ]
    starts = np.cumsum([0, *(len(near) for _, near in lists[:-1])])
    others = np.array([other for _, near in lists for other in near], np.int32)
    return np.array([place for place, _ in lists], np.int32), others, starts.astype(np.int32)


def _citations(rows: Annotations) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row, text in enumerate(rows.references):
        for one in text.split(";"):
            found.setdefault(one, []).append(row)
    return found


def order(scores: Any, top: int) -> "Ints":
    """Return the places of the best candidates; ties in the order of candidates, which is by id."""
    import numpy as np

    least = np.partition(scores, -top)[-top] if top < len(scores) else NOTHING
    near = np.flatnonzero(scores >= least)  # sorting only these saves most of the time of a case
    ranked = near[np.argsort(-scores[near], kind="stable")][:top]
    return np.asarray(ranked[scores[ranked] > NOTHING], np.int32)
