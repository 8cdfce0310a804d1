"""Comparisons: conditions and controls on the same items, paired intervals, and a report."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.comparison.conditions import CONDITIONS as CONDITIONS
    from clinweave.evaluation.comparison.conditions import CONTROLS as CONTROLS
    from clinweave.evaluation.comparison.conditions import MAIN as MAIN
    from clinweave.evaluation.comparison.conditions import find_condition as find_condition
    from clinweave.evaluation.comparison.conditions import in_report_order as in_report_order
    from clinweave.evaluation.comparison.conditions import split_model as split_model
    from clinweave.evaluation.comparison.measures import Value as Value
    from clinweave.evaluation.comparison.results import ComparisonResults as ComparisonResults
    from clinweave.evaluation.comparison.samples import Sample as Sample
    from clinweave.evaluation.comparison.settings import ComparisonRecipe as ComparisonRecipe
    from clinweave.evaluation.comparison.settings import KnowledgeSettings as KnowledgeSettings
    from clinweave.evaluation.comparison.settings import TaskSettings as TaskSettings
    from clinweave.evaluation.comparison.settings import check as check
    from clinweave.evaluation.language_model import ModelSettings as ModelSettings
    from clinweave.evaluation.language_model import NamedModel as NamedModel

__getattr__, __dir__ = attach(
    __name__,
    {
        "CONDITIONS": "conditions",
        "CONTROLS": "conditions",
        "ComparisonRecipe": "settings",
        "ComparisonResults": "results",
        "KnowledgeSettings": "settings",
        "MAIN": "conditions",
        "ModelSettings": "settings",
        "NamedModel": "settings",
        "Sample": "samples",
        "TaskSettings": "settings",
        "Value": "measures",
        "check": "settings",
        "find_condition": "conditions",
        "in_report_order": "conditions",
        "split_model": "conditions",
    },
)
