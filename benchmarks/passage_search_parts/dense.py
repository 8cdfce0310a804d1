"""Passages as dense vectors of a sentence encoder in ONNX, searched exhaustively."""

from pathlib import Path
from typing import Any

import numpy as np

from clinweave.core.artifacts import appearing
from clinweave.records import Passage

MOST_TOKENS = 256  # all-MiniLM-L6-v2 was trained on at most 128 word pieces, and reads 256
_BATCH = 16


class DenseIndex:
    """Unit vectors of all passages; kept in a file beside the ids they are of."""

    def __init__(self, onnx: Path, tokenizer: Path, passages: list[Passage], kept: Path) -> None:
        """Open the encoder with one thread, and read or compute the vectors."""
        import onnxruntime
        from tokenizers import Tokenizer

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(onnx), settings)
        self._names = {item.name for item in self._session.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()
        self.ids = [item.id for item in passages]
        names = kept.with_suffix(".ids")
        if kept.exists() and names.exists() and names.read_text("utf-8").split("\n") == self.ids:
            self.vectors = np.load(kept)
        else:
            texts = [f"{item.title}. {item.text}" if item.title else item.text for item in passages]
            self.vectors = self._all(texts).astype(np.float16)
            with appearing(kept) as file, open(file, "wb") as stream:
                np.save(stream, self.vectors)
            names.write_text("\n".join(self.ids), "utf-8")
        self._matrix = self.vectors.astype(np.float32)

    def search(self, question: str, k: int) -> list[str]:
        """Return the ids of the `k` passages with the largest cosine, best first."""
        scores = self._matrix @ self._encode([question])[0]
        best = np.argpartition(-scores, k)[:k]
        return [self.ids[number] for number in best[np.argsort(-scores[best], kind="stable")]]

    def _all(self, texts: list[str]) -> Any:
        """Return the vectors of all texts; those of like length share a batch."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        vectors = np.zeros((len(texts), 384), np.float32)
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            vectors[rows] = self._encode([texts[row] for row in rows])
            if start % (_BATCH * 100) == 0:
                print(f"encoded {start:,} of {len(texts):,}", flush=True)
        return vectors

    def _encode(self, texts: list[str]) -> Any:
        encoded = self._tokenizer.encode_batch(texts)
        ids = np.array([item.ids for item in encoded])
        mask = np.array([item.attention_mask for item in encoded])
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._session.run(None, {name: given[name] for name in self._names})[0]
        means = (hidden * mask[..., None]).sum(1) / mask.sum(1)[:, None]
        return means / np.linalg.norm(means, axis=1, keepdims=True)
