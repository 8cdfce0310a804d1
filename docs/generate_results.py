"""Write the generated part of docs/results.md from the results stored in docs/results/: `make docs`.

    python docs/generate_results.py                # rewrite the page
    python docs/generate_results.py --add RUN      # store the results of a finished run, then rewrite

A stored file is a run's results.json without what differs between machines and without what no table shows. A test
checks that the page is current.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("results.md")
STORED = Path(__file__).with_name("results")
BEGIN, END = "<!-- stored results: begin -->", "<!-- stored results: end -->"
_LEFT_OUT = ("answers", "sources", "results", "timings", "packages", "inputs")  # of results.json


def stored(run: Path) -> dict[str, Any]:
    """Return a run's results without what differs between machines and what no table shows."""
    values = json.loads((run / "results.json").read_text("utf-8"))
    if values["kind"] not in {"comparison", "writing"}:
        sys.exit(
            f"{run}: only comparisons and written answers are stored, and this is of kind {values['kind']}"
        )
    return {key: value for key, value in values.items() if key not in _LEFT_OUT}


def section(name: str, values: dict[str, Any]) -> str:
    """Return a run as Markdown: what was asked, its primary comparisons, and each task."""
    recipe = values["recipe"]
    model = values["model"].get("name", "–")
    others = "".join(f", {each}" for each in values.get("models", {}))
    lines = [
        f"## {recipe['title'] or name}",
        "",
        f"`clinweave run recipes/{recipe['name']}.toml`, then "
        f"`python docs/generate_results.py --add runs/{recipe['name']}`. "
        f"Model: {model}{others}; clinweave {values['clinweave']}.",
        "",
    ]
    if values["kind"] == "comparison":
        lines += _comparison(values)
    else:
        lines += _writing(values)
    return "\n".join(lines).rstrip()


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    names = list(head)
    cells = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *cells, ""]


def _points(row: dict[str, Any]) -> str:
    return f"{100 * row['difference']:+.1f} ({100 * row['low']:+.1f}, {100 * row['high']:+.1f})"


def _comparison(values: dict[str, Any]) -> list[str]:
    lines = []
    if values.get("primary"):
        head = ("primary comparison", "metric", "n", "difference, points (95 % CI)", "Holm-adjusted p",
                "seen with 80 % power", "items to see 5 points")  # fmt: skip
        rows = [
            (f"{row['condition']} - {row['baseline']}, {' + '.join(row['tasks'])}", row["metric"], row["n"],
             row["missing"] or _points(row), f"{row['p']:.3f}", f"{100 * row['detectable']:.1f}", row["needed"])
            for row in values["primary"]
        ]  # fmt: skip
        lines += _table(head, rows)
        kinds = sorted({kind for row in values["primary"] for kind in row["effects"]})
        head = ("what the evidence did, items", *kinds)
        lines += _table(
            head,
            (
                [" + ".join(row["tasks"]), *(row["effects"].get(kind, 0) for kind in kinds)]
                for row in values["primary"]
            ),
        )
    gains = {
        (row["task"], row["condition"]): row
        for row in values["comparisons"]
        if (row["metric"], row["family"]) == ("accuracy", "conditions")
    }
    for name, task in values["tasks"].items():
        floors = ", ".join(f"{key} {value:.0%}" for key, value in task["floors"].items())
        lines += [f"**{name}**, {task['n']} questions; {floors}", ""]
        rows = []
        for condition, own in task["conditions"].items():
            low, high = own["interval"]
            area = own["auc"]
            shown = f"{area['value']:.3f} ({area['low']:.3f}-{area['high']:.3f})" if area else ""
            calibrated = own["calibrated_accuracy"]
            gain = gains.get((name, condition))
            accuracy = "" if own["accuracy"] is None else f"{own['accuracy']:.1%} ({low:.0%}-{high:.0%})"
            held = own["gold_in_evidence"] if own["gold_in_evidence"] is not None else own["answer_named"]
            rows.append((condition, accuracy, _points(gain) if gain else "", shown,
                         "" if calibrated is None else f"{calibrated:.1%}", "" if held is None else f"{held:.0%}",
                         sum(own["unscored"].values())))  # fmt: skip
        head = ("condition", "accuracy (95 % CI)", "over the model alone, points", "area under the curve",
                "calibrated accuracy", "answer in evidence", "unscored")  # fmt: skip
        lines += _table(head, rows)
    return lines


def _value(measure: dict[str, Any] | None) -> str:
    return f"{measure['value']:.3g} ({measure['low']:.3g} to {measure['high']:.3g})" if measure else ""


def _total(counts: dict[str, int]) -> int:
    return sum(counts.values())


def _writing(values: dict[str, Any]) -> list[str]:
    lines = []
    for name, task in values["tasks"].items():
        left = "; ".join(f"{count} left out: {reason}" for reason, count in task["left_out"].items())
        lines += [f"**{name}**, {task['n']} items. {left}".rstrip(), ""]
        measures = list(dict.fromkeys(key for own in task["conditions"].values() for key in own["measures"]))
        rows = [
            (
                condition,
                own["n"],
                *(_value(own["measures"].get(key)) for key in measures),
                sum(own["unscored"].values()),
            )
            for condition, own in task["conditions"].items()
        ]
        lines += _table(("condition", "n", *(f"{key} (95 % CI)" for key in measures), "unscored"), rows)
    rows = [
        (f"{row['task']}: {row['condition']} - {row['baseline']}", row["measure"], row["n"],
         f"{row['difference']:+.3g} ({row['low']:+.3g}, {row['high']:+.3g})", f"{row['p']:.3f}")
        for row in values["comparisons"]
    ]  # fmt: skip
    return lines + _table(
        ("paired difference", "measure", "n", "difference (95 % CI)", "Holm-adjusted p"), rows
    )


def page() -> str:
    """Return the page with the current tables."""
    files = sorted(STORED.glob("*.json"))
    sections = [section(file.stem, json.loads(file.read_text("utf-8"))) for file in files]
    text = PAGE.read_text("utf-8")
    if BEGIN not in text:
        sys.exit(f"{PAGE} lacks {BEGIN} ... {END}")
    head, _, rest = text.partition(BEGIN)
    whole = "\n\n".join(sections)
    return f"{head}{BEGIN}\n{whole}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--add", type=Path, metavar="RUN", help="folder of a finished run, with results.json")
    options = parser.parse_args()
    if options.add:
        values = stored(options.add)
        STORED.mkdir(exist_ok=True)
        file = STORED / f"{values['recipe']['name']}.json"
        file.write_text(json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
