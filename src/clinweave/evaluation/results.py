"""From samples to numbers: accuracies, floors, paired comparisons, coverage. Same samples, same numbers."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from clinweave.core import statistics
from clinweave.evaluation.arms import ARMS, CONTROLS, in_arm_order, is_control
from clinweave.evaluation.samples import Sample
from clinweave.models import chance_of, same_option

# (arm, baseline, family): Holm's correction runs within a family over all tasks
COMPARISONS: tuple[tuple[str, str, str], ...] = (
    ("text", "base", "arms"),
    ("graph", "base", "arms"),
    ("both", "base", "arms"),
    ("both", "text", "sums"),
    ("both", "graph", "sums"),
    *((control, "base", "controls") for control in CONTROLS),
    *(("graph", control, "controls") for control in CONTROLS),
)
_PLACES = 6  # digits kept of a number, so that a file is the same on every machine


def summarise(samples: Sequence[Sample], *, resamples: int = statistics.RESAMPLES) -> dict[str, Any]:
    """Return the deterministic part of results.json: tasks, comparisons, strata, results in lm-eval's keys."""
    tasks: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        tasks[sample.task].append(sample)
    comparisons = [row for task, rows in tasks.items() for row in _comparisons(task, rows, resamples)]
    _adjust(comparisons)
    return {
        "tasks": {task: _task(rows) for task, rows in tasks.items()},
        "comparisons": comparisons,
        "results": {
            f"{task}.{arm}": _lm_eval(rows)
            for task, found in tasks.items()
            for arm, rows in _by_arm(found).items()
        },
    }


def _task(rows: Sequence[Sample]) -> dict[str, Any]:
    first = list({row.id: row for row in rows}.values())
    kinds = sorted({row.kind for row in first})
    arms = {arm: _arm(found) for arm, found in _by_arm(rows).items()}
    chance = sum(chance_of(row.options, row.answer) for row in first) / len(first)
    scored = [arm for arm in arms if not is_control(arm) and arms[arm]["n"]]
    intervals = [statistics.Interval(*arms[arm]["interval"]) for arm in scored]
    return {
        "n": len(first),
        "clusters": len({row.cluster for row in first}),
        "floors": {
            "chance": _round(chance),
            "majority": _round(statistics.majority_floor([_label(row) for row in first])),
            "longest option": _round(_by_length(first)),
        },
        "at_floor": bool(intervals) and statistics.at_floor(intervals, chance),
        "arms": arms,
        "kinds": {
            kind: {
                arm: _arm([row for row in found if row.kind == kind]) for arm, found in _by_arm(rows).items()
            }
            for kind in kinds
        }
        if len(kinds) > 1
        else {},
        "hurt": _hurt(rows),
    }


def _arm(rows: Sequence[Sample]) -> dict[str, Any]:
    """Return one arm's accuracy (unparsed is wrong; items not run are left out), coverage and unscored counts."""
    run = [row for row in rows if row.unscored not in {"tokens", "error"}]
    right = sum(row.score for row in run)
    reasons = Counter(row.unscored for row in rows if row.unscored)
    gold = [row.gold for row in run if row.gold is not None]
    return {
        "n": len(run),
        "accuracy": _round(right / len(run)) if run else None,
        "interval": [_round(end) for end in statistics.wilson(right, len(run))],
        "unscored": dict(sorted(reasons.items())),
        "gold_in_evidence": _round(sum(gold) / len(gold)) if gold else None,
        "answer_named": _round(sum(row.named for row in run) / len(run)) if run else None,
        "evidence_tokens": _round(sum(row.evidence_tokens for row in run) / len(run)) if run else None,
        "tokens": sum(row.tokens for row in run),
        "method": next((row.method for row in rows if row.method), ""),
    }


def _comparisons(task: str, rows: Sequence[Sample], resamples: int) -> Iterable[dict[str, Any]]:
    arms = _by_arm(rows)
    clusters = {row.id: row.cluster for row in rows}
    others = [(arm, "base", "arms") for arm in arms if arm not in ARMS]
    for arm, baseline, family in (*COMPARISONS, *others):
        if arm not in arms or baseline not in arms or not _comparable(arms[arm], arms[baseline]):
            continue
        left, right = _scores(arms[arm]), _scores(arms[baseline])
        if not left.keys() & right.keys():
            continue
        found = statistics.difference(left, right, clusters, resamples=resamples)
        yield {
            "task": task,
            "arm": arm,
            "baseline": baseline,
            "family": family,
            "n": found.n,
            "clusters": found.clusters,
            "difference": _round(found.difference),
            "low": _round(found.low),
            "high": _round(found.high),
            "p_raw": found.p,
            "gained": found.gained,
            "lost": found.lost,
            "unpaired": found.unpaired,
        }


def _adjust(comparisons: list[dict[str, Any]]) -> None:
    for family in ("arms", "sums", "controls"):
        rows = [row for row in comparisons if row["family"] == family]
        for row, p in zip(rows, statistics.holm([row["p_raw"] for row in rows]), strict=True):
            row["p"] = float(f"{p:.6g}")
            row["p_raw"] = float(f"{row['p_raw']:.6g}")


def _comparable(one: Sequence[Sample], other: Sequence[Sample]) -> bool:
    """Return whether two arms were scored the same way; a look-up may stand beside either."""
    methods = {row.method for row in (*one, *other) if row.method and row.method != "look-up"}
    return len(methods) <= 1


def _scores(rows: Iterable[Sample]) -> dict[str, float]:
    return {row.id: row.score for row in rows if row.unscored not in {"tokens", "error"}}


def _hurt(rows: Sequence[Sample]) -> dict[str, dict[str, int]]:
    """Return, for each arm with knowledge, how many items it turned right, and turned wrong, from base."""
    arms = _by_arm(rows)
    base = _scores(arms.get("base", ()))
    found = {}
    for arm in arms:
        if arm == "base" or is_control(arm):
            continue
        scores = _scores(arms.get(arm, ()))
        both = base.keys() & scores.keys()
        if both:
            found[arm] = {
                "helped": sum(scores[item] > base[item] for item in both),
                "hurt": sum(scores[item] < base[item] for item in both),
                "same": sum(scores[item] == base[item] for item in both),
            }
    return found


def _lm_eval(rows: Sequence[Sample]) -> dict[str, Any]:
    scores = _scores(rows)
    if not scores:
        return {"acc,none": None, "acc_stderr,none": None}
    error = statistics.standard_error(scores, {row.id: row.cluster for row in rows})
    return {
        "alias": f"{rows[0].task}.{rows[0].arm}",
        "acc,none": _round(sum(scores.values()) / len(scores)),
        "acc_stderr,none": _round(error) if math.isfinite(error) else "N/A",
    }


def _by_arm(rows: Iterable[Sample]) -> Mapping[str, list[Sample]]:
    found: dict[str, list[Sample]] = defaultdict(list)
    for row in rows:
        found[row.arm].append(row)
    return {arm: found[arm] for arm in in_arm_order(found)}


def _label(row: Sample) -> str:
    """Return what "always the same reply" means: yes/no/maybe where all items share options, else the position."""
    return row.options[row.answer] if len(row.options) <= 3 else str(row.answer)


def _by_length(rows: Sequence[Sample]) -> float:
    total = 0.0
    for row in rows:
        longest = max(len(option) for option in row.options)
        tied = [place for place, option in enumerate(row.options) if len(option) == longest]
        total += sum(same_option(row.options, place, row.answer) for place in tied) / len(tied)
    return total / len(rows)


def _round(value: float) -> float:
    return round(value, _PLACES)


def timings(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return seconds and tokens a second per task and arm: the only part of results that differs between runs."""
    found: dict[str, Any] = {}
    for task in dict.fromkeys(sample.task for sample in samples):
        for arm, rows in _by_arm(row for row in samples if row.task == task).items():
            seconds = sum(row.seconds for row in rows)
            tokens = sum(row.tokens for row in rows)
            found.setdefault(task, {})[arm] = {
                "seconds": round(seconds, 3),
                "seconds_per_item": round(seconds / len(rows), 4),
                "tokens_per_item": round(tokens / len(rows), 1),
                "tokens_per_second": round(tokens / seconds, 1) if seconds else None,
            }
    return found
