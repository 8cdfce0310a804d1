"""A model's words over the statements: the prompt, the reply without repetitions, the check, what may be shown."""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clinweave.core import guardrails
from clinweave.core.access_policy import check_egress, host_of_model
from clinweave.core.errors import ModelError, NotCapableError
from clinweave.knowledge import CitationChecker, messages_for
from clinweave.models import Capability, Generation, LanguageModel, Message
from clinweave.records import Audience, Evidence, Sentence, Statement, Tier, Verdict

DISCLAIMER = "For research, not for clinical decisions."
NOTHING_WRITTEN = "the model wrote nothing; only the statements of the sources are shown"
REPEATED = "the model repeated itself; its text was cut at the first repetition"
NOTHING_SUPPORTED = (
    "no sentence of the model was supported by the evidence; only the statements of the sources are shown"
)
FAILED = "the model failed; only the statements of the sources are shown"

_REPEATED_WORDS = re.compile(r"(\S.{2,160}?)(?:\s*\1){3,}", re.DOTALL)
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n+")
_LABEL = re.compile(r"^(?:answer|evidence)\s*:\s*", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_DOSE_LEFT_OUT = "(an amount of a drug, left out)"
_LONGEST = 20_000  # characters of a reply that are read


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How a model is asked: at most `budget` tokens of statements in the prompt, and `max_tokens` of the reply."""

    budget: int = 512
    max_tokens: int = 160
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

    def text_above(self, composed: str) -> str:
        """Return the supported sentences with citation marks, without those that `composed` says word for word."""
        below = _bare(composed)
        supported = [
            item
            for item in self.sentences
            if item.verdict == Verdict.SUPPORTED and _bare(item.text) not in below
        ]
        return " ".join(
            f"{item.text} {''.join(f'[{number}]' for number in item.evidence)}" for item in supported
        )


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
) -> ModelText:
    """Return what the model writes over the statements, each sentence checked against the evidence that it was shown.

    A model that fails gives no sentences, a note and its `error`. Raises `UserError` for gated or private evidence with
    a model elsewhere.
    """
    shown = _shown(statements, evidence, model, settings.budget)
    check_access(model, shown, settings.allow_remote)
    prompt = tuple(messages_for(question, shown))
    started = time.perf_counter()
    try:
        reply = generate(model, prompt, settings)
    except ModelError as error:
        return ModelText(prompt=prompt, notes=(FAILED,), error=str(error))
    written = time.perf_counter()
    text, repeated = without_repetition(without_disclaimer(reply.text))
    by_id = {item.id: item for item in evidence}
    cited = _as_shown(shown, by_id)
    sentences = (
        without_doses(checker.check_answer(text, cited, question, repair=True), audience) if text else ()
    )
    notes = [REPEATED] if repeated else []
    if not text:
        notes.append(NOTHING_WRITTEN)
    elif not any(item.verdict == Verdict.SUPPORTED for item in sentences):
        notes.append(NOTHING_SUPPORTED)
    timings = (("generate", written - started), ("check", time.perf_counter() - written))
    tokens = (("prompt", reply.prompt_tokens), ("completion", reply.completion_tokens))
    return ModelText(sentences, prompt, tuple(notes), "", reply.finish_reason, timings, tokens)


def generate(model: LanguageModel, prompt: Sequence[Message], settings: ModelSettings) -> Generation:
    """Return the model's reply to a prompt. Raises `ModelError` as the model does."""
    return model.generate(
        prompt,
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
        seed=settings.seed,
        stop=settings.stop,
        **({"top_p": settings.top_p} if settings.top_p < 1 else {}),
    )


def _as_shown(shown: Sequence[Evidence], by_id: Mapping[str, Evidence]) -> list[Evidence]:
    """Return each item once, with the statements that were shown of it as its text: a model may repeat them."""
    texts: dict[str, list[str]] = {}
    for item in shown:
        texts.setdefault(item.id, []).append(item.text)
    return [replace(by_id[number], text="\n".join(lines)) for number, lines in texts.items()]


def _shown(
    statements: Sequence[Statement], evidence: Sequence[Evidence], model: LanguageModel, budget: int
) -> list[Evidence]:
    """Return the statements as numbered evidence, in their order, as many as fit into `budget` tokens."""
    by_id = {item.id: item for item in evidence}
    shown: list[Evidence] = []
    left = budget
    for statement in statements:
        cited = [number for number in statement.evidence if number in by_id]
        left -= count_tokens(model, f"[0] {statement.text}\n")
        if not cited or left < 0:
            continue
        text = f"{statement.heading}: {statement.text}" if statement.heading else statement.text
        shown.append(replace(by_id[cited[0]], text=" ".join(text.split())))
    return shown


def count_tokens(model: LanguageModel, text: str) -> int:
    """Return the number of tokens of a text, by the model's own tokenizer where it has one."""
    if Capability.TOKENISE in model.capabilities:
        return len(model.tokenise(text))
    return model.count_tokens([Message(role="user", content=text)])  # the back end's own cautious estimate


def without_disclaimer(reply: str) -> str:
    """Return a reply without a leading label ("Answer:") and the disclaimer that our own server adds."""
    return _LABEL.sub("", reply.strip()).removesuffix(DISCLAIMER).rstrip()


def without_repetition(text: str) -> tuple[str, bool]:
    """Return the text up to its first repeated sentence or run of words, and whether anything was cut."""
    text = text[:_LONGEST]
    loop = _REPEATED_WORDS.search(text)
    whole = text if loop is None else text[: loop.end(1)]
    seen: set[str] = set()
    start = 0
    for end in [*(match.start() for match in _SENTENCE_END.finditer(whole)), len(whole)]:
        sentence = " ".join(re.sub(r"\[[\d, ]*\]", "", whole[start:end]).casefold().split()).strip(" .")
        if len(sentence) > 3 and sentence in seen:
            return whole[:start].rstrip(), True
        seen.add(sentence)
        start = end
    return whole.strip(), loop is not None


def without_doses(sentences: Sequence[Sentence], audience: Audience) -> tuple[Sentence, ...]:
    """Return the sentences without amounts of a drug: all for the public, for a clinician those without support."""
    return tuple(
        Sentence(_DOSE_LEFT_OUT, item.evidence, Verdict.UNVERIFIED, "a dose is given only as a quotation")
        if guardrails.states_dose(item.text)
        and (item.verdict != Verdict.SUPPORTED or audience is Audience.PUBLIC)
        else item
        for item in sentences
    )


def _bare(text: str) -> str:
    """Return the words of a text alone, for comparison."""
    return " " + " ".join(_WORD.findall(text.casefold())) + " "


def check_access(model: LanguageModel, items: Sequence[Evidence], allow_remote: str = "") -> None:
    """Refuse to send gated or private records to a model beyond this machine (see `access_policy.check_egress`)."""
    host = host_of_model(model)
    for item in items:
        passage = item.passage
        for relation in item.relations:
            check_egress(Tier(relation.tier), host, allow_remote, what="evidence")
        if passage is not None:
            check_egress(Tier(passage.tier), host, allow_remote, what="evidence")
