"""Explain a candidate's rank: each finding's part of the score, and the findings to look for next."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from clinweave.applications.diagnosis.findings import Findings
from clinweave.applications.diagnosis.ranker import Overlay, Ranker
from clinweave.applications.diagnosis.result import Annotation, NextFinding, Reason

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

_MIN_GAIN = 0.05  # bits; a finding that tells less is not worth a look
_NEAR = 0.5  # less information in common than this is no match
_RELATED = 12  # siblings looked into for a row to show


class Explainer:
    """Explains the scores of one ranker."""

    def __init__(self, ranker: Ranker) -> None:
        from clinweave.applications.diagnosis.model import matrix

        self.ranker, self.model = ranker, ranker.model
        self._own = matrix(self.model.tables.own)  # candidates by terms
        self._stated = matrix(self.model.tables.stated)
        count = len(self.model.annotations.diseases)
        self._bounds = self.model.annotations.disease.searchsorted(range(count + 1)).tolist()
        self._places = {id_: index for index, id_ in enumerate(self.model.annotations.diseases)}

    def reasons(
        self,
        candidate: int,
        case: Findings,
        dropped: tuple[str, ...] = (),
        sex: str = "",
        age: float = float("nan"),
        *,
        stand_in: int | None = None,
    ) -> list[Reason]:
        """Return one entry a finding, strongest first, and the breadth of the profile.

        Their `says` sum to the score. `stand_in` is the candidate of the same gene that gave this one its score.
        """

        if stand_in is not None:
            return self._borrowed(stand_in, self.reasons(stand_in, case, dropped, sex, age))

        settings = self.model.settings
        shares = self.ranker.shares(case.observed)
        overlay = self.ranker.overlay(dropped) if dropped else None
        column = _column(overlay, candidate)
        entries: list[Reason] = []
        for term, share in zip(case.observed, shares.tolist(), strict=True):
            says = (
                float(overlay.ratio[term, column])
                if overlay and column is not None
                else float(self.ranker.row(term)[candidate])
            )
            entries.append(self._entry(term, share * says, candidate, dropped))
        for term in case.excluded:
            refused = (
                float(overlay.refused[term, column])
                if overlay and column is not None
                else self.ranker.refused_of(term, candidate)
            )
            if refused:
                entries.append({**self._entry(term, refused, candidate, dropped), "excluded": True})
        entries.sort(key=lambda reason: (-abs(reason["says"]), reason["finding"]))
        spread = overlay.spread[column] if overlay and column is not None else self.model.spread[candidate]
        breadth = -settings.breadth_penalty * float(shares.sum()) * float(spread)
        known = (
            overlay.documented[column] if overlay and column is not None else self.model.documented[candidate]
        )
        if known:
            patients = round(math.expm1(float(known) / settings.documented))
            name = f"described in {patients} patient{'' if patients == 1 else 's'}"
            entries.append({"finding": "", "name": name, "says": round(float(known), 4)})
        if sex == "FEMALE" and self.model.x_linked[candidate]:
            name = "female patient; the disease is stated as X-linked only"
            entries.append({"finding": "", "name": name, "says": -settings.sex})
        if self.ranker.too_young(age)[candidate]:
            name = (
                f"patient aged {age:.3g} years; onset stated from {self.model.earliest[candidate]:.3g} years"
            )
            entries.append({"finding": "", "name": name, "says": -settings.age})
        return [*entries, {"finding": "", "name": "breadth of the profile", "says": round(breadth, 4)}]

    def _borrowed(self, stand_in: int, reasons: list[Reason]) -> list[Reason]:
        """Return the reasons of the disease of the same gene, marked as such, and the deduction for using it."""
        marked: list[Reason] = [
            {**reason, "match": "same gene"} if reason.get("match") == "own" else reason for reason in reasons
        ]
        other = f"{self.model.names[stand_in]} ({self.model.ids[stand_in]})"
        name = f"no annotations of its own; {other} is of the same gene"
        return [*marked, {"finding": "", "name": name, "says": -self.model.settings.unannotated_penalty}]

    def _entry(self, term: int, says: float, candidate: int, dropped: tuple[str, ...]) -> Reason:
        ontology = self.model.ontology
        entry: Reason = {
            "finding": ontology.ids[term],
            "name": ontology.names[term],
            "says": round(says, 4),
        }
        row = self._source(term, candidate, dropped)
        return {**entry, **self._annotation(*row)} if row else {**entry, "match": "none"}

    def _source(self, term: int, candidate: int, dropped: tuple[str, ...]) -> tuple[int, str] | None:
        """Return the row that speaks nearest to the finding, and whether it is the disease's own or a related one's."""
        entry = self.model.related[candidate]
        for relation, ids in (
            ("own", entry.members),
            ("related", (*entry.groups, *entry.siblings[:_RELATED])),
        ):
            best = max((match for id_ in ids if (match := self._nearest(id_, term, dropped))), default=None)
            if best:
                return -best[1], relation
        return None

    def _nearest(self, id_: str, term: int, dropped: tuple[str, ...]) -> tuple[float, int] | None:
        """Return (closeness, -row) of the row of a disease that shares most with a term, if it shares enough."""
        index = self._places.get(id_)
        if index is None:
            return None
        rows = self.model.annotations
        low, high = self._bounds[index], self._bounds[index + 1]
        near = self.ranker.shared(term)[rows.term[low:high]] + (rows.term[low:high] == term)
        near[rows.negated[low:high]] = 0
        if dropped:
            lost = [bool(set(text.split(";")) & set(dropped)) for text in rows.references[low:high]]
            near[lost] = 0
        if not len(near) or near.max() <= _NEAR:
            return None
        return float(near.max()), -int(low + near.argmax())

    def _annotation(self, row: int, relation: str) -> Annotation:
        """Return the term, frequency and references of a row."""
        rows, ontology = self.model.annotations, self.model.ontology
        return {
            "match": relation,
            "annotated": ontology.ids[rows.term[row]],
            "annotated_name": ontology.names[rows.term[row]],
            "disease": rows.diseases[rows.disease[row]],
            "frequency": self._frequency(row),
            "sources": [text for text in rows.references[row].split(";") if text],
        }

    def _frequency(self, row: int) -> str:
        rows = self.model.annotations
        if rows.total[row]:
            return f"{rows.count[row]}/{rows.total[row]}"
        share = float(rows.share[row])
        return "not stated" if math.isnan(share) else f"about {100 * share:.3g}%"

    def next_findings(
        self,
        candidates: Sequence[int],
        scores: Mapping[int, float],
        case: Findings,
        standing: Mapping[int, int | None] | None = None,
        limit: int = 5,
    ) -> list[NextFinding]:
        """Return the findings, not yet asked, that would tell the candidates apart most, in bits expected.

        `standing` says whose findings count for a candidate of which nothing is annotated.
        """
        import numpy as np

        if len(candidates) < 2:
            return []
        chance = np.exp(
            np.array([scores[candidate] for candidate in candidates])
            - max(scores[candidate] for candidate in candidates)
        )
        chance /= chance.sum()
        source_rows = [
            candidate if (other := (standing or {}).get(candidate)) is None else other
            for candidate in candidates
        ]
        stated = self._own[source_rows].toarray()
        frequency = np.clip(stated, 0.02, 0.98)
        gain = _bits(chance @ frequency) - chance @ _bits(frequency)
        named = np.asarray(self._stated[source_rows].sum(axis=0)).ravel()
        gain[named == 0] = 0  # only what an annotation names, not its class
        for term in (*case.observed, *case.excluded):
            gain[self.model.ontology.ancestors[term]] = 0
            gain[self.model.ontology.descendants[term]] = 0
        chosen: list[int] = []
        for term in np.argsort(-gain, kind="stable")[:200].tolist():
            near = set(self.model.ontology.ancestors[term].tolist()) | set(
                self.model.ontology.descendants[term].tolist()
            )
            if gain[term] >= _MIN_GAIN and not near & set(chosen):
                chosen.append(term)
            if len(chosen) == limit:
                break
        ids = self.model.ids
        return [
            {
                "finding": self.model.ontology.ids[term],
                "name": self.model.ontology.names[term],
                "bits": round(float(gain[term]), 4),
                "frequency": {
                    ids[candidate]: round(float(share), 2)
                    for candidate, share in zip(candidates, stated[:, term], strict=True)
                },
            }
            for term in chosen
        ]


def _column(overlay: Overlay | None, candidate: int) -> int | None:
    import numpy as np

    if overlay is None or not len(overlay.disease):
        return None
    column = int(np.searchsorted(overlay.disease, candidate))
    return column if column < len(overlay.disease) and overlay.disease[column] == candidate else None


def _bits(share: "Floats") -> "Floats":
    import numpy as np

    return np.asarray(-(share * np.log2(share) + (1 - share) * np.log2(1 - share)), np.float32)
