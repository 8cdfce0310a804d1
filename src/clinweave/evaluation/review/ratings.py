"""Read raters' files back: means by system, paired differences between systems, agreement between raters."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from clinweave.core import statistics
from clinweave.core.agreement import krippendorff_alpha, weighted_kappa
from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason
from clinweave.evaluation.review.page import VERSION, Criterion, ReviewKey, as_key


@dataclass(frozen=True)
class SystemMean:
    """The mean rating of a system by one criterion, over items (each the mean over raters), with its 95 % interval."""

    criterion: str
    system: str
    items: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class SystemDifference:
    """The paired difference of two systems by one criterion; `p` is adjusted after Holm over all of a review."""

    criterion: str
    system: str
    baseline: str
    items: int
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Agreement:
    """Agreement by one criterion: alpha (ordinal) over all raters, quadratic kappa of each pair of raters."""

    criterion: str
    alpha: float | None
    answers: int  # rated by two or more
    kappa: dict[str, float | None]


@dataclass(frozen=True)
class Comment:
    """What a rater wrote about an answer."""

    rater: str
    item: str
    systems: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class ReviewResults:
    """The ratings of a review. `unrated` counts answers that a rater left without a value of some criterion."""

    review: str
    raters: tuple[str, ...]
    means: tuple[SystemMean, ...]
    differences: tuple[SystemDifference, ...]
    agreement: tuple[Agreement, ...]
    comments: tuple[Comment, ...]
    unrated: dict[str, int]


RATINGS = "ratings.json"  # in the folder of a run: its report shows them
# (item, label) -> rater -> value
_Values = dict[tuple[str, str], dict[str, float]]


@dataclass(frozen=True)
class _RaterFile:
    rater: str
    ratings: Mapping[str, Mapping[str, Mapping[str, Any]]]


def read_ratings(
    paths: Sequence[Path], key_file: Path, *, resamples: int = statistics.RESAMPLES
) -> ReviewResults:
    """Return what the raters' files say of each system.

    Raises `UserError` naming file, item and field: a file of another review, an unknown item, answer or criterion, a
    value off the scale, or two files of one rater.
    """
    key = as_key(_object(key_file), str(key_file))
    files = [_rater_file(path, key) for path in paths]
    names = [file.rater for file in files]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UserError(f"two files are by {twice!r}; give the last one only")
    values = {criterion.id: _values(files, criterion.id) for criterion in key.criteria}
    return ReviewResults(
        review=key.review,
        raters=tuple(names),
        means=tuple(
            row
            for criterion in key.criteria
            for row in _means(criterion, values[criterion.id], key, resamples)
        ),
        differences=_adjusted(
            [
                row
                for criterion in key.criteria
                for row in _differences(criterion, values[criterion.id], key, resamples)
            ]
        ),
        agreement=tuple(_agreement(criterion, values[criterion.id], names) for criterion in key.criteria),
        comments=tuple(row for file in files for row in _comments(file, key)),
        unrated={file.rater: _unrated(file, key) for file in files},
    )


def _object(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON: {reason(error)}") from error
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected one JSON object, as the review page saves it")
    return values


def _rater_file(path: Path, key: ReviewKey) -> _RaterFile:
    values = _object(path)
    if values.get("version") != VERSION:
        raise UserError(
            f"{path}: version {values.get('version')!r} of ratings; this clinweave reads {VERSION}"
        )
    if values.get("review") != key.review:
        raise UserError(f"{path} rates another review than the key; give the key written next to its page")
    rater = values.get("rater")
    if not isinstance(rater, str) or not rater.strip():
        raise UserError(f"{path}: rater is missing; enter a name or code on the page and save again")
    ratings = values.get("ratings")
    if not isinstance(ratings, dict):
        raise UserError(f"{path}: ratings is no object")
    scales = {criterion.id: criterion.values for criterion in key.criteria}
    for item, answers in ratings.items():
        _check_item(f"{path}: item {item!r}", answers, key.labels.get(item), scales)
    return _RaterFile(rater.strip(), ratings)


def _check_item(
    where: str, answers: Any, labels: Mapping[str, str] | None, scales: Mapping[str, Sequence[int]]
) -> None:
    if labels is None:
        raise UserError(f"{where} is not in the review")
    if not isinstance(answers, dict):
        raise UserError(f"{where}: expected answers by label")
    for label, given in answers.items():
        if label not in labels.values():
            raise UserError(f"{where}: there is no answer {label!r}")
        if not isinstance(given, dict):
            raise UserError(f"{where}: answer {label}: expected values by criterion")
        for name, value in given.items():
            if name == "comment" and isinstance(value, str):
                continue
            if name not in scales:
                raise UserError(f"{where}: answer {label}: there is no criterion {name!r}")
            if isinstance(value, bool) or value not in scales[name]:
                scale = ", ".join(map(str, scales[name]))
                raise UserError(f"{where}: answer {label}: {name} is {value!r}; expected one of {scale}")


def _values(files: Iterable[_RaterFile], criterion: str) -> _Values:
    values: _Values = defaultdict(dict)
    for file in files:
        for item, answers in file.ratings.items():
            for label, given in answers.items():
                if criterion in given:
                    values[item, label][file.rater] = float(given[criterion])
    return values


def _by_system(values: _Values, key: ReviewKey) -> dict[str, dict[str, float]]:
    """Return system -> item -> the mean over raters."""
    systems: dict[str, dict[str, float]] = defaultdict(dict)
    for item, labels in key.labels.items():
        for system, label in labels.items():
            if own := values.get((item, label)):
                systems[system][item] = sum(own.values()) / len(own)
    return systems


def _means(criterion: Criterion, values: _Values, key: ReviewKey, resamples: int) -> Iterable[SystemMean]:
    low_end, high_end = min(criterion.values), max(criterion.values)
    for system, own in sorted(_by_system(values, key).items()):
        pairs = statistics.pair(own, dict.fromkeys(own, 0.0), {})
        low, high = _bootstrap(pairs, resamples)
        yield SystemMean(
            criterion.id,
            system,
            len(own),
            round(pairs.mean, 6),
            max(low, float(low_end)),
            min(high, float(high_end)),
        )


def _differences(
    criterion: Criterion, values: _Values, key: ReviewKey, resamples: int
) -> Iterable[SystemDifference]:
    for (baseline, first), (system, other) in combinations(sorted(_by_system(values, key).items()), 2):
        if not first.keys() & other.keys():
            continue
        pairs = statistics.pair(other, first, {})
        low, high = _bootstrap(pairs, resamples)
        p = statistics.flip_test(pairs.sums)
        yield SystemDifference(
            criterion.id, system, baseline, len(pairs.items), round(pairs.mean, 6), low, high, p
        )


def _bootstrap(pairs: statistics.Pairs, resamples: int) -> tuple[float, float]:
    """Return the BCa interval; a point where all items agree, since a rating has no natural width."""
    if float(pairs.sums.max() - pairs.sums.min()) < 1e-12:
        return pairs.mean, pairs.mean
    low, high = statistics.bootstrap(pairs, resamples=resamples)
    return round(low, 6), round(high, 6)


def _adjusted(rows: Sequence[SystemDifference]) -> tuple[SystemDifference, ...]:
    from dataclasses import replace

    adjusted = statistics.holm([row.p for row in rows])
    return tuple(replace(row, p=float(f"{p:.6g}")) for row, p in zip(rows, adjusted, strict=True))


def _agreement(criterion: Criterion, values: _Values, raters: Sequence[str]) -> Agreement:
    kappa: dict[str, float | None] = {}
    for first, second in combinations(sorted(raters), 2):
        both = [own for own in values.values() if first in own and second in own]
        kappa[f"{first}, {second}"] = _rounded(
            weighted_kappa([int(own[first]) for own in both], [int(own[second]) for own in both])
        )
    several = [own for own in values.values() if len(own) > 1]
    return Agreement(criterion.id, _rounded(krippendorff_alpha(several)), len(several), kappa)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _comments(file: _RaterFile, key: ReviewKey) -> Iterable[Comment]:
    for item, answers in file.ratings.items():
        for label, given in answers.items():
            if text := str(given.get("comment", "")).strip():
                systems = tuple(name for name, own in key.labels[item].items() if own == label)
                yield Comment(file.rater, item, systems, text)


def _unrated(file: _RaterFile, key: ReviewKey) -> int:
    return sum(
        any(criterion.id not in file.ratings.get(item, {}).get(label, {}) for criterion in key.criteria)
        for item, labels in key.labels.items()
        for label in set(labels.values())
    )
