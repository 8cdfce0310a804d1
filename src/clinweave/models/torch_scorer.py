"""Log-likelihoods by torch over transformers weights (the train extra), in bfloat16 where that is measured faster."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clinweave.core.errors import UserError
from clinweave.models.packing import ROWS, Item, Pack, packs

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PretrainedConfig, PreTrainedModel

PRECISIONS = ("auto", "bfloat16", "float32")
_GAIN = 1.3  # times faster, for bfloat16 to be worth its rounding
_HEAD_ROWS = 64  # rows of logits at once: a vocabulary of 150,000 words takes 600 kB a row
# Architectures whose rows may attend along any tree: no recurrent state, no window, no change to the logits.
_TREES = frozenset({"llama", "mistral", "qwen2", "qwen3", "smollm3"})
_EXACT = 32  # largest logits of a row that are computed again in float32


def load(path: Path, precision: str = "auto", threads: int | None = None) -> "PreTrainedModel":
    """Return a causal model from a folder. Raises `UserError` where it cannot be loaded.

    Nothing is downloaded, and no code of the folder is run.
    """
    if precision not in PRECISIONS:
        raise UserError(f"Unknown precision {precision!r}; use {', '.join(PRECISIONS)}.")
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError as error:
        raise UserError(
            "Folders of transformers weights need the extra: pip install 'clinweave[train]'."
        ) from error
    if threads:
        torch.set_num_threads(threads)
    kind = getattr(torch, faster_precision() if precision == "auto" else precision)
    try:
        return AutoModelForCausalLM.from_pretrained(path, local_files_only=True, dtype=kind).eval()
    except (OSError, ValueError) as error:
        raise UserError(f"{path} does not hold loadable transformers weights: {error}") from error


def faster_precision() -> str:
    """Return "bfloat16" if matrix products in it are measured at least 1.3 times as fast as in float32.

    Takes a twentieth of a second with matrix tiles (AMX), up to half a second without.
    """
    import torch

    seconds = {}
    for name in ("float32", "bfloat16"):
        kind = getattr(torch, name)
        left, right = torch.ones(256, 1024, dtype=kind), torch.ones(2048, 1024, dtype=kind)
        torch.nn.functional.linear(left, right)  # the first one also chooses kernels
        times = []
        for _ in range(3):
            begun = time.process_time()
            torch.nn.functional.linear(left, right)
            times.append(time.process_time() - begun)
        seconds[name] = min(times)
    return "bfloat16" if seconds["float32"] >= _GAIN * seconds["bfloat16"] else "float32"


def prepacked(model: "PreTrainedModel") -> "PreTrainedModel":
    """Return the model with the bfloat16 matrices inside it stored in the layout that the kernels compute in.

    The kernels would otherwise reorder each matrix in each pass, a quarter of the time of a prompt of 200 tokens. The
    model computes as before and can no longer be saved or trained. It is returned unchanged where torch lacks the
    operators, which its compiler uses but does not document, or they compute something else.
    """
    import torch

    linear = torch.nn.Linear
    inner = [
        (parent, name, child)
        for parent in model.base_model.modules()
        for name, child in parent.named_children()
        if type(child) is linear
        and child.weight.dtype == torch.bfloat16
        and child.weight.device.type == "cpu"
    ]
    if inner and _packs_right(inner[0][2]):
        for parent, name, child in inner:
            setattr(parent, name, _packed_linear(child))
        for parameter in model.parameters():  # leave the mapped file, which can then be unmapped
            parameter.data = parameter.data.clone()
    return model


def _packed_linear(child: "nn.Module") -> "nn.Module":
    """Return a module that computes what a linear one does, with its matrix in the kernels' layout."""
    import torch

    with torch.inference_mode():
        matrix = torch.ops.mkldnn._reorder_linear_weight(child.weight.detach(), ROWS)
    bias = None if child.bias is None else child.bias.detach().clone()

    class PackedLinear(torch.nn.Module):  # type: ignore[misc]
        def forward(self, rows: "torch.Tensor") -> "torch.Tensor":
            return torch.ops.mkldnn._linear_pointwise(rows, matrix, bias, "none", [], "")

    return PackedLinear()


def _packs_right(child: "nn.Module") -> bool:
    """Return whether a packed matrix gives the product of the plain one on this machine."""
    import torch

    try:
        rows = torch.ones(3, child.in_features, dtype=torch.bfloat16)
        with torch.inference_mode():
            gap = (_packed_linear(child)(rows) - child(rows)).float().abs().max()
            return bool(gap <= 0.02 * child(rows).float().abs().max())
    except (AttributeError, RuntimeError, NotImplementedError, TypeError):
        return False


class TorchScorer:
    """Scores token ids with a loaded causal model.

    Items are evaluated as trees of tokens: a prompt once, each option over its keys and values, several short items in
    one pass. Architectures that cannot attend along a tree get one row per option instead, padded at the end.
    """

    def __init__(self, model: "PreTrainedModel", precision: str = "") -> None:
        """Take an open model; `precision` is that of its activations where its weights are stored in another."""
        self._model = model
        self._head: nn.Module = model.get_output_embeddings()
        self.precision = precision or str(model.dtype).removeprefix("torch.")
        self.packable = _attends_freely(model.config)

    @property
    def name(self) -> str:
        """Return the engine and number format, for the run record."""
        import torch

        return f"torch {torch.__version__} {self.precision}"

    def score(self, items: Sequence[Item]) -> list[list[float]]:
        """Return, for each item, the log-likelihood in nats of each option's tokens after the prompt's."""
        import torch

        with torch.inference_mode():
            if not self.packable:
                return [self._padded(item) for item in items]
            log_probabilities: list[list[float]] = []
            for pack, counts in packs(items):
                sums: Iterator[float] = iter(pack.sums(self._values(pack)))
                log_probabilities += [list(islice(sums, count)) for count in counts]
            return log_probabilities

    def close(self) -> None:
        """Release the weights."""
        self._model = self._head = None

    def _values(self, pack: Pack) -> np.ndarray:
        """Return the log-probability of each target of a pack."""
        import torch

        kind = getattr(torch, self.precision)
        mask = torch.zeros(1, 1, len(pack.tokens), len(pack.tokens), dtype=kind)
        mask.masked_fill_(~torch.from_numpy(pack.visible()), float("-inf"))
        hidden = self._model.base_model(
            input_ids=torch.tensor([pack.tokens]),
            position_ids=torch.tensor([pack.positions]),
            attention_mask=mask,
            use_cache=False,
        ).last_hidden_state[0]
        return self._chosen(hidden, torch.tensor(pack.sources), torch.tensor(pack.targets))

    def _padded(self, item: Item) -> list[float]:
        """Return an item's scores with one row per option. Padding follows the option, so it moves no position."""
        import torch

        longest = max(len(option) for option in item.options)
        rows = [[*item.prompt, *option, *[0] * (longest - len(option))] for option in item.options]
        logits = self._model(torch.tensor(rows), logits_to_keep=longest + 1, use_cache=False).logits[:, :-1]
        log_probabilities = torch.log_softmax(logits.float(), dim=-1)
        return [
            float(row[range(len(option)), list(option)].double().sum())
            for row, option in zip(log_probabilities, item.options, strict=True)
        ]

    def _chosen(self, hidden: "torch.Tensor", sources: "torch.Tensor", targets: "torch.Tensor") -> np.ndarray:
        """Return the log-probability of `targets[i]` after row `sources[i]` of `hidden`.

        Logits in bfloat16 are rounded to three digits. The largest of each row and the targets' own are therefore
        computed again in float32: the others hardly move the normalising sum.
        """
        import torch

        needed, inverse = torch.unique(sources, return_inverse=True)
        rows = hidden[needed]
        totals = []
        for part in rows.split(_HEAD_ROWS):
            logits = self._head(part).float()
            if logits.shape[-1] > _EXACT and self.precision != "float32":
                top = logits.topk(_EXACT).indices
                logits.scatter_(1, top, self._exact(part[:, None], top))
            totals.append(torch.logsumexp(logits, -1))
        chosen = torch.cat(
            [
                self._exact(rows[inverse[low : low + _HEAD_ROWS]], targets[low : low + _HEAD_ROWS])
                for low in range(0, len(targets), _HEAD_ROWS)
            ]
        )
        values: np.ndarray = (chosen - torch.cat(totals)[inverse]).double().numpy()
        return values

    def _exact(self, rows: "torch.Tensor", words: "torch.Tensor") -> "torch.Tensor":
        """Return the logits in float32 of `words`, each against its row (broadcast)."""
        logits = (rows.float() * self._head.weight[words].float()).sum(-1)
        return logits if self._head.bias is None else logits + self._head.bias[words].float()


def _attends_freely(config: "PretrainedConfig") -> bool:
    """Return whether a model's rows may attend along a tree."""
    windows = getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True)
    kinds = set(getattr(config, "layer_types", None) or ["full_attention"])
    return config.model_type in _TREES and not windows and kinds == {"full_attention"}
