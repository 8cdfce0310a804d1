"""A small sentence encoder: texts as unit vectors whose cosine is their nearness in meaning (all-MiniLM-L6-v2).

The forward pass is numpy on the publisher's own weights: it needs neither torch nor a converted model; the
tokenizer is the library `tokenizers` (extra `dense`). Source of the architecture: Devlin et al. 2019,
doi:10.18653/v1/N19-1423; pooling is the mean of the token vectors, as the model's card says.
"""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from clinweave.core.artifacts import digest
from clinweave.core.errors import UserError
from clinweave.resources import catalogue, located

RESOURCE = "all-minilm-l6-v2"
WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
DIMENSIONS = 384
MAX_TOKENS = 256  # the model's card: longer texts are cut
_LAYERS, _HEADS, _EPSILON = 6, 12, 1e-12
Floats = npt.NDArray[np.float32]


class _Dense(NamedTuple):
    weight: Floats  # inputs x outputs
    bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        return rows @ self.weight + self.bias


class _Norm(NamedTuple):
    weight: Floats
    bias: Floats

    def __call__(self, rows: Floats) -> Floats:
        rows = rows - rows.mean(-1, keepdims=True)
        spread = np.sqrt((rows * rows).mean(-1, keepdims=True) + np.float32(_EPSILON))
        normed: Floats = rows / spread * self.weight + self.bias
        return normed


class _Layer(NamedTuple):
    query_key_value: _Dense
    attended: _Dense
    attended_norm: _Norm
    wide: _Dense
    narrow: _Dense
    norm: _Norm

    def __call__(self, rows: Floats) -> Floats:
        tokens, width = rows.shape
        query, key, value = (
            self.query_key_value(rows).reshape(tokens, 3, _HEADS, width // _HEADS).transpose(1, 2, 0, 3)
        )
        scores = query @ key.transpose(0, 2, 1) * np.float32((width // _HEADS) ** -0.5)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ value).transpose(1, 0, 2).reshape(tokens, width)
        rows = self.attended_norm(rows + self.attended(mixed))
        return self.norm(rows + self.narrow(_gelu(self.wide(rows))))


def _gelu(rows: Floats) -> Floats:
    from scipy.special import erf

    active: Floats = np.float32(0.5) * rows * (1 + erf(rows * np.float32(2**-0.5)))
    return active


class SentenceEncoder:
    """Turns texts into unit vectors. Deterministic; a few dozen milliseconds of one core for a passage."""

    def __init__(self, weights: Path, tokenizer: Path, key: str) -> None:
        """Take the model's files, and a `key` that names them in what is made with them."""
        try:
            from tokenizers import Tokenizer
        except ModuleNotFoundError:
            raise UserError(
                "search by vectors needs the library tokenizers: pip install 'clinweave[dense]'"
            ) from None
        self.key = key
        self._weights = weights
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # the library raises bare exceptions
            raise UserError(f"{tokenizer} is damaged ({error}): run `clinweave fetch {RESOURCE}`") from error
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()

    @classmethod
    def open(cls, home: Path) -> "SentenceEncoder":
        """Return the encoder that was fetched. Raises `UserError` naming the command that fetches or installs it."""
        files = located(RESOURCE, home)
        sums = [item.sha256 for item in catalogue()[RESOURCE].files]
        return cls(files[WEIGHTS], files[TOKENIZER], digest(sums))

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return the vectors of the texts, one row each; texts are cut after 256 word pieces."""
        rows = np.zeros((len(texts), DIMENSIONS), np.float32)
        for number, text in enumerate(texts):
            rows[number] = self._vector(text)
        return rows

    def token_vectors(self, text: str) -> Floats:
        """Return the unit vector of each word piece in its context, (pieces, 384), without the marks of both ends."""
        rows = self._rows(text)[1:-1]
        lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
        unit: Floats = rows / np.maximum(lengths, np.float32(_EPSILON))
        return unit

    def _vector(self, text: str) -> Floats:
        mean: Floats = self._rows(text).mean(0)
        return mean / np.linalg.norm(mean)

    def _rows(self, text: str) -> Floats:
        ids = self._tokenizer.encode(text.encode("utf-8", "replace").decode()).ids
        words, places, norm, layers = self._model
        rows = norm(words[ids] + places[: len(ids)])
        for layer in layers:
            rows = layer(rows)
        return rows

    @cached_property
    def _model(self) -> tuple[Floats, Floats, _Norm, list[_Layer]]:
        """Return the embeddings of words and places (with that of the one segment), their norm, and the layers."""
        values = _read(self._weights)

        def dense(*names: str) -> _Dense:
            weights = np.concatenate([values[f"{name}.weight"] for name in names])
            return _Dense(
                np.ascontiguousarray(weights.T), np.concatenate([values[f"{n}.bias"] for n in names])
            )

        def norm(name: str) -> _Norm:
            return _Norm(values[f"{name}.LayerNorm.weight"], values[f"{name}.LayerNorm.bias"])

        try:
            layers = []
            for number in range(_LAYERS):
                name = f"encoder.layer.{number}"
                inputs = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
                layers.append(
                    _Layer(
                        dense(*inputs),
                        dense(f"{name}.attention.output.dense"),
                        norm(f"{name}.attention.output"),
                        dense(f"{name}.intermediate.dense"),
                        dense(f"{name}.output.dense"),
                        norm(f"{name}.output"),
                    )
                )
            places = values["embeddings.position_embeddings.weight"]
            places = places + values["embeddings.token_type_embeddings.weight"][0]
            return values["embeddings.word_embeddings.weight"], places, norm("embeddings"), layers
        except KeyError as error:
            raise UserError(f"{self._weights} is of another model: it lacks {error.args[0]}") from error


def _read(path: Path) -> dict[str, Floats]:
    """Return the 32-bit tensors of a safetensors file (a header's length, the header in JSON, the values)."""
    try:
        raw = np.fromfile(path, np.uint8)
        start = 8 + int(raw[:8].view("<u8")[0])
        header: dict[str, Any] = json.loads(raw[8:start].tobytes())
        result = {}
        for name, item in header.items():
            if item.get("dtype") == "F32":
                low, high = item["data_offsets"]
                values = raw[start + low : start + high].view("<f4").reshape(item["shape"])
                result[name] = values.astype(np.float32)
        return result
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({error}): run `clinweave fetch {RESOURCE}`") from error
