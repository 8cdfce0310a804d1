"""A gated recurrent unit (Cho et al. 2014; reset gate after the product) over packed sequences.

Strings of unequal length are packed without padding: sorted by length, longest first, step after step: step
t holds rows 0 to sizes[t]-1. The backward pass is written by hand: the gradient of the recurrent weights is one large
product instead of one for each step, and nothing but the gates is kept. On a CPU this is meant to be faster than the
library's.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from torch.autograd.function import FunctionCtx


class PackedGru(torch.autograd.Function):
    """States of a GRU over packed steps.

    inputs (P, 3H): what the tokens and conditions add to the gates reset, update, new; state (B, H): the first
    state; weight (H, 3H); bias (H,): inside the reset product; sizes: active rows of each step, falling, summing
    to P. Returns (P, H).
    """

    @staticmethod
    def forward(  # noqa: PLR0917
        ctx: "FunctionCtx", inputs: Tensor, state: Tensor, weight: Tensor, bias: Tensor, sizes: Sequence[int]
    ) -> Tensor:
        """Walk forward, keeping the gates."""
        width = weight.shape[0]
        out = inputs.new_empty(inputs.shape[0], width)
        gates = inputs.new_empty(inputs.shape[0], 4 * width)  # reset, update, new, inner
        start, hidden = 0, state
        for rows in sizes:
            window = slice(start, start + rows)
            hidden = hidden[:rows]
            step_gates, step_inputs = gates[window], inputs[window]
            product = hidden @ weight
            both = torch.add(product[:, : 2 * width], step_inputs[:, : 2 * width]).sigmoid_()
            step_gates[:, : 2 * width] = both
            inner = torch.add(product[:, 2 * width :], bias, out=step_gates[:, 3 * width :])
            new = torch.addcmul(
                step_inputs[:, 2 * width :], both[:, :width], inner, out=step_gates[:, 2 * width : 3 * width]
            ).tanh_()
            hidden = torch.lerp(new, hidden, both[:, width:], out=out[window])
            start += rows
        ctx.save_for_backward(state, weight, out, gates)
        ctx.sizes = tuple(sizes)
        return out

    @staticmethod
    def backward(ctx: "FunctionCtx", *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Walk backward; the weights' gradient comes from all steps at once."""
        state, weight, out, gates = ctx.saved_tensors
        (grad,) = grads
        width, sizes = weight.shape[0], ctx.sizes
        starts = [0]
        for rows in sizes[:-1]:
            starts.append(starts[-1] + rows)
        before = torch.cat(
            [state[: sizes[0]]] + [out[s : s + n] for s, n in zip(starts, sizes[1:], strict=False)]
        )
        reset, update, new, inner = gates.split(width, 1)
        # the local derivatives of all steps together; only the state's own chain is sequential
        slope_new = (1 - update) * (1 - new * new)
        slope_update = (before - new) * update * (1 - update)
        slope_reset = inner * reset * (1 - reset)
        to_inputs = torch.empty_like(gates[:, : 3 * width])
        through = torch.empty_like(to_inputs)
        back = weight.t().contiguous()
        carried = grad.new_zeros(state.shape)
        for step in reversed(range(len(sizes))):
            window = slice(starts[step], starts[step] + sizes[step])
            mine = carried[: sizes[step]]
            mine += grad[window]
            d_in, d_through = to_inputs[window], through[window]
            d_new = torch.mul(mine, slope_new[window], out=d_in[:, 2 * width :])
            torch.mul(mine, slope_update[window], out=d_in[:, width : 2 * width])
            torch.mul(d_new, slope_reset[window], out=d_in[:, :width])
            d_through[:, : 2 * width] = d_in[:, : 2 * width]
            torch.mul(d_new, reset[window], out=d_through[:, 2 * width :])
            mine *= update[window]
            mine.addmm_(d_through, back)
        return to_inputs, carried, before.t() @ through, through[:, 2 * width :].sum(0), None


_apply: Any = PackedGru.apply


def packed_gru(inputs: Tensor, state: Tensor, weight: Tensor, bias: Tensor, sizes: Sequence[int]) -> Tensor:
    """Return the states (P, H); see `PackedGru`."""
    result: Tensor = _apply(inputs, state, weight, bias, sizes)
    return result


def gru_step(inputs: Tensor, state: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the next state (B, H), for sampling: the same arithmetic without gradients kept."""
    width = weight.shape[0]
    product = state @ weight
    reset = torch.sigmoid(product[:, :width] + inputs[:, :width])
    update = torch.sigmoid(product[:, width : 2 * width] + inputs[:, width : 2 * width])
    new = torch.tanh(inputs[:, 2 * width :] + reset * (product[:, 2 * width :] + bias))
    return torch.lerp(new, state, update)
