"""Ways of asking a model for sentences over the statements of an answer."""

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clinweave.applications.consult.candidates import candidates
from clinweave.applications.consult.checked_reply import cited_evidence
from clinweave.applications.consult.prompt import ShownStatement, prompt_for
from clinweave.applications.consult.selection import choose_sentences
from clinweave.knowledge import CitationChecker, split_sentences
from clinweave.models import Message

FUNCTION_WORDS = (
    "a an the of in on at by for to from with without within and or but if when while after before until than that "
    "which who is are was were be been has have had can may should must will does do not no yes it its they their "
    "this these as also only if because usually treated given used called caused"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote, and what it cost: tokens, seconds to the first token and the end, processor seconds."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first: float = 0.0
    seconds: float = 0.0
    processor: float = 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the statements that a model is shown, and what checks its sentences."""

    question: str
    about: str  # the question as the relevance of a sentence is judged by
    shown: tuple[ShownStatement, ...]
    model: Any
    checker: CitationChecker


def generated(model: Any, messages: Sequence[Message], *, grammar: str = "", max_tokens: int = 128) -> Reply:
    """Return the model's reply at temperature 0, under a GBNF grammar if one is given."""
    first: list[float] = []
    begun, used = time.perf_counter(), _processor()

    def take(piece: str) -> bool:
        if piece and not first:
            first.append(time.perf_counter() - begun)
        return False

    body = model._request(messages, max_tokens=max_tokens)
    if grammar:
        body["grammar"] = grammar
    result = model._engine.stream(body, take)
    seconds, usage = time.perf_counter() - begun, result["usage"]
    return Reply(
        result["text"], usage.get("prompt_tokens", 0), usage.get("completion_tokens", 0),
        round((first or [seconds])[0], 2), round(seconds, 2), round(_processor() - used, 2),
    )  # fmt: skip


def _processor() -> float:
    times = os.times()
    return times.user + times.system


def units(shown: Sequence[ShownStatement]) -> list[tuple[str, int]]:
    """Return the single sentences of the statements with the number of their statement, from 1."""
    found = [
        (" ".join(span.text.split()), number)
        for number, item in enumerate(shown, 1)
        for span in split_sentences(item.text)
    ]
    return [(text, number) for text, number in found if len(text.split()) > 2]


def statements(item: Asked) -> Reply:
    """The whole statements, to be copied word for word: what `ask` did before."""
    return generated(item.model, prompt_for(item.question, item.shown))


_EXAMPLE_TEXT = (
    "[1] Morn fever is common in children.\n"
    "[2] Morn fever begins suddenly and is usually treated with zelanine for ten days.\n"
    "[3] Zelanine is not given in pregnancy.\n\nQuestion: How is morn fever treated?"
)
_COPIED = (
    Message(role="user", content=_EXAMPLE_TEXT),
    Message(
        role="assistant",
        content="Morn fever begins suddenly and is usually treated with zelanine for ten days [2].",
    ),
)


def select_one(item: Asked) -> Reply:
    """The number of one sentence of the statements, whether or not it passes the check; it is quoted."""
    parts = units(item.shown)
    lines = "\n".join(f"[{number}] {text}" for number, (text, _) in enumerate(parts, 1))
    rules = (
        "You are given numbered sentences and a medical question. Reply with the number of the sentence that answers "
        "the question most directly. Reply 0 if no sentence answers it."
    )
    messages = [
        Message(role="system", content=rules),
        Message(role="user", content=_EXAMPLE_TEXT),
        Message(role="assistant", content="2"),
        Message(role="user", content=f"{lines}\n\nQuestion: {item.question}"),
    ]
    numbers = " | ".join(f'"{number}"' for number in range(len(parts) + 1))
    reply = generated(item.model, messages, grammar=f"root ::= {numbers}", max_tokens=8)
    number = int(reply.text or 0)
    return replace(reply, text=_with_mark(*parts[number - 1]) if number else "I do not know.")


def _with_mark(text: str, number: int) -> str:
    return f"{text.rstrip(' .;:')} [{number}]."


def word_grammar(item: Asked) -> Reply:
    """Any sentences of the words and numbers of the statements and of function words."""
    text = " ".join(statement.text for statement in item.shown)
    words = dict.fromkeys(re.findall(r"[\w.,:/%²µ+-]*[\w%]", text))
    words.update(dict.fromkeys(FUNCTION_WORDS.split()))
    words.update(dict.fromkeys(re.findall(r"[A-Za-z][\w-]+", item.question)))
    both = dict.fromkeys(form for word in words for form in (word, word[:1].upper() + word[1:]))
    alternatives = " | ".join(_literal(word) for word in both)
    marks = " | ".join(f'" [{number}]"' for number in range(1, len(item.shown) + 1))
    grammar = (
        f'root ::= sentence (" " sentence)?\nsentence ::= word ((" " | ", ") word){{2,40}} mark "."\n'
        f"mark ::= {marks}\nword ::= {alternatives}"
    )
    return generated(item.model, prompt_for(item.question, item.shown), grammar=grammar)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def second_attempt(item: Asked) -> Reply:
    """The prompt of `ask`; a sentence that is not supported is handed back once with the nearest source sentence."""
    reply = statements(item)
    numbered = {str(number): statement.evidence for number, statement in enumerate(item.shown, 1)}
    cited = tuple({e.id: e for statement in item.shown for e in statement.evidence}.values())
    result: list[str] = []
    for span in split_sentences(reply.text):
        bare = re.sub(r"\s*\[[\d,; ]+\]", "", span.text)
        checked = item.checker.check_answer(bare, cited, item.about, repair=True)
        nearest = item.checker.closest(bare, cited, item.about)
        if not checked or checked[0].verdict.value == "supported" or nearest is None:
            result.append(span.text)
            continue
        messages = [
            Message(
                role="system",
                content="Restate the sentence with the words of the source: one sentence, nothing that the source does "
                "not say, no word changed that need not be. Reply with that sentence alone.",
            ),
            Message(role="user", content=f"Source: {nearest.text}\nSentence: {bare}"),
        ]
        again = generated(item.model, messages, max_tokens=80)
        number = next(
            (key for key, own in numbered.items() if any(e.id == nearest.evidence for e in own)), "1"
        )
        result.append(f"{again.text.strip().rstrip('.')} [{number}].")
        reply = replace(
            reply,
            prompt_tokens=reply.prompt_tokens + again.prompt_tokens,
            completion_tokens=reply.completion_tokens + again.completion_tokens,
            seconds=reply.seconds + again.seconds,
            processor=reply.processor + again.processor,
        )
    return replace(reply, text=" ".join(result))


def checked_parts(item: Asked) -> list[tuple[str, int]]:
    """Return the sentences that pass the citation check, with the number of their statement."""
    numbers = {statement.evidence: number for number, statement in enumerate(item.shown, 1)}
    found = candidates(item.shown, cited_evidence(item.shown), item.checker, item.about)
    return [(candidate.text, numbers[candidate.evidence]) for candidate in found]


def checked_first(item: Asked) -> Reply:
    """No model: the first of the sentences that pass the check."""
    parts = checked_parts(item)
    return Reply(_with_mark(*parts[0]) if parts else "I do not know.")


def checked_copy(item: Asked) -> Reply:
    """Only sentences that pass the check are shown; one or two are to be copied."""
    if not (parts := checked_parts(item)):
        return Reply("")
    lines = "\n".join(f"[{number}] {text}" for number, (text, _) in enumerate(parts, 1))
    rules = (
        "Answer the question with one or two of the numbered sentences, copied word for word, each with its number at "
        "the end like [1]. Choose those that answer most directly. If none answers, write: I do not know."
    )
    body = f"{lines}\n\nQuestion: {item.question}"
    messages = [Message(role="system", content=rules), *_COPIED, Message(role="user", content=body)]
    return _renumbered(generated(item.model, messages), parts)


def ask(item: Asked) -> Reply:
    """As `ask` does: of two or more sentences that pass the check, the model writes numbers, and they are quoted."""
    parts = checked_parts(item)
    if len(parts) < 2:
        return Reply("")
    options = [ShownStatement(text, item.shown[number - 1].evidence) for text, number in parts]
    begun, used = time.perf_counter(), _processor()
    chosen = choose_sentences(item.model, item.question, options)
    seconds, processor = time.perf_counter() - begun, _processor() - used
    reply = Reply(
        chosen.text, chosen.prompt_tokens, chosen.completion_tokens,
        round(seconds, 2), round(seconds, 2), round(processor, 2),
    )  # fmt: skip
    return _renumbered(reply, parts)


def _renumbered(reply: Reply, parts: Sequence[tuple[str, int]]) -> Reply:
    """Return a reply whose numbers are those of the statements in the place of those of the single sentences."""

    def statement(mark: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", mark[0])]
        return "".join(f"[{parts[number - 1][1]}]" for number in numbers if 0 < number <= len(parts))

    return replace(reply, text=re.sub(r"\[\d[\d,; ]*\]", statement, reply.text))


WAYS: dict[str, Callable[[Asked], Reply]] = {
    "checked-first": checked_first,
    "checked-copy": checked_copy,
    "ask": ask,
    "statements": statements,
    "select-one": select_one,
    "word-grammar": word_grammar,
    "second-attempt": second_attempt,
}
