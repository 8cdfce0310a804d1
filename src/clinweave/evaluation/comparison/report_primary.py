"""Sections of a comparison's report on primary comparisons and on measures that a prior for one answer cannot hide."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from clinweave.core.reports.blocks import Block, Cell, Details, Figure, Section, Table, Text
from clinweave.core.reports.plots import Estimate, Tone, interval_plot
from clinweave.evaluation.comparison.formats import percent, points, probability, title_of, versus
from clinweave.evaluation.comparison.primary import ItemEffect, PrimaryResult, item_effects
from clinweave.evaluation.comparison.results import Comparison, TaskResult
from clinweave.evaluation.comparison.samples import Sample

METRICS = {
    "accuracy": "accuracy",
    "auc": "area under the curve",
    "calibrated-accuracy": "calibrated accuracy",
}
REASONS = ("used and misleading", "found and unused", "not found", "helped")
_EFFECTS = ("helped", "misled", "no change, right", "no change, wrong")


def primary_sentence(row: PrimaryResult) -> str:
    """Return the sentence that states a primary comparison, no stronger than its interval."""
    title = f"{versus(row.condition, row.baseline)} on {_tasks(row)}"
    if row.missing:
        return f"Primary comparison not made: {title}: {row.missing}."
    between = f"95 % CI {points(row.low)} to {points(row.high)}; Holm-adjusted p {probability(row.p)}"
    verdict = "" if _shown(row) else "; not shown"
    return f"{title}: {points(row.difference)} points of {METRICS[row.metric]} (n = {row.n}, {between}){verdict}."


def reasons(row: PrimaryResult, samples: Sequence[Sample]) -> list[ItemEffect]:
    """Return what the evidence did on each item of a primary comparison, what misleads first."""
    own = [sample for sample in samples if sample.task in row.tasks]
    sides = ([entry for entry in own if entry.condition == name] for name in (row.condition, row.baseline))
    left, right = ([replace(entry, id=f"{entry.task}\t{entry.id}") for entry in side] for side in sides)
    return sorted(
        item_effects(left, right), key=lambda item: (REASONS.index(item.reason), item.task, item.id)
    )


def reason_sentence(row: PrimaryResult, items: Sequence[ItemEffect]) -> str:
    """Return why a comparison shows nothing, in counts of items."""
    counts = Counter(item.reason for item in items)
    return (
        f"Why {versus(row.condition, row.baseline)} on {_tasks(row)} shows nothing: of {len(items)} items the evidence "
        f"lacks the answer in {counts['not found']} without moving the model (not found), holds it in "
        f"{counts['found and unused']} without moving the model (found and unused), moves it away from the right "
        f"answer in {counts['used and misleading']} (used and misleading), and helps in {counts['helped']}."
    )


def _reason_blocks(row: PrimaryResult, samples: Sequence[Sample]) -> list[Block]:
    items = reasons(row, samples)
    if not items:
        return []
    head = ("Task", "Item", "Question", "Why", "Evidence", "Probability of the right option, before", "after")
    cells = [
        (item.task, item.id, item.question, item.reason, f"answer {item.retrieved}",
         *("–" if value is None else f"{value:.2f}" for value in (item.before, item.after)))
        for item in items
    ]  # fmt: skip
    blocks: list[Block] = [] if _shown(row) else [Text((reason_sentence(row, items),))]
    return [*blocks, Details(f"Item by item: {_label(row)}", [Table(head, cells)])]


def _shown(row: PrimaryResult) -> bool:
    return row.p < 0.05 and (row.low > 0 or row.high < 0)


def primary_section(rows: Sequence[PrimaryResult], samples: Sequence[Sample] = ()) -> Section:
    """Return the primary comparisons as a plot and a table, and what the evidence did, item by item."""
    made = [row for row in rows if not row.missing]
    blocks: list[Block] = []
    if made:
        title = "Primary differences in points (95 % CI)"
        estimates = [Estimate(_label(row), row.difference, row.low, row.high, _tone(row)) for row in made]
        blocks += [Figure(interval_plot(estimates, title, unit="points", reference=0.0), title), _table(made)]
        blocks.append(_effects(made))
        blocks += [block for row in made for block in _reason_blocks(row, samples)]
    if missing := [primary_sentence(row) for row in rows if row.missing]:
        blocks.append(Text(tuple(missing), "warning"))
    note = "Named in the recipe before the run; every other comparison on this page is exploratory."
    return Section("Primary comparisons", blocks, note)


def _tasks(row: PrimaryResult) -> str:
    return " and ".join(title_of(task) for task in row.tasks)


def _label(row: PrimaryResult) -> str:
    return f"{versus(row.condition, row.baseline)}, {' + '.join(row.tasks)}"


def _tone(row: PrimaryResult | Comparison) -> Tone:
    sure = row.p < 0.05
    return "up" if sure and row.low > 0 else "down" if sure and row.high < 0 else "none"


def _table(rows: Sequence[PrimaryResult]) -> Table:
    head = ("Comparison", "Metric", "n", "Difference", "95 % CI", "Holm-adjusted p", "Discordant items",
            "Difference seen with 80 % power", "Items to see 5 points")  # fmt: skip
    cells = [
        (_label(row), METRICS[row.metric], str(row.n), Cell(points(row.difference), tone=_tone(row)),
         f"{points(row.low)} to {points(row.high)}", probability(row.p), percent(row.discordant),
         points(row.detectable).lstrip("+"), f"{row.needed:,}")
        for row in rows
    ]  # fmt: skip
    return Table(
        head, cells, note="Power is that of McNemar's test on accuracy at the share of discordant items seen."
    )


def _effects(rows: Sequence[PrimaryResult]) -> Table:
    cells = []
    for row in rows:
        for retrieved in ("in the evidence", "not in the evidence"):
            counts = [row.effects.get(f"{retrieved}: {effect}", 0) for effect in _EFFECTS]
            cells.append((_label(row), f"answer {retrieved}", str(sum(counts)), *map(str, counts)))
    head = ("Comparison", "Retrieval", "Items", "Helped", "Misled", "No change, right", "No change, wrong")
    note = (
        "Helped and misled: the right option's probability rose or fell by more than 0.02 against the baseline (with "
        "parsed replies: the choice became right or wrong). The evidence holds the answer where it contains the gold "
        "relation or text; where a question has neither, where it names the right option."
    )
    return Table(head, cells, "What the evidence did", note=note)


def measure_blocks(task: TaskResult, rows: Sequence[Comparison]) -> list[Block]:
    """Return the area under the curve and the calibrated accuracy of each condition, and their differences."""
    scored = {name: own for name, own in task.conditions.items() if own.calibrated_accuracy is not None}
    if not scored:
        return []
    cells = []
    for name, own in scored.items():
        area = f"{own.auc.value:.2f} ({own.auc.low:.2f} to {own.auc.high:.2f})" if own.auc else "–"
        low, high = own.calibrated_interval or (0.0, 1.0)
        calibrated = f"{percent(own.calibrated_accuracy)} ({percent(low)} to {percent(high)})"
        cells.append((title_of(name), percent(own.accuracy), calibrated, area))
    head = ("Condition", "Accuracy", "Calibrated accuracy (95 % CI)", "Area under the curve (95 % CI)")
    note = (
        "Calibration is fitted on the other items (five folds, whole clusters) and removes a prior for one answer. The "
        "area is that of each answer against the rest where all items have the same options, else the "
        "probability that the right option scores above a wrong one; chance is 0.5."
    )
    table = Table(head, cells, "Accuracy, calibrated accuracy and area under the curve", note=note)
    others = [
        (versus(row.condition, row.baseline), METRICS[row.metric], Cell(points(row.difference), tone=_tone(row)),
         f"{points(row.low)} to {points(row.high)}", probability(row.p))
        for row in rows
        if row.metric != "accuracy"
    ]  # fmt: skip
    if not others:
        return [table]
    differences = Table(("Comparison", "Metric", "Difference", "95 % CI", "Holm-adjusted p"), others)
    return [table, Details("Differences by these measures", [differences])]
