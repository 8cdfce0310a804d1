"""Save and load a model folder: weights (safetensors), config.json, tokens.json and a model card."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from clinweave.applications.molecules.network import Network
from clinweave.applications.molecules.settings import Shape, shape_from
from clinweave.applications.molecules.tokens import Tokens, open_tokens
from clinweave.core.artifacts import appearing, write_json
from clinweave.core.errors import ClinweaveError, UserError

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"


@dataclass
class Checkpoint:
    """An opened model. `config` holds shape, how it was trained, and `domain`: what its molecules were like."""

    network: Network
    tokens: Tokens
    config: dict[str, Any]
    prior: dict[str, Tensor]  # the fitted distribution of latents; empty before it is fitted
    folder: Path


def save_checkpoint(
    folder: Path,
    network: Network,
    tokens: Tokens,
    config: Mapping[str, object],
    prior: dict[str, Tensor] | None = None,
) -> None:
    """Write a model's folder; weights are kept in half precision, which changes no digit that is reported."""
    from safetensors.torch import save_file

    tensors = {
        name: tensor.detach().to(torch.float16).contiguous() for name, tensor in network.state_dict().items()
    }
    tensors |= {
        f"prior.{name}": tensor.to(torch.float32).contiguous() for name, tensor in (prior or {}).items()
    }
    with appearing(folder / WEIGHTS) as work:
        save_file(tensors, work)
    tokens.save(folder)
    write_json(folder / CONFIG, {"format": 1, "shape": asdict(network.shape), **config})


def open_checkpoint(folder: Path) -> Checkpoint:
    """Return the model in a folder. Raises `UserError` if there is none, `ClinweaveError` where it is broken."""
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        shape: Shape = shape_from(config.pop("shape"))
    except FileNotFoundError:
        raise UserError(f"{folder} holds no {CONFIG}: it is not a folder of a molecule model") from None
    except (ValueError, KeyError) as error:
        raise ClinweaveError(f"{folder / CONFIG} cannot be read: {error}") from error
    network = Network(shape)
    try:
        tensors = load_file(folder / WEIGHTS)
        prior = {
            name.removeprefix("prior."): tensors.pop(name)
            for name in list(tensors)
            if name.startswith("prior.")
        }
        network.load_state_dict({name: tensor.to(torch.float32) for name, tensor in tensors.items()})
    except Exception as error:
        raise ClinweaveError(f"{folder / WEIGHTS} cannot be read: {error}") from error
    network.eval()
    return Checkpoint(network, open_tokens(folder), config, prior, folder)
