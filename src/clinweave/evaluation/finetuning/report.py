"""The report of a fine-tuning study: what each stage added, what was measured, cost, curves and data."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from clinweave.core.reports.blocks import Block, Cell, Details, Figure, Gallery, Report, Section, Table, Text
from clinweave.core.reports.plots import Series, line_plot
from clinweave.evaluation.finetuning.results import (
    Difference,
    FinetuningResults,
    Mean,
    Measure,
    TextLikelihood,
    TrainedStage,
    TrainingData,
    knowledge_name,
)
from clinweave.training import read_curve

_CURVES = ("loss", "contrast", "ordered", "mean_token_accuracy", "reward", "accuracy", "objective/scores",
           "objective/rlhf_reward", "objective/kl", "objective/entropy", "rewards/accuracies", "rewards/margins",
           "rewards/verified/mean", "rewards/reward_model/mean", "kl")  # fmt: skip


def headline(results: FinetuningResults) -> list[str]:
    """Return what was found, in sentences."""
    return [*results.floors, *results.sentences]


def finetuning_report(results: FinetuningResults, stages: Path) -> Report:
    """Return the report; `stages` is the folder whose subfolders hold the curves."""
    kinds = [block for measure in results.measures if measure.kinds for block in [_kinds(measure)]]
    if results.related_facts:
        kinds.append(_related(results.related_facts))
    measured: list[Block] = [_measures(results.measures)]
    if results.general_text:
        measured.append(_text(results.general_text))
    if kinds:
        measured.append(Details("By kind of item", kinds))
    sections = [
        Section("What each stage added", _added(results)),
        Section("What was measured", measured),
        Section("What it cost", [_cost(results.stages)]),
        Section("Stages and their curves", [
            block for name, stage in results.stages.items() for block in _stage(name, stage, stages / name)
        ]),
        Section("Data", _data(results.data)),
    ]  # fmt: skip
    if results.floors:
        sections.insert(0, Section("At floor", [Text(results.floors, "warning")]))
    caution = "Intervals are 95 %; differences are paired by item and resampled by disease."
    return Report(results.recipe.heading, "training report", (), caution, sections)


def _name(measure: Measure | Difference) -> str:
    name = measure.name if isinstance(measure, Measure) else measure.measure
    return f"{name}, {knowledge_name(measure.knowledge)}"


def _added(results: FinetuningResults) -> list[Block]:
    """Return paired differences, a column for each pair; green where the interval is above zero, red below."""
    rows = results.differences
    pairs = list(dict.fromkeys((row.condition, row.baseline) for row in rows))
    cells = {(_name(row), row.condition, row.baseline): _difference(row) for row in rows}
    table = Table(
        ("measure", *(f"{condition} − {baseline}" for condition, baseline in pairs)),
        [
            (name, *(cells.get((name, *pair), "") for pair in pairs))
            for name in dict.fromkeys(_name(row) for row in rows)
        ],
    )
    return [table, Details("In words", [Text(results.sentences, bullets=True)])]


def _difference(row: Difference) -> Cell:
    tone = "up" if row.low > 0 else "down" if row.high < 0 else ""
    return Cell(f"{100 * row.difference:+.1f}", f"({100 * row.low:+.0f} to {100 * row.high:+.0f})", tone)


def _measures(measures: Sequence[Measure]) -> Table:
    conditions = list(dict.fromkeys(name for measure in measures for name in measure.conditions))
    rows = []
    for measure in measures:
        chance = next(iter(measure.conditions.values())).chance
        label = Cell(_name(measure), f"chance {100 * chance:.0f} %" if chance else "")
        rows.append((label, *(_mean(measure.conditions.get(name)) for name in conditions)))
    return Table(("measure", *conditions), rows)


def _mean(mean: Mean | None) -> Cell | str:
    if mean is None:
        return ""
    low, high = (f"{100 * end:.0f}" for end in mean.interval)
    unscored = f", {mean.unscored} unscored" if mean.unscored else ""
    return Cell(f"{100 * mean.mean:.0f} %", f"({low}-{high}), n {mean.n}{unscored}", bar=mean.mean)


def _text(texts: Mapping[str, TextLikelihood]) -> Table:
    rows = []
    for name, text in texts.items():
        added: Cell | str = ""
        if text.added:
            added = Cell(f"{text.added[0]:+.3f}", f"({text.added[1]:+.3f} to {text.added[2]:+.3f})")
        rows.append((name, f"{text.nats:.3f}", added))
    return Table(("model", "nats", "over base"), rows, "Plain prose: nats a token")


def _kinds(measure: Measure) -> Table:
    conditions = list(measure.conditions)
    rows = [(kind, *(_mean(means.get(name)) for name in conditions)) for kind, means in measure.kinds.items()]
    return Table(("kind", *conditions), rows, _name(measure))


def _related(groups: Mapping[str, Mapping[str, Mean]]) -> Table:
    conditions = list(dict.fromkeys(name for means in groups.values() for name in means))
    rows = [(group, *(_mean(means.get(name)) for name in conditions)) for group, means in groups.items()]
    title = "held-out facts by whether a more general or specific fact is trained"
    return Table(("", *conditions), rows, title)


def _cost(stages: Mapping[str, TrainedStage]) -> Table:
    most = max((stage.seconds for stage in stages.values()), default=1) or 1
    rows = [
        (
            name, stage.kind, str(stage.steps), "" if stage.items is None else str(stage.items),
            Cell(f"{stage.seconds:.0f} s", bar=stage.seconds / most),
            Cell(f"{stage.memory['peak_gb']:.1f} GB", f"(estimated {stage.memory['estimated_gb']:.1f})"),
        )
        for name, stage in stages.items()
    ]  # fmt: skip
    return Table(("stage", "type", "steps", "items", "time", "peak memory"), rows)


def _stage(name: str, stage: TrainedStage, folder: Path) -> list[Block]:
    items = "?" if stage.items is None else stage.items
    facts = [f"{stage.kind}, {stage.steps} steps, {items} items, {stage.seconds:.0f} s"]
    if stage.too_long:
        facts.append(f"{stage.too_long} items left out as too long")
    if stage.tokens_shared:
        facts.append(f"{stage.tokens:,} tokens in {stage.rows} rows of {stage.tokens_shared:,}")
    if stage.loss:
        facts.append(f"loss {stage.loss['first']:.3f} to {stage.loss['last']:.3f}")
    if stage.held_out and stage.held_out["pairs"]:
        held_out = stage.held_out
        facts.append(f"held-out pairs {held_out['pairs']}: accuracy {held_out['accuracy']:.0%}, calibration error "
                     f"{held_out['calibration']['error']:.3f}")  # fmt: skip
        facts += [f"suspect data: {reason}" for reason in held_out["suspect"]]
    rows = read_curve(folder) if folder.is_dir() else []
    curves = [figure for key in _CURVES if (figure := _curve(rows, key)) is not None]
    return [Text((f"{name}: {'; '.join(facts)}",)), Gallery(curves)]


def _curve(rows: Sequence[Mapping[str, float]], key: str) -> Figure | None:
    points = [(row.get("step", index), row[key]) for index, row in enumerate(rows, 1) if key in row]
    if len(points) < 2:
        return None
    steps, values = zip(*points, strict=True)
    return Figure(line_plot([Series(key, steps, values)], key, "step", small=True), key)


def _data(data: TrainingData) -> list[Block]:
    counts = Table(
        ("kind", "split", "items", "of which"),
        [
            (kind, split, str(sum(tasks.values())), ", ".join(f"{task} {count}" for task, count in tasks.items()))
            for kind, splits in data.counts.items()
            for split, tasks in splits.items()
        ],
    )  # fmt: skip
    clean = data.decontamination
    sentence = "Not compared with any benchmark."
    if clean["benchmarks"]:
        sentence = f"Compared with {', '.join(clean['benchmarks'])}: {clean['removed']} items removed."
    if data.newer_release:
        newer = data.newer_release
        true = ", ".join(
            f"{newer['made_true'].get(name, 0)} of {count} {name}"
            for name, count in newer["statements"].items()
        )
        sentence += f" The newer release makes true {true}."
    return [counts, Text((sentence,))]
