"""Graph encoders. Both return readouts of the selected layers, whose projections form the latent fingerprint."""

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from clinweave.applications.molecules.attention import TransformerLayer
from clinweave.applications.molecules.batches import GraphTensors
from clinweave.applications.molecules.graphs import ATOM_FEATURES, BOND_KINDS
from clinweave.applications.molecules.settings import Shape

if TYPE_CHECKING:
    from torch.autograd.function import FunctionCtx


class _SumOfNeighbours(torch.autograd.Function):
    """Sum over neighbours. The adjacency is symmetric, hence the gradient is the same sum."""

    @staticmethod
    def forward(ctx: "FunctionCtx", states: Tensor, source: Tensor, offsets: Tensor) -> Tensor:
        ctx.save_for_backward(source, offsets)
        return functional.embedding_bag(source, states, offsets, mode="sum", include_last_offset=True)

    @staticmethod
    def backward(ctx: "FunctionCtx", *grads: Tensor) -> tuple[Tensor | None, ...]:
        source, offsets = ctx.saved_tensors
        back = functional.embedding_bag(
            source, grads[0].contiguous(), offsets, mode="sum", include_last_offset=True
        )
        return back, None, None


_apply: Any = _SumOfNeighbours.apply


def sum_of_neighbours(states: Tensor, source: Tensor, offsets: Tensor) -> Tensor:
    """Return for each atom (N, W) the sum of `states` over its neighbours; `source` and `offsets` are symmetric."""
    total: Tensor = _apply(states, source, offsets)
    return total


class AtomEmbedding(nn.Module):
    """An atom's features and the kinds of its bonds, as one vector (N, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        sizes = list(ATOM_FEATURES.values())
        self.atoms = nn.EmbeddingBag(sum(sizes), width, mode="sum")
        self.bonds = nn.EmbeddingBag(len(BOND_KINDS), width, mode="sum", include_last_offset=True)
        self.register_buffer("first", torch.tensor([0, *sizes[:-1]]).cumsum(0), persistent=False)

    def forward(self, graphs: GraphTensors) -> Tensor:
        """Return (N, width)."""
        first: object = self.first
        own: Tensor = self.atoms(graphs.atoms + first)
        bonds: Tensor = self.bonds(graphs.kinds, graphs.offsets)
        return own + bonds


class MessageLayer(nn.Module):
    """Message passing (Gilmer et al. 2017): half of the channels travel along every bond, half along multiple and
    aromatic ones alone: the sum over neighbours stays one fused kernel."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(2 * width, width)
        self.down = nn.Linear(width, width)

    def forward(self, states: Tensor, graphs: GraphTensors) -> Tensor:
        """Return the next states (N, width)."""
        half = states.shape[1] // 2
        plain = self.norm(states)
        all_bonds = sum_of_neighbours(plain[:, :half].contiguous(), graphs.source, graphs.offsets)
        strong = sum_of_neighbours(plain[:, half:].contiguous(), graphs.strong_source, graphs.strong_offsets)
        hidden = functional.relu(self.up(torch.cat([plain, all_bonds, strong], 1)))
        step: Tensor = self.down(hidden)
        return states + step


class MessageEncoder(nn.Module):
    """Embedding, message layers, and a readout (mean and sum over atoms) behind each chosen layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.chosen = shape.readouts
        self.embedding = AtomEmbedding(shape.width)
        self.layers = nn.ModuleList(MessageLayer(shape.width) for _ in range(shape.layers))

    def forward(self, graphs: GraphTensors) -> list[Tensor]:
        """Return a readout (G, 2 width) of each chosen layer."""
        states = self.embedding(graphs)
        every = torch.arange(len(states), device=states.device)
        outputs = []
        for number, layer in enumerate(self.layers, 1):
            states = layer(states, graphs)
            if number in self.chosen:
                total = functional.embedding_bag(every, states, graphs.starts, mode="sum")
                outputs.append(torch.cat([total / graphs.counts[:, None], total / 20], 1))
        return outputs


class TransformerEncoder(nn.Module):
    """Embedding, layers of attention over all atoms, biased by bond kind and distance (Ying et al. 2021,
    Graphormer), and the same readouts; molecules are padded."""

    FAR = 8  # distances beyond this many bonds share a bias

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.chosen = shape.readouts
        self.embedding = AtomEmbedding(shape.width)
        self.bond_bias = nn.Embedding(len(BOND_KINDS) + 1, shape.heads)
        self.distance_bias = nn.Embedding(self.FAR + 1, shape.heads)
        self.layers = nn.ModuleList(TransformerLayer(shape.width, shape.heads) for _ in range(shape.layers))

    def forward(self, graphs: GraphTensors) -> list[Tensor]:
        """Return a readout (G, 2 width) of each chosen layer."""
        rows, positions = _positions(graphs)
        count, most = len(graphs.counts), int(graphs.counts.max())
        flat = self.embedding(graphs)
        states = flat.new_zeros(count, most, flat.shape[1]).index_put((rows, positions), flat)
        mask = torch.arange(most, device=flat.device)[None] < graphs.counts[:, None]
        bonds, distance = _relations(graphs, rows, positions, most, self.FAR)
        bias = (self.bond_bias(bonds) + self.distance_bias(distance)).permute(0, 3, 1, 2)
        bias = bias.masked_fill(~mask[:, None, None], float("-inf"))
        outputs = []
        for number, layer in enumerate(self.layers, 1):
            states = layer(states, bias)
            if number in self.chosen:
                total = (states * mask[..., None]).sum(1)
                outputs.append(torch.cat([total / graphs.counts[:, None], total / 20], 1))
        return outputs


def _positions(graphs: GraphTensors) -> tuple[Tensor, Tensor]:
    """Return each atom's molecule and its position in the molecule."""
    rows = torch.repeat_interleave(
        torch.arange(len(graphs.counts), device=graphs.counts.device), graphs.counts
    )
    return rows, torch.arange(len(rows), device=rows.device) - graphs.starts[rows]


def _relations(
    graphs: GraphTensors, rows: Tensor, positions: Tensor, most: int, far: int
) -> tuple[Tensor, Tensor]:
    """Return bond kinds (0 is none) and distances in bonds between all atoms, each (G, A, A)."""
    target = torch.repeat_interleave(torch.arange(len(rows), device=rows.device), graphs.offsets.diff())
    bonds = rows.new_zeros(len(graphs.counts), most, most)
    bonds[rows[target], positions[target], positions[graphs.source]] = graphs.kinds + 1
    near = (bonds > 0).float() + torch.eye(most, device=rows.device)
    reach, distance = torch.eye(most, device=rows.device).expand_as(near), torch.full_like(bonds, far)
    for steps in range(far):
        distance = torch.where((reach > 0) & (distance == far), steps, distance)
        reach = (reach @ near).clamp(max=1)
    return bonds, distance
