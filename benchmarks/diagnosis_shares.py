"""Fit and check the shares of belief: temperature, and the line of "none of these".

    python benchmarks/diagnosis_shares.py CASES.tar.gz RELEASE [--fit]

Cases are ranked by the HPO release in the folder RELEASE, own paper left out of every disease, at most 12 a disease
(seed 0). With --fit the constants of `clinweave.applications.diagnosis.shares` are fitted on the development part (half
of the diseases) by likelihood: each case once with its disease listed and once with it taken out, each disease with the
same weight. Then the other part is checked: how often the disease is right where a share is stated, and what "none of
these" gets where the disease is listed, taken out, or unknown to the release (these patients are real).
"""

import argparse
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from clinweave.applications.diagnosis import (
    Model,
    Ranker,
    Release,
    open_model,
    read_cases,
    read_findings,
    release_in,
)
from clinweave.applications.diagnosis.shares import NONE_INTERCEPT, NONE_SLOPE, TEMPERATURE, UNLISTED, shares
from clinweave.core.artifacts import home
from clinweave.core.statistics import wilson
from clinweave.evaluation.diagnosis.truth import read_truth

_MOST = 12  # cases of one disease
_EMPTIED = -1e8  # the score of a disease without any row
_BINS = (0.0, 0.01, 0.05, 0.2, 0.5, 1.0)


class Scored(NamedTuple):
    """A case: its scores, the place of its disease (-1: not listed), the number of its findings, and its weight."""

    scores: Any
    place: int
    findings: int
    weight: float


def main() -> None:
    """Print the fitted constants, then how well the present ones are calibrated on the other part."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("release", type=Path)
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    files = release_in(options.release)
    model = open_model(Release(files.ontology, files.annotations), home() / "diagnosis")
    if options.fit:
        _fit(_scored(options.cases, model, development=True))
    _check(_scored(options.cases, model, development=False))


def _scored(path: Path, model: Model, *, development: bool) -> list[Scored]:
    by_disease: dict[str, list[Any]] = {}
    for case, truth in zip(read_cases(path), read_truth(path), strict=True):
        if truth.development == development:
            by_disease.setdefault(truth.disease, []).append((case, truth))
    ranker, places = Ranker(model), {id_: place for place, id_ in enumerate(model.ids)}
    annotated = {model.ids[place] for place in np.unique(model.tables.own.disease).tolist()}
    draw = random.Random(0)
    result = []
    for disease, items in sorted(by_disease.items()):
        chosen = draw.sample(items, min(_MOST, len(items)))
        for case, truth in chosen:
            findings = read_findings(model.ontology, case)
            if findings.observed:
                paper = (truth.publication,) if truth.publication else ()
                scores = ranker.scores(findings.observed, findings.excluded, paper, case.sex)
                place = places[disease] if disease in annotated else -1
                if place >= 0 and scores[place] < _EMPTIED:
                    continue  # all that is known of the disease came from the case's own paper
                result.append(Scored(scores, place, len(findings.observed), 1 / len(chosen)))
    return result


def _fit(cases: Sequence[Scored]) -> None:
    listed = [case for case in cases if case.place >= 0]
    scores = np.stack([case.scores for case in listed]).astype(np.float64)
    place = np.array([case.place for case in listed])
    count = np.array([case.findings for case in listed], np.float64)
    weight = np.array([case.weight for case in listed])
    rows, number = np.arange(len(listed)), np.log(scores.shape[1])

    def loss(values: Any) -> float:
        logs = scores / np.exp(values[0])
        none = values[1] + values[2] * count + number  # both halves as likely
        top = np.maximum(logs.max(axis=1), none)
        each = np.exp(logs - top[:, None])
        true = each[rows, place]
        total = each.sum(axis=1)
        beside = np.exp(none - top)
        with_it = -np.log(np.maximum(true / (total + beside), 1e-300))
        without = -np.log(beside / (total - true + beside))
        return float((weight * (with_it + without)).sum() / weight.sum())

    start = np.array([np.log(TEMPERATURE), NONE_INTERCEPT, NONE_SLOPE])
    fitted = minimize(
        loss, start, method="Nelder-Mead", options={"maxiter": 150, "xatol": 0.01, "fatol": 1e-4}
    )
    log_temperature, intercept, slope = fitted.x
    print(
        f"fitted on {len(listed)} cases: temperature {np.exp(log_temperature):.3f}, intercept {intercept:.3f}, "
        f"slope {slope:.3f}, loss {fitted.fun:.3f}"
    )


def _check(cases: Sequence[Scored]) -> None:
    listed = [case for case in cases if case.place >= 0]
    unknown = [case for case in cases if case.place < 0]
    first = [shares(case.scores, case.findings) for case in listed]
    tops = [
        (float(share.listed.max()), int(share.listed.argmax()) == case.place)
        for share, case in zip(first, listed, strict=True)
    ]
    print(
        f"{len(listed)} cases of listed diseases, {len(unknown)} of unknown ones; prior of none of these {UNLISTED}"
    )
    print("| share of the first rank | cases | mean share | right, 95 % |")
    print("|---|---|---|---|")
    for low, high in pairwise(_BINS):
        inside = [(share, right) for share, right in tops if low < share <= high]
        if inside:
            right = sum(hit for _, hit in inside)
            interval = wilson(right, len(inside))
            mean = sum(share for share, _ in inside) / len(inside)
            print(
                f"| {100 * low:.0f} to {100 * high:.0f} % | {len(inside)} | {100 * mean:.1f} % | "
                f"{100 * right / len(inside):.1f} % ({100 * interval.low:.1f} to {100 * interval.high:.1f}) |"
            )
    without = [shares(np.delete(case.scores, case.place), case.findings).unlisted for case in listed]
    groups = {
        "the disease is listed": [share.unlisted for share in first],
        "the disease is taken out": without,
        "the disease is unknown to the release": [
            shares(case.scores, case.findings).unlisted for case in unknown
        ],
    }
    print("| none of these, where | mean | median | above 50 % |")
    print("|---|---|---|---|")
    for name, values in groups.items():
        if values:
            over = 100 * np.mean(np.array(values) > 0.5)
            print(
                f"| {name} | {100 * np.mean(values):.1f} % | {100 * np.median(values):.1f} % | {over:.0f} % |"
            )
    aside = [share.unlisted for share in first]
    for name, others in (
        ("taken out", without),
        ("unknown", groups["the disease is unknown to the release"]),
    ):
        higher = np.mean([np.mean(np.array(aside) < other) for other in others]) if others else float("nan")
        print(f"area under the curve of none of these, listed against {name}: {higher:.3f}")


if __name__ == "__main__":
    main()
