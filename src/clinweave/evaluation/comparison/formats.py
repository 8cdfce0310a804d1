"""Titles and number formats of a comparison's report."""

from clinweave.core.errors import UserError
from clinweave.evaluation.comparison.conditions import find_condition, split_model

TITLES = {
    "graph-questions": "Questions that the graph answers",
    "graph-future": "What a later HPO release added",
    "cross-source": "Hetionet's indications, with Hetionet left out of the graph",
    "pubmedqa-retrieved": "PubMedQA, abstract to be retrieved",
    "biomixqa-mcq": "BiomixQA, multiple choice",
    "biomixqa-true-false": "BiomixQA, true or false",
    "pubmedqa": "PubMedQA",
    "medmcqa": "MedMCQA",
    "medqa-4": "MedQA, four options",
    "medqa-5": "MedQA, five options",
    "mirage-mmlu": "MIRAGE, MMLU-Med",
    "mirage-medqa": "MIRAGE, MedQA-US",
    "mirage-medmcqa": "MIRAGE, MedMCQA",
    "mirage-pubmedqa": "MIRAGE, PubMedQA*",
    "mirage-bioasq": "MIRAGE, BioASQ-Y/N",
}


def title_of(name: str) -> str:
    """Return the title of a task, of a built-in condition, also perturbed or of a further model, or the name itself."""
    try:
        return TITLES[name] if name in TITLES else find_condition(name).title
    except UserError:
        return name


def plain(name: str) -> str:
    """Return a condition's title without its plus sign."""
    return find_condition(name).title.removeprefix("+ ")


def versus(condition: str, baseline: str) -> str:
    """Return "Text index vs. model alone"."""
    title = plain(condition)
    return f"{title[:1].upper()}{title[1:]} vs. {plain(baseline).lower()}"


def versus_model(condition: str, baseline: str, first: str) -> str:
    """Return "Knowledge graph: 8b vs. NAME"; `first` names the recipe's first model."""
    (name, model), other = split_model(condition), split_model(baseline)[1]
    title = plain(name)
    return f"{title[:1].upper()}{title[1:]}: {model or first} vs. {other or first}"


def percent(value: float | None) -> str:
    """Return a share as whole percent."""
    return "–" if value is None else f"{100 * value:.0f} %"


def points(value: float) -> str:
    """Return a difference as signed percentage points."""
    text = f"{100 * value:+.0f}".replace("-", "−")
    return "0" if text[1:] == "0" else text


def probability(value: float) -> str:
    """Return a p value as people write it."""
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def number(value: float | None) -> str:
    """Return a number with groups of three digits."""
    return "–" if value is None else f"{value:,.0f}"
