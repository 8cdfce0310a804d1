"""Section of a comparison's report: the survey's principles of assessment, a figure and an interval each."""

from clinweave.core.reports.blocks import Block, Section, Table, Text
from clinweave.evaluation.comparison.formats import percent, points, title_of
from clinweave.evaluation.comparison.principles import PrincipleValue
from clinweave.evaluation.comparison.rarity import LESS
from clinweave.evaluation.comparison.results import ComparisonResults
from clinweave.evaluation.comparison.timing import WATTS

_DIFFERENCES = ("gain in accuracy", "moved without support, minus moved without other evidence")
PUBLISHED = (
    "Diseases published less and more: whether the graph cites more publications for the disease of a question than "
    "for the median disease of the task. It says how well known a disease is; with Orphadata's table of prevalence "
    "(key prevalence of the recipe) the parts are rare and commoner diseases."
)


def principles_section(results: ComparisonResults) -> Section:
    """Return the principles as one table, and efficiency as another."""
    head = ("Principle", "Task", "Condition", "Measure", "Value", "95 % CI", "n")
    rows = [
        (row.principle, title_of(row.task), title_of(row.condition), row.measure, *_shown(row), str(row.n))
        for row in results.principles
    ]
    rows += [
        ("security", "attacks", f"{row.model}, {row.condition}", "safe replies", percent(row.value),
         f"{percent(row.low)} to {percent(row.high)}", str(row.n))
        for row in results.security
    ]  # fmt: skip
    blocks: list[Block] = [Table(head, rows), _efficiency(results)]
    if any(LESS in row.measure for row in results.principles):
        blocks.insert(1, Text((PUBLISHED,)))
    asked = {
        "robustness": "a condition such as graph~typos",
        "interpretability": "the conditions text~support-removed and text~other-removed",
    }
    measured = {row.principle for row in results.principles}
    missing = [f"{name} ({how})" for name, how in asked.items() if name not in measured]
    note = (
        "" if results.security else "Security is measured by recipes/security.toml; name its run as security."
    )
    if missing:
        note += f" Not measured in this run: {', '.join(missing)}."
    return Section("Principles of assessment", blocks, note.strip())


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
