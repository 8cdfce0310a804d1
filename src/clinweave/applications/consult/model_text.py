"""A model's words over the statements of the sources: asked, written, checked, and what may be shown of them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.applications.consult.prompt import prompt_for, shown_to_model
from clinweave.applications.consult.writing import (
    DISCLAIMER,
    AnswerPart,
    CheckedReply,
    OnPart,
    bare,
    shown_sentence,
)
from clinweave.core.access_policy import check_egress, host_of_model
from clinweave.core.errors import ModelError, NotCapableError
from clinweave.knowledge import CitationChecker
from clinweave.models import Capability, Generation, LanguageModel, Message, OnText, stream_reply
from clinweave.records import Audience, Evidence, Sentence, Statement, Tier, Verdict

__all__ = [
    "DISCLAIMER",
    "ModelSettings",
    "ModelText",
    "check_access",
    "generate",
    "require_generation",
    "write",
]

NOTHING_WRITTEN = "the model wrote nothing; only the statements of the sources are shown"
REPEATED = "the model repeated itself; its text was cut at the first repetition"
GAVE_UP = "the model found no answer in the statements; only the statements of the sources are shown"
NOTHING_SUPPORTED = (
    "no sentence of the model was supported by the evidence; only the statements of the sources are shown"
)
FAILED = "the model failed; only the statements of the sources are shown"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How a model is asked: at most `budget` tokens of statements in the prompt, and `max_tokens` of the reply."""

    budget: int = 192
    max_tokens: int = 128
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    top_p: float = 1.0
    allow_remote: str = ""  # the host that may see gated or pseudonymised evidence


@dataclass(frozen=True, slots=True)
class ModelText:
    """What a model wrote over the statements, checked, and what it cost."""

    sentences: tuple[Sentence, ...] = ()
    prompt: tuple[Message, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""  # the back end's own words where it failed
    finish: str = "stop"
    timings: tuple[tuple[str, float], ...] = ()
    tokens: tuple[tuple[str, int], ...] = ()

    def text_below(self, composed: str, model: str) -> str:
        """Return the supported sentences with citation marks, without those that `composed` says word for word."""
        stated, shown = bare(composed), list[str]()
        for item in self.sentences:
            if text := shown_sentence(item, stated, "" if shown else model):
                shown.append(text)
                stated += bare(item.quotation)
        return " ".join(shown)


def require_generation(model: LanguageModel) -> None:
    """Raise `NotCapableError` where a model cannot write."""
    if Capability.GENERATE not in model.capabilities:
        raise NotCapableError(f"the model {model.name} does not generate text: choose another with --model")


def write(  # noqa: PLR0917
    question: str,
    statements: Sequence[Statement],
    evidence: Sequence[Evidence],
    model: LanguageModel,
    checker: CitationChecker,
    settings: ModelSettings,
    audience: Audience,
    composed: str = "",
    on_part: OnPart = lambda _: None,
) -> ModelText:
    """Return what the model writes over the statements, each sentence checked against the evidence that it was shown.

    `on_part` gets each supported sentence that `composed` does not say as soon as it is checked. A model that fails
    gives no sentences, a note and its `error`. The caller has checked that the model may see the evidence.
    """
    shown = shown_to_model(statements, evidence, model, settings.budget)
    if not shown:
        return ModelText()
    prompt = prompt_for(question, shown)
    written = CheckedReply(checker, shown, question, audience, composed, model.name, on_part)
    first: list[float] = []

    def on_text(piece: str) -> bool:
        if piece and not first:
            first.append(time.perf_counter())
        return written.add(piece)

    on_part(AnswerPart("model", model.name))
    started = time.perf_counter()
    try:
        reply = generate(model, prompt, settings, on_text)
    except ModelError as error:
        return ModelText(tuple(written.sentences), prompt, (FAILED,), str(error))
    written.finish()
    ended = time.perf_counter()
    timings = (
        ("first token", (first or [ended])[0] - started),
        ("generate", ended - started - written.seconds),
        ("check", written.seconds),
    )
    tokens = (("prompt", reply.prompt_tokens), ("completion", reply.completion_tokens))
    sentences, notes = tuple(written.sentences), _notes(written)
    return ModelText(sentences, prompt, notes, "", reply.finish_reason, timings, tokens)


def _notes(written: CheckedReply) -> tuple[str, ...]:
    notes = [REPEATED] if written.repeated else []
    if written.gave_up and not written.sentences:
        notes.append(GAVE_UP)
    elif not written.sentences:
        notes.append(NOTHING_WRITTEN)
    elif not any(item.verdict == Verdict.SUPPORTED for item in written.sentences):
        notes.append(NOTHING_SUPPORTED)
    return tuple(notes)


def generate(
    model: LanguageModel,
    prompt: Sequence[Message],
    settings: ModelSettings,
    on_text: OnText = lambda _: False,
) -> Generation:
    """Return the model's reply, passed to `on_text` while it is written. Raises `ModelError` as the model does."""
    return stream_reply(
        model,
        prompt,
        on_text,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        seed=settings.seed,
        stop=settings.stop,
        **({"top_p": settings.top_p} if settings.top_p < 1 else {}),
    )


def check_access(model: LanguageModel, items: Sequence[Evidence], allow_remote: str = "") -> None:
    """Refuse to send gated or private records to a model beyond this machine (see `access_policy.check_egress`)."""
    host = host_of_model(model)
    for item in items:
        passage = item.passage
        for relation in item.relations:
            check_egress(Tier(relation.tier), host, allow_remote, content="evidence")
        if passage is not None:
            check_egress(Tier(passage.tier), host, allow_remote, content="evidence")
