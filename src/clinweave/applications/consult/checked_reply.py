"""A reply that is checked while it is written, sentence by sentence, and what may be shown of it."""

import re
import time
from collections.abc import Sequence
from dataclasses import replace

from clinweave.applications.consult.prompt import ShownStatement
from clinweave.applications.consult.wording import AnswerPart, OnPart
from clinweave.core import guardrails
from clinweave.knowledge import CitationChecker, split_sentences
from clinweave.models import RepetitionGuard, find_repetition
from clinweave.records import RULES, Audience, Evidence, Sentence, Verdict

DISCLAIMER = "For research, not for clinical decisions."
DOSE_LEFT_OUT = "(an amount of a drug, left out)"
HEADING = "Written by {model}, each sentence checked:"
CHOSEN = "In short, chosen by {model} from the sources:"
SOURCE_SAYS = "The source says:"  # in the place of a sentence that it does not state
MAX_SENTENCES = 3  # the prompt asks for two; later ones are supported less often
LONGEST = 20_000  # characters of a reply that are read
LABEL = re.compile(r"^(?:answer|evidence)\s*:\s*", re.IGNORECASE)
_REJECTED = frozenset({Verdict.UNVERIFIED, Verdict.CONTRADICTED})
_BEGINS = re.compile(r"[\"'“(-]*\w")  # a mark like [1] belongs to the sentence before it
_MARK = re.compile(r"\[\d[\d,; ]*\]")
_DO_NOT_KNOW = re.compile(r"^\W*I (?:do not|don't) know\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")


class CheckedReply:
    """Takes a reply piece by piece; `sentences` are those that are complete, each with its verdict."""

    def __init__(  # noqa: PLR0917
        self,
        checker: CitationChecker,
        shown: Sequence[ShownStatement],
        question: str,
        audience: Audience,
        composed: str,
        heading: str,
        on_part: OnPart,
    ) -> None:
        self._checker, self._question = checker, question
        self._numbers = {str(number): item.evidence for number, item in enumerate(shown, 1)}
        self._cited = cited_evidence(shown)
        self._text = ""  # what was checked, with the numbers of the evidence
        self._audience, self._on_part = audience, on_part
        self._said, self._heading, self._shown = bare(composed), heading, 0
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
        if self.repeated or len(self._guard.text) > LONGEST:
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
        text = self._guard.text[:LONGEST]
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
            text = LABEL.sub("", text.lstrip())
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
            if shown := shown_sentence(sentence, self._said, "" if self._shown else self._heading):
                self._shown += 1
                self._said += bare(sentence.quotation)
                self._on_part(AnswerPart("sentence", shown))

    def _quoted(self, text: str, sentence: Sentence) -> Sentence:
        """Return a sentence with what the evidence says in its place if it was not supported.

        Where a model judged it, both are shown: a reader can compare them.
        """
        by_judge = sentence.verdict == Verdict.SUPPORTED and sentence.supported_by not in {"", RULES}
        if sentence.verdict not in _REJECTED and not by_judge:
            return sentence
        nearest = self._checker.closest(text, self._cited, self._question)
        if nearest is None or (self._audience is Audience.PUBLIC and guardrails.states_dose(nearest.text)):
            return sentence
        if by_judge:
            return replace(sentence, quotation=nearest.text, quotation_heading=nearest.heading)
        reason = f"{sentence.reason}; the source is quoted instead"
        return replace(
            sentence,
            evidence=(nearest.evidence,),
            reason=reason,
            quotation=nearest.text,
            quotation_heading=nearest.heading,
        )

    def _as_evidence(self, mark: re.Match[str]) -> str:
        """Return a mark of the prompt's numbering as marks of the evidence."""
        numbers = re.findall(r"\d+", mark[0])
        ids = [item.id for number in numbers for item in self._numbers.get(number, ())]
        return "".join(f"[{number}]" for number in dict.fromkeys(ids or numbers))


def cited_evidence(shown: Sequence[ShownStatement]) -> tuple[Evidence, ...]:
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


def shown_sentence(sentence: Sentence, shown: str, heading: str = "") -> str:
    """Return a supported sentence, or the quotation in the place of another, with its citation marks.

    A sentence that a model judged is followed by a note that says so, with the quotation. "" for what has neither and
    for what `shown` has word for word. A `heading` that says who wrote it stands above the first sentence.
    """
    quoted = _quotation(sentence)
    judge = sentence.supported_by if sentence.verdict == Verdict.SUPPORTED else ""
    note = ""
    if judge not in {"", RULES}:
        text = sentence.text if bare(sentence.text) not in shown else ""
        quotation = f"; {quoted[0].lower()}{quoted[1:]}" if quoted else ""
        note = f" (supported by the model judge {judge}, not by rules{quotation})"
    elif sentence.quotation:
        known = all(bare(part) in shown for part in sentence.quotation.split(" … "))
        text = "" if known else quoted
    else:
        supported = sentence.verdict == Verdict.SUPPORTED and bare(sentence.text) not in shown
        text = sentence.text if supported else ""
    marks = "".join(f"[{number}]" for number in sentence.evidence)
    above = f"{heading}\n" if heading else ""
    return f"{above}{text} {marks}{note}" if text else ""


def _quotation(sentence: Sentence) -> str:
    """Return what the source says in the place of a sentence, with its headings before the quotation marks."""
    if not sentence.quotation:
        return ""
    heading = f"{sentence.quotation_heading}: " if sentence.quotation_heading else ""
    return f"{SOURCE_SAYS} {heading}“{sentence.quotation}”"


def without_doses(sentences: Sequence[Sentence], audience: Audience) -> tuple[Sentence, ...]:
    """Return the sentences without amounts of a drug: all for the public, for a clinician those without support."""
    return tuple(
        Sentence(DOSE_LEFT_OUT, item.evidence, Verdict.UNVERIFIED, "a dose is given only as a quotation")
        if guardrails.states_dose(item.text)
        and (item.verdict != Verdict.SUPPORTED or audience is Audience.PUBLIC)
        else item
        for item in sentences
    )


def bare(text: str) -> str:
    """Return the words of a text alone, for comparison."""
    return " " + " ".join(_WORD.findall(text.casefold())) + " "
