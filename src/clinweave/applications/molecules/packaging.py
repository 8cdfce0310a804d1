"""Package a trained network as a model: fit the prior of the latents and the domain, write the model card."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clinweave.applications.molecules.batches import graph_tensors, to_device
from clinweave.applications.molecules.cache import HELD_OUT, Shard, read_shard, shards
from clinweave.applications.molecules.checkpoints import CARD, open_checkpoint, save_checkpoint
from clinweave.applications.molecules.generator_domain import Domain
from clinweave.applications.molecules.graphs import ELEMENTS
from clinweave.applications.molecules.membership_filter import SEEN
from clinweave.applications.molecules.network import Network
from clinweave.applications.molecules.prior import fit_mixture
from clinweave.applications.molecules.settings import Shape
from clinweave.core.artifacts import appearing

LATENTS = 8_000  # molecules whose latents the distribution is fitted to


def finish(
    folder: Path, cache: Path, *, command: str, data: str, licence: str, parts: int = 10, left_out: int = 0
) -> None:
    """Add to the model in `folder`, trained on `cache`: the fitted distribution, the domain, the set of molecules it
    was trained on, and the card. `left_out`: rows of the data that held no usable molecule."""
    checkpoint = open_checkpoint(folder)
    shard = read_shard(shards(cache)[0])
    rows = np.arange(min(HELD_OUT, len(shard) // 5), len(shard))[:LATENTS]
    if torch.cuda.is_available():
        checkpoint.network.to("cuda")
    prior = fit_mixture(latents_of(checkpoint.network, shard, rows), parts)
    domain = domain_of_shard(shard)
    config = {
        **checkpoint.config,
        "domain": domain.plain(),
        "data": data,
        "rows_left_out": left_out,
        "licence": licence,
        "command": command,
    }
    config.pop("format", None)
    save_checkpoint(folder, checkpoint.network, checkpoint.tokens, config, prior)
    if (cache / SEEN).is_file():
        with appearing(folder / SEEN) as work:
            shutil.copyfile(cache / SEEN, work)
    (folder / CARD).write_text(card(config, checkpoint.network.shape), "utf-8")


@torch.inference_mode()
def latents_of(network: Network, shard: Shard, rows: NDArray[np.int64], seed: int = 0) -> torch.Tensor:
    """Return drawn posterior latents (N, latent) of these rows."""
    random = torch.Generator().manual_seed(seed)
    latents = []
    for start in range(0, len(rows), 512):
        if shard.graphs is None:
            break
        graphs = to_device(graph_tensors(shard.graphs.take(rows[start : start + 512])), network.null.device)
        mean, spread = (tensor.cpu() for tensor in network.latent(graphs))
        latents.append(mean + torch.exp(spread / 2) * torch.randn(mean.shape, generator=random))
    return torch.cat(latents)


def domain_of_shard(shard: Shard) -> Domain:
    """Return what the molecules of a shard are like."""
    graphs = shard.graphs
    if graphs is None:
        return Domain()
    elements = tuple(ELEMENTS[i] for i in np.unique(graphs.atoms[:, 0]))
    charges = tuple(int(i) - 2 for i in np.unique(graphs.atoms[:, 2]))
    stereo = bool(graphs.atoms[:, 3].any() or (graphs.kinds > 4).any())
    return Domain(elements, charges, int(graphs.atom_counts.max()), stereo)


def card(config: dict[str, Any], shape: Shape) -> str:
    """Return the model's card."""
    trained, domain = config.get("training", {}), config["domain"]
    readouts = ", ".join(map(str, shape.readouts))
    return f"""# clinweave graph-to-sequence model of molecules

For research only: not for clinical decisions, and no statement about the safety or activity of any molecule.

| | |
|---|---|
| parameters | {trained.get("parameters", 0):,} |
| encoder | {shape.encoder}, {shape.layers} layers of {shape.width}; readouts of layers {readouts} |
| latent fingerprint | {shape.latent} numbers |
| decoder | {shape.decoder}, {shape.decoder_layers} of {shape.decoder_width}; {shape.vocabulary:,} byte-pair tokens |
| trained on | {config["data"]} |
| rows of it left out (no usable molecule) | {config.get("rows_left_out", 0):,} |
| molecules seen | {trained.get("molecules", 0):,} |
| seconds of training ({trained.get("device", "CPU")}) | {trained.get("seconds", 0):,.0f} |
| held-out nats per molecule: string alone | {trained.get("held_free", float("nan")):.2f} |
| ... with the graph's latent (and its divergence) | {trained.get("held_whole", float("nan")):.2f} \
({trained.get("held_divergence", float("nan")):.2f}) |
| ... with the scaffold | {trained.get("held_scaffold", float("nan")):.2f} |
| licence of the data | {config["licence"]} |
| licence of the weights | Apache-2.0 |

Made by `{config["command"]}`; the same command goes on from these weights where `--start` names their folder.

## What it knows

Elements {", ".join(domain["elements"])}; charges {", ".join(map(str, domain["charges"]))}; at most \
{domain["most_atoms"]} heavy atoms; {"stereo marks" if domain["stereo"] else "no stereo marks"}. Anything else is \
refused with its reason, or encoded with a warning where that is asked for. MOSES holds drug-like fragments of 250 to \
350 Da that passed medicinal-chemistry filters; most approved drugs lie outside it.

`{SEEN}` is a digest of the training file, for `--new-to training`: all its molecules are found, and 1 in 1,024 others.
"""
