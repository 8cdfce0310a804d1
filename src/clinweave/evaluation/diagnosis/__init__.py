"""How well diagnosis ranks, under protocols that neither a label nor the case's own paper can leak into."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.diagnosis.arms import BASELINE as BASELINE
    from clinweave.evaluation.diagnosis.arms import open_arm as open_arm
    from clinweave.evaluation.diagnosis.chain import Outcome as Outcome
    from clinweave.evaluation.diagnosis.chain import Setting as Setting
    from clinweave.evaluation.diagnosis.chain import run_protocols as run_protocols
    from clinweave.evaluation.diagnosis.desk import Desk as Desk
    from clinweave.evaluation.diagnosis.protocols import MISS as MISS
    from clinweave.evaluation.diagnosis.protocols import rank_cases as rank_cases
    from clinweave.evaluation.diagnosis.protocols import rank_of as rank_of
    from clinweave.evaluation.diagnosis.recipe import run_recipe as run_recipe
    from clinweave.evaluation.diagnosis.report import headline as headline
    from clinweave.evaluation.diagnosis.report import report_text as report_text

__getattr__, __dir__ = attach(
    __name__,
    {
        "BASELINE": "arms",
        "Desk": "desk",
        "MISS": "protocols",
        "Outcome": "chain",
        "Setting": "chain",
        "headline": "report",
        "open_arm": "arms",
        "rank_cases": "protocols",
        "rank_of": "protocols",
        "report_text": "report",
        "run_protocols": "chain",
        "run_recipe": "recipe",
    },
)
