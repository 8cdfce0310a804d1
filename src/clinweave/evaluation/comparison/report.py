"""The report of a comparison: what was found first, then each task, then item by item."""

import json
from collections.abc import Sequence

from clinweave.core.reports.blocks import (
    Block,
    Cell,
    Details,
    Figure,
    Report,
    Section,
    Table,
    Text,
)
from clinweave.core.reports.plots import Estimate, Tone, interval_plot
from clinweave.core.typed import to_values
from clinweave.evaluation.comparison.conditions import (
    find_condition,
    in_report_order,
    is_control,
    split_model,
    with_model,
)
from clinweave.evaluation.comparison.formats import (
    TITLES,
    number,
    percent,
    plain,
    points,
    probability,
    versus,
    versus_model,
)
from clinweave.evaluation.comparison.report_card import report_card
from clinweave.evaluation.comparison.report_items import item_explorer
from clinweave.evaluation.comparison.report_primary import measure_blocks, primary_section, primary_sentence
from clinweave.evaluation.comparison.report_principles import principles_section
from clinweave.evaluation.comparison.results import (
    Comparison,
    ComparisonResults,
    ConditionResult,
    TaskResult,
)
from clinweave.evaluation.comparison.samples import Sample

PLUMBING = ("graph-questions",)
EXPLAINED = {
    "graph-questions": "The graph contains these answers: this tests finding and reading, not medicine.",
    "graph-future": "The graph is built from the older release; the questions are what the newer one added. Wrong "
    "options are never related to a known feature, so a refinement can be guessed from one.",
    "cross-source": "The graph does not contain these facts; only what it knows of the drug or disease can help.",
    "pubmedqa-retrieved": "Each question's abstract is in the index; retrieval sees only the question.",
}
METHODS = {
    "generation": "parsed replies; never compared with likelihoods",
    "option-text": "the option that is the likeliest reply, per token",
}


def headline(results: ComparisonResults) -> list[str]:
    """Return the sentences that say what was found, the first one first. They claim no more than the intervals do."""
    model = str(results.model.get("name", "The model"))
    tasks = sorted(results.tasks, key=lambda task: task in PLUMBING)  # what the graph contains comes last
    at_floor = [TITLES.get(task, task) for task in tasks if results.tasks[task].at_floor]
    sentences = [primary_sentence(row) for row in results.primary]
    models = {"": model, **{name: name for name in results.models}}
    sentences += [
        sentence
        for task in tasks
        for name, title in models.items()
        if (sentence := _finding(task, results, name, title))
    ]
    if at_floor:
        sentences.append(
            f"Model at floor, not interpretable (every interval includes chance): {'; '.join(at_floor)}."
        )
    sentences += [
        f"{TITLES[task]}: a smoke test. A look-up without any model is right in {percent(look_up.accuracy)} of them."
        for task in PLUMBING
        if task in results.tasks and (look_up := results.tasks[task].conditions.get("lookup"))
    ]
    return sentences or ["Nothing was compared."]


def _finding(task: str, results: ComparisonResults, name: str, model: str) -> str:
    """Return what knowledge adds to one model on one task; `name` is that of a further model, `model` its title."""
    result, title = results.tasks[task], TITLES.get(task, task)
    if result.at_floor:
        return ""
    rows = [
        row for row in results.comparisons if row.task == task and row.baseline == with_model("base", name)
    ]
    rows = [row for row in rows if row.family == "conditions" and row.metric == "accuracy"]
    if not rows:
        return ""
    best = max(rows, key=lambda row: row.difference)
    base, accuracy = (result.conditions[name].accuracy for name in (best.baseline, best.condition))
    between = f"{points(best.low)} to {points(best.high)}"
    if best.low > 0 and best.p < 0.05:
        verdict = f"a gain of {points(best.difference).lstrip('+')} points (95 % interval {between})"
    else:
        verdict = f"{points(best.difference)} points ({between}), not significant"
    names = {"text": "the text index", "graph": "the knowledge graph", "both": "text and graph"}
    knowledge = names.get(split_model(best.condition)[0]) or " and ".join(
        find_condition(best.condition).retrievers
    )
    return (
        f"{title}: {model} alone is right in {percent(base)} of {best.n} questions, with {knowledge} in "
        f"{percent(accuracy)}: {verdict}."
    )


def comparison_report(results: ComparisonResults, samples: Sequence[Sample]) -> Report:
    """Return the report of `results` and their samples."""
    model, method = results.model.get("name", "none"), str(results.model.get("method", "–"))
    how = f"{method} ({METHODS[method]})" if method in METHODS else method
    sections = [primary_section(results.primary, samples)] if results.primary else []
    sections += [_task(name, results) for name in results.tasks]
    if results.answers:
        blocks = [
            block
            for row in results.answers
            for block in (Text((row.question,)), Text((row.answer,), "quote"))
        ]
        note = "`clinweave ask QUESTION --model none` quotes curated records; the numbers in brackets are its evidence."
        sections.append(Section("Questions answered without a model", blocks, note))
    if results.skipped:
        rows = tuple(f"{row.task}: {row.reason}" for row in results.skipped)
        sections.append(Section("Left out", [Text(rows, bullets=True)]))
    if results.metrics:
        sections.append(_metrics(results))
    sections += [principles_section(results), report_card(results)]
    sections += [Section("Item by item", [item_explorer(samples)]), _methods(results)]
    others = "".join(
        f" {name}: {own.get('name', name)}, scored by {own.get('method', '–')}."
        for name, own in results.models.items()
    )
    caution = f"Model: {model}, scored by {how}.{others}"
    return Report(results.recipe.heading, "comparison report", headline(results), caution, sections)


def _task(name: str, results: ComparisonResults) -> Section:
    task = results.tasks[name]
    every = [row for row in results.comparisons if row.task == name]
    rows = [row for row in every if row.metric == "accuracy"]
    clusters = f" in {task.clusters} clusters" if task.clusters < task.n else ""
    blocks: list[Block] = []
    if task.at_floor:
        blocks.append(Text(("Model at floor, not interpretable.",), "warning"))
    blocks += _differences([row for row in rows if row.family in {"conditions", "sums"}], results)
    blocks += _accuracy(name, task, results)
    blocks += measure_blocks(task, every)
    if sentences := _readings(task, rows):
        blocks += [Text(("What the controls say:",)), Text(tuple(sentences), bullets=True)]
    if controls := [row for row in rows if row.family == "controls"]:
        blocks.append(Details("Differences to the controls", _differences(controls, results)))
    if models := [row for row in rows if row.family == "models"]:
        blocks += [Text(("Models: the same condition, the same items.",)), *_differences(models, results)]
    if gains := [row for row in rows if row.family == "gains"]:
        note = "What knowledge adds to one model, minus what it adds to the other."
        blocks += [Text((note,)), *_differences(gains, results)]
    if perturbed := [row for row in rows if row.family == "robustness"]:
        blocks += [Text(("Robustness: the same items, perturbed.",)), *_differences(perturbed, results)]
    if task.kinds:
        blocks.append(_kinds(task))
    if task.changes:
        blocks.append(_changes(task))
    note = f"{EXPLAINED.get(name, '')} {task.n} questions{clusters}.".strip()
    return Section(TITLES.get(name, name), blocks, note)


def _differences(rows: Sequence[Comparison], results: ComparisonResults) -> list[Block]:
    """Return the paired differences as a plot and as a table; colour only where the corrected test agrees."""
    if not rows:
        return []

    def tone(row: Comparison) -> Tone:
        sure = row.p < 0.05
        return "up" if sure and row.low > 0 else "down" if sure and row.high < 0 else "none"

    first = str(results.model.get("name", "first model"))
    titles = [
        versus_model(row.condition, row.baseline, first)
        if row.family in {"models", "gains"}
        else versus(row.condition, row.baseline)
        for row in rows
    ]
    estimates = [
        Estimate(title, row.difference, row.low, row.high, tone(row))
        for title, row in zip(titles, rows, strict=True)
    ]
    table = Table(
        ("Comparison", "Difference", "95 % CI", "Holm-adjusted p"),
        [
            (title, Cell(points(row.difference), tone=tone(row)), f"{points(row.low)} to {points(row.high)}",
             probability(row.p))
            for title, row in zip(titles, rows, strict=True)
        ],
    )  # fmt: skip
    title = "Differences in percentage points (95 % CI)"
    return [Figure(interval_plot(estimates, title, unit="points", reference=0.0), title), table]


def _accuracy(name: str, task: TaskResult, results: ComparisonResults) -> list[Block]:
    times = results.timings.tasks.get(name, {})
    names = in_report_order(task.conditions)
    estimates = [
        Estimate(find_condition(condition).title, own.accuracy, *own.interval,
                 "soft" if is_control(condition) else "accent")
        for condition in names
        if (own := task.conditions[condition]).accuracy is not None
    ]  # fmt: skip
    title = "Accuracy (dashed line: chance)"
    rows = []
    for condition in names:
        result = task.conditions[condition]
        seconds = f"{times[condition].seconds_per_item:.2f}" if condition in times else ""
        unscored = ", ".join(f"{count} {reason}" for reason, count in result.unscored.items()) or "0"
        rows.append((
            Cell(find_condition(condition).title, find_condition(condition).control), percent(result.accuracy),
            f"{percent(result.interval[0])} to {percent(result.interval[1])}", str(result.n),
            _in_evidence(condition, result), unscored, number(result.evidence_tokens), seconds,
        ))  # fmt: skip
    floors = ", ".join(f"{floor} {percent(value)}" for floor, value in task.floors.items())
    note = (
        f"Floors: {floors}. Undecided look-ups (no option named, or several) are not right; replies that could not be "
        f"parsed count as wrong. {_recall(name, results)}"
    )
    head = (
        "Condition", "Accuracy", "95 % CI", "n", "Answer in evidence", "Unscored", "Evidence tokens",
        "Seconds per item",
    )  # fmt: skip
    muted = frozenset(index for index, condition in enumerate(names) if is_control(condition))
    return [
        Figure(interval_plot(estimates, title, reference=task.floors.get("chance")), title),
        Table(head, rows, note=note.strip(), muted=muted),
    ]


def _in_evidence(name: str, result: ConditionResult) -> str:
    if split_model(name)[0] == "base":
        return "–"
    if result.gold_in_evidence is None:
        return f"{percent(result.answer_named)} named"
    return percent(result.gold_in_evidence)


def _recall(name: str, results: ComparisonResults) -> str:
    result = results.retrieval.get(name)
    if result is None:
        return ""
    recall = ", ".join(f"@{cut} {percent(value)}" for cut, value in result.recall.items())
    return (
        f"Retrieval from the question alone, {result.n} gold texts: recall {recall}; gold text in the corpus "
        f"{percent(result.gold_in_corpus)}."
    )


def _readings(task: TaskResult, rows: Sequence[Comparison]) -> list[str]:
    """Return what the controls mean, in plain sentences."""
    pairs = {(row.condition, row.baseline): row for row in rows}
    sentences = []
    if row := pairs.get(("wrong-entity", "base")):
        sentences.append(
            f"Evidence about something else, equally long, makes {points(row.difference)} points: "
            + (
                "context by itself does not help."
                if row.low <= 0
                else "any context moves this model, so read gains with care."
            )
        )
    if row := pairs.get(("graph", "gold-removed")):
        sentences.append(
            f"Without the one relation that answers, the graph condition loses {points(row.difference).lstrip('+')}"
            " points"
            + (": the gain is that fact." if row.low > 0 else ": the gain does not depend on that fact.")
        )
    if row := pairs.get(("gold-falsified", "base")):
        accuracy = percent(task.conditions["gold-falsified"].accuracy)
        sentences.append(
            f"With the false relation instead, the model is right in {accuracy}: it repeats what it reads; "
            "a wrong database gives a wrong answer."
            if row.high < 0
            else f"With the false relation instead, the model is right in {accuracy}."
        )
    hurt = {
        name: task.changes[name].hurt for name in in_report_order(task.changes) if task.changes[name].hurt
    }
    if hurt:
        listed = ", ".join(f"{plain(name)} {count}" for name, count in hurt.items())
        sentences.append(f"Knowledge also hurts. Items right without it and wrong with it: {listed}.")
    return sentences


def _kinds(task: TaskResult) -> Table:
    names = in_report_order(task.conditions)

    def cell(result: ConditionResult | None) -> Cell | str:
        if result is None:
            return "–"
        return Cell(percent(result.accuracy), bar=result.accuracy)

    rows = [
        (kind or "–", str(next(iter(result.values())).n), *(cell(result.get(name)) for name in names))
        for kind, result in task.kinds.items()
    ]
    return Table(("Kind", "n", *(find_condition(name).title for name in names)), rows, "By kind of question")


def _changes(task: TaskResult) -> Table:
    rows = [
        (
            find_condition(name).title, Cell(str(row.helped), tone="up"), Cell(str(row.hurt), tone="down"),
            str(row.same),
        )
        for name in in_report_order(task.changes)
        for row in (task.changes[name],)
    ]  # fmt: skip
    head = ("Against the model alone", "Now right", "Now wrong", "Unchanged")
    return Table(head, rows, "Where knowledge helps, and where it hurts")


def _metrics(results: ComparisonResults) -> Section:
    rows = [
        (TITLES.get(row.task, row.task), row.condition, row.metric, "-" if row.value is None else f"{row.value:.3g}",
         "" if row.low is None else f"{row.low:.3g} to {row.high:.3g}")
        for row in results.metrics
    ]  # fmt: skip
    head = ("task", "condition", "metric", "value", "95 % interval")
    return Section("Metrics of installed packages", [Table(head, rows)])


def _methods(results: ComparisonResults) -> Section:
    sources = Table(
        ("Source", "Release", "Licence"),
        [(Cell(source.name, source.homepage), source.release, source.licence) for source in results.sources],
    )
    packages = ", ".join(f"{name} {version}" for name, version in results.packages.items())
    hashes = {
        "model": results.model,
        "models": results.models,
        "inputs": to_values(results.inputs),
        "prompt": results.prompt_template,
    }
    limits = (
        "All conditions answer the same questions, and retrieval sees the question alone, never the options.",
        "Differences are paired; intervals are bootstrapped over clusters of dependent questions (BCa, "
        f"{results.recipe.resamples:,} resamples); p values are exact (McNemar's test, and its generalisation to "
        "clusters), corrected after Holm over all tasks in families by metric (conditions over base, sums over their "
        "parts, controls).",
        "Where a graph contains the answers, a gain shows that they are found and read. It does not show that a model "
        "knows more medicine, and a look-up does as well.",
        "A wrong option is one that no source records as true; absence of a record is not proof of falsehood.",
        "A small model's likelihoods are sensitive to wording. One prompt was used for all conditions and "
        "none was tuned "
        "on these questions' results.",
    )
    repeat = (
        "`clinweave run recipe.toml` with the resolved recipe in this folder. The same inputs give the same "
        "results.json, "
        f"timings aside; clinweave {results.clinweave}, {packages}; seed {results.seeds['questions']}, bootstrap seed "
        f"{results.seeds['bootstrap']}."
    )
    blocks: list[Block] = [
        sources,
        Text((repeat,)),
        Details("Model, inputs and hashes", [Text((json.dumps(hashes, indent=1),), "quote")]),
        Text(limits, bullets=True),
    ]
    return Section("Sources, methods and limits", blocks)
