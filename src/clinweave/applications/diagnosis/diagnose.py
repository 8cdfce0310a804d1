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
        findings = read_findings(self.model.ontology, case)
        line: dict[str, Any] = {"id": case.id, "ranking": [], "none_fits": True, "next": []}
        if findings.observed:
            scores = spoken = self.ranker.scores(
                findings.observed, findings.excluded, case.publications, case.sex
            )
            if weighted is not None:
                scores = self._only(scores, weighted)
            ranked = order(scores, top)
            standing = {
                index: self.ranker.stand_in(index, spoken) for index in ranked[: max(explained, 5)].tolist()
            }
            line["ranking"] = [
                self._entry(rank, index, float(scores[index]))
                | {
                    "reasons": self.explainer.reasons(
                        index, findings, case.publications, case.sex, stand_in=standing[index]
                    )
                    if rank <= explained
                    else []
                }
                for rank, index in enumerate(ranked.tolist(), 1)
            ]
            line["none_fits"] = not line["ranking"] or line["ranking"][0]["score"] <= NONE_FITS
            if explained:
                five = ranked[:5].tolist()
                line["next"] = self.explainer.next_findings(
                    five, {candidate: float(scores[candidate]) for candidate in five}, findings, standing
                )
        return line | {"problems": list(findings.problems)}

    def _entry(self, rank: int, index: int, score: float) -> dict[str, Any]:
        entry = self.model.related[index]
        return {
            "rank": rank,
            "id": entry.members[0],
            "members": list(entry.members),
            "name": self.model.names[index],
            "score": round(score, 4),
        }

    def _only(self, scores: Any, weighted: Mapping[str, float]) -> Any:
        import numpy as np

        added = [
            max((weighted[id_] for id_ in entry.members if id_ in weighted), default=NOTHING)
            for entry in self.model.related
        ]
        gene_scores = np.array(added, scores.dtype)
        return np.where((gene_scores > NOTHING) & (scores > NOTHING), scores + gene_scores, NOTHING)


def from_mentions(id_: str, mentions: Sequence[Mention], sex: str = "", age: str = "") -> Case:
    """Return the case described by a text: present and past findings are observed, denied ones excluded.

    Findings of relatives and findings that are only suspected or feared are left out, and listed among its problems.
    """
    mine = [mention for mention in mentions if not mention.experiencer]
    yes = dict.fromkeys(mention.id for mention in mine if mention.of_patient)
    no = dict.fromkeys(mention.id for mention in mine if mention.status == "absent" and mention.id not in yes)
    others = {
        mention.id: (mention.name, "reported for a relative" if mention.experiencer else mention.status)
        for mention in mentions
        if mention.id not in yes and mention.id not in no
    }
    problems = [f"{other} ({name}) is {why} and was left out" for other, (name, why) in others.items()]
    return Case(id_, tuple(yes), tuple(no), sex, age, problems=tuple(problems))
