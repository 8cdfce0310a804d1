"""report.html: one self-contained file that a clinician can read, made from results.json and the samples alone."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import write_text
from clinweave.evaluation.arms import ARMS, find_arm, in_arm_order, is_control
from clinweave.evaluation.pages import templates
from clinweave.evaluation.plots import Scale, interval_svg, share_svg

PLUMBING = ("graph-questions",)
_ITEMS = 500  # items listed one by one; all are in samples.jsonl
TITLES = {
    "graph-questions": "Questions that the graph answers",
    "graph-future": "What a later HPO release added",
    "cross-source": "Hetionet's indications, with Hetionet left out of the graph",
    "pubmedqa-retrieved": "PubMedQA, abstract to be found",
    "biomixqa-mcq": "BiomixQA, multiple choice",
    "biomixqa-true-false": "BiomixQA, true or false",
}
EXPLAINED = {
    "graph-questions": "The graph contains these answers: this tests finding and reading, not medicine.",
    "graph-future": "The graph is built from the older release; the questions are what the newer one added. Wrong "
    "options are never kin of a known feature, so a refinement can be guessed from one.",
    "cross-source": "The graph does not contain these facts; only what it knows of the drug or disease can help.",
    "pubmedqa-retrieved": "Each question's abstract is in the index; retrieval sees only the question.",
}


def write_report(results: Mapping[str, Any], samples: Path, path: Path) -> None:
    """Write the report of `results` and its `samples.jsonl` to `path`, whole or not at all."""
    rows = [json.loads(line) for line in samples.read_text("utf-8").splitlines()]
    shown = in_arm_order(str(row["arm"]) for row in rows)
    environment = templates()
    environment.filters.update(percent=percent, points=points, probability=probability, number=number)
    text = environment.get_template("report.html").render(
        results=results,
        headline=headline(results),
        tasks=[_task(name, results) for name in results["tasks"]],
        arms={name: find_arm(name) for name in {*ARMS, *shown}},
        items=_items(rows),
        hidden=max(0, len({(row["task"], row["id"]) for row in rows}) - _ITEMS),
        title=results["recipe"]["title"] or results["recipe"]["name"],
        shown_arms=shown,
    )
    write_text(path, text)


def headline(results: Mapping[str, Any]) -> list[str]:
    """Return the sentences that say what was found, the first one first. They claim no more than the intervals do."""
    model = results["model"].get("name", "The model")
    tasks = sorted(results["tasks"], key=lambda task: task in PLUMBING)  # what the graph contains comes last
    floored = [TITLES.get(task, task) for task in tasks if results["tasks"][task]["at_floor"]]
    said = [sentence for task in tasks if (sentence := _finding(task, results, model))]
    if floored:
        said.append(
            f"Model at floor, not interpretable (every interval includes chance): {'; '.join(floored)}."
        )
    if any(task in PLUMBING for task in results["tasks"]):
        for task in PLUMBING:
            arm = results["tasks"].get(task, {}).get("arms", {}).get("lookup")
            if arm:
                said.append(
                    f"{TITLES[task]}: a smoke test. A look-up without any model is right in "
                    f"{percent(arm['accuracy'])} of them."
                )
    return said or ["Nothing was compared."]


def _finding(task: str, results: Mapping[str, Any], model: str) -> str:
    found, title = results["tasks"][task], TITLES.get(task, task)
    if found["at_floor"]:
        return ""
    rows = [row for row in results["comparisons"] if row["task"] == task and row["baseline"] == "base"]
    rows = [row for row in rows if not is_control(row["arm"])]
    if not rows:
        return ""
    best = max(rows, key=lambda row: row["difference"])
    base, arm = (found["arms"][name]["accuracy"] for name in ("base", best["arm"]))
    between = f"{points(best['low'])} to {points(best['high'])}"
    if best["low"] > 0 and best["p"] < 0.05:
        verdict = f"a gain of {points(best['difference']).lstrip('+')} points (95 % interval {between})"
    else:
        verdict = f"{points(best['difference'])} points ({between}), not significant"
    named = {"text": "the text index", "graph": "the knowledge graph", "both": "text and graph"}
    with_what = named.get(best["arm"]) or " and ".join(find_arm(best["arm"]).retrievers)
    return (
        f"{title}: {model} alone is right in {percent(base)} of {best['n']} questions, with {with_what} in "
        f"{percent(arm)}: {verdict}."
    )


def _task(name: str, results: Mapping[str, Any]) -> dict[str, Any]:
    found = results["tasks"][name]
    comparisons = [row for row in results["comparisons"] if row["task"] == name]
    scale = Scale.around([end for row in comparisons for end in (row["low"], row["high"])])
    forest = [row for row in comparisons if row["family"] != "controls"]
    controls = [row for row in comparisons if row["family"] == "controls"]
    return {
        **found,
        "name": name,
        "title": TITLES.get(name, name),
        "explained": EXPLAINED.get(name, ""),
        "retrieval": results["retrieval"].get(name),
        "scale": scale,
        "forest": [{**row, "svg": interval_svg(row, scale)} for row in forest],
        "controls": [{**row, "svg": interval_svg(row, scale)} for row in controls],
        "rows": [
            {**arm, "name": key, "svg": share_svg(arm, found["floors"]["chance"])}
            for key, arm in in_order(found["arms"]).items()
        ],
        "hurt": in_order(found["hurt"]),
        "readings": _readings(found, comparisons),
    }


def _readings(found: Mapping[str, Any], comparisons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the controls mean, in plain sentences."""
    by_pair = {(row["arm"], row["baseline"]): row for row in comparisons}
    said = []
    if row := by_pair.get(("wrong-entity", "base")):
        said.append(
            f"Evidence about something else, equally long, makes {points(row['difference'])} points: "
            + (
                "context by itself does not help."
                if row["low"] <= 0
                else "any context moves this model, so read gains with care."
            )
        )
    if row := by_pair.get(("graph", "gold-removed")):
        said.append(
            f"Without the one relation that answers, the graph's arm loses {points(row['difference']).lstrip('+')}"
            " points"
            + (": the gain is that fact." if row["low"] > 0 else ": the gain does not depend on that fact.")
        )
    if row := by_pair.get(("gold-falsified", "base")):
        accuracy = found["arms"]["gold-falsified"]["accuracy"]
        said.append(
            f"With the false relation instead, the model is right in {percent(accuracy)}: it repeats what it reads; "
            "a wrong database gives a wrong answer."
            if row["high"] < 0
            else f"With the false relation instead, the model is right in {percent(accuracy)}."
        )
    hurt = {arm: row["hurt"] for arm, row in in_order(found["hurt"]).items() if row["hurt"]}
    if hurt:
        listed = ", ".join(f"{find_arm(arm).title.removeprefix('+ ')} {count}" for arm, count in hurt.items())
        said.append(f"Knowledge also hurts. Items right without it and wrong with it: {listed}.")
    return said


def _items(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one entry per item with a mark for each arm."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    marks: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for row in rows:
        key = (row["task"], row["id"])
        if key not in found:
            if len(found) == _ITEMS:
                continue
            found[key] = {**row, "evidence": {}}
        mark = "right" if row["score"] == 1 else row["unscored"] or "wrong"
        marks[key][row["arm"]] = mark
        if row["evidence"] and not is_control(row["arm"]) and row["arm"] != "both":
            found[key]["evidence"][row["arm"]] = row["evidence"]
    return [{**item, "marks": marks[key]} for key, item in found.items()]


def in_order(arms: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arms in the order of reports; JSON files are sorted by name."""
    return {name: arms[name] for name in in_arm_order(arms)}


def percent(value: float | None) -> str:
    """Return a share as whole percent."""
    return "–" if value is None else f"{100 * value:.0f} %"


def points(value: float) -> str:
    """Return a difference as signed percentage points."""
    text = f"{100 * value:+.0f}".replace("-", "−")
    return "0" if text[1:] == "0" else text


def probability(value: float) -> str:
    """Return a p value as people write it."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def number(value: float | None) -> str:
    """Return a number with thin groups."""
    return "–" if value is None else f"{value:,.0f}"
