"""The result of a recipe with training stages as Markdown; `generate_results.py` calls it."""

from collections.abc import Mapping

from clinweave.evaluation.finetuning import FinetuningResults
from clinweave.evaluation.finetuning.results import Mean


def tables(results: FinetuningResults) -> str:
    """Return what was measured, what each stage added, what it cost, and what the data report says."""
    parts = [
        _measures(results),
        _added(results),
        _kinds(results),
        _cost(results),
        _reward(results),
        _notes(results),
    ]
    return "\n\n".join(part for part in parts if part)


def _conditions(results: FinetuningResults) -> list[str]:
    """Return the conditions in the recipe's order, the options-only baseline last."""
    measured = {name for measure in results.measures for name in measure.conditions}
    return [name for name in results.recipe.models if name in measured]


def _share(mean: Mean | None) -> str:
    if mean is None:
        return ""
    low, high = (f"{100 * end:.0f}" for end in mean.interval)
    return f"{100 * mean.mean:.1f} % ({low}-{high})"


def _measures(results: FinetuningResults) -> str:
    names = _conditions(results)
    lines = [
        f"| measure, knowledge in the prompt | n | chance | {' | '.join(names)} |",
        "|---" * (len(names) + 3) + "|",
    ]
    for measure in results.measures:
        first = next(iter(measure.conditions.values()))
        chance = f"{first.chance:.0%}" if first.chance else ""
        cells = " | ".join(_share(measure.conditions.get(name)) for name in names)
        lines.append(f"| {measure.name}, {measure.knowledge} | {first.n} | {chance} | {cells} |")
    texts = results.general_text
    if texts:
        nats = [f"{texts[name].nats:.3f}" if name in texts else "" for name in names]
        first_text = next(iter(texts.values()))
        lines.append(
            f"| plain prose, nats a token (less is better) | {first_text.n} | | {' | '.join(nats)} |"
        )
    return "\n".join(lines)


def _added(results: FinetuningResults) -> str:
    """Return the paired differences: one column for each pair of conditions."""
    rows = results.differences
    pairs = list(dict.fromkeys((row.condition, row.baseline) for row in rows if row.condition != "base"))
    result = {(row.measure, row.knowledge, row.condition, row.baseline): row for row in rows}
    control = results.recipe.options_only
    told = f"; `{control}` is the options-only baseline" if control else ""
    lines = [
        f"Paired differences in points (95 %, by disease){told}.",
        "",
        "| measure | " + " | ".join(f"{name} - {base}" for name, base in pairs) + " |",
        "|---" * (len(pairs) + 1) + "|",
    ]
    for measure, knowledge in dict.fromkeys((row.measure, row.knowledge) for row in rows):
        cells = []
        for pair in pairs:
            row = result.get((measure, knowledge, *pair))
            cells.append(
                f"{100 * row.difference:+.1f} ({100 * row.low:+.0f}, {100 * row.high:+.0f})" if row else ""
            )
        lines.append(f"| {measure}, {knowledge} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _kinds(results: FinetuningResults) -> str:
    names = _conditions(results)
    lines = [
        "By kind of item:",
        "",
        f"| measure | kind | n | {' | '.join(names)} |",
        "|---" * (len(names) + 3) + "|",
    ]
    for measure in results.measures:
        for kind, means in measure.kinds.items():
            lines.append(_kind(f"{measure.name}, {measure.knowledge}", kind, means, names))
    for kind, means in results.related_facts.items():
        lines.append(_kind("choice held-out-facts, none", kind, means, names))
    return "\n".join(lines) if len(lines) > 4 else ""


def _kind(measure: str, kind: str, means: Mapping[str, Mean], names: list[str]) -> str:
    shown = " | ".join(f"{100 * means[name].mean:.0f} %" if name in means else "" for name in names)
    return f"| {measure} | {kind} | {next(iter(means.values())).n} | {shown} |"


def _cost(results: FinetuningResults) -> str:
    lines = ["| stage | items | steps | seconds | peak memory | loss |", "|---|---|---|---|---|---|"]
    order = [stage.name for stage in results.recipe.stages]
    for name, stage in sorted(results.stages.items(), key=lambda item: order.index(item[0])):
        curve = f"{stage.loss['first']:.2f} to {stage.loss['last']:.2f}" if stage.loss else ""
        items = "" if stage.items is None else stage.items
        lines.append(
            f"| {name} ({stage.kind}) | {items} | {stage.steps} | {stage.seconds:.0f} "
            f"| {stage.memory['peak_gb']:.1f} GB | {curve} |"
        )
    return "\n".join(lines)


def _reward(results: FinetuningResults) -> str:
    held = next((stage.held_out for stage in results.stages.values() if stage.held_out), None)
    if not held or not held["pairs"]:
        return ""
    kinds = "; ".join(
        f"{kind} {item['accuracy']:.0%} of {item['pairs']}" for kind, item in held["kinds"].items()
    )
    low, high = held["interval"]
    return (
        f"Reward model on {held['pairs']} pairs of other diseases: {held['accuracy']:.0%} right "
        f"({low:.0%}-{high:.0%}), calibration error {held['calibration']['error']:.3f}; {kinds}."
    )


def _notes(results: FinetuningResults) -> str:
    notes = [f"- {floor}." for floor in results.floors]
    newer = results.data.newer_release
    if newer:
        true = ", ".join(
            f"{newer['made_true'].get(name, 0)} of {count} {name}"
            for name, count in newer["statements"].items()
        )
        notes.append(f"- The newer HPO release makes true: {true}.")
    clean = results.data.decontamination
    notes.append(
        f"- Compared with {', '.join(clean['benchmarks']) or 'no benchmark'}: {clean['removed']} removed."
    )
    return "\n".join(notes)
