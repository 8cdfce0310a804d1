"""What a missing frequency means, and which diseases are wrongly first: why cases later than a release rank worse.

    python benchmarks/diagnosis_frequencies.py CASES OLD NEW --after PMID

OLD and NEW are folders of two HPO releases. Printed are (1) of the findings without a frequency in OLD that NEW counts
in five or more patients, their mean frequency there; (2) the mean frequency of counted findings by the number of
patients; (3) over the later cases of the development part, how the findings of the diseases that OLD wrongly puts first
are stated, beside those of the true diseases and of all. At most 30 cases of a disease (seed 0).
"""

import argparse
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from clinweave.applications.diagnosis import (
    Annotations,
    Model,
    Ranker,
    Release,
    open_model,
    read_cases,
    read_findings,
    release_in,
)
from clinweave.core.artifacts import home
from clinweave.evaluation.diagnosis.truth import read_truth

_ENOUGH = 5  # patients
_MOST = 30  # cases of a disease
_SIZES = ((1, 1), (2, 2), (3, 3), (4, 5), (6, 10), (11, 20), (21, 10**9))


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--after", type=int, required=True)
    options = parser.parse_args()
    old, new = (_opened(folder) for folder in (options.old, options.new))
    counted = _counted_later(old, new)
    print(
        f"without a frequency in the old release, counted later: {len(counted)}, mean {np.mean(counted):.2f}"
    )
    rows = new.annotations
    for low, high in _SIZES:
        chosen = (rows.total >= low) & (rows.total <= high)
        share = (rows.count[chosen] / rows.total[chosen]).mean()
        print(f"counted in {low} to {high} patients: {chosen.sum()} rows, mean frequency {share:.2f}")
    first, true = _winners(old, options.cases, options.after)
    for name, diseases in (("wrongly first", first), ("true", true), ("all", old.ids)):
        print(f"{name}: {_style(old.annotations, diseases)}")


def _opened(folder: Path) -> Model:
    files = release_in(folder)
    return open_model(Release(files.ontology, files.annotations), home() / "diagnosis")


def _counted_later(old: Model, new: Model) -> list[float]:
    """Return the later frequency of each finding of a disease that had none."""
    stated: dict[tuple[str, str], bool] = {}
    for key, row in _keys(old):
        rows = old.annotations
        stated[key] = stated.get(key, False) or bool(rows.total[row]) or not np.isnan(rows.share[row])
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    for key, row in _keys(new):
        count, total = counts.get(key, (0, 0))
        counts[key] = count + int(new.annotations.count[row]), total + int(new.annotations.total[row])
    return [
        counts[key][0] / counts[key][1]
        for key, known in stated.items()
        if not known and counts.get(key, (0, 0))[1] >= _ENOUGH
    ]


def _keys(model: Model) -> Iterable[tuple[tuple[str, str], int]]:
    rows = model.annotations
    for row, (disease, term) in enumerate(zip(rows.disease.tolist(), rows.term.tolist(), strict=True)):
        yield (rows.diseases[disease], model.ontology.ids[term]), row


def _winners(model: Model, cases: Path, after: int) -> tuple[list[str], list[str]]:
    """Return the diseases that are first and wrong, and the true ones of these cases."""
    by_disease: dict[str, list[tuple[int, ...]]] = {}
    places = {id_: place for place, id_ in enumerate(model.ids)}
    annotated = {model.ids[place] for place in np.unique(model.tables.own.disease).tolist()}
    for case, truth in zip(read_cases(cases), read_truth(cases), strict=True):
        if truth.development and truth.year_order > after and truth.disease in annotated:
            observed = read_findings(model.ontology, case).observed
            if observed:
                by_disease.setdefault(truth.disease, []).append(observed)
    ranker, draw = Ranker(model), random.Random(0)
    first, true = [], []
    for disease, items in sorted(by_disease.items()):
        for observed in draw.sample(items, min(_MOST, len(items))):
            best = int(ranker.scores(observed).argmax())
            if best != places[disease]:
                first.append(model.ids[best])
                true.append(disease)
    return first, true


def _style(rows: Annotations, diseases: Sequence[str]) -> str:
    """Return how many findings the diseases have, and the share of diseases of which most are counted."""
    sizes, mostly = [], []
    for id_ in diseases:
        if id_ in rows.index_of:
            mine = rows.rows_of(rows.index_of[id_])
            sizes.append(len(mine))
            mostly.append(bool(len(mine)) and float((rows.total[mine] > 0).mean()) > 0.5)
    return f"{len(diseases)}, {np.mean(sizes):.1f} rows each, mostly counted {100 * np.mean(mostly):.0f} %"


if __name__ == "__main__":
    main()
