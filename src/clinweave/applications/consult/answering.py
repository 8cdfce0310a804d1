"""Answer a question from evidence: guardrail, query, retrieval, composition, then a model's checked words over it."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from clinweave.applications.consult import languages
from clinweave.applications.consult.compose import Composition, compose, with_other_kinds
from clinweave.applications.consult.drug_classes import class_evidence
from clinweave.applications.consult.model_text import (
    DISCLAIMER,
    ModelSettings,
    ModelText,
    check_access,
    generate,
    require_generation,
    without_disclaimer,
    without_doses,
    without_repetition,
    write,
)
from clinweave.applications.consult.own_patients import NOT_SEARCHED, asks_of_a_record, without_asker
from clinweave.applications.consult.parts import composed_parts, numbered
from clinweave.applications.consult.wording import AnswerPart, OnPart
from clinweave.core import guardrails
from clinweave.core.errors import InputTooLongError, UserError
from clinweave.knowledge import CitationChecker, Kind, Query, Retriever, clean_question
from clinweave.models import LanguageModel, Message
from clinweave.records import Answer, Audience, Evidence, Statement

if TYPE_CHECKING:
    from clinweave.records import Sentence

__all__ = ["DISCLAIMER", "ModelSettings", "answer_question", "continue_chat"]

LIMIT = 18  # items of each retriever
LONGEST = 20_000  # characters; the longest questions of the published benchmarks have under 5,000
UNCHECKED = "Without evidence nothing can be verified; what follows is the model's own, unchecked."
_SENTENCE = re.compile(r"(?<=[.!?])(\s+)")
_LEFT_OUT = "(an amount of a drug, left out)"


@dataclass(slots=True)
class _Clock:
    """Seconds by step."""

    seconds: dict[str, float] = field(default_factory=dict)
    last: float = field(default_factory=time.perf_counter)

    def lap(self, name: str) -> None:
        """Add the time since the last lap under a name."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self.last
        self.last = now


def answer_question(
    question: str,
    *,
    retrievers: Sequence[str],
    open_retriever: Callable[[str], Retriever],
    parse: Callable[[str], Query],
    checker: Callable[[], CitationChecker],
    model: Callable[[], LanguageModel | None] = lambda: None,
    audience: Audience = Audience.PUBLIC,
    settings: ModelSettings | None = None,
    unread: Callable[[str], str] = lambda _: "",
    local_name: languages.LocalNames = lambda _curie, _language: "",
    model_is_local: bool = False,
    on_part: OnPart = lambda _: None,
) -> Answer:
    """Return an answer whose statements are the sources' and whose model sentences were each checked.

    The parts come as functions, called in order and only when needed: a request that a guardrail meets opens nothing,
    a question to which the sources say nothing no model. `on_part` gets what can be shown already: the statements, then
    each supported sentence. `unread` returns why a question's language cannot be read, or "". `model_is_local`: it may
    see everything, so it is opened after the statements are shown. Raises `UserError` for an empty or over-long
    question, a part not built, a model that cannot generate, gated or private evidence with a model elsewhere.
    """
    settings, clock, text = settings or ModelSettings(), _Clock(), _cleaned(question)
    if (refused := _refused(question, audience)) is not None:
        return replace(refused, retrievers=tuple(retrievers))
    if retrievers and (message := unread(text) or (NOT_SEARCHED if asks_of_a_record(text) else "")):
        return _not_read(question, message, tuple(retrievers), audience)
    if not (opened := [open_retriever(name) for name in retrievers]):
        return _without_knowledge(question, text, model(), audience, settings)
    clock.lap("open")
    query, evidence, english = _composed(text, parse, opened, clock, audience)
    composition, labels = languages.localised(query, english, evidence, local_name)
    clock.lap("compose")
    permitted = partial(_permitted, model, query.language, composition.statements, evidence, settings)
    early = None if model_is_local else permitted()
    on_part(AnswerPart("statements", composition.text))
    name, written = "none", ModelText()
    if (language_model := permitted() if model_is_local else early) is not None:
        name, used = language_model.name, (english.statements, evidence, language_model, checker())
        written = write(text, *used, settings, audience, english.text, on_part, query.mentions)
    below = written.text_below(english.text, name) if written.sentences else ""
    body = f"{composition.text}\n\n{below}".strip("\n")
    shown, withheld = _for_audience(evidence, composition.statements, audience)
    answer = Answer(
        question=question,
        text=_shown(without_asker(question, query), body, audience, query.language),
        abstained=composition.abstained,
        statements=composition.statements,
        evidence=shown,
        mentions=tuple(query.mentions),
        notes=tuple(dict.fromkeys((*query.notes, *composition.notes, *withheld))),
        retrievers=tuple(retrievers),
        audience=audience,
        language=query.language,
        labels=labels,
        model=name,
        timings=_rounded(clock.seconds),
    )
    return _with_model(answer, written)


def _cited(evidence: Sequence[Evidence], statements: Sequence[Statement]) -> list[Evidence]:
    numbers = {number for statement in statements for number in statement.evidence}
    return [item for item in evidence if item.id in numbers]


def _permitted(
    model: Callable[[], LanguageModel | None],
    language: str,
    statements: Sequence[Statement],
    evidence: Sequence[Evidence],
    settings: ModelSettings,
) -> LanguageModel | None:
    """Open the model, if there is one and something to write over. Raises `UserError` if it may not see the evidence.

    A model writes in the language of the question, and only English can be checked: for another none is opened. All
    evidence of the statements counts, also what is too short to be sent: no refusal depends on a note's length.
    """
    if language != "en" or not statements or (opened := model()) is None:
        return None
    require_generation(opened)
    check_access(opened, _cited(evidence, statements), settings.allow_remote)
    return opened


def _composed(
    text: str,
    parse: Callable[[str], Query],
    retrievers: Sequence[Retriever],
    clock: _Clock,
    audience: Audience,
) -> tuple[Query, tuple[Evidence, ...], Composition]:
    """Return the parsed question, the numbered evidence of all retrievers for it, and what it says."""

    def retrieve(query: Query) -> list[Evidence]:
        return [item for each in retrievers for item in each.retrieve(query, limit=LIMIT)]

    query = parse(text)
    clock.lap("parse")
    if (several := composed_parts(query, parse, retrieve, audience)) is not None:
        evidence, composition = several
    else:
        other = query.of_kind(
            Kind.DISEASE, Kind.FINDING, Kind.GENE
        )  # no question about a class of drugs alone
        evidence = numbered([*retrieve(query), *([] if other else class_evidence(query))])
        composition = compose(query, evidence, audience=audience)
    clock.lap("retrieve")
    return query, evidence, with_other_kinds(composition, evidence)


def _with_model(answer: Answer, written: ModelText) -> Answer:
    """Return the answer with what a model wrote over it, and what that cost."""
    return replace(
        answer,
        sentences=written.sentences,
        judge=written.judge,
        notes=(*answer.notes, *written.notes),
        model_error=written.error,
        finish_reason=written.finish,
        prompt=written.prompt,
        timings={**answer.timings, **_rounded(dict(written.timings))},
        tokens=dict(written.tokens),
    )


def continue_chat(
    messages: Sequence[Message],
    *,
    model: LanguageModel,
    audience: Audience = Audience.PUBLIC,
    settings: ModelSettings | None = None,
) -> Answer:
    """Return the model's own reply to a conversation, without evidence: nothing in it can be verified.

    The guardrail reads the user's last message first. A sentence that states an amount of a drug is left out unless the
    messages hold it word for word. Raises `ModelError` where the model fails.
    """
    settings = settings or ModelSettings()
    require_generation(model)
    question = own_words(messages[-1]["content"])
    if (refused := _refused(question, audience)) is not None:
        return refused
    clock = _Clock()
    reply = generate(model, messages, settings)
    clock.lap("generate")
    given = " ".join(item["content"] for item in messages)
    return Answer(
        question=question,
        text=_shown(question, without_amounts(without_disclaimer(reply.text), given), audience),
        abstained=False,
        audience=audience,
        model=model.name,
        finish_reason=reply.finish_reason,
        prompt=tuple(messages),
        timings=_rounded(clock.seconds),
        tokens={"prompt": reply.prompt_tokens, "completion": reply.completion_tokens},
    )


def _cleaned(question: str) -> str:
    """Return the question in plain characters. Raises `UserError` for an empty or over-long one."""
    if len(question) > LONGEST:
        raise InputTooLongError(
            f"the question has {len(question):,} characters and the limit is {LONGEST:,}: shorten it "
            "(`clinweave link` reads long documents, `clinweave index add` makes them searchable)"
        )
    return clean_question(question)


def _refused(question: str, audience: Audience) -> Answer | None:
    """Return the guardrail's reply, or None where the question may be answered."""
    guardrail = guardrails.screen(question, audience=audience)
    if guardrail is None:
        return None
    return Answer(
        question=question,
        text=f"{guardrail.text}\n{languages.disclaimer(guardrail.language)}",
        language=guardrail.language,
        abstained=True,
        audience=audience,
        guardrail=guardrail.category.value,
    )


def _without_knowledge(
    question: str, text: str, model: LanguageModel | None, audience: Audience, settings: ModelSettings
) -> Answer:
    """Return a model's answer from no evidence: its sentences are shown as unchecked, and the answer abstains."""
    if model is None:
        raise UserError("there is nothing to answer from: choose --knowledge graph,text or a --model")
    reply = continue_chat(
        [Message(role="user", content=text)], model=model, audience=audience, settings=settings
    )
    body = reply.text.removesuffix(DISCLAIMER).strip()
    body, repeated = without_repetition(body)
    sentences: tuple[Sentence, ...] = without_doses(CitationChecker(None).check_answer(body, ()), audience)
    notes = ("the model repeated itself; its text was cut at the first repetition",) if repeated else ()
    if not body:
        notes = ("the model wrote nothing",)
    return replace(
        reply,
        question=question,
        text=_shown(question, f"I do not know. {UNCHECKED}", audience),
        abstained=True,
        sentences=sentences,
        notes=notes,
    )


def _for_audience(
    evidence: tuple[Evidence, ...], statements: Sequence[Statement], audience: Audience
) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """Return the evidence to list and a note: unused items that state amounts of drugs are not for the public."""
    if audience is Audience.CLINICIAN:
        return evidence, ()
    cited = {item.id for item in _cited(evidence, statements)}
    listed = tuple(item for item in evidence if item.id in cited or not guardrails.states_dose(item.text))
    left = len(evidence) - len(listed)
    note = f"not listed for the public, as they state amounts of a drug: {left} of the retrieved items"
    return listed, (note,) if left else ()


def _not_read(question: str, message: str, retrievers: tuple[str, ...], audience: Audience) -> Answer:
    """Return the answer to a question that is not searched for: the reason, and where help is."""
    help_text = guardrails.general_notice() if audience == Audience.PUBLIC else ""
    text = "\n".join(part for part in (f"{message[0].upper()}{message[1:]}.", help_text, DISCLAIMER) if part)
    return Answer(question, text, abstained=True, notes=(message,), retrievers=retrievers, audience=audience)


def _shown(question: str, text: str, audience: Audience, language: str = "en") -> str:
    """Return the text with where help is (for the public, when someone at hand is meant), and the disclaimer."""
    help_text = languages.notice(language, audience) or guardrails.notice(question, audience=audience)
    parts = [text, help_text, languages.disclaimer(language)]
    return "\n".join(part for part in parts if part)


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in seconds.items()}


def own_words(content: str) -> str:
    """Return what a user asks: of a prompt of clinweave's own form, the question alone without its evidence."""
    if content.startswith("Evidence:\n") and "\n\nQuestion: " in content:
        return content.rpartition("\n\nQuestion: ")[2].rpartition("\n")[0] or content
    return content


def without_amounts(text: str, given: str) -> str:
    """Return the text without sentences that state an amount of a drug, unless `given` holds them word for word."""
    parts = _SENTENCE.split(text)
    for index in range(0, len(parts), 2):
        bare = re.sub(r"\s*\[\d+\]", "", parts[index]).strip(" .")
        if guardrails.states_dose(bare) and bare.casefold() not in given.casefold():
            parts[index] = _LEFT_OUT
    return "".join(parts)
