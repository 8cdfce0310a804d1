"""Requests and replies as OpenAI's batch files, which `vllm run-batch` and other servers take as well.

A request line is {"custom_id", "method", "url", "body"}, a result line {"custom_id", "response": {"status_code",
"body"}, "error"} (https://platform.openai.com/docs/guides/batch). `custom_id` is a digest of the body: equal requests
are sent once, and no id of a row leaves.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import digest, write_text
from clinweave.core.errors import NotCapableError, UserError
from clinweave.models import Capability, Generation, Message, OptionScore

URL = "/v1/chat/completions"
MAX_LINES = 50_000  # of a file that OpenAI takes
Body = dict[str, object]


class _GenerateOnly:
    """What both models share: they give no likelihoods."""

    local = True
    capabilities = frozenset({Capability.GENERATE})

    def __init__(self, name: str) -> None:
        self.name = name

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:  # noqa: ARG002
        """Raise `NotCapableError`: chat requests give no likelihoods."""
        raise NotCapableError("batch files give no likelihoods; choose by generation")

    def tokenise(self, text: str) -> list[int]:  # noqa: ARG002
        """Raise `NotCapableError`: no tokens are shown."""
        raise NotCapableError("batch files show no tokens")

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return an estimate: three characters a token."""
        return sum(len(message["content"]) // 3 for message in messages)

    def describe(self) -> dict[str, str | int | float]:
        """Return the model's name."""
        return {"backend": "batch files", "name": self.name}

    def close(self) -> None:
        """Do nothing: nothing is held."""

    def _body(self, messages: Sequence[Message], options: dict[str, Any]) -> Body:
        body: Body = {"model": self.name, "messages": list(messages), **options}
        return {key: value for key, value in body.items() if value not in ((), [], None)}


class RequestRecorder(_GenerateOnly):
    """A model that answers nothing and keeps what it was asked."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.bodies: dict[str, Body] = {}

    def generate(self, messages: Sequence[Message], **options: Any) -> Generation:
        """Keep the request; return an empty reply."""
        body = self._body(messages, options)
        self.bodies.setdefault(custom_id(body), body)
        return Generation("", 0, 0, 0.0)


class RecordedReplies(_GenerateOnly):
    """A model whose replies stand in result files."""

    def __init__(self, name: str, path: Path) -> None:
        super().__init__(name)
        self._replies = dict(_replies(path))

    def generate(self, messages: Sequence[Message], **options: Any) -> Generation:
        """Return the reply to this very request. Raises `LookupError` if there is none, `ValueError` if it failed."""
        body = self._replies.get(custom_id(self._body(messages, options)))
        if body is None:
            raise LookupError("no result has the reply to this request")
        if isinstance(body, str):
            raise ValueError(body)
        choice, usage = body["choices"][0], body.get("usage") or {}
        return Generation(
            choice["message"].get("content") or "", int(usage.get("prompt_tokens", 0)),
            int(usage.get("completion_tokens", 0)), 0.0, str(choice.get("finish_reason") or "stop"),
        )  # fmt: skip


def custom_id(body: Body) -> str:
    """Return the id of a request: a digest of all that it asks."""
    return f"clinweave-{digest(body)}"


def write_requests(recorder: RequestRecorder, out: Path) -> list[Path]:
    """Write what was asked as files of at most `MAX_LINES` requests below `out`; return them."""
    files = []
    lines = (
        json.dumps({"custom_id": name, "method": "POST", "url": URL, "body": body}, ensure_ascii=False)
        for name, body in recorder.bodies.items()
    )
    for number in range(1, 1 + -(-len(recorder.bodies) // MAX_LINES)):
        text = "".join(f"{line}\n" for line in islice(lines, MAX_LINES))
        files.append(write_text(out / f"requests-{number:04}.jsonl", text, private=True))
    return files


def _replies(path: Path) -> Iterator[tuple[str, Any]]:
    """Yield the id and the response's body of each result of a file or folder; a failed one's message is a text."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise UserError(f"{path} holds no result files (.jsonl)")
    for file in files:
        with file.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                try:
                    item = json.loads(line)
                    response = item.get("response") or {}
                    failed = item.get("error") or response.get("status_code", 0) != 200
                    yield str(item["custom_id"]), _why(item) if failed else response["body"]
                except (ValueError, KeyError, AttributeError) as error:
                    raise UserError(f"{file}, line {number}: not a result of a batch ({error})") from error


def _why(item: dict[str, Any]) -> str:
    error = item.get("error") or {}
    response = item.get("response") or {}
    said = error.get("message") or error.get("code") if isinstance(error, dict) else str(error)
    return f"the server refused the request ({said or response.get('status_code')})"
