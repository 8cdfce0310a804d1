"""Replies of a language model to many prompts, and its choices among options."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from clinweave.batch.contract import Batches, Transform
from clinweave.batch.parts import plan, read_rows
from clinweave.batch.request_files import RecordedReplies, RequestRecorder, write_requests
from clinweave.core.access_policy import check_egress, host_of_model
from clinweave.core.artifacts import home
from clinweave.core.errors import ContextLengthError
from clinweave.core.typed import path_key
from clinweave.records import Tier

if TYPE_CHECKING:
    from clinweave.models import LanguageModel
    from clinweave.models import Message as ChatMessage

_Row = dict[str, object]


@dataclass(frozen=True)
class Generate:
    """A reply to each prompt.

    `model`: an address, as of `ask --model`, or with `replies` (a file or folder of results of OpenAI's batch files)
    the name under which the model was served; `system`: what stands before every prompt; `concurrency`: requests at
    once from one worker (of an address; a model in this process answers one after the other); `tier`: of the
    prompts, private unless stated; `allow_remote`: the host that they may be sent to.
    """

    model: str
    system: str = ""
    max_tokens: int = 256
    temperature: float = 0.0
    seed: int = 0
    concurrency: int = 8
    tier: Tier = Tier.PRIVATE
    allow_remote: str = ""
    replies: str = field(default="", metadata=path_key())

    version: ClassVar[int] = 1
    needs: ClassVar[pa.Schema] = pa.schema([pa.field("prompt", pa.string(), nullable=False)])

    @property
    def gives(self) -> pa.Schema:
        """Return the reply, its tokens, why it ended, and why there is none ("" where there is)."""
        return pa.schema(
            [("reply", pa.string()), ("prompt_tokens", pa.int64()), ("completion_tokens", pa.int64()),
             ("finish_reason", pa.string()), ("refused", pa.string())]
        )  # fmt: skip

    def key(self) -> str:
        """Return the identity of the model's weights. Raises `AccessError` where the prompts may not be sent there."""
        from clinweave.knowledge import corpus_hash
        from clinweave.models import identity_of

        if self.replies:
            return corpus_hash(Path(self.replies))
        return identity_of(self._model(), probe=True)

    def open(self) -> Transform:
        """Return the model as a function over batches."""
        model = self._model()
        pool = ThreadPoolExecutor(1 if model.local and not _is_address(self.model) else self.concurrency)
        answer = self._answering(model)

        def answered(batches: Batches) -> Batches:
            for batch in batches:
                rows = list(pool.map(answer, batch.to_pylist()))
                yield pa.RecordBatch.from_pylist(rows, schema=self.gives)

        return answered

    def _model(self) -> "LanguageModel":
        from clinweave.models import open_model

        if self.replies:
            return RecordedReplies(self.model, Path(self.replies))
        options = {} if _is_address(self.model) else {"home": home()}
        model = open_model(self.model, **options)
        check_egress(Tier(self.tier), host_of_model(model), self.allow_remote, content="prompts")
        return model

    def requests(self, source: Path, out: Path) -> tuple[list[Path], int, int]:
        """Write the requests for a file or folder of rows; return the files, how many requests, and how many bad rows.

        With `model` the name under which the model is served. Nothing is sent.
        """
        recorder = RequestRecorder(self.model)
        answer, bad = self._answering(recorder), 0
        for part in plan(source):
            for chunk in read_rows(part, self.needs):
                bad += len(chunk.bad)
                for row in chunk.batch.to_pylist():
                    answer(row)
        return write_requests(recorder, out), len(recorder.bodies), bad

    def messages(self, prompt: str) -> "list[ChatMessage]":
        """Return the conversation that asks for a reply."""
        before: list[ChatMessage] = [{"role": "system", "content": self.system}] if self.system else []
        return [*before, {"role": "user", "content": prompt}]

    def _answering(self, model: "LanguageModel") -> Callable[[_Row], _Row]:
        def answer(row: _Row) -> _Row:
            options = {"max_tokens": self.max_tokens, "temperature": self.temperature, "seed": self.seed}
            try:
                reply = model.generate(self.messages(str(row["prompt"])), **options)  # type: ignore[arg-type]
            except ContextLengthError as error:
                return {"refused": str(error)}
            return {"reply": reply.text, "prompt_tokens": reply.prompt_tokens, "refused": "",
                    "completion_tokens": reply.completion_tokens, "finish_reason": reply.finish_reason}  # fmt: skip

        return answer


@dataclass(frozen=True)
class Score(Generate):
    """The option that a model chooses: by likelihood where it gives one, else by reading its reply.

    Settings are those of `generate`; a row has `prompt` and `options`.
    """

    needs: ClassVar[pa.Schema] = pa.schema(
        [
            pa.field("prompt", pa.string(), nullable=False),
            pa.field("options", pa.list_(pa.string()), nullable=False),
        ]
    )

    @property
    def gives(self) -> pa.Schema:
        """Return the option's number from 0 (null: none), the scores in nats, the way, and the reply that was read."""
        return pa.schema(
            [("choice", pa.int64()), ("scores", pa.list_(pa.float64())), ("method", pa.string()),
             ("reply", pa.string()), ("refused", pa.string())]
        )  # fmt: skip

    def _answering(self, model: "LanguageModel") -> Callable[[_Row], _Row]:
        from clinweave.models import choose

        def answer(row: _Row) -> _Row:
            options = [str(item) for item in row["options"]]  # type: ignore[attr-defined]
            try:
                choice = choose(model, self.messages(str(row["prompt"])), options, max_tokens=self.max_tokens)
            except ContextLengthError as error:
                return {"refused": str(error)}
            return {"choice": choice.index, "scores": list(choice.scores), "method": choice.method,
                    "reply": choice.raw, "refused": ""}  # fmt: skip

        return answer


def _is_address(model: str) -> bool:
    return model.startswith(("http://", "https://"))
