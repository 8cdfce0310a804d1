"""A small encoder (MiniLM, six layers, 22 million weights) that reads premise and sentence together.

The lower layers stay as they are, so what they say of a pair is computed once and kept; the upper ones and one output
are trained.
"""

import copy
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

_LONGEST = 128  # tokens; the premise is cut, never the sentence
_BATCH = 16


class Example(NamedTuple):
    """What the model reads, and the label where it is trained."""

    premise: str
    sentence: str
    supported: bool = False


class _Upper(torch.nn.Module):
    """The trained layers, and the output over the mean of the tokens' states."""

    def __init__(self, layers: torch.nn.ModuleList, width: int) -> None:
        super().__init__()
        self.layers = layers
        self.output = torch.nn.Sequential(
            torch.nn.Linear(2 * width, width),
            torch.nn.GELU(),
            torch.nn.Dropout(0.1),
            torch.nn.Linear(width, 1),
        )

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        closed = (1.0 - mask)[:, None, None, :] * torch.finfo(states.dtype).min
        for layer in self.layers:
            result = layer(states, closed)
            states = result[0] if isinstance(result, tuple) else result
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return self.output(torch.cat([states[:, 0], mean], dim=-1))[:, 0].float()


class CrossEncoder:
    """Gives the log-odds that a premise states a sentence. `trained`: how many of the six layers are trained."""

    def __init__(self, folder: Path, trained: int = 2, seed: int = 0) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self.random = random.Random(seed)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        self.lower = AutoModel.from_pretrained(folder, local_files_only=True).eval()
        layers = self.lower.encoder.layer
        self.upper = _Upper(copy.deepcopy(layers[-trained:]), self.lower.config.hidden_size)
        self.lower.encoder.layer = layers[:-trained]
        self.begun = copy.deepcopy(self.upper.state_dict())
        self.kept: dict[tuple[str, str], torch.Tensor] = {}
        self.seconds = 0.0

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Set the trained weights."""
        self.upper.load_state_dict(state)

    def state(self) -> dict[str, torch.Tensor]:
        """Return a copy of the trained weights."""
        return copy.deepcopy(self.upper.state_dict())

    def train(self, examples: Sequence[Example], *, epochs: int, rate: float) -> None:
        """Train with a rate that rises for a tenth of the steps and falls to 0. Both labels weigh the same."""
        begun = time.process_time()
        self._read(examples)
        self.upper.train()
        weights = list(self.upper.parameters())
        optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=0.01)
        true = sum(item.supported for item in examples)
        loss_of = torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor((len(examples) - true) / max(1, true)))
        total, step = epochs * -(-len(examples) // _BATCH), 0
        for _ in range(epochs):
            for batch in self._batches(examples):
                part = min(1.0, 10 * (step + 1) / total) * (1 - step / total)
                for group in optimizer.param_groups:
                    group["lr"] = rate * part
                labels = torch.tensor([float(item.supported) for item in batch])
                loss_of(self._forward(batch), labels).backward()
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimizer.step()
                optimizer.zero_grad()
                step += 1
        self.seconds += time.process_time() - begun

    def scores(self, examples: Sequence[Example]) -> np.ndarray:
        """Return the log-odds of each example."""
        self._read(examples)
        self.upper.eval()
        order = sorted(range(len(examples)), key=lambda index: self.kept[examples[index][:2]].shape[0])
        result = np.zeros(len(examples))
        with torch.no_grad():
            for start in range(0, len(order), _BATCH):
                part = order[start : start + _BATCH]
                result[part] = self._forward([examples[index] for index in part]).numpy()
        return result

    def _batches(self, examples: Sequence[Example]) -> list[list[Example]]:
        """Return the examples in batches of like length, so that little is padding, in a new order."""
        order = sorted(examples, key=lambda item: self.kept[item[:2]].shape[0] + self.random.random() * 12)
        batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
        self.random.shuffle(batches)
        return batches

    def _read(self, examples: Sequence[Example]) -> None:
        """Keep the states of the lower layers of examples that are new."""
        new = list({item[:2]: item for item in examples if item[:2] not in self.kept}.values())
        new.sort(key=lambda item: len(item.premise) + len(item.sentence))
        with torch.no_grad(), _bfloat16():
            for start in range(0, len(new), _BATCH):
                part = new[start : start + _BATCH]
                batch = self.tokenizer(
                    [item.premise for item in part],
                    [item.sentence for item in part],
                    truncation="only_first",
                    max_length=_LONGEST,
                    padding=True,
                    return_tensors="pt",
                )
                states = self.lower(**batch).last_hidden_state.to(torch.float16)
                for item, row, mask in zip(part, states, batch.attention_mask, strict=True):
                    self.kept[item[:2]] = row[: int(mask.sum())].clone()

    def _forward(self, examples: Sequence[Example]) -> torch.Tensor:
        rows = [self.kept[item[:2]].float() for item in examples]
        states = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(row)) for row in rows], batch_first=True)
        with _bfloat16():
            return self.upper(states, mask)


def _bfloat16() -> torch.autocast:
    """Return the context in which products are computed in bfloat16: 1.6 to 2 times as fast on a processor with it."""
    return torch.autocast("cpu", dtype=torch.bfloat16)
