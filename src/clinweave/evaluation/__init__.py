"""Studies that measure what knowledge and training add: recipes, one runner, results and reports."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.api import compare as compare
    from clinweave.evaluation.api import comparison_recipe as comparison_recipe
    from clinweave.evaluation.api import run as run
    from clinweave.evaluation.recipe import KINDS as KINDS
    from clinweave.evaluation.recipe import Recipe as Recipe
    from clinweave.evaluation.recipe import load_recipe as load_recipe
    from clinweave.evaluation.runner import Progress as Progress
    from clinweave.evaluation.runner import Runner as Runner
    from clinweave.evaluation.runner import Step as Step
    from clinweave.evaluation.runner import Study as Study
    from clinweave.evaluation.runner import run_study as run_study
    from clinweave.evaluation.studies import headline as headline
    from clinweave.evaluation.studies import open_study as open_study
    from clinweave.evaluation.studies import read_results as read_results
    from clinweave.evaluation.studies import results_schema as results_schema
    from clinweave.evaluation.tables import result_tables as result_tables

__getattr__, __dir__ = attach(
    __name__,
    {
        "KINDS": "recipe",
        "Progress": "runner",
        "Recipe": "recipe",
        "Runner": "runner",
        "Step": "runner",
        "Study": "runner",
        "compare": "api",
        "comparison_recipe": "api",
        "headline": "studies",
        "load_recipe": "recipe",
        "open_study": "studies",
        "read_results": "studies",
        "result_tables": "tables",
        "results_schema": "studies",
        "run": "api",
        "run_study": "runner",
    },
)
