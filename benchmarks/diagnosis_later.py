"""Cases published after an HPO release: what each part of the score adds, beside the plain sum of information.

    python benchmarks/diagnosis_later.py CASES RELEASE --after PMID [--prevalence en_product9_prev.xml] [--own-paper]
        [--try excluded_cardinal=0.5 ...] [--margin 0.5 ...]

CASES are phenopackets; those whose paper has a PMID above the given one are ranked by the release in the folder
RELEASE; nothing newer is used (but for prevalence, which has no findings). --own-paper ranks all cases instead, their
own paper left out of every disease. Only cases of diseases that the release annotates count, at most `--most` of each
(seed 0). Half of the diseases are the development part, the others the test part. Differences from the sum are paired,
their intervals (95 %) of whole publications resampled. --try adds the score with another constant of `Settings`, and
its mean reciprocal rank less that of the score, paired likewise. --margin orders the diseases whose score is at most so
many nats below the first by the sum.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from clinweave.applications.diagnosis import (
    Case,
    Findings,
    Model,
    Ranker,
    Release,
    Settings,
    log_prior,
    open_model,
    read_cases,
    read_findings,
    release_in,
)
from clinweave.applications.diagnosis.ages import years
from clinweave.core.artifacts import home
from clinweave.core.statistics import difference
from clinweave.evaluation.diagnosis.baselines import Lrz
from clinweave.evaluation.diagnosis.ranking import MISS, known_cases, rank_of
from clinweave.evaluation.diagnosis.truth import Truth, read_truth

AT = (1, 3, 10)
BEFORE = Settings(
    frequency_prior=0.35,
    strength=1.0,
    unstated=0.35,
    analyte=0.35,
    named=0.35,
    documented=0.0,
    excluded_cardinal=0.02,
)
SUM, SCORE = "sum of information (lrz)", "score"


class Item(NamedTuple):
    """A case, its findings in the ontology, and what is right."""

    case: Case
    findings: Findings
    truth: Truth


def main() -> None:
    """Print a table for each part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("release", type=Path)
    parser.add_argument("--after", type=int, default=0)
    parser.add_argument("--own-paper", action="store_true")
    parser.add_argument("--prevalence", type=Path)
    parser.add_argument("--most", type=int, default=30)
    parser.add_argument("--try", dest="tried", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--margin", dest="margins", action="append", default=[], type=float, metavar="NATS")
    parser.add_argument("--part", choices=("development", "test"), help="default: both")
    options = parser.parse_args()
    files = release_in(options.release)
    release = Release(files.ontology, files.annotations, prevalence=options.prevalence)
    model = open_model(release, home() / "diagnosis")
    pairs = zip(read_cases(options.cases), read_truth(options.cases), strict=True)
    chosen = [(case, truth) for case, truth in pairs if truth.year_order > options.after]
    known = known_cases(model, [truth for _, truth in chosen])
    items = [
        Item(case, findings, truth)
        for case, truth in _drawn(chosen, options.most)
        if truth.id in known and (findings := read_findings(model.ontology, case)).observed
    ]
    arms = _arms(release, model, items, options.tried, options.margins, own=options.own_paper)
    for part in (options.part,) if options.part else ("development", "test"):
        mine = [item for item in items if item.truth.development == (part == "development")]
        _table(part, mine, {name: [rank(item) for item in mine] for name, rank in arms.items()})


def _drawn(pairs: Sequence[tuple[Case, Truth]], most: int) -> list[tuple[Case, Truth]]:
    by_disease: dict[str, list[tuple[Case, Truth]]] = {}
    for case, truth in pairs:
        by_disease.setdefault(truth.disease, []).append((case, truth))
    draw = random.Random(0)
    return [
        item for _, items in sorted(by_disease.items()) for item in draw.sample(items, min(most, len(items)))
    ]


def _arms(
    release: Release,
    model: Model,
    items: Sequence[Item],
    tried: Sequence[str],
    margins: Sequence[float],
    *,
    own: bool,
) -> dict[str, Callable[[Item], float]]:
    """Return each way of ranking by its name."""
    cache = home() / "diagnosis"
    alone = open_model(
        release,
        cache,
        Settings(frequency_prior=0.5, unstated=0.5, strength=1.0, analyte=0.5, named=0.5),
        related=False,
    )
    plain = Lrz(alone, sorted({term for item in items for term in item.findings.observed}))

    def by(
        scorer: Any, ids: Sequence[str], prior: Any = 0.0, *, age: bool = False
    ) -> Callable[[Item], float]:
        places = {id_: place for place, id_ in enumerate(ids)}

        def rank(item: Item) -> float:
            paper = (item.truth.publication,) if own and item.truth.publication else ()
            more = (years(item.case.age),) if age else ()
            scores = scorer.scores(
                item.findings.observed, item.findings.excluded, paper, item.case.sex, *more
            )
            place = places.get(item.truth.disease)
            return MISS if place is None else rank_of(scores + prior, place)

        return rank

    ranker, ids = Ranker(model), model.ids
    arms = {
        SUM: by(plain, alone.ids),
        "score before": by(Ranker(open_model(release, cache, BEFORE)), ids),
        SCORE: by(ranker, ids),
        "score with age": by(ranker, ids, age=True),
    }
    for change in tried:
        name, _, value = change.partition("=")
        changed = replace(Settings(), **{name: float(value)})
        arms[f"{SCORE}, {change}"] = by(Ranker(open_model(release, cache, changed)), ids)
    for margin in margins:
        arms[f"{SCORE}, the sum within {margin:g}"] = by(_Fused(ranker, plain, ids, alone.ids, margin), ids)
    if release.prevalence:
        arms["score with age, prior by prevalence"] = by(
            ranker, ids, log_prior(model, "prevalence"), age=True
        )
    return arms


class _Fused(NamedTuple):
    """The score, but for the diseases at most `margin` below the first: these are ordered by the sum."""

    score: Ranker
    plain: Lrz
    ids: Sequence[str]
    plain_ids: Sequence[str]
    margin: float

    def scores(self, *case: Any) -> np.ndarray:
        """Return a score of each disease."""
        result = np.array(self.score.scores(*case), np.float64)
        sums = self.plain.scores(*case)
        near = np.flatnonzero(result >= result.max() - self.margin)
        places = {id_: place for place, id_ in enumerate(self.plain_ids)}
        least = sums.min()
        told = [sums[places[self.ids[row]]] if self.ids[row] in places else least for row in near]
        result[near] = result.max() + 1 + np.array(told) - least
        return result


def _table(part: str, items: Sequence[Item], ranks: dict[str, list[float]]) -> None:
    diseases = {item.truth.disease for item in items}
    print(f"\n{part}: {len(items)} cases, {len(diseases)} diseases\n")
    print("| arm | first 1/3/10 | by disease | mean reciprocal rank | over the sum at 1, 3, 10 |")
    print("|---|---|---|---|---|")
    cluster = {item.truth.id: item.truth.publication for item in items}
    for name, values in ranks.items():
        micro = "/".join(f"{100 * sum(rank <= at for rank in values) / len(values):.1f}" for at in AT)
        macro = "/".join(f"{100 * _macro(items, values, at):.1f}" for at in AT)
        reciprocal = sum(1 / rank for rank in values) / len(values)
        over = ""
        if name != SUM:
            over = ", ".join(
                _difference(
                    items,
                    [float(rank <= at) for rank in values],
                    [float(rank <= at) for rank in ranks[SUM]],
                    cluster,
                )
                for at in AT
            )
        if name.startswith(f"{SCORE}, "):
            gain = _difference(
                items, [1 / rank for rank in values], [1 / rank for rank in ranks[SCORE]], cluster
            )
            over += f"; reciprocal rank over the score, in hundredths: {gain}"
        print(f"| {name} | {micro} | {macro} | {reciprocal:.4f} | {over} |", flush=True)


def _macro(items: Sequence[Item], ranks: Sequence[float], at: int) -> float:
    hits: dict[str, list[bool]] = {}
    for item, rank in zip(items, ranks, strict=True):
        hits.setdefault(item.truth.disease, []).append(rank <= at)
    return sum(sum(each) / len(each) for each in hits.values()) / len(hits)


def _difference(
    items: Sequence[Item], values: Sequence[float], others: Sequence[float], cluster: dict[str, str]
) -> str:
    """Return the mean of `values` less that of `others`, of 100, with its interval."""
    arms = [
        {item.truth.id: value for item, value in zip(items, each, strict=True)} for each in (values, others)
    ]
    result = difference(*arms, cluster)
    return f"{100 * result.difference:+.1f} ({100 * result.low:+.1f} to {100 * result.high:+.1f})"


if __name__ == "__main__":
    main()
