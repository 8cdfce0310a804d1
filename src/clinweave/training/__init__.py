"""Training stages, one module each: pretrain, sft, reward, dpo, ppo, grpo; and export of the trained model.

Every stage has a `Config` and `run(config, inputs, out) -> Artifact`; its folder holds transformers weights.
"""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.training.base_models import base_weights as base_weights
    from clinweave.training.curves import curve_svg as curve_svg
    from clinweave.training.curves import read_curve as read_curve
    from clinweave.training.durations import NOT_ESTIMATED as NOT_ESTIMATED
    from clinweave.training.durations import work as work
    from clinweave.training.exporting import export as export
    from clinweave.training.gguf_writer import write_gguf as write_gguf
    from clinweave.training.hardware import matmul_flops as matmul_flops
    from clinweave.training.memory import Need as Need
    from clinweave.training.memory import estimate as estimate
    from clinweave.training.memory import shape_from as shape_from
    from clinweave.training.memory import shape_of as shape_of
    from clinweave.training.replay import write_replay as write_replay
    from clinweave.training.rewards import SAFETY as SAFETY
    from clinweave.training.rewards import Verifier as Verifier
    from clinweave.training.settings import Inputs as Inputs
    from clinweave.training.settings import Settings as Settings
    from clinweave.training.stages import FACTS as FACTS
    from clinweave.training.stages import STAGES as STAGES
    from clinweave.training.stages import StageName as StageName
    from clinweave.training.stages import run_stage as run_stage
    from clinweave.training.stages import stage_config as stage_config
    from clinweave.training.stages import stage_name as stage_name
    from clinweave.training.tokens import show_example as show_example
    from clinweave.training.tokens import show_first as show_first

__getattr__, __dir__ = attach(
    __name__,
    {
        "FACTS": "stages",
        "Inputs": "settings",
        "NOT_ESTIMATED": "durations",
        "Need": "memory",
        "SAFETY": "rewards",
        "STAGES": "stages",
        "StageName": "stages",
        "Settings": "settings",
        "Verifier": "rewards",
        "base_weights": "base_models",
        "curve_svg": "curves",
        "estimate": "memory",
        "matmul_flops": "hardware",
        "shape_from": "memory",
        "shape_of": "memory",
        "work": "durations",
        "export": "exporting",
        "read_curve": "curves",
        "run_stage": "stages",
        "show_example": "tokens",
        "show_first": "tokens",
        "stage_config": "stages",
        "stage_name": "stages",
        "write_gguf": "gguf_writer",
        "write_replay": "replay",
    },
)
