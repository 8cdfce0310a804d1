"""String decoders with the same interface: a GRU (fastest on a CPU) and a transformer."""

from collections.abc import Callable, Sequence
from itertools import zip_longest

import torch
from torch import Tensor, nn
from torch.nn import functional

from clinweave.applications.molecules.attention import Before, TransformerLayer
from clinweave.applications.molecules.batches import Batch
from clinweave.applications.molecules.recurrent import gru_step, packed_gru
from clinweave.applications.molecules.settings import Shape
from clinweave.applications.molecules.tokens import END, START, UNKNOWN

LONGEST = 100  # tokens of a drawn string
Chooser = Callable[[Tensor], Tensor]  # logits (B, V) to ids (B,)


class GruDecoder(nn.Module):
    """One recurrent layer. The context enters the first state and the gates of every step; tokens enter by a table
    of what they add to the gates, computed once per batch: the recurrence is the only product of each step."""

    def __init__(self, shape: Shape, context: int) -> None:
        super().__init__()
        width = shape.decoder_width
        self.width = width
        self.tokens = nn.Embedding(shape.vocabulary, shape.embedding)
        self.to_gates = nn.Linear(shape.embedding, 3 * width)
        self.first = nn.Linear(context, width)
        self.steer = nn.Linear(context, 3 * width, bias=False)
        self.weight = nn.Parameter(torch.empty(width, 3 * width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.out = nn.Linear(width, shape.embedding)
        self.prior = nn.Parameter(torch.zeros(shape.vocabulary))
        nn.init.normal_(self.tokens.weight, std=shape.embedding**-0.5)
        for gate in torch.split(self.weight.data, width, 1):
            nn.init.orthogonal_(gate)

    def losses(self, context: Tensor, batch: Batch) -> Tensor:
        """Return the negative log-likelihood (B,), in nats, of each string."""
        mask = batch.ids.t() >= 0  # (T, B); rows are sorted, so each step's rows come first
        sizes = mask.sum(1).tolist()
        rows = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)[mask]
        table = self.to_gates(self.tokens.weight)
        steer = self.steer(context)
        inputs = functional.embedding(batch.inputs.t()[mask], table) + steer[rows]
        states = packed_gru(inputs, torch.tanh(self.first(context)), self.weight, self.bias, sizes)
        lost = functional.cross_entropy(self._logits(states), batch.ids.t()[mask], reduction="none")
        return lost.new_zeros(mask.shape[1]).index_add(0, rows, lost)

    def _logits(self, states: Tensor) -> Tensor:
        return functional.linear(self.out(states), self.tokens.weight, self.prior)

    @torch.inference_mode()
    def write(self, context: Tensor, choose: Chooser) -> Tensor:
        """Return drawn ids (B, T), END and what follows included."""
        state, steer = torch.tanh(self.first(context)), self.steer(context)
        table = self.to_gates(self.tokens.weight)
        ids = torch.full((len(context),), START, device=context.device)
        drawn = []
        ended = torch.zeros_like(ids, dtype=torch.bool)
        for _ in range(LONGEST):
            state = gru_step(table[ids] + steer, state, self.weight, self.bias)
            ids = choose(_barred(self._logits(state)))
            drawn.append(ids)
            ended |= ids == END
            if bool(ended.all()):
                break
        return torch.stack(drawn, 1)


class DecoderLayer(TransformerLayer):
    """A transformer layer over the context's tokens and the string so far, with a learned bias for each distance."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads)
        self.relative = nn.Embedding(LONGEST + 32, heads)

    def step(self, states: Tensor, before: Before | None = None) -> Tensor:
        """Return the next states (B, L, width); each place sees itself and what stands before it."""
        first = before[0].shape[2] if before else 0
        positions = torch.arange(first + states.shape[1], device=states.device)
        back = positions[first:, None] - positions[None]
        bias = self.relative(back.clamp(0, LONGEST + 31)).permute(2, 0, 1)
        after: Tensor = self(states, bias.masked_fill(back < 0, float("-inf"))[None], before)
        return after


class TransformerDecoder(nn.Module):
    """The context becomes eight prefix places; relative positions in every layer, absolute ones at the input."""

    PREFIX = 8

    def __init__(self, shape: Shape, context: int) -> None:
        super().__init__()
        width = shape.decoder_width
        self.tokens = nn.Embedding(shape.vocabulary, width)
        self.places = nn.Embedding(LONGEST + 1, width)
        self.steer = nn.Linear(context, self.PREFIX * width)
        self.layers = nn.ModuleList(DecoderLayer(width, shape.heads) for _ in range(shape.decoder_layers))
        self.norm = nn.LayerNorm(width)
        self.prior = nn.Parameter(torch.zeros(shape.vocabulary))
        nn.init.normal_(self.tokens.weight, std=width**-0.5)
        nn.init.normal_(self.places.weight, std=width**-0.5)

    def losses(self, context: Tensor, batch: Batch) -> Tensor:
        """Return the negative log-likelihood (B,), in nats, of each string."""
        logits = self._logits(context, batch.inputs)
        lost = functional.cross_entropy(
            logits.flatten(0, 1), batch.ids.flatten(), ignore_index=-1, reduction="none"
        )
        return lost.view(batch.ids.shape).sum(1)

    def _logits(
        self, context: Tensor, inputs: Tensor, before: Sequence[Before] = (), first: int = 0
    ) -> Tensor:
        """Return logits (B, L, V) behind each of `inputs` (B, L), the first of which stands at `first`."""
        positions = torch.arange(first, first + inputs.shape[1], device=inputs.device).clamp(max=LONGEST)
        states = self.tokens(inputs) + self.places(positions)
        if not first:
            prefix = self.steer(context).view(len(context), self.PREFIX, -1)
            states = torch.cat([prefix, states], 1)
        for layer, cache in zip_longest(self.layers, before):
            states = layer.step(states, cache)
        states = states[:, -inputs.shape[1] :]
        return functional.linear(self.norm(states), self.tokens.weight, self.prior)

    @torch.inference_mode()
    def write(self, context: Tensor, choose: Chooser) -> Tensor:
        """Return drawn ids (B, T), END and what follows included. Keys and values of what is written are kept."""
        ids = torch.full((len(context),), START, device=context.device)
        before: list[Before] = [[] for _ in self.layers]
        drawn: list[Tensor] = []
        ended = torch.zeros_like(ids, dtype=torch.bool)
        for position in range(LONGEST):
            ids = choose(_barred(self._logits(context, ids[:, None], before, position)[:, -1]))
            drawn.append(ids)
            ended |= ids == END
            if bool(ended.all()):
                break
        return torch.stack(drawn, 1)


def _barred(logits: Tensor) -> Tensor:
    """Return the logits with what is never written at minus infinity."""
    logits[:, [START, UNKNOWN]] = float("-inf")
    return logits
