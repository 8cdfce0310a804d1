"""Arms and controls on the same items, paired intervals, and a report that can be believed."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.arms import ARMS as ARMS
    from clinweave.evaluation.arms import CONTROLS as CONTROLS
    from clinweave.evaluation.arms import MAIN as MAIN
    from clinweave.evaluation.arms import find_arm as find_arm
    from clinweave.evaluation.arms import in_arm_order as in_arm_order
    from clinweave.evaluation.chain import Run as Run
    from clinweave.evaluation.chain import weight_resources as weight_resources
    from clinweave.evaluation.recipe import KnowledgeSettings as KnowledgeSettings
    from clinweave.evaluation.recipe import ModelSettings as ModelSettings
    from clinweave.evaluation.recipe import Recipe as Recipe
    from clinweave.evaluation.recipe import TaskSettings as TaskSettings
    from clinweave.evaluation.recipe import check as check
    from clinweave.evaluation.recipe import load_recipe as load_recipe
    from clinweave.evaluation.report import headline as headline
    from clinweave.evaluation.report import write_report as write_report

__getattr__, __dir__ = attach(
    __name__,
    {
        "ARMS": "arms",
        "CONTROLS": "arms",
        "KnowledgeSettings": "recipe",
        "MAIN": "arms",
        "find_arm": "arms",
        "in_arm_order": "arms",
        "ModelSettings": "recipe",
        "Recipe": "recipe",
        "Run": "chain",
        "TaskSettings": "recipe",
        "check": "recipe",
        "headline": "report",
        "load_recipe": "recipe",
        "weight_resources": "chain",
        "write_report": "report",
    },
)
