"""One case in, one ranked and explained line out."""

from collections.abc import Mapping, Sequence
from typing import Any

from clinweave.applications.diagnosis.cases import Case
from clinweave.applications.diagnosis.findings import read_findings
from clinweave.applications.diagnosis.model import Model
from clinweave.applications.diagnosis.ranker import NOTHING, Ranker, order
from clinweave.applications.diagnosis.reasons import Explainer
from clinweave.records import Mention

NONE_FITS = 0.0  # natural units; below it the findings speak for no candidate over chance


class Diagnoser:
    """Ranks cases by one model and explains the first ranks."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.ranker = Ranker(model)
        self.explainer = Explainer(self.ranker)

    def diagnose(
        self, case: Case, *, top: int = 100, explained: int = 10, weighted: Mapping[str, float] | None = None
    ) -> dict[str, Any]:
        """Return {"id", "ranking", "none_fits", "next", "problems"}; the first `explained` ranks carry reasons.

        The rows of `case.publications` are dropped from every disease. `weighted` keeps only these ids (any
        member) and adds a value to each score: what genes say.
        """
        told = read_findings(self.model.ontology, case)
        line: dict[str, Any] = {"id": case.id, "ranking": [], "none_fits": True, "next": []}
        if told.observed:
            scores = spoken = self.ranker.scores(told.observed, told.excluded, case.publications, case.sex)
            if weighted is not None:
                scores = self._only(scores, weighted)
            places = order(scores, top)
            standing = {
                place: self.ranker.stand_in(place, spoken) for place in places[: max(explained, 5)].tolist()
            }
            line["ranking"] = [
                self._entry(rank, place, float(scores[place]))
                | {
                    "reasons": self.explainer.reasons(
                        place, told, case.publications, case.sex, stand_in=standing[place]
                    )
                    if rank <= explained
                    else []
                }
                for rank, place in enumerate(places.tolist(), 1)
            ]
            line["none_fits"] = not line["ranking"] or line["ranking"][0]["score"] <= NONE_FITS
            if explained:
                five = places[:5].tolist()
                line["next"] = self.explainer.next_findings(
                    five, {one: float(scores[one]) for one in five}, told, standing
                )
        return line | {"problems": list(told.problems)}

    def _entry(self, rank: int, place: int, score: float) -> dict[str, Any]:
        kin = self.model.kin[place]
        return {
            "rank": rank,
            "id": kin.members[0],
            "members": list(kin.members),
            "name": self.model.names[place],
            "score": round(score, 4),
        }

    def _only(self, scores: Any, weighted: Mapping[str, float]) -> Any:
        import numpy as np

        added = [
            max((weighted[id_] for id_ in kin.members if id_ in weighted), default=NOTHING)
            for kin in self.model.kin
        ]
        told = np.array(added, scores.dtype)
        return np.where((told > NOTHING) & (scores > NOTHING), scores + told, NOTHING)


def from_mentions(id_: str, mentions: Sequence[Mention], sex: str = "", age: str = "") -> Case:
    """Return the case that a text tells: what the patient has or had is observed, what is denied is excluded.

    Findings of relatives and findings that are only suspected or feared are left out, and listed among its problems.
    """
    mine = [one for one in mentions if not one.experiencer]
    yes = dict.fromkeys(one.id for one in mine if one.of_patient)
    no = dict.fromkeys(one.id for one in mine if one.status == "absent" and one.id not in yes)
    others = {
        one.id: (one.name, "reported for a relative" if one.experiencer else one.status)
        for one in mentions
        if one.id not in yes and one.id not in no
    }
    problems = [f"{other} ({name}) is {why} and was left out" for other, (name, why) in others.items()]
    return Case(id_, tuple(yes), tuple(no), sex, age, problems=tuple(problems))
