"""From scores to numbers: means with intervals, and paired differences from base and from the options-only control."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from clinweave.core import statistics
from clinweave.evaluation.tuned.measure import TEXT, Measured
from clinweave.evaluation.tuned.recipe import BASE, Tuning


def summarise(recipe: Tuning, rows: Sequence[Measured]) -> dict[str, Any]:
    """Return measures, differences and a headline."""
    cells: dict[tuple[str, str, str], list[Measured]] = defaultdict(list)
    for row in rows:
        if row.measure != TEXT:
            cells[row.measure, row.knowledge, row.arm].append(row)
    measures: dict[str, dict[str, Any]] = {}
    for (name, knowledge, arm), found in cells.items():
        measures.setdefault(f"{name} | {knowledge}", {})[arm] = _cell(found)
    differences = [*_pairs(recipe, cells), *_over_blind(recipe, cells)]
    headline = [
        (
            arm,
            name,
            f"{100 * one['mean']:.0f} % ({100 * one['interval'][0]:.0f}-{100 * one['interval'][1]:.0f})",
        )
        for name, arms in measures.items()
        for arm, one in arms.items()
        if one["n"]
    ]
    return {
        "measures": measures,
        "differences": differences,
        "floors": _floors(measures),
        "sentences": _sentences(differences, recipe.blind),
        "headline": headline,
        "kinds": _kinds(cells),
        "text": _texts(rows),
    }


def _cell(rows: Sequence[Measured]) -> dict[str, Any]:
    values = [row.value or 0.0 for row in rows]  # nothing chosen is wrong
    mean = sum(values) / len(values)
    low, high = statistics.wilson(sum(values), len(values))
    return {
        "n": len(values),
        "mean": round(mean, 4),
        "interval": [round(low, 4), round(high, 4)],
        "unscored": sum(row.value is None for row in rows),
        "chance": round(sum(row.chance for row in rows) / len(rows), 4),
    }


def _kinds(cells: Mapping[tuple[str, str, str], list[Measured]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return each measure by its strata, where it has several: measure | knowledge -> arm -> stratum -> cell."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for (name, knowledge, arm), rows in cells.items():
        kinds = sorted({row.kind for row in rows})
        if len(kinds) > 1:
            found.setdefault(f"{name} | {knowledge}", {})[arm] = {
                kind: _cell([row for row in rows if row.kind == kind]) for kind in kinds
            }
    return found


def by_kin(rows: Sequence[Measured], near: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return held-out facts without evidence by whether the disease's trained facts name something above or below them.

    `near` are the ids of those that do: "seizure" held out, "febrile seizure" trained. The others must be inferred from
    other diseases.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.measure == "choice held-out-facts" and row.knowledge == "none":
            place = "kin trained" if row.id in near else "no kin trained"
            found.setdefault(place, {}).setdefault(row.arm, []).append(row)
    return {place: {arm: _cell(own) for arm, own in arms.items()} for place, arms in found.items()}


def _texts(rows: Sequence[Measured]) -> dict[str, Any]:
    """Return nats a token on plain prose of each arm, and what was added to those of base (paired, 95 %)."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.measure == TEXT and row.value is not None:
            found.setdefault(row.arm, {})[row.id] = -row.value
    told: dict[str, Any] = {}
    for arm, values in found.items():
        told[arm] = {"n": len(values), "nats": round(sum(values.values()) / len(values), 4)}
        if arm != BASE and BASE in found:
            made = statistics.difference(values, found[BASE], {one: one for one in values}, resamples=2000)
            told[arm]["added"] = [round(one, 4) for one in (made.difference, made.low, made.high)]
    return told


def _pairs(recipe: Tuning, cells: Mapping[tuple[str, str, str], list[Measured]]) -> list[dict[str, Any]]:
    """Return each arm minus base, and each later stage minus the one that it began from."""
    begun = {stage.name: stage.start for stage in recipe.stages}
    return [
        _difference(cells, (name, knowledge, arm), (name, knowledge, other))
        for name, knowledge, arm in cells
        for other in dict.fromkeys((BASE, begun.get(arm, BASE)))
        if arm not in {other, recipe.blind} and (name, knowledge, other) in cells
    ]


def _over_blind(recipe: Tuning, cells: Mapping[tuple[str, str, str], list[Measured]]) -> list[dict[str, Any]]:
    """Return each arm minus the model that never saw a question."""
    return [
        _difference(cells, (name, knowledge, arm), (name, "none", recipe.blind))
        for name, knowledge, arm in cells
        if recipe.blind and arm != recipe.blind and (name, "none", recipe.blind) in cells
    ]


def _difference(
    cells: Mapping[tuple[str, str, str], list[Measured]],
    one: tuple[str, str, str],
    other: tuple[str, str, str],
) -> dict[str, Any]:
    left, right = ({row.id: row.value or 0.0 for row in cells[key]} for key in (one, other))
    clusters = {row.id: row.cluster for row in cells[one]}
    made = statistics.difference(left, right, clusters, resamples=2000)
    return {
        "measure": one[0],
        "knowledge": one[1],
        "arm": one[2],
        "baseline": other[2],
        "n": made.n,
        "difference": round(made.difference, 4),
        "low": round(made.low, 4),
        "high": round(made.high, 4),
    }


def _floors(measures: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """Return the measures with options on which every arm's interval includes chance."""
    return [
        f"{name.replace(' | none', ', model alone').replace(' | graph', ', with graph evidence')}: "
        "model at floor, not interpretable"
        for name, arms in measures.items()
        if all(
            one["chance"] and one["interval"][0] <= one["chance"] <= one["interval"][1]
            for one in arms.values()
        )
    ]


def _sentences(differences: Sequence[Mapping[str, Any]], blind: str) -> list[str]:
    """Return one plain sentence for each difference: added, cost, or not told apart."""
    said = []
    for one in differences:
        words = ("above", "below", "not significantly different")
        if one["baseline"] != blind:
            words = ("added", "cost", "did not change measurably")
        verdict = words[0] if one["low"] > 0 else words[1] if one["high"] < 0 else words[2]
        points = (
            f"{100 * one['difference']:+.0f} points ({100 * one['low']:+.0f} to {100 * one['high']:+.0f})"
        )
        other = "the options-only control" if one["baseline"] == blind else one["baseline"]
        said.append(
            f"{one['arm']} against {other}, {one['measure']} ({one['knowledge']}): {points}: {verdict}"
        )
    return said
