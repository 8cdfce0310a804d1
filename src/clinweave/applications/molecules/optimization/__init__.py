"""Molecular optimisation: scorers, a budgeted oracle, methods behind one protocol, ranked results."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.optimization.desirability import Desirability as Desirability
    from clinweave.applications.molecules.optimization.external import HttpScorer as HttpScorer
    from clinweave.applications.molecules.optimization.external import ProgramScorer as ProgramScorer
    from clinweave.applications.molecules.optimization.measures import best_so_far as best_so_far
    from clinweave.applications.molecules.optimization.measures import front as front
    from clinweave.applications.molecules.optimization.measures import top_auc as top_auc
    from clinweave.applications.molecules.optimization.mutation import mutate as mutate
    from clinweave.applications.molecules.optimization.oracle import Oracle as Oracle
    from clinweave.applications.molecules.optimization.page import write_page as write_page
    from clinweave.applications.molecules.optimization.penalty import LiabilityPenalty as LiabilityPenalty
    from clinweave.applications.molecules.optimization.penalty import (
        liability_weight_of as liability_weight_of,
    )
    from clinweave.applications.molecules.optimization.problem import OptimizationTask as OptimizationTask
    from clinweave.applications.molecules.optimization.results import rows_of as rows_of
    from clinweave.applications.molecules.optimization.results import summary as summary
    from clinweave.applications.molecules.optimization.results import write_rows as write_rows
    from clinweave.applications.molecules.optimization.scoring import Scored as Scored
    from clinweave.applications.molecules.optimization.scoring import Scorer as Scorer
    from clinweave.applications.molecules.optimization.scoring import open_scorer as open_scorer
    from clinweave.applications.molecules.optimization.search import DEFAULT_METHOD as DEFAULT_METHOD
    from clinweave.applications.molecules.optimization.search import METHODS as METHODS
    from clinweave.applications.molecules.optimization.search import WITHOUT_WEIGHTS as WITHOUT_WEIGHTS
    from clinweave.applications.molecules.optimization.search import MethodName as MethodName
    from clinweave.applications.molecules.optimization.search import Outcome as Outcome
    from clinweave.applications.molecules.optimization.search import Search as Search
    from clinweave.applications.molecules.optimization.search import optimise as optimise
    from clinweave.applications.molecules.optimization.search import read_pool as read_pool
    from clinweave.applications.molecules.optimization.tasks import REFERENCES as REFERENCES
    from clinweave.applications.molecules.optimization.tasks import TASKS as TASKS
    from clinweave.applications.molecules.optimization.transforms import TRANSFORMS as TRANSFORMS
    from clinweave.applications.molecules.optimization.transforms import transform_of as transform_of

__getattr__, __dir__ = attach(
    __name__,
    {
        "mutate": "mutation",
        "DEFAULT_METHOD": "search",
        "METHODS": "search",
        "MethodName": "search",
        "Desirability": "desirability",
        "HttpScorer": "external",
        "ProgramScorer": "external",
        "TRANSFORMS": "transforms",
        "transform_of": "transforms",
        "Oracle": "oracle",
        "Outcome": "search",
        "OptimizationTask": "problem",
        "Scored": "scoring",
        "Scorer": "scoring",
        "Search": "search",
        "REFERENCES": "tasks",
        "TASKS": "tasks",
        "WITHOUT_WEIGHTS": "search",
        "best_so_far": "measures",
        "LiabilityPenalty": "penalty",
        "liability_weight_of": "penalty",
        "front": "measures",
        "open_scorer": "scoring",
        "optimise": "search",
        "read_pool": "search",
        "rows_of": "results",
        "summary": "results",
        "top_auc": "measures",
        "write_page": "page",
        "write_rows": "results",
    },
)
