"""A language model as a second judge of sentences that the rules can neither support nor refuse."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Protocol

from clinweave.core.errors import NotCapableError
from clinweave.knowledge.citations.premises import Premise, premise_for
from clinweave.knowledge.citations.quotes import NOT_STATED
from clinweave.knowledge.citations.vetoes import veto, without_answer_word
from clinweave.models import Capability, LanguageModel, Message, open_judge
from clinweave.records import Evidence, Sentence, Verdict

Rules = Callable[[str, Sequence[Evidence]], tuple[Verdict, str]]  # verdict and reason for a sentence

THRESHOLD = (
    1.5  # log-odds; above every false sentence that was judged: see "The second judge" in docs/citations.md
)
_REMEMBERED = 1024  # judgements
_INSTRUCTION = (
    "Read the passage and the statement. Answer Yes if the passage by itself states that the statement is true, for "
    "the same thing, dose, group and degree of certainty. Answer No if the passage denies it, doubts it, only reports "
    "it as somebody's view, limits it to another group or condition, or does not say it."
)


class EntailmentJudge(Protocol):
    """Judges whether a passage states a sentence. It is asked only where no rule forbids a "yes"."""

    @property
    def name(self) -> str:
        """Return what an answer calls this judge."""
        ...

    @property
    def threshold(self) -> float:
        """Return the least log-odds at which a sentence counts as stated."""
        ...

    @property
    def seconds(self) -> float:
        """Return the seconds spent on judgements since the judge was made."""
        ...

    def log_odds(self, passage: str, sentence: str) -> float:
        """Return the log-odds (natural logarithm) that the passage states the sentence."""
        ...

    def close(self) -> None:
        """Release what was opened."""
        ...


class ModelJudge:
    """Compares the likelihoods of "Yes" and "No" as a model's reply; nothing is generated.

    The model is opened on the first judgement. Sentences about one passage share the evaluation of it where they come
    one after another. Safe to call from several threads.
    """

    def __init__(
        self, name: str, open_model: Callable[[], LanguageModel], *, threshold: float = THRESHOLD
    ) -> None:
        self.name, self.threshold = name, threshold
        self.seconds = 0.0
        self._open = open_model
        self._model: LanguageModel | None = None
        self._scores: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def log_odds(self, passage: str, sentence: str) -> float:
        """Return the log-odds of "Yes". Raises `NotCapableError` for a model elsewhere or without likelihoods."""
        key = passage, sentence
        with self._lock:
            if key not in self._scores:
                started = perf_counter()
                self._scores[key] = self._judged(passage, sentence)
                self.seconds += perf_counter() - started
                if len(self._scores) > _REMEMBERED:
                    self._scores.popitem(last=False)
            return self._scores[key]

    def _judged(self, passage: str, sentence: str) -> float:
        if self._model is None:
            self._model = self._open()
        model = self._model
        if Capability.SCORE not in model.capabilities or not model.local:
            raise NotCapableError(
                f"the model {model.name} gives no likelihoods on this machine, so it cannot judge: choose "
                "qwen2.5-coder-1.5b or a .gguf file with --judge, or --judge none"
            )
        yes, no = model.score(question(passage, sentence), ["Yes", "No"])
        return yes.logprob - no.logprob

    def close(self) -> None:
        """Release the model, if it was opened."""
        if self._model is not None:
            self._model.close()
        self._model = None


def model_judge(address: str, home: Path, threads: int | None = None) -> ModelJudge | None:
    """Return the judge at a checked address (`models.judge_address`), opened when it is first asked; None for none."""
    if address in {"", "none"}:
        return None
    return ModelJudge(address, partial(open_judge, address, home, threads=threads))


def question(passage: str, sentence: str) -> list[Message]:
    """Return the prompt of a judgement. The sentence comes last: the text before it is evaluated once."""
    asked = f"A (passage): {passage}\nB (statement): {without_answer_word(sentence)}\nAnswer Yes or No."
    return [Message(role="system", content=_INSTRUCTION), Message(role="user", content=asked)]


def judgeable(sentence: str, evidence: Sequence[Evidence], by_rules: Rules) -> tuple[Premise | None, str]:
    """Return what a judge may be asked about a sentence that is not supported, or None and the reason.

    The reason is "not asserted" (no passage asserts anything usable), "refused" (a rule says why an item does not state
    the sentence) or "veto: " with the difference.
    """
    premise = premise_for(sentence, evidence)
    if premise is None:
        return None, "not asserted"
    for item in evidence:
        verdict, reason = by_rules(sentence, [item])
        open_here = item.passage is None or reason == NOT_STATED
        if verdict != Verdict.UNVERIFIED or not open_here:
            return None, "refused"
    difference = veto(sentence, premise)
    return (None, f"veto: {difference}") if difference else (premise, "")


def judged_by(
    judge: EntailmentJudge, checked: Sentence, evidence: Sequence[Evidence], by_rules: Rules
) -> Sentence:
    """Return a sentence that the rules left open with the verdict of a judge; one that may not be judged as it is."""
    premise, _ = judgeable(checked.text, evidence, by_rules)
    if premise is None:
        return checked
    odds = judge.log_odds(premise.passage, checked.text)
    if odds < judge.threshold:
        return replace(checked, reason=f"{checked.reason}; {judge.name} does not find it stated either")
    reason = f"stated according to {judge.name} (log-odds {odds:.1f}); the rules could not tell"
    return Sentence(checked.text, (premise.evidence,), Verdict.SUPPORTED, reason, supported_by=judge.name)
