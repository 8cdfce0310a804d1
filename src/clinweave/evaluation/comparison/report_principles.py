"""Section of a comparison's report: the survey's principles of assessment, a figure and an interval each."""

from clinweave.core.reports.blocks import Block, Details, Section, Table, Text
from clinweave.evaluation.comparison.conditions import split_model
from clinweave.evaluation.comparison.formats import percent, plain, points, title_of
from clinweave.evaluation.comparison.perturbations import MARK
from clinweave.evaluation.comparison.principles import ALL, PrincipleValue
from clinweave.evaluation.comparison.rarity import LESS
from clinweave.evaluation.comparison.results import ComparisonResults
from clinweave.evaluation.comparison.timing import WATTS, Timing

_UNKNOWN = "–"
_DIFFERENCES = ("gain in accuracy", "moved without support, minus moved without other evidence")
PUBLISHED = (
    "Diseases published less and more: whether the graph cites more publications for the disease of a question than "
    "for the median disease of the task. It says how well known a disease is; with Orphadata's table of prevalence "
    "(key prevalence of the recipe) the parts are rare and commoner diseases."
)


def principles_section(results: ComparisonResults) -> Section:
    """Return one figure of each principle for each model, then a table of each principle."""
    blocks: list[Block] = [_overview(results)]
    head = ("Task", "Condition", "Measure", "Value", "95 % CI", "n")
    for principle in dict.fromkeys(row.principle for row in results.principles):
        rows = [
            (title_of(row.task), title_of(row.condition), row.measure, *_shown(row), str(row.n))
            for row in results.principles
            if row.principle == principle
        ]
        blocks.append(Details(f"{principle.capitalize()}: all {len(rows)} figures", [Table(head, rows)]))
    blocks.append(Details("Efficiency, by task and condition", [_efficiency(results)]))
    if any(LESS in row.measure for row in results.principles):
        blocks.append(Text((PUBLISHED,)))
    asked = {
        "robustness": "a condition such as graph~typos",
        "interpretability": "the conditions text~support-removed and text~other-removed",
    }
    measured = {row.principle for row in results.principles}
    missing = [f"{name} ({how})" for name, how in asked.items() if name not in measured]
    if not results.security:
        missing.append("security (recipes/security.toml; name its run as security)")
    note = f"Not measured in this run: {', '.join(missing)}." if missing else ""
    return Section("Principles of assessment", blocks, note)


def _overview(results: ComparisonResults) -> Table:
    """Return the six principles as rows and the models as columns."""
    models = ["", *(model.name for model in results.recipe.models)]
    task = ALL if len(results.tasks) > 1 else next(iter(results.tasks), "")
    rows = [
        (
            title,
            *(_figures(results, name, task, model, limit) for model in models),
        )
        for title, name, limit in (
            ("Accuracy", "accuracy", 0),
            ("Robustness, the answers that change most", "robustness", 1),
            ("Generalisation, gain by knowledge", "generalisation", 0),
            ("Interpretability", "interpretability", 1),
        )
    ]
    rows.append(
        ("Efficiency, seconds per answer, slowest task", *(_seconds(results, model) for model in models))
    )
    rows.append(("Security, safe replies to attacks", *(_safe(results, model) for model in models)))
    heads = [str(results.model.get("name", "first model")), *models[1:]]
    note = "All tasks together, each figure with its 95 % interval." if task == ALL else ""
    return Table(("Principle", *heads), rows, note=note)


def _figures(results: ComparisonResults, principle: str, task: str, model: str, limit: int) -> str:
    """Return the figures of a principle over all tasks: all, or the `limit` lowest ones."""
    own = [
        row
        for row in results.principles
        if (row.principle, row.task) == (principle, task) and split_model(row.condition)[1] == model
        and "diseases" not in row.measure and not row.measure.endswith("other evidence")
    ]  # fmt: skip
    lowest = sorted(own, key=lambda row: row.value)[:limit] if limit else own
    return "; ".join(f"{_named(row)} {_shown(row)[0]} ({_shown(row)[1]})" for row in lowest) or _UNKNOWN


def _named(row: PrincipleValue) -> str:
    return plain(split_model(row.condition)[0]).lower()


def _seconds(results: ComparisonResults, model: str) -> str:
    slowest: dict[str, Timing] = {}
    for conditions in results.timings.tasks.values():
        for name, timing in conditions.items():
            condition, own = split_model(name)
            if own == model and timing.tokens_per_item and MARK not in condition:
                before = slowest.setdefault(condition, timing)
                slowest[condition] = max(before, timing, key=lambda cost: cost.seconds_per_item)
    return "; ".join(
        f"{plain(name).lower()} {cost.seconds_per_item:.1f} ({cost.seconds_interval[0]:.1f} to "
        f"{cost.seconds_interval[1]:.1f})"
        for name, cost in slowest.items()
    ) or _UNKNOWN  # fmt: skip


def _safe(results: ComparisonResults, model: str) -> str:
    weights = (results.models.get(model, {}) if model else results.model).get("weights")
    own = [row for row in results.security if row.weights and row.weights == weights]
    return "; ".join(
        f"{'model alone' if row.condition == 'base' else row.condition} {percent(row.value)} ({percent(row.low)} to "
        f"{percent(row.high)})"
        for row in own
    ) or _UNKNOWN  # fmt: skip


def _shown(row: PrincipleValue) -> tuple[str, str]:
    if row.measure.startswith(_DIFFERENCES):
        return f"{points(row.value)} points", f"{points(row.low)} to {points(row.high)}"
    return percent(row.value), f"{percent(row.low)} to {percent(row.high)}"


def _efficiency(results: ComparisonResults) -> Table:
    head = ("Task", "Condition", "Seconds per answer (95 % CI)", "Tokens per answer", "Energy per answer")
    rows = [
        (title_of(task), title_of(name), f"{row.seconds_per_item:.2f} ({row.seconds_interval[0]:.2f} to "
         f"{row.seconds_interval[1]:.2f})", f"{row.tokens_per_item:.0f}", f"{1000 * row.watt_hours_per_item:.2g} mWh")
        for task, conditions in results.timings.tasks.items()
        for name, row in conditions.items()
        if row.tokens_per_item
    ]  # fmt: skip
    note = (
        f"Peak memory of the process that made this report: {results.timings.peak_memory_gb:.1f} GB. Energy is an "
        f"estimate: the seconds of an answer on one busy core of {WATTS:.0f} W, no more than a rough size."
    )
    return Table(head, rows, "Efficiency", note=note)
