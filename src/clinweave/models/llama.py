"""Likelihoods of Llama-shaped models in float32 NumPy, the main cost of a comparison.

The context is computed once for all options of an item, and what it shares with earlier contexts (instructions, a
question asked again with other evidence) is not computed at all. Architecture: RMS normalisation, rotary positions
(https://arxiv.org/abs/2104.09864), grouped-query attention (https://arxiv.org/abs/2305.13245), SwiGLU
(https://arxiv.org/abs/2002.05202), with the biases of Qwen2 where a file has them.
"""

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.models.header import Header, dequantised
from clinweave.models.kernels import one_blas_thread

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ROWS = 192  # most tokens computed at once: the matrix product is near its best, and buffers stay small
_FEWEST = 24  # fewer rows than this are not worth a second thread
_HEAD_ROWS = 64
_LAYER = (
    "attn_norm",
    "attn_q",
    "attn_k",
    "attn_v",
    "attn_output",
    "ffn_norm",
    "ffn_gate",
    "ffn_up",
    "ffn_down",
)
_BIASES = ("attn_q", "attn_k", "attn_v")
_OUTSIDE = frozenset({"token_embd.weight", "output_norm.weight", "output.weight", "rope_freqs.weight"})


def unsupported(header: Header) -> str:
    """Return why `Llama` cannot compute this file exactly, or "" where it can."""
    name, keys = header.architecture, header.keys
    if name not in {"llama", "qwen2"}:
        return f"architecture {name!r}"
    if keys.get(f"{name}.expert_count", 0):
        return "a mixture of experts"
    if keys.get(f"{name}.rope.scaling.type", "none") != "none":
        return "scaled rotary positions"
    heads, width = int(keys[f"{name}.attention.head_count"]), int(keys[f"{name}.embedding_length"])
    size = width // heads
    if {int(keys.get(f"{name}.{key}", size)) for key in _SIZES} != {size}:
        return "heads of unequal size"
    supported = set(_OUTSIDE)
    for layer in range(int(keys[f"{name}.block_count"])):
        supported |= {f"blk.{layer}.{part}.weight" for part in _LAYER}
        supported |= {f"blk.{layer}.{part}.bias" for part in _BIASES}
    strange = sorted(set(header.tensors) - supported)
    return f"tensor {strange[0]!r}" if strange else ""


_SIZES = ("rope.dimension_count", "attention.key_length", "attention.value_length")


class _Layer(NamedTuple):
    """The matrices of one layer, shaped (in, out), with the normalisations and constant factors folded in."""

    qkv: Floats
    bias: Floats | None
    output: Floats
    gate_up: Floats
    down: Floats


class _Rows(NamedTuple):
    """A block of rows on their way through the layers."""

    tokens: Ints
    cosine: Floats  # (rows, head size / 2)
    sine: Floats
    mask: Floats  # (rows, last columns): 0 where a row sees a column, else minus infinity
    start: int  # the block's first column among keys and values
    earlier: list[
        threading.Event
    ]  # per layer: the blocks before have written their keys and values (or empty)
    ready: list[threading.Event]  # per layer: this block has, too


class _Context(NamedTuple):
    """Keys and values of a context that was computed: (layers, key heads, at least len(tokens), head size)."""

    tokens: Ints
    keys: Floats
    values: Floats

    @property
    def size(self) -> int:
        return self.keys.nbytes + self.values.nbytes


class Llama:
    """The weights of one file, in float32. Safe to call from several threads.

    Rows go through the layers in blocks, one thread a block. A block waits in each layer only for the keys and values
    of the blocks before it; everything else runs in parallel, and no thread spins.
    """

    def __init__(self, header: Header, *, threads: int = 2, cache_bytes: int = 128 << 20) -> None:
        one_blas_thread()
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="likelihood")
        name, keys = header.architecture, header.keys
        self.heads = int(keys[f"{name}.attention.head_count"])
        self.key_heads = int(keys.get(f"{name}.attention.head_count_kv", self.heads))
        self.width = int(keys[f"{name}.embedding_length"])
        self.head_size = self.width // self.heads
        self.epsilon = float(keys[f"{name}.attention.layer_norm_rms_epsilon"])
        # Files of the llama architecture hold rotated dimensions as neighbours; halves are quicker to compute.
        self._interleaved = name == "llama"
        half = self.head_size // 2
        base = float(keys.get(f"{name}.rope.freq_base", 10000.0))
        self._frequencies = base ** (-np.arange(half, dtype=np.float64) / half)
        outside = self._pool.submit(dequantised, header, sorted(_OUTSIDE & set(header.tensors)))
        count = int(keys[f"{name}.block_count"])
        self.layers = list(self._pool.map(lambda layer: self._read(header, layer), range(count)))
        loaded = outside.result()
        self.embedding = loaded["token_embd.weight"]
        self.head = loaded.get("output.weight", self.embedding)
        self._last_norm = loaded["output_norm.weight"]
        if "rope_freqs.weight" in loaded:
            self._frequencies = self._frequencies / loaded["rope_freqs.weight"]
        self._cache_bytes = cache_bytes
        self._lock = threading.Lock()
        self._contexts: list[_Context] = []  # least recently used first

    def _read(self, header: Header, layer: int) -> _Layer:
        prefix = f"blk.{layer}."
        raw = dequantised(header, [name for name in header.tensors if name.startswith(prefix)])
        raw = {name.removeprefix(prefix): value for name, value in raw.items()}
        scale = np.float32(self.head_size**-0.5)
        norm = raw["attn_norm.weight"][:, None]
        query = self._halved(raw["attn_q.weight"], self.heads).T * scale
        key = self._halved(raw["attn_k.weight"], self.key_heads).T
        qkv = np.ascontiguousarray(np.concatenate([query, key, raw["attn_v.weight"].T], axis=1) * norm)
        bias = None
        if "attn_q.bias" in raw:
            parts = [self._halved(raw["attn_q.bias"], self.heads) * scale]
            parts += [self._halved(raw["attn_k.bias"], self.key_heads), raw["attn_v.bias"]]
            bias = np.concatenate(parts)
        # The gate is stored negated: its sigmoid needs no pass to change the sign, and `down` undoes it.
        both = np.concatenate([-raw["ffn_gate.weight"].T, raw["ffn_up.weight"].T], axis=1)
        gate_up = np.ascontiguousarray(both * raw["ffn_norm.weight"][:, None])
        output = np.ascontiguousarray(raw["attn_output.weight"].T)
        return _Layer(qkv, bias, output, gate_up, np.ascontiguousarray(-raw["ffn_down.weight"].T))

    def _halved(self, weight: Floats, heads: int) -> Floats:
        """Return rows reordered from (even, odd) neighbours to halves, where the file has neighbours."""
        if not self._interleaved:
            return weight
        split = weight.reshape(heads, self.head_size // 2, 2, *weight.shape[1:])
        return split.swapaxes(1, 2).reshape(weight.shape)

    def score(self, context: Sequence[int], options: Sequence[Sequence[int]]) -> list[float]:
        """Return the log-likelihood in nats of each option's tokens after the context's tokens (at least one)."""
        tokens = np.asarray(context, np.int64)
        start, keys, values = self._begin(tokens, sum(len(option) - 1 for option in options))
        # One pass over rows: the uncached part of the context, then each option without its last token.
        rows = [tokens[start:], *(np.asarray(option[:-1], np.int64) for option in options)]
        positions = [np.arange(start, len(tokens)), *(np.arange(len(row)) + len(tokens) for row in rows[1:])]
        prefix = _Context(tokens, keys, values)
        hidden = self._forward(rows, np.concatenate(positions), start, prefix)
        self._keep(prefix)
        # hidden[0] is the context's last row and predicts every option's first token.
        rows_of, targets, position = [], [], 1
        for option in options:
            rows_of += [0, *range(position, position + len(option) - 1)]
            targets += list(option)
            position += len(option) - 1
        log_probabilities = self._log_probabilities(hidden, np.asarray(rows_of), np.asarray(targets))
        ends = np.cumsum([len(option) for option in options])[:-1]
        return [float(part.sum()) for part in np.split(log_probabilities, ends)]

    def _begin(self, tokens: Ints, more: int) -> tuple[int, Floats, Floats]:
        """Return how many leading tokens are cached, and keys and values with room for the rest and `more`."""
        with self._lock:
            shared, best = 0, None
            for entry in self._contexts:
                length = min(len(entry.tokens), len(tokens) - 1)  # the last row must be computed
                differs = np.flatnonzero(entry.tokens[:length] != tokens[:length])
                same = int(differs[0]) if differs.size else length
                if same > shared:
                    shared, best = same, entry
        shape = (len(self.layers), self.key_heads, len(tokens) + more, self.head_size)
        keys, values = np.empty(shape, np.float32), np.empty(shape, np.float32)
        if best is not None:
            keys[:, :, :shared] = best.keys[:, :, :shared]
            values[:, :, :shared] = best.values[:, :, :shared]
        return shared, keys, values

    def _keep(self, new: _Context) -> None:
        def covered(old: _Context) -> bool:
            length = len(old.tokens)
            return length <= len(new.tokens) and bool((new.tokens[:length] == old.tokens).all())

        with self._lock:
            self._contexts = [entry for entry in self._contexts if not covered(entry)] + [new]
            while len(self._contexts) > 1 and sum(entry.size for entry in self._contexts) > self._cache_bytes:
                del self._contexts[0]

    def forget(self) -> None:
        """Drop the computed contexts."""
        with self._lock:
            self._contexts = []

    def _forward(self, parts: list[Ints], positions: Ints, start: int, context: _Context) -> Floats:
        """Return the last layer's rows from the context's last on; fill `context` from column `start` on."""
        tokens, fresh = np.concatenate(parts), len(parts[0])
        groups = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        angles = positions[:, None] * self._frequencies
        cosine, sine = np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)
        count = max(-(-len(tokens) // _ROWS), min(self._threads, len(tokens) // _FEWEST), 1)
        edges = np.linspace(0, len(tokens), count + 1).astype(int).tolist()
        earlier: list[threading.Event] = []
        blocks = []
        for low, high in itertools.pairwise(edges):
            # Everything before `plain` is context that each row of the block may see.
            plain = min(low, fresh)
            seen = groups[plain:high]
            visible = (seen == 0) | (seen == groups[low:high, None])
            visible &= np.arange(plain, high) <= np.arange(low, high)[:, None]
            mask = np.where(visible, np.float32(0), np.float32(-np.inf))
            ready = [threading.Event() for _ in self.layers]
            part = slice(low, high)
            blocks.append(_Rows(tokens[part], cosine[part], sine[part], mask, start + low, earlier, ready))
            earlier = ready
        # Blocks are queued in order and together: each waits only for what already runs or is done.
        with self._lock:
            futures = [self._pool.submit(self._block, block, context) for block in blocks]
        return np.concatenate([future.result() for future in futures])[fresh - 1 :]

    def _block(self, rows: _Rows, context: _Context) -> Floats:
        """Return the rows after all layers; their keys and values go into `context`."""
        hidden = self.embedding[rows.tokens]
        inner = self.layers[0].down.shape[0]
        try:
            with np.errstate(over="ignore"):  # the sigmoid of a large negative number is 0
                for index, layer in enumerate(self.layers):
                    mixed = self._normalised(hidden) @ layer.qkv
                    if layer.bias is not None:
                        mixed += layer.bias
                    hidden += self._attended(mixed, rows, index, context) @ layer.output
                    both = self._normalised(hidden) @ layer.gate_up
                    gate = both[:, :inner]  # negated, see `_read`
                    share = np.exp(gate)
                    share += 1
                    np.divide(gate, share, out=share)
                    share *= both[:, inner:]
                    hidden += share @ layer.down
        finally:
            for event in rows.ready:  # a block that failed must not keep the next one waiting
                event.set()
        return hidden

    def _normalised(self, rows: Floats) -> Floats:
        """Return rows divided by their root mean square (the weight is folded into the next matrix)."""
        mean = np.einsum("ij,ij->i", rows, rows) / np.float32(self.width)
        scale: Floats = (1 / np.sqrt(mean + np.float32(self.epsilon)))[:, None]
        return rows * scale

    def _attended(self, mixed: Floats, rows: _Rows, layer: int, context: _Context) -> Floats:
        """Return the attention's rows (count, heads * size) of one layer."""
        keys, values = context.keys[layer], context.values[layer]
        count, half, turned = len(mixed), self.head_size // 2, self.heads + self.key_heads
        heads = mixed.reshape(count, turned + self.key_heads, self.head_size).transpose(1, 0, 2)
        left, right = heads[:turned, :, :half], heads[:turned, :, half:]
        rotated = np.empty((turned, count, self.head_size), np.float32)
        cosine, sine, mask = rows.cosine, rows.sine, rows.mask
        np.multiply(left, cosine, out=rotated[..., :half])
        rotated[..., :half] -= right * sine
        np.multiply(right, cosine, out=rotated[..., half:])
        rotated[..., half:] += left * sine
        end = rows.start + count
        keys[:, rows.start : end] = rotated[self.heads :]
        values[:, rows.start : end] = heads[turned:]
        if rows.earlier:
            rows.earlier[layer].wait()
        rows.ready[layer].set()
        query = rotated[: self.heads].reshape(self.key_heads, -1, self.head_size)
        scores = query @ keys[:, :end].transpose(0, 2, 1)
        scores.reshape(self.heads, count, end)[:, :, end - mask.shape[1] :] += mask
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        output = scores @ values[:, :end]
        output /= scores.sum(axis=-1, keepdims=True)
        rows_first: Floats = output.reshape(self.heads, count, self.head_size).transpose(1, 0, 2)
        return rows_first.reshape(count, -1)

    def _log_probabilities(self, hidden: Floats, rows_of: Ints, targets: Ints) -> NDArray[np.float64]:
        """Return the log-probability of `targets[i]` after row `wanted[i]`; each row's logits are computed once."""
        rows: Floats = self._normalised(hidden) * self._last_norm
        edges = np.linspace(0, len(self.head), self._threads + 1).astype(int).tolist()
        parts = list(self._pool.map(lambda edge: self._log_sum(rows, *edge), itertools.pairwise(edges)))
        totals = np.logaddexp.reduce(parts, axis=0)
        chosen = np.einsum("ij,ij->i", rows[rows_of], self.head[targets])
        result: NDArray[np.float64] = chosen - totals[rows_of]
        return result

    def _log_sum(self, rows: Floats, low: int, high: int) -> NDArray[np.float64]:
        """Return, for each row, the logarithm of the summed exponentials of its logits for words `low` to `high`."""
        result = np.empty(len(rows), np.float64)
        for first in range(0, len(rows), _HEAD_ROWS):
            logits = rows[first : first + _HEAD_ROWS] @ self.head[low:high].T
            most = logits.max(axis=1)
            logits -= most[:, None]
            np.exp(logits, out=logits)
            result[first : first + _HEAD_ROWS] = np.log(logits.sum(axis=1, dtype=np.float64)) + most
        return result

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)
