"""A recipe of molecules: train or take a model, generate, measure, optimise, predict; one page about it all."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.design.chain import DesignRun as DesignRun
    from clinweave.evaluation.design.recipe import Design as Design
    from clinweave.evaluation.design.recipe import designs as designs
    from clinweave.evaluation.design.recipe import load_design as load_design
    from clinweave.evaluation.design.report import sentences as sentences
    from clinweave.evaluation.design.report import write_design_report as write_design_report

__getattr__, __dir__ = attach(
    __name__,
    {
        "Design": "recipe",
        "DesignRun": "chain",
        "designs": "recipe",
        "load_design": "recipe",
        "sentences": "report",
        "write_design_report": "report",
    },
)
