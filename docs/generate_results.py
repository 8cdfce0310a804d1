"""Write the generated tables of docs/results.md and README.md from what docs/results/ holds: `make docs`.

    python docs/generate_results.py                # rewrite the pages
    python docs/generate_results.py --add RUN      # store the results of a finished run, then rewrite
    python docs/generate_results.py --print RUN    # print the tables of a run, store nothing

NAME.json is the results.json of a run, without what differs between machines and without what no table shows. NAME.txt
holds tables as an earlier release printed them, of a run whose results were not kept; --add replaces it. The tables of
NAME stand between `<!-- NAME table: begin -->` and its end, those of runs without such marks under "Stored results". A
test checks that the pages are current.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from docs import finetuning_tables

from clinweave.core.typed import from_values
from clinweave.evaluation.comparison import ComparisonResults
from clinweave.evaluation.comparison.report_card import report_card
from clinweave.evaluation.finetuning import FinetuningResults

PAGE = Path(__file__).with_name("results.md")
PAGES = (PAGE, Path(__file__).parents[1] / "README.md")
STORED = Path(__file__).with_name("results")
BEGIN, END = "<!-- stored results: begin -->", "<!-- stored results: end -->"
_MARKED = re.compile(r"(<!-- (\w+) table: begin -->\n).*?(\n<!-- \2 table: end -->)", re.DOTALL)
_KINDS = ("comparison", "writing", "finetuning")
_FAMILIES = {"models": "one model minus the other", "gains": "what knowledge adds, one minus the other"}
_LEFT_OUT = ("answers", "sources", "results", "timings", "packages", "inputs")  # of results.json


def stored(run: Path) -> dict[str, Any]:
    """Return a run's results without what differs between machines and what no table shows."""
    values = json.loads((run / "results.json").read_text("utf-8"))
    if values["kind"] not in _KINDS:
        sys.exit(f"{run}: runs of kind {', '.join(_KINDS)} are stored, and this is of kind {values['kind']}")
    if values["kind"] == "finetuning":
        base = Path(values["recipe"]["base"]).name  # its folder is another on every machine
        return {**values, "recipe": {**values["recipe"], "base": base}}
    kept = {key: value for key, value in values.items() if key not in _LEFT_OUT}
    if values["kind"] == "comparison":
        kept["report_card"] = card(from_values(ComparisonResults, values, str(run)))
    return kept


def card(results: ComparisonResults) -> list[list[str]]:
    """Return the report card of a run as rows, its heading first."""
    (table,) = report_card(results).blocks
    return [list(map(str, row)) for row in (table.head, *table.rows)]


def section(name: str, values: dict[str, Any]) -> str:
    """Return a run as Markdown: what was asked, its primary comparisons, and each task."""
    recipe = values["recipe"]
    model = values["model"].get("name", "–") if "model" in values else recipe["base"]
    others = "".join(f", {each}" for each in values.get("models", {}))
    lines = [
        f"## {recipe['title'] or name}",
        "",
        f"`clinweave run recipes/{recipe['name']}.toml`, then "
        f"`python docs/generate_results.py --add runs/{recipe['name']}`. "
        f"Model: {model}{others}; clinweave {values['clinweave']}.",
        "",
    ]
    return "\n".join([*lines, tables(values)]).rstrip()


def tables(values: dict[str, Any]) -> str:
    """Return the tables of a run's results as Markdown."""
    if values["kind"] == "finetuning":
        return finetuning_tables.tables(from_values(FinetuningResults, values, "stored results"))
    lines = _comparison(values) if values["kind"] == "comparison" else _writing(values)
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
    lines += _between_models(values)
    lines += _by_rarity(values)
    if card := values.get("report_card"):
        lines += ["Report card:", "", *_table(card[0], card[1:])]
    return lines


def _between_models(values: dict[str, Any]) -> list[str]:
    """Return the paired differences between models, and what knowledge adds to one minus to the other."""
    rows = [
        (row["task"], f"{row['condition']} - {row['baseline']}", _FAMILIES[row["family"]], row["metric"], row["n"],
         _points(row), f"{row['p']:.3f}")
        for row in values["comparisons"]
        if row["family"] in _FAMILIES
    ]  # fmt: skip
    head = ("task", "comparison", "what", "metric", "n", "difference, points (95 % CI)", "Holm-adjusted p")
    return ["Between models, the same items:", "", *_table(head, rows)] if rows else []


def _by_rarity(values: dict[str, Any]) -> list[str]:
    """Return accuracies and gains on the parts of tasks: diseases published less and more, or rare and common."""
    rows = [
        (row["task"], row["condition"], row["measure"], row["n"],
         f"{100 * row['value']:.1f} ({100 * row['low']:.1f} to {100 * row['high']:.1f})")
        for row in values.get("principles", ())
        if row["principle"] == "generalisation" and "diseases" in row["measure"]
    ]  # fmt: skip
    head = ("task", "condition", "measure", "n", "points (95 % CI)")
    return ["Generalisation, by how well known the disease is:", "", *_table(head, rows)] if rows else []


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


def pages() -> dict[Path, str]:
    """Return each page with its current tables."""
    return {path: _filled(path.read_text("utf-8"), path) for path in PAGES}


def _filled(text: str, path: Path) -> str:
    marked = {match[2] for page in PAGES for match in _MARKED.finditer(page.read_text("utf-8"))}
    text = _MARKED.sub(lambda match: f"{match[1]}{_of(match[2])}{match[3]}", text)
    if path != PAGE:
        return text
    if BEGIN not in text:
        sys.exit(f"{PAGE} lacks {BEGIN} ... {END}")
    files = [file for file in sorted(STORED.glob("*.json")) if file.stem not in marked]
    whole = "\n\n".join(section(file.stem, json.loads(file.read_text("utf-8"))) for file in files)
    head, _, rest = text.partition(BEGIN)
    return f"{head}{BEGIN}\n{whole}\n{END}{rest.partition(END)[2]}"


def _of(name: str) -> str:
    """Return the tables of a run of that name: from its stored results, else as an earlier release printed them."""
    file = STORED / f"{name}.json"
    if file.exists():
        return tables(json.loads(file.read_text("utf-8")))
    return (STORED / f"{name}.txt").read_text("utf-8").strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--add", type=Path, metavar="RUN", help="folder of a finished run, with results.json")
    parser.add_argument("--print", type=Path, metavar="RUN", dest="shown", help="print the tables of a run")
    options = parser.parse_args()
    if options.shown:
        print(tables(stored(options.shown)))
        return
    if options.add:
        values = stored(options.add)
        STORED.mkdir(exist_ok=True)
        file = STORED / f"{values['recipe']['name']}.json"
        file.write_text(json.dumps(values, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
        file.with_suffix(".txt").unlink(missing_ok=True)
    for path, text in pages().items():
        path.write_text(text, "utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
