"""The item explorer of a comparison's report: each item's question, evidence, answers and marks by condition."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from clinweave.core.reports.blocks import Item, ItemExplorer
from clinweave.evaluation.comparison.conditions import in_report_order, is_control, split_model
from clinweave.evaluation.comparison.formats import plain, title_of
from clinweave.evaluation.comparison.samples import Sample

_ITEMS = 500  # items listed one by one; all are in samples.jsonl


def item_explorer(samples: Sequence[Sample]) -> ItemExplorer:
    """Return one entry per item with a mark for each condition."""
    groups: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for row in samples:
        groups[row.task, row.id].append(row)
    conditions = {name: plain(name) for name in in_report_order(row.condition for row in samples)}
    hidden = max(0, len(groups) - _ITEMS)
    first = f"The first {_ITEMS} of {len(groups)} items; all are in samples.jsonl. " if hidden else ""
    return ItemExplorer(
        [_item(rows, conditions) for rows in list(groups.values())[:_ITEMS]],
        conditions,
        {"hurt": "hurt by knowledge", "helped": "helped by the graph", "missed": "wrong with the graph"},
        f"{first}✓ right, ✗ wrong, ? undecided or not parsed. Marks, from the left: "
        f"{', '.join(conditions.values())}. Open an item for its options and what the model was shown.",
    )


def _item(rows: Sequence[Sample], conditions: Mapping[str, str]) -> Item:
    row = rows[0]
    marks = {
        sample.condition: "right" if sample.score == 1 else sample.unscored or "wrong" for sample in rows
    }
    answers = {sample.condition: _answer(sample, marks[sample.condition]) for sample in rows}
    results = "; ".join(f"{title}: {answers[name]}" for name, title in conditions.items() if name in answers)
    kind = f", {row.kind}" if row.kind else ""
    note = f"{title_of(row.task)}{kind}. {results}."
    by_condition = _evidence(rows, conditions)
    return Item(row.question, row.options, row.answer, note, marks, by_condition, frozenset(_groups(marks)))


def _answer(row: Sample, mark: str) -> str:
    """Return the mark of an answer, and what was answered where it was not right."""
    return f"{mark} ({row.options[row.choice]})" if mark == "wrong" and row.choice is not None else mark


def _evidence(rows: Sequence[Sample], conditions: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return each evidence that was shown once, under the titles of all conditions that had it."""
    titles: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in rows:
        condition = split_model(row.condition)[0]
        if row.evidence and not is_control(condition) and condition != "both":
            titles[tuple(row.evidence)].append(conditions[row.condition])
    return {"; ".join(named): evidence for evidence, named in titles.items()}


def _groups(marks: Mapping[str, str]) -> Iterator[str]:
    base, graph = marks.get("base"), marks.get("graph")
    if base == "right" and "wrong" in {marks.get(name) for name in ("text", "graph", "both")}:
        yield "hurt"
    if base != "right" and graph == "right":
        yield "helped"
    if graph not in {None, "right"}:
        yield "missed"
