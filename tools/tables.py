"""Print the result of a run as Markdown, and keep the tables of the pages that quote it current.

    python tools/tables.py runs/demo                              # print
    python tools/tables.py runs/demo --into README.md --mark demo # replace what stands between the marks

The marks are `<!-- NAME table: begin -->` and `<!-- NAME table: end -->`.
"""

import argparse
import json
import sys
from pathlib import Path

import finetuning_tables

from clinweave.core.typed import to_values
from clinweave.evaluation import read_results
from clinweave.evaluation.comparison import CONDITIONS, ComparisonResults


def table(task: str, results: ComparisonResults) -> str:
    """Return one task as a Markdown table: each condition with its interval, and its difference to the base."""
    result = results.tasks[task]
    rows = [
        row
        for row in results.comparisons
        if (row.task, row.baseline, row.metric) == (task, "base", "accuracy")
    ]
    over = {row.condition: row for row in rows}
    floors = ", ".join(f"{name} {value:.0%}" for name, value in result.floors.items())
    lines = [
        f"**{task}**, {result.n} questions; {floors}",
        "",
        "| | accuracy (95 % CI) | difference to the model alone (95 % CI) "
        "| Holm-adjusted p | answer in evidence | unscored |",
        "|---|---|---|---|---|---|",
    ]
    for name in (name for name in CONDITIONS if name in result.conditions):
        condition, row = result.conditions[name], over.get(name)
        low, high = (f"{100 * end:.0f}" for end in condition.interval)
        in_evidence = condition.gold_in_evidence
        share = condition.answer_named if in_evidence is None else in_evidence
        gain = f"{100 * row.difference:+.0f} ({100 * row.low:+.0f}, {100 * row.high:+.0f})" if row else ""
        p = ("<0.001" if row.p < 0.001 else f"{row.p:.3f}") if row else ""
        title = CONDITIONS[name].title + (" (control)" if CONDITIONS[name].control else "")
        lines.append(
            f"| {title} | {condition.accuracy:.0%} ({low}-{high}) | {gain} | {p} "
            f"| {'' if name == 'base' or share is None else f'{share:.0%}'} "
            f"| {sum(condition.unscored.values())} |"
        )
    return "\n".join(lines)


def put(page: Path, mark: str, text: str) -> None:
    """Replace what stands between the marks of a page."""
    begin, end = f"<!-- {mark} table: begin -->", f"<!-- {mark} table: end -->"
    whole = page.read_text("utf-8")
    if begin not in whole or end not in whole:
        sys.exit(f"{page} lacks {begin} ... {end}")
    head, tail = whole.split(begin)[0], whole.split(end)[1]
    page.write_text(f"{head}{begin}\n{text}\n{end}{tail}", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of a run, with results.json")
    parser.add_argument("--into", type=Path, help="page to write into")
    parser.add_argument("--mark", default="demo", help="name of the marks")
    parser.add_argument("--json", action="store_true", help="print the comparisons as JSON")
    options = parser.parse_args()
    results = read_results(options.run)
    if options.json:
        print(json.dumps(to_values(results.comparisons), indent=1))
        return
    if results.kind == "finetuning":
        text = finetuning_tables.tables(results)
    else:
        text = "\n\n".join(table(task, results) for task in results.tasks)
    if options.into:
        put(options.into, options.mark, text)
    else:
        print(text)


if __name__ == "__main__":
    main()
