"""Answer a parsed chat request from a knowledge base: with evidence as `ask` does, or by the model alone."""

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from clinweave import __version__
from clinweave.applications import DISCLAIMER, ModelSettings, disclaimer
from clinweave.core.artifacts import read_manifest
from clinweave.records import Answer, Evidence, Passage, Relation, to_json
from clinweave.service.requests import ChatRequest

if TYPE_CHECKING:
    from clinweave.knowledge_base import KnowledgeBase

_WHOLE = re.compile(r"(?:[.!?。！？”\"')\]]|\n)\s*$")
_BOUNDARY = re.compile(r"(?<=[.!?。！？\]])\s+|\n+")
_CHARACTERS = 3  # per token where no tokenizer says


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back: the whole text, checked; the counts; and what OpenAI's form has no place for."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    more: dict[str, Any]


class ChatHandler:
    """Answers requests from one knowledge base, one request at a time.

    With `retrievers`, the last message is answered from evidence; without, the messages go to the model as they came.
    """

    def __init__(
        self,
        base: "KnowledgeBase",
        *,
        name: str,
        retrievers: Sequence[str] = (),
        budget: int = 512,
        allow_remote: str = "",
    ) -> None:
        self.base, self.name, self.retrievers = base, name, tuple(retrievers)
        self._settings = ModelSettings(budget=budget, allow_remote=allow_remote)
        self._lock = threading.Lock()

    @cached_property
    def digest(self) -> str:
        """Return a sha256 of what a reply depends on: weights, sources, audience, version; "" for unknown weights.

        Clients that store scores (`clinweave compare`) tell by it whether another model answers under the same name.
        """
        from clinweave.models import identity_of

        model = self.base.model
        weights = "none" if model is None else identity_of(model)
        if not weights:
            return ""
        parts = [self.base.graph_folder, self.base.home / "index"] if self.retrievers else []
        keys = [str((read_manifest(path) or {}).get("key", "")) for path in parts]
        if self.retrievers and self.base.collections:
            keys += ["collections", *sorted(self.base.collections)]
        described = [weights, __version__, self.base.audience.value, *self.retrievers, *keys]
        return hashlib.sha256("\n".join(described).encode()).hexdigest()

    def answer(self, request: ChatRequest) -> Reply:
        """Return the reply to a request. Raises `UserError` and `ModelError` as the model and the retrievers do."""
        settings = replace(
            self._settings,
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed,
            stop=request.stop,
        )
        with self._lock:
            if not self.retrievers:
                return self._reply(self.base.chat(request.messages, settings=settings))
            question = request.messages[-1]["content"]
            answer = self.base.ask(question, retrievers=self.retrievers, settings=settings)
            return self._limited(answer, request)

    def _limited(self, answer: Answer, request: ChatRequest) -> Reply:
        """Return an answer from evidence within the client's limits, cut between sentences only."""
        reply = self._reply(answer)
        if answer.guardrail:
            return reply
        closing = disclaimer(answer.language)
        body = answer.text.removesuffix(closing).rstrip()
        text = _before(body, request.stop)
        finish = answer.finish_reason
        if request.limited:
            text, cut = self._first_sentences(text, request.max_tokens)
            finish = "length" if cut else finish
        if text == body:
            return replace(reply, finish=finish)
        return replace(reply, text="\n".join(part for part in (text, closing) if part), finish=finish)

    def _first_sentences(self, text: str, tokens: int) -> tuple[str, bool]:
        """Return the whole sentences at the beginning that fit into `tokens`, and whether anything is left out."""
        ends = [match.start() for match in _BOUNDARY.finditer(text)]
        for end in [len(text), *reversed(ends)]:
            if self._count(text[:end]) <= tokens:
                return text[:end], end < len(text)
        return "", bool(text)

    def _count(self, text: str) -> int:
        from clinweave.models import Capability

        model = self.base.model
        if model is not None and Capability.TOKENISE in model.capabilities:
            return len(model.tokenise(text))
        return (len(text) + _CHARACTERS - 1) // _CHARACTERS

    def _reply(self, answer: Answer) -> Reply:
        more = {
            "retrievers": list(answer.retrievers),
            "audience": answer.audience.value,
            "abstained": answer.abstained,
            "guardrail": answer.guardrail,
            "statements": [to_json(item) for item in answer.statements],
            "sentences": [to_json(item) for item in answer.sentences],
            "citations": [citation(item) for item in answer.evidence],
            "notes": list(answer.notes),
            "disclaimer": DISCLAIMER,
        }
        tokens = answer.tokens
        finish = "length" if answer.finish_reason == "length" else "stop"
        return Reply(
            well_formed(answer.text), finish, tokens.get("prompt", 0), tokens.get("completion", 0), more
        )


def _before(text: str, stop: Sequence[str]) -> str:
    """Return the text before the first stop sequence, without the sentence that it cuts in two."""
    found = [place for word in stop if (place := text.find(word)) >= 0]
    if not found:
        return text
    before = text[: min(found)]
    if _WHOLE.search(before):
        return before.rstrip()
    ends = [match.start() for match in _BOUNDARY.finditer(before)]
    return before[: ends[-1]].rstrip() if ends else ""


def well_formed(text: str) -> str:
    """Return the text with halves of surrogate pairs replaced, as UTF-8 has no form for them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def citation(item: Evidence) -> dict[str, Any]:
    """Return what a numbered item is based on: its text, and source, release and licence of each record."""
    records: list[Relation | Passage] = [*item.relations]
    if item.passage is not None:
        records.append(item.passage)
    sources = dict.fromkeys((record.source, record.release, record.licence) for record in records)
    publications = dict.fromkeys(name for relation in item.relations for name in relation.publications)
    return {
        "id": item.id,
        "kind": item.kind,
        "text": item.text,
        "sources": [
            {"source": source, "release": release, "licence": licence} for source, release, licence in sources
        ],
        "publications": list(publications),
        "document": item.passage.document if item.passage is not None else None,
    }
