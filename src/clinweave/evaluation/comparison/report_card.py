"""The report card of a comparison: the eight rows in which the survey sets academic against industrial systems.

Rows: objectives, data, training, metrics, scenarios, privacy, openness, updates (arXiv:2502.20988, last table). Each
system compared, which is a model with the knowledge that served it best, is one column, filled from what was measured
and from what the release catalogue states; a dash stands for what this run does not know.
"""

from clinweave.core.reports.blocks import Section, Table
from clinweave.evaluation.comparison.conditions import is_control, split_model, with_model
from clinweave.evaluation.comparison.formats import percent, plain, title_of
from clinweave.evaluation.comparison.perturbations import MARK
from clinweave.evaluation.comparison.results import ComparisonResults
from clinweave.evaluation.language_model import weight_resources
from clinweave.resources import catalogue

_UNKNOWN = "–"
_GUARDS = {"base": "by the model alone", "guarded": "behind the guardrails of ask"}


def report_card(results: ComparisonResults) -> Section:
    """Return the card: one column per model of the run."""
    models = [
        ("", results.recipe.model.address),
        *((model.name, model.address) for model in results.recipe.models),
    ]
    rows = [
        ("Objective", *(results.recipe.heading for _ in models)),
        ("Data", *(_data(results) for _ in models)),
        ("Training", *(_training(results, name, address) for name, address in models)),
        ("Metrics", *(_metrics(results, name) for name, _ in models)),
        ("Scenarios", *(_scenarios(results) for _ in models)),
        ("Privacy and security", *(_privacy(results, name) for name, _ in models)),
        ("Openness", *(_openness(results, name, address) for name, address in models)),
        ("Updates", *(_updates(results) for _ in models)),
    ]
    named = [str(_model(results, name).get("name", "first model")) for name, _ in models]
    head = ("", named[0], *(f"{name} ({own})" for own, (name, _) in zip(named[1:], models[1:], strict=True)))
    note = "The rows are those of the last table of the survey arXiv:2502.20988; filled from this run."
    return Section("Report card", [Table(head, rows)], note)


def _model(results: ComparisonResults, name: str) -> dict[str, object]:
    return dict(results.models.get(name, {}) if name else results.model)


def _data(results: ComparisonResults) -> str:
    sources = ", ".join(dict.fromkeys(source.name for source in results.sources)) or _UNKNOWN
    questions = ", ".join(f"{task.n} {title_of(name)}" for name, task in results.tasks.items())
    return f"Knowledge: {sources}. Questions: {questions}."


def _training(results: ComparisonResults, name: str, address: str) -> str:
    if stage := results.trained.get(name):
        loss = f", loss {stage.loss[0]:.2f} to {stage.loss[1]:.2f}" if stage.loss else ""
        checked = "decontaminated" if stage.decontaminated else "not decontaminated"
        return (
            f"{stage.base}, then {stage.kind}: {stage.steps} steps over {stage.items:,} items ({checked}) in "
            f"{stage.seconds / 60:.0f} minutes{loss}. Data: {', '.join(stage.data) or _UNKNOWN}."
        )
    weights = str(_model(results, name).get("weights", "not stated"))
    own = next((item for item in weight_resources(address) if item in catalogue()), "")
    title = catalogue()[own].title if own else address.rpartition("/")[2]
    return f"Weights as published or given, not trained in this run: {title} (sha256 {weights[:12]})."


def _metrics(results: ComparisonResults, name: str) -> str:
    parts = []
    for task, result in results.tasks.items():
        own = {
            condition: row.accuracy
            for condition, row in result.conditions.items()
            if split_model(condition)[1] == name and not is_control(condition) and MARK not in condition
            and row.accuracy is not None
        }  # fmt: skip
        if not own:
            continue
        best = max(own, key=lambda condition: own[condition])
        low, high = result.conditions[best].interval
        alone = own.get(with_model("base", name))
        parts.append(
            f"{title_of(task)}: alone {percent(alone)}, best {percent(own[best])} "
            f"({percent(low)} to {percent(high)}) with {plain(split_model(best)[0]).lower()}"
        )
    return "; ".join((*parts, *_principles(results, name), *_cost(results, name))) or _UNKNOWN


def _principles(results: ComparisonResults, name: str) -> list[str]:
    """Return the lowest figure of robustness and of interpretability, each with its condition."""
    parts = []
    for principle in ("robustness", "interpretability"):
        own = [
            row
            for row in results.principles
            if row.principle == principle and split_model(row.condition)[1] == name
            and not row.measure.endswith("other evidence")
        ]  # fmt: skip
        if own:
            row = min(own, key=lambda row: row.value)
            parts.append(
                f"{principle}: {row.measure} {percent(row.value)} ({percent(row.low)} to {percent(row.high)}), the "
                f"lowest, {title_of(row.task)}, {title_of(row.condition).lower()}"
            )
    return parts


def _cost(results: ComparisonResults, name: str) -> list[str]:
    """Return the range of seconds per answer over tasks and conditions."""
    seconds = [
        timing.seconds_per_item
        for conditions in results.timings.tasks.values()
        for condition, timing in conditions.items()
        if split_model(condition)[1] == name and timing.tokens_per_item
    ]
    return [f"{min(seconds):.1f} to {max(seconds):.1f} seconds per answer"] if seconds else []


def _scenarios(results: ComparisonResults) -> str:
    return (
        f"Multiple choice: {', '.join(title_of(name) for name in results.tasks)}. No clinical use was tried."
    )


def _privacy(results: ComparisonResults, name: str) -> str:
    local = _model(results, name).get("local")
    where = {True: "ran on this machine; nothing was sent", False: "prompts went to another machine"}
    stated = where[local] if isinstance(local, bool) else _UNKNOWN
    return f"Model {stated}. Knowledge of tier {results.tier}. {_attacks(results, name)}"


def _attacks(results: ComparisonResults, name: str) -> str:
    """Return the share of safe replies to attacks, of the same weights by the run that the recipe names."""
    model = _model(results, name)
    own = [row for row in results.security if row.weights and row.weights == model.get("weights")]
    if not own:
        return "Attacks: not measured for these weights (recipes/security.toml)."
    text = "; ".join(
        f"{percent(row.value)} ({percent(row.low)} to {percent(row.high)}) {_GUARDS.get(row.condition, row.condition)}"
        for row in own
    )
    return f"Safe replies to {max(row.n for row in own)} attacks: {text}."


def _openness(results: ComparisonResults, name: str, address: str) -> str:
    licences = "; ".join(dict.fromkeys(source.licence for source in results.sources)) or _UNKNOWN
    own = next((item for item in weight_resources(address) if item in catalogue()), "")
    stage = results.trained.get(name)
    weights = catalogue()[own].licence if own else stage.base_licence if stage else "not stated"
    return f"Code Apache-2.0. Weights: {weights}. Knowledge: {licences}."


def _updates(results: ComparisonResults) -> str:
    releases = ", ".join(f"{source.name} {source.release}" for source in results.sources) or _UNKNOWN
    return f"Releases used: {releases}. A newer release is one command, clinweave fetch."
