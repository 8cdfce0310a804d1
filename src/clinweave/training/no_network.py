"""Offline environment for training: no telemetry, no model look-ups, no experiment tracker."""

import os
import sys

SETTINGS = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_DATASETS_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "WANDB_MODE": "disabled",
    "TOKENIZERS_PARALLELISM": "false",
    "TRL_EXPERIMENTAL_SILENCE": "1",
}


def go_offline() -> None:
    """Set the switches; called before torch's libraries are loaded. TRL sends a ping per trainer otherwise."""
    os.environ.update(SETTINGS)
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:  # loaded earlier with other settings
        vars(constants).update(HF_HUB_OFFLINE=True, HF_HUB_DISABLE_TELEMETRY=True)
