"""Three methods of choosing among options with a model; each choice carries the name of its method.

Likelihood ways ("option-text", "option-text-sum", "letter") and "generation" answer different questions of a model
and are never compared with one another.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.core.errors import UserError
from clinweave.models.base import Capability, LanguageModel, Message, score_many
from clinweave.models.prompts import checked, checked_options
from clinweave.models.replies import option_key, option_labels, parsed

MAX_TOKENS = 64  # of a reply that is parsed
CHOICE_VERSION = 2  # raise it when the same model may be read to choose another option


@dataclass(frozen=True, slots=True)
class Choice:
    """The option that a model chose. `index` is None if there is none: unscored, unparsed, or a tie at the top."""

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
    model: LanguageModel,
    messages: Sequence[Message],
    options: Sequence[str],
    method: str = "auto",
    *,
    max_tokens: int = MAX_TOKENS,
    reasoning: bool = False,
) -> Choice:
    """Choose by a named way ("auto" is `choose_method`'s); the last two arguments are those of `by_generation`.

    Raises `UserError` for an unknown name.
    """
    name = choose_method(model) if method == "auto" else method
    if name in {"option-text", "option-text-sum"}:
        return by_option_text(model, messages, options, normalise=name == "option-text")
    if name == "letter":
        return by_letter(model, messages, options)
    if name == "generation":
        return by_generation(model, messages, options, max_tokens=max_tokens, reasoning=reasoning)
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
    texts, indices = _distinct(options)
    option_scores = model.score(messages, texts)
    per_option = [option.per_token if normalise else option.logprob for option in option_scores]
    scores = tuple(per_option[index] for index in indices)
    tokens = model.count_tokens(messages) + sum(len(option.tokens) for option in option_scores)
    method = "option-text" if normalise else "option-text-sum"
    return Choice(_best(per_option, indices), scores, method, tokens, time.perf_counter() - begun, "")


def by_letter(model: LanguageModel, messages: Sequence[Message], options: Sequence[str]) -> Choice:
    """Choose by the likelihood of each option's letter, averaged over all cyclic orders of the options.

    Small models prefer one letter whatever it stands for; over the cyclic orders each option bears each letter once.
    Scores are mean probabilities among the letters. Costs as many prompts as there are
    options; back ends with `score_many` evaluate the question before the options once.
    """
    begun = time.perf_counter()
    texts, indices = _distinct(options)
    labels = option_labels(len(texts))
    totals, tokens = [0.0] * len(texts), 0
    orders = _orders(messages, texts)
    scored = score_many(model, [(asked, labels) for asked in orders])
    for shift, (asked, scores_of_order) in enumerate(zip(orders, scored, strict=True)):
        logprobs = [option.logprob for option in scores_of_order]
        most = max(logprobs)
        weights = [math.exp(value - most) for value in logprobs]
        for index, weight in enumerate(weights):
            totals[(index + shift) % len(texts)] += weight / sum(weights)
        tokens += model.count_tokens(asked) + len(labels)
    per_option = [total / len(texts) for total in totals]
    scores = tuple(per_option[index] for index in indices)
    return Choice(_best(per_option, indices), scores, "letter", tokens, time.perf_counter() - begun, "")


def by_generation(
    model: LanguageModel,
    messages: Sequence[Message],
    options: Sequence[str],
    *,
    max_tokens: int = MAX_TOKENS,
    reasoning: bool = False,
) -> Choice:
    """Choose by reading the reply (`parsed`); a reply that names no option, or two, is counted as None.

    With `reasoning` the model is asked to think first and to end with its answer: give it more `max_tokens`.
    """
    begun = time.perf_counter()
    texts = checked_options(options)
    reply = model.generate(with_options(messages, texts, reasoning=reasoning), max_tokens=max_tokens)
    tokens = reply.prompt_tokens + reply.completion_tokens
    return Choice(
        parsed(reply.text, texts), (), "generation", tokens, time.perf_counter() - begun, reply.text
    )


def with_options(
    messages: Sequence[Message], options: Sequence[str], *, reasoning: bool = False
) -> list[Message]:
    """Return messages whose last one ends in the options by letter (by number above 26) and asks for one of them."""
    asked = checked(messages)
    labels = option_labels(len(options))
    lines = [f"{label}. {option}" for label, option in zip(labels, options, strict=True)]
    kind = "letter" if labels[0].isalpha() else "number"
    order = f"Answer with the {kind} of one option only."
    if reasoning:
        order = f'Think step by step, then end with "The answer is X", where X is the {kind} of one option.'
    tail = "\n".join(["", *lines, order])
    return [*asked[:-1], {"role": asked[-1]["role"], "content": asked[-1]["content"] + "\n" + tail}]


def sent_prompts(
    messages: Sequence[Message], options: Sequence[str], method: str, *, reasoning: bool = False
) -> list[list[Message]]:
    """Return every prompt that `choose` sends for an item, exactly: one for each order of letters, else one.

    With "option-text" each option follows the prompt as the reply whose likelihood is taken.
    """
    if method == "letter":
        return _orders(messages, _distinct(options)[0])
    if method == "generation":
        return [with_options(messages, checked_options(options), reasoning=reasoning)]
    return [checked(messages)]


def _orders(messages: Sequence[Message], texts: list[str]) -> list[list[Message]]:
    """Return the prompt with each cyclic order of the options."""
    return [with_options(messages, texts[shift:] + texts[:shift]) for shift in range(len(texts))]


def same_option(options: Sequence[str], option: int | None, other: int) -> bool:
    """Say whether two places hold the same text: some published benchmarks list an option twice."""
    return option is not None and option_key(options[option]) == option_key(options[other])


def chance_of(options: Sequence[str], answer: int) -> float:
    """Return the accuracy of a blind guess: among the options as listed, or among the distinct ones if that is more."""
    keys = [option_key(option) for option in options]
    return max(keys.count(keys[answer]) / len(keys), 1 / len(set(keys)))


def _distinct(options: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return the distinct texts, and for each option the place of its text among them. Equal texts are scored once."""
    index_of: dict[str, int] = {}
    texts: list[str] = []
    for option in checked_options(options):
        if (key := option_key(option)) not in index_of:
            index_of[key] = len(texts)
            texts.append(option)
    return texts, [index_of[option_key(option)] for option in options]


def _best(scores: Sequence[float], indices: Sequence[int]) -> int | None:
    """Return the first option with the one highest finite score of a text; None if there is none or a tie."""
    if not all(math.isfinite(score) for score in scores):
        return None
    most = max(scores)
    return indices.index(list(scores).index(most)) if list(scores).count(most) == 1 else None
