"""A model's words over the statements of the sources: asked, written, checked, and what may be shown of them.

A reply is read while it is written: whole sentences are checked one by one, and a repetition or enough ends it.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.applications.consult.candidates import candidates, without_shared_names
from clinweave.applications.consult.checked_reply import (
    CHOSEN,
    DISCLAIMER,
    HEADING,
    LABEL,
    LONGEST,
    CheckedReply,
    bare,
    cited_evidence,
    shown_sentence,
    without_doses,
)
from clinweave.applications.consult.prompt import ShownStatement, prompt_for, shown_to_model
from clinweave.applications.consult.selection import can_choose, choice_prompt, choose_sentences
from clinweave.applications.consult.wording import AnswerPart, OnPart
from clinweave.core.access_policy import check_egress, host_of_model
from clinweave.core.errors import ModelError, NotCapableError
from clinweave.knowledge import CitationChecker
from clinweave.models import (
    Capability,
    Generation,
    LanguageModel,
    Message,
    OnText,
    find_repetition,
    stream_reply,
)
from clinweave.records import Audience, Evidence, Mention, Sentence, Statement, Tier, Verdict


def without_disclaimer(reply: str) -> str:
    """Return a reply without a leading label ("Answer:") and the disclaimer that our own server adds."""
    return LABEL.sub("", reply.strip()).removesuffix(DISCLAIMER).rstrip()


def without_repetition(text: str) -> tuple[str, bool]:
    """Return the text up to its first repeated sentence or run of words, and whether anything was cut."""
    text = text[:LONGEST]
    cut = find_repetition(text)
    return text[:cut].strip(), cut is not None


__all__ = [
    "DISCLAIMER",
    "ModelSettings",
    "ModelText",
    "check_access",
    "generate",
    "require_generation",
    "without_doses",
    "write",
]

NOTHING_WRITTEN = "the model wrote nothing; only the statements of the sources are shown"
REPEATED = "the model repeated itself; its text was cut at the first repetition"
GAVE_UP = "the model found no answer in the statements; only the statements of the sources are shown"
NOTHING_SUPPORTED = (
    "no sentence of the model was supported by the evidence; only the statements of the sources are shown"
)
SHORT_ANSWER = 45  # words of an answer that needs no shorter form
FEWEST = 2  # sentences between which a model can choose
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
    judge: str = ""  # the model that judged sentences which the rules leave open
    chosen: bool = False  # the model chose its sentences from the statements

    def text_below(self, composed: str, model: str) -> str:
        """Return the supported sentences with citation marks, without those that `composed` says word for word.

        Chosen sentences are all returned: they are the short form of the statements.
        """
        stated, shown = bare("" if self.chosen else composed), list[str]()
        heading = (CHOSEN if self.chosen else HEADING).format(model=model)
        for item in self.sentences:
            if text := shown_sentence(item, stated, "" if shown else heading):
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
    mentions: Sequence[Mention] = (),
) -> ModelText:
    """Return what the model says over the statements, each sentence checked against the evidence that it was shown.

    A model that can be held to a grammar chooses sentences that pass the check, for answers of more than `SHORT_ANSWER`
    words with at least two such sentences; another one writes. `mentions` are the concepts of the question. `on_part`
    gets each supported sentence as soon as it is checked, of a written reply those that `composed` does not say. A
    model that fails gives no sentences, a note and its `error`. The caller has checked that the model may see the
    evidence.
    """
    task = _task(question, statements, evidence, model, checker, settings, composed, mentions)
    if task is None:
        return ModelText()
    judge = checker.judge
    judged_before = judge.seconds if judge else 0.0
    heading = (CHOSEN if task.chooses else HEADING).format(model=model.name)
    stated = "" if task.chooses else composed
    written = CheckedReply(checker, task.offered, task.about, audience, stated, heading, on_part)
    first: list[float] = []

    def on_text(piece: str) -> bool:
        if piece and not first:
            first.append(time.perf_counter())
        return written.add(piece)

    on_part(AnswerPart("model", model.name))
    started = time.perf_counter()
    try:
        reply = _reply(model, question, task, settings, on_text)
    except ModelError as error:
        return ModelText(tuple(written.sentences), task.prompt, (FAILED,), str(error))
    written.finish()
    ended = time.perf_counter()
    timings: tuple[tuple[str, float], ...] = (
        ("first token", (first or [ended])[0] - started),
        ("generate", ended - started - written.seconds),
        ("check", written.seconds),
    )
    if judge is not None:
        timings += (("judge (part of check)", judge.seconds - judged_before),)
    return ModelText(
        tuple(written.sentences),
        task.prompt,
        _notes(written),
        finish=reply.finish_reason,
        timings=timings,
        tokens=(("prompt", reply.prompt_tokens), ("completion", reply.completion_tokens)),
        judge=judge.name if judge else "",
        chosen=task.chooses,
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """What a model is asked: to choose among the sentences offered, or to write over them."""

    offered: Sequence[ShownStatement]
    about: str  # the question as the relevance of a sentence is judged by
    chooses: bool
    prompt: tuple[Message, ...]


def _task(  # noqa: PLR0917
    question: str,
    statements: Sequence[Statement],
    evidence: Sequence[Evidence],
    model: LanguageModel,
    checker: CitationChecker,
    settings: ModelSettings,
    composed: str,
    mentions: Sequence[Mention],
) -> _Task | None:
    """Return what the model is asked, None where it could add nothing."""
    shown = shown_to_model(statements, evidence, model, settings.budget)
    chooses = can_choose(model)
    if not shown or (chooses and len(composed.split()) <= SHORT_ANSWER):
        return None
    cited = cited_evidence(shown)
    about = without_shared_names(question, mentions, cited)
    rules = checker if checker.judge is None else CitationChecker(checker.graph, checker.linker)
    options = candidates(shown, cited, rules, about)
    if chooses:
        prompt = choice_prompt(question, options)
        return _Task(options, about, chooses, prompt) if len(options) >= FEWEST else None
    offered = options or shown
    return _Task(offered, about, chooses, prompt_for(question, offered))


def _reply(
    model: LanguageModel, question: str, task: _Task, settings: ModelSettings, on_text: OnText
) -> Generation:
    """Return the reply, passed to `on_text`: chosen sentences at once, written ones while they are written."""
    if not task.chooses:
        return generate(model, task.prompt, settings, on_text)
    reply = choose_sentences(model, question, task.offered)
    on_text(reply.text)
    return reply


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
