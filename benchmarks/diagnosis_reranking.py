"""Does a learned re-ranker, the age of onset or a prior by papers rank better? Learned without the cases, and on them.

    python benchmarks/diagnosis_reranking.py CASES.tar.gz RELEASES [--mondo mondo.json] [--most 5]

Two sets of patients that the score could not have seen the paper of:
- "drawn": of papers that HPOA 2024-03-06 cites for a disease and 2021-10-10 does not, one patient each, every finding
  with the frequency that the paper reports, ranked by the release of 2021. Only diseases of which the newer release
  keeps 70 % of the older rows (elsewhere curators moved old rows to the new paper, which gives the answer away), and
  none of the diseases of the cases. No case and no label is used.
- "cases": the development part of the cases whose paper HPOA 2024-03-06 does not cite for the disease.
A conditional logit over the first hundred ranks is fitted on the one set and tried on the other, each way; in the
last lines the score alone gets a term more. Prints top-1/3/10 in % and the mean reciprocal rank; every disease has the
same weight.
"""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from clinweave.applications.diagnosis import (
    Model,
    Ranker,
    Release,
    fetched_mondo,
    open_model,
    read_cases,
    read_findings,
    release_in,
)
from clinweave.core.artifacts import home
from clinweave.evaluation.diagnosis.truth import read_truth

TOP, MIN_ROWS, KEPT = 100, 4, 0.7
NAMES = (
    "score", "evidence", "own", "very words", "information of own", "kin's part", "evidence of not own",
    "shared information", "least shared", "best finding", "coverage of the profile", "coverage of the findings",
)  # fmt: skip
ONSETS = {  # years at which HPO's classes of onset begin
    "HP:0003577": 0, "HP:0030674": 0, "HP:0003623": 0, "HP:0003593": 0.08, "HP:0011463": 1, "HP:0003621": 5,
    "HP:0003581": 16, "HP:0011462": 16, "HP:0003596": 40, "HP:0003584": 60,
}  # fmt: skip
_AGE = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)[WD])?.*")


@dataclass(frozen=True)
class Patient:
    """Findings as places, the right candidate's place, and the disease for weights."""

    observed: tuple[int, ...]
    excluded: tuple[int, ...]
    right: int
    disease: str
    sex: str = ""
    age: str = ""


@dataclass(frozen=True)
class Listed:
    """A patient's first ranks: features a candidate, the right one's row (-1: not there), its rank by the score."""

    features: Any
    right: int
    rank: float
    scores: Any
    patient: Patient


def drawn(
    model: Model, newer: Model, without: frozenset[str], kept: tuple[float, float] = (KEPT, 1.0)
) -> list[Patient]:
    """Return one patient of each paper that only the newer release cites, of diseases that kept a share of rows."""
    draw = np.random.default_rng(0)
    old, new = _stated(model), _stated(newer)
    papers: dict[tuple[str, str], list[int]] = defaultdict(list)
    rows = newer.annotations
    for row, text in enumerate(rows.references):
        for paper in text.split(";"):
            if rows.total[row] and paper.startswith("PMID"):
                papers[rows.diseases[rows.disease[row]], paper].append(row)
    places = {id_: index for index, id_ in enumerate(model.ids)}
    result = []
    for (disease, paper), its in sorted(papers.items()):
        before = old.get(disease, set())
        known = any(paper == item for _, item in before)
        share_kept = len(before & new[disease]) / max(len(before), 1)
        if (
            len(its) < MIN_ROWS
            or len(before) <= MIN_ROWS
            or known
            or not kept[0] <= share_kept <= kept[1]
            or disease in without
        ):
            continue
        share = rows.count[its] / rows.total[its]
        ids = {
            newer.ontology.ids[rows.term[row]]
            for row, yes in zip(its, draw.random(len(its)) < share, strict=True)
            if yes
        }
        terms = tuple(sorted({model.ontology.index[id_] for id_ in ids if id_ in model.ontology.index} - {0}))
        if terms and disease in places:
            result.append(Patient(terms, (), places[disease], disease))
    return result


def _stated(model: Model) -> dict[str, set[tuple[str, str]]]:
    rows = model.annotations
    result: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for disease, term, text in zip(rows.disease.tolist(), rows.term.tolist(), rows.references, strict=True):
        for source in text.split(";"):
            result[rows.diseases[disease]].add((model.ontology.ids[term], source))
    return result


def uncited(model: Model, path: Path, most: int) -> list[Patient]:
    """Return the development cases of known diseases whose paper the release does not cite for the disease."""
    stated = _stated(model)
    places = {id_: index for index, id_ in enumerate(model.ids)}
    seen: Counter[tuple[str, str]] = Counter()
    result = []
    for case, truth in zip(read_cases(path), read_truth(path), strict=True):
        seen[truth.disease, truth.publication] += 1
        told = read_findings(model.ontology, case)
        sources = {source for _, source in stated.get(truth.disease, ())}
        if (
            truth.development
            and told.observed
            and sources
            and truth.publication not in sources
            and seen[truth.disease, truth.publication] <= most
        ):
            right = places[truth.disease]
            result.append(Patient(told.observed, told.excluded, right, truth.disease, case.sex, case.age))
    return result


class Lister:
    """Lists and describes the first ranks of patients under one model."""

    def __init__(self, model: Model) -> None:
        from clinweave.applications.diagnosis.model import matrix

        self.model, self.ranker = model, Ranker(model)
        self.own = matrix(model.tables.own)
        weight = self.own.copy()
        weight.data = weight.data * model.information[weight.indices]
        self.weighted, self.total = weight, np.asarray(weight.sum(axis=1)).ravel()

    def __call__(self, patient: Patient) -> Listed:
        scores = self.ranker.scores(patient.observed, patient.excluded, (), patient.sex)
        first = np.sort(np.argpartition(-scores, TOP)[:TOP])
        at = np.flatnonzero(first == patient.right)
        right = int(at[0]) if len(at) else -1
        return Listed(
            self._features(patient, first, scores), right, _rank(scores, patient.right), scores, patient
        )

    def _features(self, patient: Patient, first: Any, scores: Any) -> Any:
        model, terms = self.model, list(patient.observed)
        vote = self.ranker.shares(terms)[:, None]
        own, said, row = (np.zeros((len(terms), len(first)), np.float32) for _ in range(3))
        shared = np.zeros_like(own)
        for place, term in enumerate(terms):
            own[place] = _dense(model.tables.own.row(term), len(scores))[first] > 0
            said[place] = _dense(model.tables.stated.row(term), len(scores))[first] > 0
            row[place] = self.ranker.row(term)[first]
            for above in model.ontology.ancestors[term].tolist():
                held = _dense(model.tables.own.row(above), len(scores))[first] > 0
                shared[place] = np.maximum(shared[place], held * model.information[above])
        evidence = row - model.settings.exact_term_bonus * own - model.settings.stated * said
        information = model.information[terms][:, None]
        closure = np.zeros(len(model.ontology.ids), np.float32)
        closure[np.concatenate([model.ontology.ancestors[term] for term in terms])] = 1
        part = self.weighted[first] @ closure
        own_alone = np.log(np.maximum(own * 0.5 / model.background[terms][:, None], model.settings.noise))
        columns = [
            scores[first],
            (vote * evidence).sum(0),
            (vote * own).sum(0),
            (vote * said).sum(0),
            (vote * own * information).sum(0),
            (vote * (evidence - own_alone)).sum(0),
            (vote * evidence * (1 - own)).sum(0),
            (vote * shared / np.maximum(information, 1e-3)).sum(0),
            (shared / np.maximum(information, 1e-3)).min(0),
            row.max(0),
            part / np.maximum(self.total[first], 1e-6),
            part / max(float(closure @ model.information), 1e-6),
        ]
        return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)


def _dense(row: tuple[Any, Any], count: int) -> Any:
    values = np.zeros(count, np.float32)
    values[row[0]] = row[1]
    return values


def _rank(scores: Any, place: int) -> float:
    mine = scores[place]
    return float(1 + np.sum(scores > mine + 1e-6) + 0.5 * (np.sum(np.abs(scores - mine) <= 1e-6) - 1))


def fit(lists: Sequence[Listed], scale: Any, penalty: float) -> Any:
    """Return the weights of a conditional logit over standardised features, drawn towards the score alone."""
    inside = [item for item in lists if item.right >= 0]
    features = np.stack([item.features / scale for item in inside])
    right = np.array([item.right for item in inside])
    weight = _weights(inside)
    start = np.zeros(features.shape[2])
    start[0] = 0.7 * scale[0]

    def loss(theta: Any) -> tuple[float, Any]:
        value = features @ theta
        value -= value.max(axis=1, keepdims=True)
        chance = np.exp(value)
        chance /= chance.sum(axis=1, keepdims=True)
        rows = np.arange(len(right))
        chosen = features[rows, right]
        expected = np.einsum("nc,ncf->nf", chance, features)
        cost = -(weight * np.log(chance[rows, right] + 1e-12)).sum() + penalty * ((theta - start) ** 2).sum()
        return cost, -(weight[:, None] * (chosen - expected)).sum(0) + 2 * penalty * (theta - start)

    return minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 100}).x


def _weights(lists: Sequence[Listed]) -> Any:
    count = Counter(item.patient.disease for item in lists)
    return np.array([1 / count[item.patient.disease] for item in lists])


def told(lists: Sequence[Listed], ranks: Sequence[float]) -> str:
    """Return top-1/3/10 and MRR, every disease with the same weight."""
    weight = _weights(lists) / _weights(lists).sum()
    got = np.array(ranks)
    return "/".join(f"{100 * weight @ (got <= at):.1f}" for at in (1, 3, 10)) + f" | {weight @ (1 / got):.3f}"


def reranked(lists: Sequence[Listed], theta: Any, scale: Any) -> list[float]:
    """Return the ranks after re-ranking; what is not among the first hundred stays where it is."""
    return [
        _rank(item.features / scale @ theta, item.right) if item.right >= 0 else item.rank for item in lists
    ]


def onsets(release: Release, model: Model) -> Any:
    """Return the earliest age at which each candidate is stated to begin, in years; 0 where nothing is stated."""
    from clinweave.databases import DATABASES, RowLog
    from clinweave.records import Relation

    begins: dict[str, float] = {}
    for item in DATABASES["hpoa"].read({"phenotype.hpoa": release.annotations}, RowLog()):
        if isinstance(item, Relation) and item.object in ONSETS and not item.negated:
            begins[item.subject] = min(ONSETS[item.object], begins.get(item.subject, 999))
    return np.array(
        [min((begins.get(id_, 0.0) for id_ in kin.members), default=0.0) for kin in model.related]
    )


def papers(model: Model) -> Any:
    """Return ln(1 + papers cited) of each candidate."""
    rows = model.annotations
    cited: Mapping[str, set[str]] = defaultdict(set)
    for disease, text in zip(rows.disease.tolist(), rows.references, strict=True):
        cited[rows.diseases[disease]].update(item for item in text.split(";") if item.startswith("PMID"))
    return np.log1p([sum(len(cited.get(id_, ())) for id_ in kin.members) for kin in model.related])


def _years(age: str) -> float | None:
    result = _AGE.fullmatch(age) if age else None
    return int(result[1] or 0) + int(result[2] or 0) / 12 if result else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("releases", type=Path)
    parser.add_argument("--mondo", type=Path, default=None)
    parser.add_argument("--most", type=int, default=5)
    options = parser.parse_args()
    mondo = options.mondo or fetched_mondo(home())
    releases = [release_in(options.releases / name, mondo) for name in ("2021-10-10", "2024-03-06")]
    older, newer = (open_model(item, home() / "diagnosis") for item in releases)
    without = frozenset(item.disease for item in read_truth(options.cases))
    describe = Lister(older)
    papers_drawn = [describe(item) for item in drawn(older, newer, without)]
    moved = [describe(item) for item in drawn(older, newer, without, (0.0, 0.05))]
    describe = Lister(newer)
    cases = [describe(item) for item in uncited(newer, options.cases, options.most)]
    within = np.concatenate([item.features - item.features.mean(axis=0) for item in papers_drawn])
    scale = within.std(axis=0) + 1e-6
    print("| ranked | patients | by | top-1/3/10 | MRR |\n|---|---|---|---|---|")
    for name, lists, other, source in (
        ("drawn", papers_drawn, cases, "cases"),
        ("cases", cases, papers_drawn, "drawn"),
    ):
        size = f"{len(lists)}, {len({item.patient.disease for item in lists})} diseases"
        print(f"| {name} | {size} | the score | {told(lists, [item.rank for item in lists])} |", flush=True)
        for penalty in (0.1, 1.0, 10.0):
            theta = fit(other, scale, penalty)
            ranks = reranked(lists, theta, scale)
            print(
                f"| {name} | {size} | re-ranker of {source}, penalty {penalty} | {told(lists, ranks)} |",
                flush=True,
            )
    size = f"{len(moved)}, {len({item.patient.disease for item in moved})} diseases"
    ranks = [item.rank for item in moved]
    print(f"| drawn, at most 5 % of old rows kept | {size} | the score | {told(moved, ranks)} |")
    begins, prior = onsets(releases[1], newer), papers(newer)
    for weight in (0.5, 1.0):
        ranks = [_rank(item.scores + weight * prior, item.patient.right) for item in cases]
        print(f"| cases | | the score + {weight} ln(1 + papers of the disease) | {told(cases, ranks)} |")
    print(f"| cases | | (a stated onset: {100 * np.mean(begins > 0):.0f} % of candidates after birth) | | |")
    for weight in (1.0, 2.0):
        ranks = [_rank(item.scores - weight * _early(item, begins), item.patient.right) for item in cases]
        print(f"| cases | | the score - {weight} if younger than any stated onset | {told(cases, ranks)} |")


def _early(one: Listed, begins: Any) -> Any:
    years = _years(one.patient.age)
    return np.zeros(len(begins)) if years is None else (begins > years + 0.5).astype(float)


if __name__ == "__main__":
    main()
