"""The report of written answers: what was found, each task, then item by item."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence

from clinweave.core.reports.blocks import (
    Block,
    Details,
    Figure,
    Item,
    ItemExplorer,
    Report,
    Section,
    Table,
    Text,
)
from clinweave.core.reports.plots import Estimate, interval_plot
from clinweave.evaluation.writing.replies import CONTROL, Reply
from clinweave.evaluation.writing.results import MARK, TaskResult, WritingComparison, WritingResults
from clinweave.evaluation.writing.tasks import CONTROLS, MEASURES

TITLES = {
    "ehrsql": "Questions on patient records (EHRSQL over the MIMIC-IV demo)",
    "medec": "Errors in notes (MEDEC)",
    "security": "Security: leaks, instructions in passages, unsafe requests, training text",
    "mts-dialog": "Sections of notes from conversations (MTS-Dialog)",
}
_CONDITIONS = {"base": "Model alone", "examples": "+ similar training examples",
               "guarded": "+ guardrails, pseudonyms, marked sources", "text": "+ text index",
               "graph": "+ knowledge graph", "both": "+ text and graph"}  # fmt: skip
_ITEMS = 300


def title_of(task: str, condition: str) -> str:
    """Return the title of a condition of a task."""
    if condition == CONTROL:
        return f"{CONTROLS[task]} (control)"
    name, _, model = condition.partition(MARK)
    return f"{_CONDITIONS.get(name, name)}{f', {model}' if model else ''}"


def headline(results: WritingResults) -> list[str]:
    """Return the sentences that say what was found; they claim no more than the intervals do."""
    sentences = []
    for row in results.comparisons:
        verdict = "" if row.p < 0.05 and (row.low > 0 or row.high < 0) else "; not shown"
        sentences.append(
            f"{TITLES[row.task]}: {title_of(row.task, row.condition)} against {title_of(row.task, row.baseline)}: "
            f"{row.difference:+.3g} of {row.measure} (n = {row.n}, 95 % CI {row.low:+.3g} to {row.high:+.3g}){verdict}."
        )
    sentences += [f"Left out: {task}, {reason}." for task, reason in results.skipped.items()]
    return sentences or ["Nothing was compared."]


def writing_report(results: WritingResults, replies: Sequence[Reply]) -> Report:
    """Return the report of `results` and their replies."""
    sections = [_task(name, task, results.comparisons) for name, task in results.tasks.items()]
    sections.append(Section("Item by item", [_items(replies)]))
    hashes = {"model": results.model, "models": results.models, "packages": results.packages}
    sections.append(
        Section(
            "Model and packages",
            [Details("Names and hashes", [Text((json.dumps(hashes, indent=1),), "quote")])],
        )
    )
    caution = f"Model: {results.model.get('name', 'none')}; replies are generated and parsed."
    return Report(results.recipe.heading, "report on written answers", headline(results), caution, sections)


def _task(name: str, task: TaskResult, comparisons: Sequence[WritingComparison]) -> Section:
    measures = MEASURES[name] | {
        key: f"rating by a model ({task.judged.get('judge')})"
        for condition in task.conditions.values()
        for key in condition.measures
        if key not in MEASURES[name]
    }
    blocks: list[Block] = [_measures(name, task, measures)]
    primary = next(iter(measures))
    estimates = [
        Estimate(title_of(name, each), own.measures[primary].value, own.measures[primary].low,
                 own.measures[primary].high, "soft" if each == CONTROL else "accent")
        for each, own in task.conditions.items() if primary in own.measures
    ]  # fmt: skip
    if estimates:
        blocks.append(Figure(interval_plot(estimates, primary), primary))
    own = [row for row in comparisons if row.task == name]
    if own:
        rows = [
            (title_of(name, row.condition), title_of(name, row.baseline), row.measure, f"{row.difference:+.3g}",
             f"{row.low:+.3g} to {row.high:+.3g}", f"{row.p:.3f}")
            for row in own
        ]  # fmt: skip
        head = ("Condition", "Baseline", "Measure", "Difference", "95 % CI", "Holm-adjusted p")
        blocks.append(Table(head, rows, "Paired differences"))
    blocks += [
        _outcomes(name, task),
        Text(tuple(f"{key}: {text}" for key, text in measures.items()), bullets=True),
    ]
    if task.judged:
        blocks.append(Text((f"Judge: {json.dumps(task.judged)}",)))
    kinds = ", ".join(f"{count} {kind}" for kind, count in task.kinds.items())
    left = "; ".join(f"{count} left out: {reason}" for reason, count in task.left_out.items())
    note = f"{task.n} items{f' ({kinds})' if kinds else ''} in {task.clusters} clusters. {left}".strip()
    return Section(TITLES[name], blocks, note)


def _measures(name: str, task: TaskResult, measures: Mapping[str, str]) -> Table:
    rows = []
    for each, own in task.conditions.items():
        values = [
            f"{value.value:.3g} ({value.low:.3g} to {value.high:.3g})"
            if (value := own.measures.get(key))
            else "–"
            for key in measures
        ]
        rows.append(
            (title_of(name, each), str(own.n), *values, f"{own.seconds:.1f}", f"{own.written_tokens:.0f}")
        )
    head = ("Condition", "n", *(f"{key} (95 % CI)" for key in measures), "Seconds per item", "Tokens written")
    muted = frozenset(index for index, each in enumerate(task.conditions) if each == CONTROL)
    return Table(head, rows, muted=muted)


def _outcomes(name: str, task: TaskResult) -> Table:
    kinds = list(dict.fromkeys(kind for own in task.conditions.values() for kind in own.outcomes))
    rows = [
        (title_of(name, each), *(str(own.outcomes.get(kind, 0)) for kind in kinds), str(own.unscored.get("error", 0)),
         str(own.unscored.get("empty", 0)), str(own.cut))
        for each, own in task.conditions.items()
    ]  # fmt: skip
    head = ("Condition", *kinds, "model failed", "empty reply", "cut at max_tokens")
    return Table(head, rows, "Outcomes, items counted")


def _items(replies: Sequence[Reply]) -> ItemExplorer:
    groups: dict[tuple[str, str], list[Reply]] = defaultdict(list)
    for row in replies:
        groups[row.task, row.id].append(row)
    conditions = {
        row.condition: title_of(row.task, row.condition) for row in replies if row.condition != CONTROL
    }
    items = [
        Item(
            rows[0].question,
            (rows[0].reference,),
            0,
            f"{rows[0].task}, {rows[0].kind}. "
            + "; ".join(f"{row.condition}: {row.outcome}" for row in rows),
            {
                row.condition: "right" if row.outcome == "right" else row.unscored or row.outcome
                for row in rows
            },
            {row.condition: (row.reply,) for row in rows if row.condition != CONTROL},
            frozenset(),
        )
        for rows in list(groups.values())[:_ITEMS]
    ]
    return ItemExplorer(
        items, conditions, {}, f"The first {_ITEMS} of {len(groups)} items; all are in samples.jsonl."
    )
