"""A rubric judge behind any model: ratings with the scale in both orders, preferences with the answers in both orders.

A judge that is asked once shows no sign of its own noise. Here each rating is asked with the scale listed up and down,
each preference with the two answers swapped, and the spread of what comes back is part of the result.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from clinweave.models import Capability, LanguageModel, Message

_NUMBER = re.compile(r"(?<![\d.])-?\d+(?!\d|\.\d)")
_MAX_TOKENS = 24
VERSION = 1  # raise it when the wording changes


@dataclass(frozen=True)
class Rubric:
    """One question about an answer, with the meaning of each value of its scale."""

    id: str
    question: str
    scale: dict[int, str]


DEFAULT_RUBRICS = (
    Rubric(
        "factual",
        "Is every statement of the summary true according to the source?",
        {1: "most statements are false", 2: "several are false", 3: "one is false", 4: "all are true"},
    ),
    Rubric(
        "complete",
        "Does the summary contain the medically important facts of the source?",
        {1: "almost none", 2: "fewer than half", 3: "most", 4: "all"},
    ),
)


@dataclass(frozen=True)
class Rating:
    """A rating on the scale: the mean over repetitions, their spread (highest less lowest), and what was no number."""

    value: float | None
    spread: float
    unparsed: int


@dataclass(frozen=True)
class Preference:
    """Which of two answers is better: 1 the first, -1 the second, mean over both orders; 0 where the orders disagree.

    `consistent` is False where the judge chose by position.
    """

    value: float | None
    consistent: bool
    unparsed: int


class RubricJudge:
    """Rates with one model: by the likelihood of each value where it can score, else by its reply."""

    def __init__(self, model: LanguageModel, *, repeats: int = 1, temperature: float = 0.0) -> None:
        """`repeats` asks each order that often; more than once makes sense with a temperature above 0 only."""
        self.model = model
        self.repeats = max(1, repeats)
        self.temperature = temperature

    def rate(self, rubric: Rubric, source: str, text: str, reference: str = "") -> Rating:
        """Rate a text. Raises `ModelError` where the model fails."""
        values: list[float] = []
        unparsed = 0
        for scale in (sorted(rubric.scale), sorted(rubric.scale, reverse=True)):
            for repeat in range(self.repeats):
                value = self._value(rating_prompt(rubric, scale, source, text, reference), scale, repeat)
                if value is None:
                    unparsed += 1
                else:
                    values.append(value)
        spread = max(values) - min(values) if values else 0.0
        return Rating(fmean(values) if values else None, spread, unparsed)

    def prefer(self, question: str, source: str, first: str, second: str) -> Preference:
        """Compare two texts in both orders."""
        votes: list[float] = []
        unparsed = 0
        for sign, pair in ((1.0, (first, second)), (-1.0, (second, first))):
            for repeat in range(self.repeats):
                # in the prompt 1 is the text that stands first
                vote = self._value(preference_prompt(question, source, *pair), (1, 2), repeat)
                if vote is None:
                    unparsed += 1
                else:
                    votes.append(sign * (3 - 2 * vote))
        if not votes:
            return Preference(None, consistent=False, unparsed=unparsed)
        same = all(vote > 0 for vote in votes) or all(vote < 0 for vote in votes)
        return Preference(fmean(votes), consistent=same and not unparsed, unparsed=unparsed)

    def _value(self, prompt: Sequence[Message], scale: Sequence[int], repeat: int) -> float | None:
        """Return the expected value on the scale by likelihood, or the one value that a reply names."""
        if Capability.SCORE in self.model.capabilities:
            scores = [score.logprob for score in self.model.score(prompt, [str(value) for value in scale])]
            if not all(math.isfinite(score) for score in scores):
                return None
            weights = [math.exp(score - max(scores)) for score in scores]
            return sum(value * weight for value, weight in zip(scale, weights, strict=True)) / sum(weights)
        reply = self.model.generate(
            prompt, max_tokens=_MAX_TOKENS, temperature=self.temperature, seed=repeat
        ).text
        named = {int(number) for number in _NUMBER.findall(reply)} & set(scale)
        return float(named.pop()) if len(named) == 1 else None


def rating_prompt(
    rubric: Rubric, scale: Sequence[int], source: str, text: str, reference: str = ""
) -> list[Message]:
    """Return the prompt of one rating; the scale is listed in the order given."""
    lines = [f"{value}: {rubric.scale[value]}" for value in scale]
    compared = f"\n\nReference summary:\n{reference}" if reference else ""
    asked = f"{rubric.question}\n" + "\n".join(lines) + "\nReply with one number only."
    content = f"Source:\n{source}{compared}\n\nSummary:\n{text}\n\n{asked}"
    return [
        {"role": "system", "content": "You check medical summaries."},
        {"role": "user", "content": content},
    ]


def preference_prompt(question: str, source: str, first: str, second: str) -> list[Message]:
    """Return the prompt of one comparison."""
    content = (
        f"Source:\n{source}\n\nText 1:\n{first}\n\nText 2:\n{second}\n\n{question}\nReply with 1 or 2 only."
    )
    return [{"role": "system", "content": "You compare medical texts."}, {"role": "user", "content": content}]
