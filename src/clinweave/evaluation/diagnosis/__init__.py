"""How well diagnosis ranks, under protocols that neither a label nor the case's own paper can leak into."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.diagnosis.chain import Outcome as Outcome
    from clinweave.evaluation.diagnosis.chain import Setting as Setting
    from clinweave.evaluation.diagnosis.chain import run_protocols as run_protocols
    from clinweave.evaluation.diagnosis.chain import write_outcomes as write_outcomes
    from clinweave.evaluation.diagnosis.recipe import run_recipe as run_recipe

__getattr__, __dir__ = attach(
    __name__,
    {
        "run_recipe": "recipe",
        "Outcome": "chain",
        "Setting": "chain",
        "run_protocols": "chain",
        "write_outcomes": "chain",
    },
)
