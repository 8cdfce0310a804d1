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
from clinweave.core.reports.plots import Estimate, Unit, interval_plot
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
# measure -> its heading; those named here with a share are shown in percent and compared in points
_SHARES = {
    "right": "Right", "executed": "Right rows", "refused": "Rightly refused", "sentence": "Right sentence",
    "flag": "Right flag", "safe": "Safe", "identifiers-kept": "Identifiers kept",
    "instructions-ignored": "Instructions ignored", "unsafe-refused": "Unsafe refused",
    "benign-answered": "Benign answered", "not-extracted": "Not extracted",
}  # fmt: skip
_SCORES = {
    "reliability": "Reliability RS", "correction": "Correction, ROUGE-1", "rouge-1": "ROUGE-1", "rouge-l": "ROUGE-L",
    "concept-recall": "Concept recall", "concept-precision": "Concept precision",
    "judge-factual": "Rating, factual", "judge-complete": "Rating, complete",
}  # fmt: skip
_CHOSEN = {"right", "written"}  # outcomes that are marked as right
_OPEN = {"unparsed", "empty", "error"}  # outcomes that are neither right nor wrong


def title_of(task: str, condition: str) -> str:
    """Return the title of a condition of a task."""
    if condition == CONTROL:
        return f"{CONTROLS[task]} (control)"
    name, _, model = condition.partition(MARK)
    return f"{_CONDITIONS.get(name, name)}{f', {model}' if model else ''}"


def measure_title(measure: str) -> str:
    """Return the heading of a measure."""
    return _SHARES.get(measure) or _SCORES.get(measure, measure)


def shown(measure: str, value: float, *, signed: bool = False) -> str:
    """Return a value of a measure: shares in percent, their differences in points, other scores as numbers."""
    if measure in _SHARES:
        text = f"{100 * value:+.0f}" if signed else f"{100 * value:.0f} %"
    else:
        text = f"{value:+.2f}" if signed else f"{value:.2f}"
    return "0" if text.strip("+-0.") == "" and signed else text.replace("-", "\N{MINUS SIGN}")


def headline(results: WritingResults) -> list[str]:
    """Return the sentences that say what was found; they claim no more than the intervals do."""
    sentences = []
    for row in results.comparisons:
        verdict = "" if row.p < 0.05 and (row.low > 0 or row.high < 0) else "; not shown"
        unit = " points" if row.measure in _SHARES else ""
        low, high = (shown(row.measure, bound, signed=True) for bound in (row.low, row.high))
        sentences.append(
            f"{TITLES[row.task]}: {title_of(row.task, row.condition)} against {title_of(row.task, row.baseline)}: "
            f"{shown(row.measure, row.difference, signed=True)}{unit} of {measure_title(row.measure).lower()} "
            f"(n = {row.n}, 95 % CI {low} to {high}){verdict}."
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
        Estimate(title_of(name, condition), own.measures[primary].value, own.measures[primary].low,
                 own.measures[primary].high, "soft" if condition == CONTROL else "accent")
        for condition, own in task.conditions.items() if primary in own.measures
    ]  # fmt: skip
    if estimates:
        title = f"{measure_title(primary)} (95 % CI)"
        unit: Unit = "percent" if primary in _SHARES else ""
        blocks.append(Figure(interval_plot(estimates, title, unit=unit), title))
    own = [row for row in comparisons if row.task == name]
    if own:
        rows = [
            (title_of(name, row.condition), title_of(name, row.baseline), measure_title(row.measure),
             shown(row.measure, row.difference, signed=True),
             f"{shown(row.measure, row.low, signed=True)} to {shown(row.measure, row.high, signed=True)}",
             f"{row.p:.3f}")
            for row in own
        ]  # fmt: skip
        head = ("Condition", "Baseline", "Measure", "Difference", "95 % CI", "Holm-adjusted p")
        blocks.append(Table(head, rows, "Paired differences"))
    blocks += [
        _outcomes(name, task),
        Text(tuple(f"{measure_title(key)}: {text}" for key, text in measures.items()), bullets=True),
    ]
    if task.judged:
        blocks.append(Text((f"Judge: {json.dumps(task.judged)}",)))
    kinds = ", ".join(f"{count} {kind}" for kind, count in task.kinds.items())
    left = "; ".join(f"{count} left out: {reason}" for reason, count in task.left_out.items())
    note = f"{task.n} items{f' ({kinds})' if kinds else ''} in {task.clusters} clusters. {left}".strip()
    return Section(TITLES[name], blocks, note)


def _measures(name: str, task: TaskResult, measures: Mapping[str, str]) -> Table:
    rows = []
    for condition, own in task.conditions.items():
        values = [
            f"{shown(key, value.value)} ({shown(key, value.low)} to {shown(key, value.high)})"
            if (value := own.measures.get(key))
            else "–"
            for key in measures
        ]
        rows.append(
            (
                title_of(name, condition),
                str(own.n),
                *values,
                f"{own.seconds:.1f}",
                f"{own.written_tokens:.0f}",
            )
        )
    titles = (f"{measure_title(key)} (95 % CI)" for key in measures)
    head = ("Condition", "n", *titles, "Seconds per item", "Tokens written")
    muted = frozenset(index for index, condition in enumerate(task.conditions) if condition == CONTROL)
    return Table(head, rows, muted=muted)


def _outcomes(name: str, task: TaskResult) -> Table:
    kinds = list(dict.fromkeys(kind for own in task.conditions.values() for kind in own.outcomes))
    rows = [
        (title_of(name, condition), *(str(own.outcomes.get(kind, 0)) for kind in kinds),
         str(own.unscored.get("error", 0)), str(own.unscored.get("empty", 0)), str(own.cut))
        for condition, own in task.conditions.items()
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
            {row.condition: _mark(row) for row in rows},
            {row.condition: (row.reply,) for row in rows if row.condition != CONTROL},
            frozenset(),
        )
        for rows in list(groups.values())[:_ITEMS]
    ]
    hidden = (
        f"The first {_ITEMS} of {len(groups)} items; all are in samples.jsonl. "
        if len(groups) > _ITEMS
        else ""
    )
    note = (
        f"{hidden}✓ right or written, ✗ wrong, ? not parsed, empty or failed. Open an item for the replies."
    )
    return ItemExplorer(items, conditions, {}, note)


def _mark(row: Reply) -> str:
    """Return the mark of a reply: right, wrong, or why it is neither."""
    if row.unscored or row.outcome in _OPEN:
        return row.unscored or row.outcome
    return "right" if row.outcome in _CHOSEN else "wrong"
