"""A model's words over the statements of the sources: asked, written, checked, and what may be shown of them.

A reply is read while it is written: whole sentences are checked one by one, and a repetition or enough ends it.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clinweave.applications.consult.prompt import ShownStatement, prompt_for, shown_to_model
from clinweave.core import guardrails
from clinweave.core.access_policy import check_egress, host_of_model
from clinweave.core.errors import ModelError, NotCapableError
from clinweave.knowledge import CitationChecker, split_sentences
from clinweave.models import (
    Capability,
    Generation,
    LanguageModel,
    Message,
    OnText,
    RepetitionGuard,
    find_repetition,
    stream_reply,
)
from clinweave.records import RULES, Audience, Evidence, Sentence, Statement, Tier, Verdict

DISCLAIMER = "For research, not for clinical decisions."
DOSE_LEFT_OUT = "(an amount of a drug, left out)"
HEADING = "Written by {model}, each sentence checked:"
SOURCE_SAYS = "The source says:"  # in the place of a sentence that it does not state
_REJECTED = frozenset({Verdict.UNVERIFIED, Verdict.CONTRADICTED})
MAX_SENTENCES = 3  # the prompt asks for two; later ones are supported less often
_LABEL = re.compile(r"^(?:answer|evidence)\s*:\s*", re.IGNORECASE)
_BEGINS = re.compile(r"[\"'“(-]*\w")  # a mark like [1] belongs to the sentence before it
_MARK = re.compile(r"\[\d[\d,; ]*\]")
_DO_NOT_KNOW = re.compile(r"^\W*I (?:do not|don't) know\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")
_LONGEST = 20_000  # characters of a reply that are read


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """What can be shown before an answer is complete.

    `kind` is "statements" (the text of the sources), "model" (the name of a model that begins to write), "written" (a
    piece of its reply, unchecked: for a count, never to be shown) or "sentence" (a supported sentence as it is shown).
    """

    kind: str
    text: str


OnPart = Callable[[AnswerPart], None]


def joined(text: str, part: AnswerPart, sentences: int) -> str:
    """Return the text of an answer with one more part; `sentences` is how many sentences of a model it has already."""
    if part.kind == "sentence" and text:
        return f"{text}{' ' if sentences else chr(10) * 2}{part.text}"
    return text + part.text if part.kind in {"statements", "sentence"} else text


class CheckedReply:
    """Takes a reply piece by piece; `sentences` are those that are complete, each with its verdict."""

    def __init__(  # noqa: PLR0917
        self,
        checker: CitationChecker,
        shown: Sequence[ShownStatement],
        question: str,
        audience: Audience,
        composed: str,
        model: str,
        on_part: OnPart,
    ) -> None:
        self._checker, self._question = checker, question
        self._numbers = {str(number): item.evidence for number, item in enumerate(shown, 1)}
        self._cited = _with_statements(shown)
        self._text = ""  # what was checked, with the numbers of the evidence
        self._audience, self._on_part = audience, on_part
        self._said, self._model, self._shown = bare(composed), model, 0
        self._guard = RepetitionGuard()
        self._checked = 0  # characters of the text whose sentences are checked
        self.sentences: list[Sentence] = []
        self.repeated = self.gave_up = False
        self.seconds = 0.0  # spent on checks

    def add(self, piece: str) -> bool:
        """Take a piece and return whether the reply should end: it repeats itself or has said enough."""
        if not piece:
            return False
        self._on_part(AnswerPart("written", piece))
        self.repeated = self._guard.repeats(piece)
        if self.repeated or len(self._guard.text) > _LONGEST:
            return True
        for _ in range(len(self._complete())):
            if not self._enough:
                self._check_next()
        return self._enough

    @property
    def _enough(self) -> bool:
        return len(self.sentences) >= MAX_SENTENCES

    def finish(self) -> None:
        """Check what is left: the last sentence, up to a repetition."""
        text = self._guard.text[:_LONGEST]
        cut = find_repetition(text)
        self.repeated = self.repeated or cut is not None
        if not self._enough:
            self._check(text[self._checked : cut].removesuffix(DISCLAIMER))

    def _complete(self) -> list[int]:
        """Return the ends of the complete sentences that are not checked yet: another one begins behind each."""
        rest = self._guard.text[self._checked :]
        spans = split_sentences(rest)
        return [
            self._checked + after.start for after in spans[1:] if _BEGINS.match(rest[after.start :].lstrip())
        ]

    def _check_next(self) -> None:
        ends = self._complete()
        if ends:
            self._check(self._guard.text[self._checked : ends[0]])
            self._checked = ends[0]

    def _check(self, text: str) -> None:
        if not self.sentences:
            text = _LABEL.sub("", text.lstrip())
        if not text.strip() or text.strip() == DISCLAIMER:
            return
        if _DO_NOT_KNOW.search(text):
            self.gave_up = True  # no claim, so nothing to check
            return
        started = time.perf_counter()
        before = len(self._checker.check_answer(self._text, (), "")) if self._text else 0
        self._text += _MARK.sub(self._as_evidence, text)
        # all of it, as "it" in a sentence is what the one before is about
        result = self._checker.check_answer(self._text, self._cited, self._question, repair=True)[before:]
        self.seconds += time.perf_counter() - started
        for written, permitted in zip(result, without_doses(result, self._audience), strict=True):
            sentence = self._quoted(written.text, permitted)
            self.sentences.append(sentence)
            if shown := shown_sentence(sentence, self._said, "" if self._shown else self._model):
                self._shown += 1
                self._said += bare(sentence.quotation)
                self._on_part(AnswerPart("sentence", shown))

    def _quoted(self, text: str, sentence: Sentence) -> Sentence:
        """Return a sentence with what the evidence says in its place if it was not supported.

        Where a model judged it, both are shown, so that a reader can compare them.
        """
        by_judge = sentence.verdict == Verdict.SUPPORTED and sentence.supported_by not in {"", RULES}
        if sentence.verdict not in _REJECTED and not by_judge:
            return sentence
        nearest = self._checker.closest(text, self._cited, self._question)
        if nearest is None or (self._audience is Audience.PUBLIC and guardrails.states_dose(nearest.text)):
            return sentence
        if by_judge:
            return replace(sentence, quotation=nearest.text)
        reason = f"{sentence.reason}; the source is quoted instead"
        return replace(sentence, evidence=(nearest.evidence,), reason=reason, quotation=nearest.text)

    def _as_evidence(self, mark: re.Match[str]) -> str:
        """Return a mark of the prompt's numbering as marks of the evidence."""
        numbers = re.findall(r"\d+", mark[0])
        ids = [item.id for number in numbers for item in self._numbers.get(number, ())]
        return "".join(f"[{number}]" for number in dict.fromkeys(ids or numbers))


def _with_statements(shown: Sequence[ShownStatement]) -> tuple[Evidence, ...]:
    """Return each item of evidence once, its text the statements that were shown of it: a model may repeat them."""
    items: dict[str, Evidence] = {}
    texts: dict[str, list[str]] = {}
    for statement in shown:
        for index, item in enumerate(statement.evidence):
            items.setdefault(item.id, item)
            texts.setdefault(item.id, []).extend([statement.text] if index == 0 else [])
    return tuple(
        replace(item, text="\n".join(texts[number])) if texts[number] else item
        for number, item in items.items()
    )


def shown_sentence(sentence: Sentence, shown: str, model: str = "") -> str:
    """Return a supported sentence, or the quotation in the place of another, with its citation marks.

    A sentence that a model judged is followed by a note that says so, with the quotation. "" for what has neither and
    for what `shown` has word for word. With the name of a model, a line that says who wrote it stands above: the first
    sentence has it.
    """
    judge = sentence.supported_by if sentence.verdict == Verdict.SUPPORTED else ""
    note = ""
    if judge not in {"", RULES}:
        text = sentence.text if bare(sentence.text) not in shown else ""
        quotation = f"; {SOURCE_SAYS.lower()} “{sentence.quotation}”" if sentence.quotation else ""
        note = f" (supported by the model judge {judge}, not by rules{quotation})"
    elif sentence.quotation:
        known = all(bare(part) in shown for part in sentence.quotation.split(" … "))
        text = "" if known else f"{SOURCE_SAYS} “{sentence.quotation}”"
    else:
        supported = sentence.verdict == Verdict.SUPPORTED and bare(sentence.text) not in shown
        text = sentence.text if supported else ""
    heading = f"{HEADING.format(model=model)}\n" if model else ""
    marks = "".join(f"[{number}]" for number in sentence.evidence)
    return f"{heading}{text} {marks}{note}" if text else ""


def without_doses(sentences: Sequence[Sentence], audience: Audience) -> tuple[Sentence, ...]:
    """Return the sentences without amounts of a drug: all for the public, for a clinician those without support."""
    return tuple(
        Sentence(DOSE_LEFT_OUT, item.evidence, Verdict.UNVERIFIED, "a dose is given only as a quotation")
        if guardrails.states_dose(item.text)
        and (item.verdict != Verdict.SUPPORTED or audience is Audience.PUBLIC)
        else item
        for item in sentences
    )


def without_disclaimer(reply: str) -> str:
    """Return a reply without a leading label ("Answer:") and the disclaimer that our own server adds."""
    return _LABEL.sub("", reply.strip()).removesuffix(DISCLAIMER).rstrip()


def without_repetition(text: str) -> tuple[str, bool]:
    """Return the text up to its first repeated sentence or run of words, and whether anything was cut."""
    text = text[:_LONGEST]
    cut = find_repetition(text)
    return text[:cut].strip(), cut is not None


def bare(text: str) -> str:
    """Return the words of a text alone, for comparison."""
    return " " + " ".join(_WORD.findall(text.casefold())) + " "


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
    judge: str = ""  # the model that judged sentences which the rules leave open

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
    judge = checker.judge
    judged_before = judge.seconds if judge else 0.0
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
    timings: tuple[tuple[str, float], ...] = (
        ("first token", (first or [ended])[0] - started),
        ("generate", ended - started - written.seconds),
        ("check", written.seconds),
    )
    if judge is not None:
        timings += (("judge (part of check)", judge.seconds - judged_before),)
    tokens = (("prompt", reply.prompt_tokens), ("completion", reply.completion_tokens))
    sentences, notes = tuple(written.sentences), _notes(written)
    return ModelText(
        sentences, prompt, notes, "", reply.finish_reason, timings, tokens, judge.name if judge else ""
    )


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
