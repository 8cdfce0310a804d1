"""Transformer layer shared by the graph encoder and the string decoder, which differ only in the attention bias."""

import torch
from torch import Tensor, nn
from torch.nn import functional

Before = list[Tensor]  # keys and values (B, heads, K, width / heads) of the places before; empty at first


class TransformerLayer(nn.Module):
    """Attention over all places, with a bias for each pair, then a step for each place; normalised before both."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, states: Tensor, bias: Tensor, before: Before | None = None) -> Tensor:
        """Return the next states (B, L, width); bias (B or 1, heads, L, K) is -inf where nothing may be seen.

        K is L, or with `before` the number of all places so far: these states are the last L of them.
        """
        count, length, width = states.shape
        mixed = self.mix(self.first(states)).view(count, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        keys, values = mixed[1], mixed[2]
        if before is not None:
            before[:] = [
                torch.cat([*before[n : n + 1], tensor], 2) for n, tensor in enumerate((keys, values))
            ]
            keys, values = before
        seen = functional.scaled_dot_product_attention(mixed[0], keys, values, attn_mask=bias.to(mixed.dtype))
        states = states + self.out(seen.transpose(1, 2).reshape(count, length, width))
        step: Tensor = self.down(functional.gelu(self.up(self.second(states))))
        return states + step
