"""Answer a parsed chat request from a knowledge base: with evidence as `ask` does, or by the model alone."""

import hashlib
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from clinweave import __version__
from clinweave.applications import DISCLAIMER, AnswerPart, ModelSettings, disclaimer, joined
from clinweave.core.artifacts import read_manifest
from clinweave.records import Answer, Evidence, Passage, Relation, to_json
from clinweave.service.chat.requests import ChatRequest
from clinweave.service.chat.tasks import task_reply

if TYPE_CHECKING:
    from clinweave.knowledge_base import KnowledgeBase

_WHOLE = re.compile(r"(?:[.!?。！？”\"')\]]|\n)\s*$")
_BOUNDARY = re.compile(r"(?<=[.!?。！？\]])\s+|\n+")
_CHARACTERS = 3  # characters per token without a tokenizer


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply: the whole text, checked; token counts; and the fields that OpenAI's form lacks."""

    text: str
    finish: str
    prompt_tokens: int
    completion_tokens: int
    more: dict[str, Any]


class ChatHandler:
    """Answers requests from one knowledge base: one at a time searches, and one at a time uses the model.

    With `retrievers`, the last message is answered from evidence; without, the messages go to the model as they came.
    """

    def __init__(
        self,
        base: "KnowledgeBase",
        *,
        name: str,
        retrievers: Sequence[str] = (),
        budget: int = 192,
        allow_remote: str = "",
    ) -> None:
        self.base, self.name, self.retrievers = base, name, tuple(retrievers)
        self._settings = ModelSettings(budget=budget, allow_remote=allow_remote)
        self._searching, self._writing = threading.Lock(), threading.Lock()

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
        parts = [self.base.graph_folder, self.base.index_folder] if self.retrievers else []
        keys = [str((read_manifest(path) or {}).get("key", "")) for path in parts]
        if self.retrievers and self.base.collections:
            keys += ["collections", *sorted(self.base.collections)]
        described = [weights, __version__, self.base.audience.value, *self.retrievers, *keys]
        return hashlib.sha256("\n".join(described).encode()).hexdigest()

    def answer(self, request: ChatRequest, on_text: Callable[[str], None] = lambda _: None) -> Reply:
        """Return the reply to a request. Raises `UserError` and `ModelError` as the model and the retrievers do.

        `on_text` gets the beginning of the reply's text in pieces, as far as it is certain: what the sources say before
        the model is asked, then each supported sentence. What it raises ends the model's work and is raised here.
        """
        if self.retrievers and (text := task_reply(request.messages)) is not None:
            return Reply(text, "stop", 0, 0, {"task": True, "disclaimer": DISCLAIMER})
        reply, language = self._answered(request, on_text)
        return _without_disclaimer(reply, language) if request.disclaimer_in_field else reply

    def _answered(self, request: ChatRequest, on_text: Callable[[str], None]) -> tuple[Reply, str]:
        """Return the reply, and the language of the disclaimer at its end."""
        settings = replace(
            self._settings,
            max_tokens=request.max_tokens,
            temperature=request.temperature,
            top_p=request.top_p,
            seed=request.seed,
            stop=request.stop,
        )
        if not self.retrievers:
            with self._writing:
                return self._reply(self.base.chat(request.messages, settings=settings)), "en"
        question = request.messages[-1]["content"]
        turn = _Turn(self._searching, self._writing)
        passed = _Passed(on_text, self._limit(request))

        def on_part(part: AnswerPart) -> None:
            turn.take(part)
            passed.take(part)

        with turn:
            answer = self.base.ask(question, retrievers=self.retrievers, settings=settings, on_part=on_part)
        return self._limited(answer, request), answer.language

    def _limit(self, request: ChatRequest) -> Callable[[str], bool]:
        """Return whether a beginning of the text is within the client's limits and so certain to be in the reply."""
        if request.stop:
            return lambda _: False
        return lambda text: not request.limited or self._count(text) <= request.max_tokens

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


class _Turn:
    """The locks of one request: it searches alone, lets the next one search, and uses the model alone."""

    def __init__(self, searching: threading.Lock, writing: threading.Lock) -> None:
        self._searching, self._writing = searching, writing
        self._held: threading.Lock | None = None

    def take(self, part: AnswerPart) -> None:
        """Change the lock where the sources are done, and where the model begins."""
        if part.kind == "statements":
            self._release()
        elif part.kind == "model":
            self._writing.acquire()
            self._held = self._writing

    def _release(self) -> None:
        if self._held is not None:
            self._held.release()
        self._held = None

    def __enter__(self) -> None:
        self._searching.acquire()
        self._held = self._searching

    def __exit__(self, *_: object) -> None:
        self._release()


class _Passed:
    """Passes on the text of an answer by parts while it stays within the limits."""

    def __init__(self, on_text: Callable[[str], None], fits: Callable[[str], bool]) -> None:
        self._on_text, self._fits = on_text, fits
        self._text, self._sentences, self._over = "", 0, False

    def take(self, part: AnswerPart) -> None:
        """Pass on what a part adds; a piece of a model's reply only lets the listener end the work."""
        text = joined(self._text, part, self._sentences)
        self._sentences += part.kind == "sentence"
        self._over = self._over or not self._fits(text)
        added = text[len(self._text) :]
        self._text = text
        self._on_text("" if self._over else well_formed(added))


def _without_disclaimer(reply: Reply, language: str) -> Reply:
    """Return a reply whose disclaimer is in the field alone, in the language of the answer."""
    closing = next((item for item in (disclaimer(language), DISCLAIMER) if reply.text.endswith(item)), "")
    text = reply.text.removesuffix(closing).rstrip() if closing else reply.text
    return replace(reply, text=text, more={**reply.more, "disclaimer": closing or DISCLAIMER})


def _before(text: str, stop: Sequence[str]) -> str:
    """Return the text before the first stop sequence, without the sentence that it cuts in two."""
    stops = [offset for word in stop if (offset := text.find(word)) >= 0]
    if not stops:
        return text
    before = text[: min(stops)]
    if _WHOLE.search(before):
        return before.rstrip()
    ends = [match.start() for match in _BOUNDARY.finditer(before)]
    return before[: ends[-1]].rstrip() if ends else ""


def well_formed(text: str) -> str:
    """Return the text with halves of surrogate pairs replaced, as UTF-8 has no form for them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def citation(item: Evidence) -> dict[str, object]:
    """Return the basis of a numbered item: its text, and source, release and licence of each record."""
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
