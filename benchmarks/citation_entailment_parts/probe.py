"""Hidden states of a small language model that has read premise and sentence, and a linear probe over them."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from transformers import AutoModel, AutoTokenizer

from citation_entailment_parts.cross_encoder import Example

_ASKED = "\nStatement: {sentence}\nDoes the passage state this, with nothing changed or left out? Answer:"
_LONGEST = 256  # tokens of a premise
_COMPONENTS = 96


class HiddenStates:
    """Reads examples with the first layers of a model; keeps what it read in a file of arrays."""

    def __init__(self, folder: Path, cache: Path, layers: Sequence[int]) -> None:
        self.folder, self.cache, self.layers = folder, cache, tuple(layers)
        self.seconds = 0.0
        self._model = None
        self._kept: dict[str, np.ndarray] = {}
        if cache.exists():
            with np.load(cache) as file:
                self._kept = {name: file[name] for name in file.files}

    def features(self, examples: Sequence[Example]) -> np.ndarray:
        """Return a row for each example: the last token's states of the layers, and the sentence's mean of the last."""
        keys = [hashlib.sha256("\0".join(item[:2]).encode()).hexdigest()[:20] for item in examples]
        missing = sorted(
            {key: item for key, item in zip(keys, examples, strict=True) if key not in self._kept}.items(),
            key=lambda pair: pair[1].premise,
        )
        begun = time.process_time()
        for number, (key, item) in enumerate(missing, 1):
            self._kept[key] = self._read(item)
            if number % 200 == 0 or number == len(missing):
                np.savez(self.cache, **self._kept)
                print(f"{number} of {len(missing)} read, {time.process_time() - begun:.0f} s", flush=True)
        self.seconds += time.process_time() - begun
        return np.stack([self._kept[key] for key in keys]).astype(np.float32)

    def _open(self) -> None:
        torch.set_num_threads(1)
        self._tokenizer = AutoTokenizer.from_pretrained(self.folder, local_files_only=True)
        self._model = AutoModel.from_pretrained(self.folder, local_files_only=True, dtype=torch.bfloat16)
        self._model.layers = self._model.layers[: max(self.layers)]  # what lies above is not needed
        self._model.eval()
        self._premise, self._past = "", None

    def _read(self, item: Example) -> np.ndarray:
        """Return the states of one example; the premise is evaluated once for neighbours that share it."""
        if self._model is None:
            self._open()
        with torch.no_grad():
            if self._past is None or item.premise != self._premise:
                ids = self._tokenizer(f"Passage: {item.premise}", return_tensors="pt").input_ids[:, :_LONGEST]
                self._past = self._model(ids, use_cache=True).past_key_values
                self._premise = item.premise
            asked = self._tokenizer(_ASKED.format(sentence=item.sentence), return_tensors="pt").input_ids
            result = self._model(
                asked, past_key_values=self._past, use_cache=True, output_hidden_states=True
            ).hidden_states
            self._past.crop(-asked.shape[1])
        last = [result[layer][0, -1] for layer in self.layers]
        return torch.cat([*last, result[max(self.layers)][0].mean(0)]).float().numpy().astype(np.float16)


def fitted(rows: np.ndarray, labels: np.ndarray, strength: float = 0.02):
    """Return a logistic regression over the leading components of the states; both labels weigh the same."""
    probe = make_pipeline(
        StandardScaler(),
        PCA(min(_COMPONENTS, len(rows) - 1), random_state=0, whiten=True),
        LogisticRegression(C=strength, class_weight="balanced", max_iter=2000),
    )
    return probe.fit(rows, labels)
