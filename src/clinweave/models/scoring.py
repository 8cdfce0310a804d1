"""Three ways to make a model choose among options; each choice carries the name of its way.

Likelihood ways ("option-text", "option-text-sum", "letter") and "generation" answer different questions of a model
and are never compared with one another.
"""

import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.errors import UserError
from clinweave.models.base import Capability, LanguageModel, Message
from clinweave.models.prompts import checked, checked_options

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL)
_LEAD = re.compile(
    r"^(?:so\W+)?(?:the\s+)?(?:(?:final|correct|best|right)\s+)*(?:answer|option|choice)(?:\s+is)?\W+", re.I
)
_LETTER = re.compile(r"^[(\[]?([A-Za-z])(?:[)\].:]+(?:\s+(.*))?|[)\]]?\s*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which option a model chose. `index` is None where it chose none: unscored, unparsed, or a tie at the top."""

    index: int | None
    scores: tuple[float, ...]  # one per option, higher is better; empty for "generation"
    method: str
    tokens: int  # prompt and completion tokens, what is shared counted once
    seconds: float
    raw: str  # the reply of "generation", else ""


def choose_method(model: LanguageModel) -> str:
    """Return the default way for a model: "option-text" where it can score, else "generation"."""
    return "option-text" if Capability.SCORE in model.capabilities else "generation"


def choose(
    model: LanguageModel, messages: Sequence[Message], options: Sequence[str], method: str = "auto"
) -> Choice:
    """Choose by a named way ("auto" is `choose_method`'s). Raises `UserError` for an unknown name."""
    name = choose_method(model) if method == "auto" else method
    if name in {"option-text", "option-text-sum"}:
        return by_option_text(model, messages, options, normalise=name == "option-text")
    if name == "letter":
        return by_letter(model, messages, options)
    if name == "generation":
        return by_generation(model, messages, options)
    raise UserError(
        f"Unknown way of choosing {name!r}; use auto, option-text, option-text-sum, letter or generation."
    )


def by_option_text(
    model: LanguageModel, messages: Sequence[Message], options: Sequence[str], *, normalise: bool = True
) -> Choice:
    """Choose the option whose text is the likeliest reply: per token, or summed where `normalise` is False.

    Scores are nats. The summed form favours short options.
    """
    begun = time.perf_counter()
    found = model.score(messages, checked_options(options))
    scores = tuple(option.per_token if normalise else option.logprob for option in found)
    tokens = model.count_tokens(messages) + sum(len(option.tokens) for option in found)
    method = "option-text" if normalise else "option-text-sum"
    return Choice(_best(scores), scores, method, tokens, time.perf_counter() - begun, "")


def by_letter(model: LanguageModel, messages: Sequence[Message], options: Sequence[str]) -> Choice:
    """Choose by the likelihood of each option's letter, averaged over all cyclic orders of the options.

    Small models prefer one letter whatever it stands for; over the cyclic orders each option bears each letter once.
    Scores are mean probabilities among the letters. Costs as many prompts as there are options.
    """
    begun = time.perf_counter()
    texts = _lettered(options)
    letters = LETTERS[: len(texts)]
    totals, tokens = [0.0] * len(texts), 0
    for shift in range(len(texts)):
        asked = with_options(messages, texts[shift:] + texts[:shift])
        found = [option.logprob for option in model.score(asked, list(letters))]
        most = max(found)
        weights = [math.exp(value - most) for value in found]
        for place, weight in enumerate(weights):
            totals[(place + shift) % len(texts)] += weight / sum(weights)
        tokens += model.count_tokens(asked) + len(letters)
    scores = tuple(total / len(texts) for total in totals)
    return Choice(_best(scores), scores, "letter", tokens, time.perf_counter() - begun, "")


def by_generation(
    model: LanguageModel, messages: Sequence[Message], options: Sequence[str], *, max_tokens: int = 64
) -> Choice:
    """Choose by reading the reply (`parsed`); a reply that names no option, or two, is counted as None."""
    begun = time.perf_counter()
    texts = _lettered(options)
    reply = model.generate(with_options(messages, texts), max_tokens=max_tokens)
    tokens = reply.prompt_tokens + reply.completion_tokens
    return Choice(
        parsed(reply.text, texts), (), "generation", tokens, time.perf_counter() - begun, reply.text
    )


def with_options(messages: Sequence[Message], options: Sequence[str]) -> list[Message]:
    """Return messages whose last one ends in the lettered options and asks for one letter."""
    asked = checked(messages)
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False)]
    tail = "\n".join(["", *lines, "Answer with the letter of one option only."])
    return [*asked[:-1], {"role": asked[-1]["role"], "content": asked[-1]["content"] + "\n" + tail}]


def parsed(reply: str, options: Sequence[str]) -> int | None:
    """Return the option that a reply names by its letter or its whole text, or None. Nothing is guessed.

    The first and the last line are read, thoughts in <think> left out; where they name different options, or a letter
    stands before another option's text, the reply is not parsed.
    """
    lines = [line.strip() for line in _THOUGHT.sub("", reply).splitlines() if line.strip()]
    if not lines:
        return None
    named = {_named(line, options) for line in (lines[0], lines[-1])} - {None}
    return named.pop() if len(named) == 1 else None


def _named(line: str, options: Sequence[str]) -> int | None:
    text = _LEAD.sub("", line.strip("*_`\"' ")).strip("*_`\"' ")
    found = {place for place, option in enumerate(options) if _plain(option) == _plain(text)}
    letter = _LETTER.match(text)
    if letter:
        place = LETTERS.find(letter.group(1).upper())
        rest = _plain((letter.group(2) or "").strip("*_`\"' "))
        # "A. text" must not name another option; a lower-case letter counts only when it stands alone.
        others = {_plain(option) for other, option in enumerate(options) if other != place}
        if 0 <= place < len(options) and rest not in others and (letter.group(1).isupper() or not rest):
            found.add(place)
    return found.pop() if len(found) == 1 else None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def _lettered(options: Sequence[str]) -> list[str]:
    texts = checked_options(options)
    if len(texts) > len(LETTERS):
        raise UserError(f"{len(texts)} options are more than there are letters; choose by option-text.")
    return texts


def _best(scores: Sequence[float]) -> int | None:
    """Return the place of the one highest finite score; None where there is none or a tie."""
    if not all(math.isfinite(score) for score in scores):
        return None
    most = max(scores)
    return list(scores).index(most) if list(scores).count(most) == 1 else None
