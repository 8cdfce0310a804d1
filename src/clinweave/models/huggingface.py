"""A folder of transformers weights (the train extra), in float32: what training writes, and a second opinion."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinweave.core.errors import ContextLengthError, UserError
from clinweave.models.base import Capability, Generation, Message, OptionScore
from clinweave.models.identity import content_digest
from clinweave.models.prompts import checked, checked_options


class HuggingFaceModel:
    """A causal model from a folder. Option: `threads`. Nothing is fetched, and no code of the folder is run."""

    local = True
    capabilities = frozenset({Capability.GENERATE, Capability.SCORE, Capability.TOKENISE})

    def __init__(self, path: Path, *, threads: int | None = None, name: str | None = None) -> None:
        try:
            import torch
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError as error:
            raise UserError(
                "Folders of transformers weights need the extra: pip install 'clinweave[train]'."
            ) from error
        if threads:
            torch.set_num_threads(threads)
        self.name, self._path = name or path.name, path
        self._identity = ""
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(path, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(path, local_files_only=True, dtype=torch.float32)
        except (OSError, ValueError) as error:
            raise UserError(f"{path} does not hold loadable transformers weights: {error}") from error
        if not self._tokenizer.chat_template:
            raise UserError(f"{path}: the tokenizer has no chat template.")
        self._model: Any = model.eval()
        self._torch: Any = torch

    def _prompt(self, messages: Sequence[Message]) -> list[int]:
        words = checked(messages, self._tokenizer.all_special_tokens)
        text = self._tokenizer.apply_chat_template(words, tokenize=False, add_generation_prompt=True)
        return list(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        top_p: float = 1.0,
    ) -> Generation:
        """Return the reply. Raises `ContextLengthError` where the prompt does not fit the context."""
        begun = time.perf_counter()
        context = self._prompt(messages)
        self._fits(len(context) + max_tokens)
        settings: dict[str, Any] = {"max_new_tokens": max_tokens, "do_sample": temperature > 0}
        if temperature > 0:
            self._torch.manual_seed(seed)
            settings |= {"temperature": temperature, "top_k": 0, "top_p": top_p}
        if stop:
            settings |= {"stop_strings": list(stop), "tokenizer": self._tokenizer}
        given = self._torch.tensor([context])
        with self._torch.inference_mode():
            made = self._model.generate(given, attention_mask=self._torch.ones_like(given), **settings)
        ids = made[0, len(context) :].tolist()
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        for word in stop:
            text = text.split(word, 1)[0]
        reason = "length" if len(ids) == max_tokens and ids[-1] != self._tokenizer.eos_token_id else "stop"
        return Generation(text, len(context), len(ids), time.perf_counter() - begun, reason)

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:
        """Return each option's log-likelihood as the assistant's reply; all options in one batch."""
        pieces = [self.tokenise(option) for option in checked_options(options)]
        context = self._prompt(messages)
        longest = max(len(piece) for piece in pieces)
        self._fits(len(context) + longest)
        # The contexts are equally long, so padding after the options moves no position.
        rows = [context + piece + [0] * (longest - len(piece)) for piece in pieces]
        with self._torch.inference_mode():
            logits = self._model(self._torch.tensor(rows), logits_to_keep=longest + 1).logits[:, :-1]
            known = self._torch.log_softmax(logits.float(), dim=-1)
        found = []
        for row, piece in zip(known, pieces, strict=True):
            values = row[range(len(piece)), piece]
            found.append(OptionScore(float(values.double().sum()), tuple(piece)))
        return found

    def _fits(self, tokens: int) -> None:
        limit = getattr(self._model.config, "max_position_embeddings", tokens)
        if tokens > limit:
            raise ContextLengthError(
                f"The prompt with its reply may take {tokens} tokens; the context has room for {limit}."
            )

    def tokenise(self, text: str) -> list[int]:
        """Return token ids of plain text; control words in it are read as text."""
        return list(self._tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the rendered prompt in tokens, the assistant's header included."""
        return len(self._prompt(messages))

    def describe(self) -> dict[str, str | int | float]:
        """Return what identifies the weights and engine."""
        return {
            "backend": "transformers",
            "name": self.name,
            "folder": self._path.name,
            "architecture": str(self._model.config.model_type),
            "parameters": int(self._model.num_parameters()),
            "engine": f"torch {self._torch.__version__}",
            "scorer": "torch float32",
        }

    def identity(self) -> str:
        """Return a sha256 of the folder's files, read once."""
        if not self._identity:
            self._identity = content_digest(self._path)
        return self._identity

    def close(self) -> None:
        """Release the weights."""
        self._model = None
