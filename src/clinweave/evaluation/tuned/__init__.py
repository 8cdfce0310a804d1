"""A recipe with training stages: build data, train, and measure what each stage added and what it cost."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.tuned.chain import TuneRun as TuneRun
    from clinweave.evaluation.tuned.recipe import has_stages as has_stages
    from clinweave.evaluation.tuned.recipe import load_tuning as load_tuning
    from clinweave.evaluation.tuned.report import write_tuning_report as write_tuning_report

__getattr__, __dir__ = attach(
    __name__,
    {"TuneRun": "chain", "has_stages": "recipe", "load_tuning": "recipe", "write_tuning_report": "report"},
)
