"""Studies of diagnosis: ranks of the true disease under protocols that leave out the case's own paper."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.diagnosis.conditions import BASELINE as BASELINE
    from clinweave.evaluation.diagnosis.conditions import open_condition as open_condition
    from clinweave.evaluation.diagnosis.context import StudyContext as StudyContext
    from clinweave.evaluation.diagnosis.protocol import Setting as Setting
    from clinweave.evaluation.diagnosis.protocol import run_protocols as run_protocols
    from clinweave.evaluation.diagnosis.ranking import MISS as MISS
    from clinweave.evaluation.diagnosis.ranking import rank_cases as rank_cases
    from clinweave.evaluation.diagnosis.ranking import rank_of as rank_of
    from clinweave.evaluation.diagnosis.report import diagnosis_report as diagnosis_report
    from clinweave.evaluation.diagnosis.results import DiagnosisResults as DiagnosisResults
    from clinweave.evaluation.diagnosis.results import Peer as Peer
    from clinweave.evaluation.diagnosis.results import Peers as Peers
    from clinweave.evaluation.diagnosis.settings import DiagnosisRecipe as DiagnosisRecipe
    from clinweave.evaluation.diagnosis.study import DiagnosisStudy as DiagnosisStudy

__getattr__, __dir__ = attach(
    __name__,
    {
        "BASELINE": "conditions",
        "DiagnosisRecipe": "settings",
        "DiagnosisResults": "results",
        "DiagnosisStudy": "study",
        "MISS": "ranking",
        "Peer": "results",
        "Peers": "results",
        "Setting": "protocol",
        "StudyContext": "context",
        "diagnosis_report": "report",
        "open_condition": "conditions",
        "rank_cases": "ranking",
        "rank_of": "ranking",
        "run_protocols": "protocol",
    },
)
