"""The graph-to-sequence network: a graph encoder, a latent fingerprint, conditions, and a string decoder.

A conditional variational autoencoder (Kingma and Welling 2014; Sohn et al. 2015) whose input is a graph and whose
output is a string. Its latent is replaced by a learned "null" for a share of the molecules: the same network
is a plain language model as well; and for another share the encoder sees the scaffold alone: the decoder
learns to grow one.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from clinweave.applications.molecules.batches import FREE, WHOLE, Batch, GraphTensors
from clinweave.applications.molecules.decoder import GruDecoder, TransformerDecoder
from clinweave.applications.molecules.encoder import MessageEncoder, TransformerEncoder
from clinweave.applications.molecules.properties import PROPERTIES
from clinweave.applications.molecules.settings import Shape


@dataclass
class Losses:
    """What a batch cost, in nats for each molecule (B,): the string, and the divergence of the latent (else 0)."""

    string: Tensor
    divergence: Tensor


class Network(nn.Module):
    """See the module. All sizes come from `shape`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        encoders: dict[str, Any] = {"messages": MessageEncoder, "transformer": TransformerEncoder}
        decoders: dict[str, Any] = {"gru": GruDecoder, "transformer": TransformerDecoder}
        self.encoder = encoders[shape.encoder](shape)
        self.readouts = nn.ModuleList(
            nn.Sequential(
                nn.Linear(2 * shape.width, shape.width), nn.ReLU(), nn.Linear(shape.width, 2 * shape.chunk)
            )
            for _ in shape.readouts
        )
        self.null = nn.Parameter(torch.zeros(shape.latent))
        self.views = nn.Embedding(3, 16)
        inside = shape.latent + 2 * len(PROPERTIES) + 16
        context = max(64, shape.decoder_width // 2)
        self.context = nn.Sequential(nn.Linear(inside, context), nn.SiLU())
        self.decoder: GruDecoder | TransformerDecoder = decoders[shape.decoder](shape, context)

    def latent(self, graphs: GraphTensors) -> tuple[Tensor, Tensor]:
        """Return mean and log-variance (G, latent) of the posterior."""
        outputs = [head(part) for head, part in zip(self.readouts, self.encoder(graphs), strict=True)]
        mean = torch.cat([part[:, : self.shape.chunk] for part in outputs], 1)
        spread = torch.cat([part[:, self.shape.chunk :] for part in outputs], 1)
        return mean, spread.clamp(-10, 4)

    def decoder_context(self, latent: Tensor, conditions: Tensor, views: Tensor) -> Tensor:
        """Return the decoder's context (B, C) of latents (B, latent), conditions (B, 7; NaN: hidden), views (B,)."""
        hidden = conditions.isnan()
        parts = [
            latent,
            conditions.nan_to_num(0.0).clamp(-6, 6),
            (~hidden).to(latent.dtype),
            self.views(views),
        ]
        context: Tensor = self.context(torch.cat(parts, 1))
        return context

    def forward(self, batch: Batch) -> Losses:
        """Return the losses of a batch."""
        latent = self.null.expand(len(batch.ids), -1)
        divergence = latent.new_zeros(len(batch.ids))
        if batch.graphs is not None:
            mean, spread = self.latent(batch.graphs)
            rows = torch.nonzero(batch.views != FREE)[:, 0]
            whole = (batch.views[rows] == WHOLE)[:, None]
            drawn = torch.where(whole, mean + torch.randn_like(mean) * torch.exp(spread / 2), mean)
            nats = 0.5 * (mean**2 + spread.exp() - 1 - spread).sum(1) * whole[:, 0]
            latent = latent.index_copy(0, rows, drawn)
            divergence = divergence.index_copy(0, rows, nats)
        context = self.decoder_context(latent, batch.conditions, batch.views)
        return Losses(self.decoder.losses(context, batch), divergence)


def parameter_count(network: nn.Module) -> int:
    """Return how many numbers are trained."""
    return sum(parameter.numel() for parameter in network.parameters())
