"""One case in, one ranked and explained line out."""

from collections.abc import Mapping
from typing import Any

from clinweave.applications.diagnosis.ages import years
from clinweave.applications.diagnosis.cases import Case
from clinweave.applications.diagnosis.facts import Facts, page_of
from clinweave.applications.diagnosis.findings import Findings, read_findings
from clinweave.applications.diagnosis.model import Model
from clinweave.applications.diagnosis.ranker import NOTHING, Ranker, order
from clinweave.applications.diagnosis.reasons import Explainer
from clinweave.applications.diagnosis.result import (
    DiagnosisResult,
    FindingTerm,
    NextFinding,
    RankedDisease,
    Reason,
    Term,
)
from clinweave.applications.diagnosis.shares import STATED, Prior, log_prior, shares
from clinweave.core.errors import UserError

NONE_FITS = 0.0  # natural units; below it the findings speak for no candidate over chance
_CLOSE = 4.0  # natural units; siblings closer than this are hardly distinguished
_FIRST = 5  # ranks between which the next findings are to decide


class Diagnoser:
    """Ranks cases by one model and explains the first ranks.

    `prior` is how likely the diseases are before the findings: "uniform", or "prevalence" (Orphanet's classes).
    Raises `UserError` for a prevalence that the model was compiled without.
    """

    def __init__(self, model: Model, prior: Prior = "uniform") -> None:
        if prior == "prevalence" and not any(entry.prevalence for entry in model.facts):
            raise UserError(
                "the prior by prevalence needs Orphadata's en_product9_prev.xml with classes of these diseases; "
                "give it with --prevalence FILE"
            )
        self.model, self.prior = model, prior
        self.ranker = Ranker(model)
        self.explainer = Explainer(self.ranker)
        self._prior = log_prior(model, prior)

    def diagnose(
        self, case: Case, *, top: int = 100, explained: int = 10, weighted: Mapping[str, float] | None = None
    ) -> DiagnosisResult:
        """Return {"id", "ranking", "none_fits", "next", "problems"}; the first `explained` ranks carry reasons.

        Also "subtypes", "prior", "none_of_these" (the share of a disease that is not listed), "observed" and
        "excluded"; see `DiagnosisResult`. The rows of `case.publications` are dropped from every disease. `weighted`
        keeps only these ids (any member) and adds a value to each score: what genes say.
        """
        findings = read_findings(self.model.ontology, case)
        line: DiagnosisResult = {
            "id": case.id,
            "ranking": [],
            "none_fits": True,
            "next": [],
            "prior": STATED[self.prior],
            "none_of_these": None,
            "observed": self._named(findings.observed),
            "excluded": self._named(findings.excluded),
            "problems": list(findings.problems),
            "subtypes": [],
        }
        if findings.observed:
            spoken = self._scores(case, findings)
            scores = spoken if weighted is None else self._only(spoken, weighted)
            self._rank(line, case, findings, (spoken, scores), top, explained)
        return line

    def _rank(  # noqa: PLR0917 - a line, a case with its findings and scores, and how much of it
        self,
        line: DiagnosisResult,
        case: Case,
        findings: Findings,
        scored: tuple[Any, Any],
        top: int,
        explained: int,
    ) -> None:
        """Add the ranking, what to look for next, and whether anything fits; `scored` is without and with genes."""
        spoken, scores = scored
        ranked = order(scores, top)
        first = ranked[: max(explained, _FIRST)].tolist()
        standing = {index: self.ranker.stand_in(index, spoken - self._prior) for index in first}
        belief = shares(scores, len(findings.observed))
        ranking = [
            self._entry(rank, index, float(scores[index]))
            | {
                "share": float(f"{belief.listed[index]:.3g}"),
                "reasons": self._reasons(index, case, findings, standing) if rank <= explained else [],
            }
            for rank, index in enumerate(ranked.tolist(), 1)
        ]
        if explained:
            five = {index: float(scores[index]) for index in ranked[:_FIRST].tolist()}
            proposed = self.explainer.next_findings(list(five), five, findings, standing)
            line["next"] = self._deciding(case, findings, list(five), proposed)
        line["ranking"] = ranking
        line["subtypes"] = self._subtypes(ranked[:_FIRST].tolist(), scores)
        line["none_fits"] = not ranking or ranking[0]["score"] <= NONE_FITS
        line["none_of_these"] = float(f"{belief.unlisted:.3g}")

    def _subtypes(self, first: list[int], scores: Any) -> list[list[str]]:
        """Return the ids of first ranks that are siblings and whose scores are close, a list a series."""
        series: list[list[int]] = []
        for index in first:
            members = set(self.model.related[index].members)
            for group in series:
                near = float(scores[group[0]]) - float(scores[index]) < _CLOSE
                if near and members & set(self.model.related[group[0]].siblings):
                    group.append(index)
                    break
            else:
                series.append([index])
        return [[self.model.ids[index] for index in group] for group in series if len(group) > 1]

    def _scores(self, case: Case, findings: Findings, more: tuple[int, ...] = ()) -> Any:
        observed = (*findings.observed, *more)
        age = years(case.age)
        scores = self.ranker.scores(observed, findings.excluded, case.publications, case.sex, age)
        return scores + self._prior

    def _deciding(
        self, case: Case, findings: Findings, first: list[int], proposed: list[NextFinding]
    ) -> list[NextFinding]:
        """Return the proposed findings that would put the first ranks in another order, if present."""
        deciding: list[NextFinding] = []
        for item in proposed:
            term = self.model.ontology.index[item["finding"]]
            scores = self._scores(case, findings, (term,))
            changed = sorted(first, key=lambda index: -float(scores[index]))
            if changed != first:
                deciding.append({**item, "order_if_present": [self.model.ids[index] for index in changed]})
        return deciding

    def _reasons(
        self, index: int, case: Case, findings: Findings, standing: Mapping[int, int | None]
    ) -> list[Reason]:
        reasons = self.explainer.reasons(
            index,
            findings,
            case.publications,
            case.sex,
            years(case.age),
            stand_in=standing[index],
        )
        if prior := float(self._prior[index]):
            stated = self.model.facts[index].prevalence
            reasons.append({"finding": "", "name": f"prior: prevalence {stated}", "says": round(prior, 4)})
        return reasons

    def _named(self, terms: tuple[int, ...]) -> list[FindingTerm]:
        """Return findings with their names, parents and children, for an editor to correct them by."""
        ontology = self.model.ontology

        def named(term: int) -> Term:
            return {"id": ontology.ids[term], "name": ontology.names[term]}

        return [
            {
                **named(term),
                "parents": [named(parent) for parent in ontology.parents[term]],
                "children": [named(child) for child in ontology.children[term]],
            }
            for term in terms
        ]

    def _entry(self, rank: int, index: int, score: float) -> RankedDisease:
        entry = self.model.related[index]
        facts = self.model.facts[index] if self.model.facts else Facts()
        labels = self.model.ontology.labels
        ids = (*entry.members, *((facts.mondo,) if facts.mondo else ()))
        return {
            "rank": rank,
            "id": entry.members[0],
            "members": list(entry.members),
            "name": self.model.names[index],
            "score": round(score, 4),
            "genes": list(facts.genes),
            "inheritance": [labels.get(id_, id_) for id_ in facts.inheritance],
            "onset": [labels.get(id_, id_) for id_ in facts.onset],
            "prevalence": facts.prevalence,
            "mondo": facts.mondo,
            "links": {id_: url for id_ in ids if (url := page_of(id_))},
        }

    def _only(self, scores: Any, weighted: Mapping[str, float]) -> Any:
        import numpy as np

        added = [
            max((weighted[id_] for id_ in entry.members if id_ in weighted), default=NOTHING)
            for entry in self.model.related
        ]
        gene_scores = np.array(added, scores.dtype)
        return np.where((gene_scores > NOTHING) & (scores > NOTHING), scores + gene_scores, NOTHING)
