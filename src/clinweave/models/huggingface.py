"""A folder of transformers weights (the train extra): what training writes, and what GGUF files are converted to."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.errors import ContextLengthError, UserError
from clinweave.models.base import Capability, Generation, Message, OptionScore, ScoringItem
from clinweave.models.identity import content_digest
from clinweave.models.packing import Item
from clinweave.models.prompts import checked, checked_options

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class HuggingFaceModel:
    """A causal model from a folder.

    Options: `threads`, `name` (what reports print), `precision` ("bfloat16", "float32"; "auto" takes the faster on this
    machine). Nothing is fetched, and no code of the folder is run.
    """

    local = True
    capabilities = frozenset({Capability.GENERATE, Capability.SCORE, Capability.TOKENISE})

    def __init__(
        self, path: Path, *, threads: int | None = None, name: str | None = None, precision: str = "auto"
    ) -> None:
        from clinweave.models.torch_scorer import TorchScorer, load, prepacked

        self.name, self._path = name or path.name, path
        self._identity = ""
        model = load(path, precision, threads)
        self._parameters = int(model.num_parameters())
        self._model: Any = prepacked(model)
        self._tokenizer: Any = _tokenizer(path)
        self._scorer = TorchScorer(self._model)

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
        import torch

        begun = time.perf_counter()
        context = self._prompt(messages)
        self._fits(len(context) + max_tokens)
        settings: dict[str, Any] = {"max_new_tokens": max_tokens, "do_sample": temperature > 0}
        if temperature > 0:
            torch.manual_seed(seed)
            settings |= {"temperature": temperature, "top_k": 0, "top_p": top_p}
        if stop:
            settings |= {"stop_strings": list(stop), "tokenizer": self._tokenizer}
        inputs = torch.tensor([context])
        with torch.inference_mode():
            generated = self._model.generate(inputs, attention_mask=torch.ones_like(inputs), **settings)
        ids = generated[0, len(context) :].tolist()
        text = self._tokenizer.decode(ids, skip_special_tokens=True)
        for word in stop:
            text = text.split(word, 1)[0]
        reason = "length" if len(ids) == max_tokens and ids[-1] != self._tokenizer.eos_token_id else "stop"
        return Generation(text, len(context), len(ids), time.perf_counter() - begun, reason)

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:
        """Return each option's log-likelihood as the assistant's reply."""
        return self.score_many([(messages, options)])[0]

    def score_many(self, items: Sequence[ScoringItem]) -> list[list[OptionScore]]:
        """Return the scores of several prompts, each with its options; short ones share a forward pass."""
        rows = []
        for messages, options in items:
            item = Item(
                self._prompt(messages), [self.tokenise(option) for option in checked_options(options)]
            )
            self._fits(len(item.prompt) + max(len(option) for option in item.options))
            rows.append(item)
        return [
            [OptionScore(value, tuple(option)) for value, option in zip(sums, item.options, strict=True)]
            for sums, item in zip(self._scorer.score(rows), rows, strict=True)
        ]

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
            "parameters": self._parameters,
            "engine": self._scorer.name.rsplit(" ", 1)[0],
            "scorer": self._scorer.name,
        }

    def identity(self) -> str:
        """Return a sha256 of the folder's files, read once."""
        if not self._identity:
            self._identity = content_digest(self._path)
        return self._identity

    def close(self) -> None:
        """Release the weights."""
        self._model = None


def _tokenizer(path: Path) -> "PreTrainedTokenizerBase":
    """Return the tokenizer of a folder. Raises `UserError` if it is missing or has no chat template."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} does not hold a loadable tokenizer: {error}") from error
    if not tokenizer.chat_template:
        raise UserError(f"{path}: the tokenizer has no chat template.")
    return tokenizer
