"""Whether a passage says a sentence: word for word, or in other words that leave nothing out that restricts it."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from clinweave.knowledge.citations.alignment import difference, same_signs
from clinweave.knowledge.citations.clauses import BE, DROPPED, FILLERS, Chunk, Frame, frames, groups
from clinweave.knowledge.citations.context import Statement, statements
from clinweave.knowledge.citations.definitions import Definition, definition
from clinweave.knowledge.citations.entailment import entailed
from clinweave.knowledge.citations.instructions import speaks_to_model
from clinweave.knowledge.citations.lexicon import abbreviations, canonical, phrases_of, without_abbreviations
from clinweave.knowledge.citations.patterns import pattern
from clinweave.knowledge.citations.propositions import divisions, separate
from clinweave.knowledge.citations.readings import readings, weaker
from clinweave.knowledge.citations.rewriting import rewritten
from clinweave.knowledge.citations.roles import Roles, family, roles
from clinweave.knowledge.citations.splitting import Clause, clauses, defined, divided, relative
from clinweave.knowledge.citations.titles import short_forms, topic_of_title
from clinweave.knowledge.citations.tokens import Token, tokens
from clinweave.records import Passage, Verdict

MIN_WORDS = 3  # words of the shortest sentence that a passage supports
_CALLED = frozenset({"disease", "syndrome", "cancer", "infection", "disability"})
_DIVISIONS = 2  # a sentence may be divided so many times
Rename = Callable[[str], str]  # a text with the names of concepts replaced by their identifiers
_Pairs = tuple[tuple[str, str], ...]
_LEAD_IN = pattern("lead_in", "sentence")
_LEAD_OUT = pattern("lead_out", "sentence")
_JOINING = re.compile(
    r"^\s*(?:however|in addition|additionally|therefore|thus|also|moreover|furthermore|consequently|"
    r"as a result)\s*,\s*",
    re.IGNORECASE,
)
_ASPECTS = frozenset(
    {"symptom", "sign", "feature", "cause", "treatment", "complication", "manifestation", "trigger"}
)
_NO = re.compile(r"^\s*(?:no\b\s*[,.:;–—-])", re.IGNORECASE)
_DENIES = pattern("denies", "sentence")
_POINTING = frozenset({"it", "they", "this", "these", "those", "he", "she", "such", "that", "here", "both"})


NOT_STATED = "the passage does not state this"  # no rule says why not


class Quoted(NamedTuple):
    """A verdict on a sentence and a passage, and why."""

    verdict: Verdict
    reason: str


class Prepared(NamedTuple):
    """A sentence to be checked, as tokens, and whether it began with "No,"."""

    clause: Clause
    refused: str


def quoted(
    sentence: str, passage: Passage, rename: Rename | None = None, *, by_frames: bool = False
) -> Quoted:
    """Return whether the passage states the sentence; CONTRADICTED where it states the opposite in the same words.

    `by_frames` leaves out the alignment of words, which tells roles apart by more words than a record has.
    """
    sentence = _without_heading(sentence, passage)
    if speaks_to_model(passage):
        return Quoted(
            Verdict.UNVERIFIED, "the passage contains instructions to a model, and supports nothing"
        )
    known = tuple(
        sorted(
            {
                **short_forms(passage.title, f"{sentence} {passage.text}"),
                **abbreviations(passage.title),
                **abbreviations(passage.text),
                **abbreviations(sentence),
            }.items()
        )
    )
    best = Quoted(Verdict.UNVERIFIED, NOT_STATED)
    names: tuple[Rename | None, ...] = (None, rename) if rename is not None else (None,)
    for change in names:
        found = _stated(sentence, passage, known, change, by_frames=by_frames)
        if found.verdict == Verdict.SUPPORTED:
            return found
        if found.verdict == Verdict.CONTRADICTED or best.verdict == Verdict.UNVERIFIED:
            best = found
    return best


def _without_heading(sentence: str, passage: Passage) -> str:
    """Return the sentence without the passage's title or a question before it ("Is X inherited?: X is ...")."""
    head, colon, rest = sentence.partition(": ")
    bare = _letters(head.replace("?", ""))
    titles = [_letters(text.replace("?", "")) for text in (passage.title, passage.section) if text]
    if colon and (head.rstrip().endswith("?") or bare in titles) and len(rest.split()) >= MIN_WORDS:
        return rest
    return sentence


def repeats(sentence: str, text: str) -> bool:
    """Tell whether a sentence is one line of a text word for word, with its numbers and signs."""
    wanted = _letters(sentence)
    return len(wanted) >= MIN_WORDS and any(_letters(line) == wanted for line in text.split("\n"))


def _letters(text: str) -> list[str]:
    bare = re.sub(r"^\s*(?:\d{1,2}\.|[-*•])\s+", "", text)  # of a list
    return re.findall(r"\w+|[^\w\s]", bare.rstrip(" .").casefold())


def prepared(sentence: str, known: _Pairs, rename: Rename | None = None) -> Prepared:
    """Return a sentence without its lead-in, as tokens, or why it cannot be checked."""
    bare = _LEAD_OUT.sub("", _LEAD_IN.sub("", sentence)).strip()
    if bare.rstrip(" \"'”’)").endswith("?"):
        return Prepared((), "the sentence asks")
    if _NO.match(sentence) and not _DENIES.search(bare):
        return Prepared((), 'the sentence says "no" and then affirms')
    clause = _tokens(bare, known, rename)
    if len(clause) < MIN_WORDS:
        return Prepared((), "too short to be a statement")
    if clause[0].text in _POINTING and clause[0].kind == "word":
        return Prepared((), f'"{clause[0].raw}" does not say what the sentence is about')
    return Prepared(clause, "")


def _tokens(text: str, known: _Pairs, rename: Rename | None) -> Clause:
    pairs = dict(known)
    text = rewritten(without_abbreviations(text, pairs))
    if rename is not None:
        text = rename(text)
    items = canonical(tokens(text), phrases_of(pairs)) if pairs else canonical(tokens(text))
    while items and items[-1].kind == "mark" and items[-1].text in ".!?:;,":
        items.pop()
    return tuple(item for item in items if item.text not in '.!"')


def _stated(
    sentence: str, passage: Passage, known: _Pairs, rename: Rename | None, *, by_frames: bool
) -> Quoted:
    claim = prepared(sentence, known, rename)
    if claim.refused:
        return Quoted(Verdict.UNVERIFIED, claim.refused)
    evidence = _evidence(passage.text, passage.section, passage.title, known, rename)
    if by_frames:
        evidence = tuple(item._replace(parts=()) for item in evidence)
    whole = _whole(claim.clause, evidence)
    if whole.verdict != Verdict.UNVERIFIED:
        return whole
    pieces = relative(claim.clause) or defined(claim.clause) or [claim.clause]
    parts = _with_topic([part for piece in pieces for part in divided(piece)])
    if len(parts) > 1:
        found = [_whole(part, evidence) for part in parts]
        for verdict in (Verdict.CONTRADICTED, Verdict.UNVERIFIED):
            for item in found:
                if item.verdict == verdict:
                    return item
        return found[0]
    if _by_division(claim.clause, evidence):
        return Quoted(Verdict.SUPPORTED, "the passage says both parts of this in other words")
    return whole


def _by_division(clause: Clause, evidence: Sequence["_Stated"], depth: int = _DIVISIONS) -> bool:
    """Tell whether a sentence can be divided into facts that the passage states."""
    return depth > 0 and any(
        all(
            _whole(part, evidence).verdict == Verdict.SUPPORTED or _by_division(part, evidence, depth - 1)
            for part in parts
        )
        for parts in divisions(clause)
    )


def _with_topic(parts: list[Clause]) -> list[Clause]:
    """Return "there is no treatment" with "for dengue", where the fact before it is about dengue."""
    done: list[Clause] = []
    for part in parts:
        texts = [item.text for item in part]
        bare = texts[:1] == ["there"] and not {"for", "of", "in", "against"} & set(texts)
        topic = _topic(done[0]) if bare and done else ()
        ends_open = texts[-1:] in (["it"], ["them"])  # "screening can detect it"
        who = _topic(done[0]) if ends_open and done else ()
        full = (*part[:-1], *who) if who else part
        done.append((*full, Token("for", "word", "", "for"), *topic) if topic else full)
    return done


class _Stated(NamedTuple):
    """One statement of a passage: its tokens, its readings and what follows from them."""

    statement: Statement
    clause: Clause
    readings: tuple[Frame, ...]
    parts: tuple[Clause, ...] = ()  # its clauses
    context: frozenset[str] = frozenset()  # families of the words of its headings and of what stands before


def _evidence(
    text: str, section: str, title: str, known: _Pairs, rename: Rename | None
) -> tuple[_Stated, ...]:
    result: list[_Stated] = []
    first: tuple[Token, ...] = ()  # what the passage begins with
    named_in = topic_of_title(title) if "?" in title else title
    subject: tuple[Token, ...] = _tokens(named_in, known, rename) if named_in else ()
    topic = subject
    above = (*topic, *(_tokens(section, known, rename) if section and "?" not in section else ()))
    named = rename is not None and bool(section) and rename(section) != section
    for item in statements(text, section, title, named=named):
        bare = _JOINING.sub("", item.text)
        shown = rename(without_abbreviations(bare, dict(known))) if rename is not None else bare
        clause, read = _read(shown, known)
        full = _about(clause, subject) if "?" in title else clause
        if full != clause:
            read = _frames_of_evidence(full)
        elif item.pronoun and topic:
            full = (*topic, *clause[item.pronoun :])
            read = _frames_of_evidence(full)
        elif not item.pronoun and topic and (longer := _of_topic(clause, topic)):
            full = longer
            read = _frames_of_evidence(full)
        elif not item.pronoun:
            topic = _topic(clause)
        parts = tuple(clauses(full))
        heading = _tokens(item.heading, known, rename) if item.heading else ()
        first = first or topic
        context = frozenset(family(token.text) for token in (*above, *heading, *topic, *first))
        result.append(_Stated(item, clause, read, (*parts, *separate(full)), context))
    return tuple(result)


def _about(clause: Clause, subject: Clause) -> Clause:
    """Return the clause with "this condition" and "the disease" replaced by what the passage is about."""
    for index, (first, second) in enumerate(pairwise(clause)):
        if subject and first.text in ("this", "the") and second.text in _CALLED:
            return (*clause[:index], *subject, *clause[index + 2 :])
    return clause


@lru_cache(maxsize=8192)
def _read(text: str, known: _Pairs) -> tuple[Clause, tuple[Frame, ...]]:
    clause = _tokens(text, known, None)
    return clause, _frames_of_evidence(clause)


def _frames_of_evidence(clause: Clause) -> tuple[Frame, ...]:
    result: dict[Frame, None] = {}
    for part in clauses(clause):
        for frame in frames(part):
            for reading in readings(frame):
                result[reading] = None
                result.update(dict.fromkeys(weaker(reading)))
    return tuple(result)


def _topic(clause: Clause) -> Clause:
    """Return the words before the first verb: what a pronoun in the next sentence stands for."""
    group = next(groups(list(clause)), None)
    head = clause[: group.start] if group is not None else ()
    if [item.text for item in head[:2]] == ["patient", "with"]:
        head = head[2:]
    simple = 0 < len(head) <= 6 and not any(
        item.text in ("and", "or", ",", "in", "with", "for") for item in head
    )
    return tuple(head) if simple else ()


def _of_topic(clause: Clause, topic: Clause) -> Clause:
    """Return "Symptoms include fever" with "of influenza", where the sentence before was about influenza."""
    group = next(groups(list(clause)), None)
    head = clause[: group.start] if group is not None else ()
    if (
        not 0 < len(head) <= 4
        or head[-1].text not in _ASPECTS
        or any(item.text in ("of", "for") for item in head)
    ):
        return ()
    return (*head, Token("of", "word", "", "of"), *topic, *clause[len(head) :])


def _whole(clause: Clause, evidence: Sequence[_Stated]) -> Quoted:
    """Judge one clause of the sentence against every statement of the passage."""
    wanted = _sequence(clause)
    words = {item.text for item in clause}
    claims = [(frame, reading) for frame in frames(clause) for reading in readings(frame)]
    opposite: Quoted | None = None
    refused = ""
    meant = definition(clause, plain=True)
    for item in evidence:
        same = _sequence(item.clause) == wanted or _defines(item, meant)
        verdicts = (
            {entailed(reading, stated) for _, reading in claims for stated in item.readings}
            if not same
            else set()
        )
        said = same or Verdict.SUPPORTED in verdicts
        said = same or ((said or _aligned(clause, item)) and same_signs(clause, item.clause))
        denied = Verdict.CONTRADICTED in verdicts
        if not said and not denied:
            continue
        why = item.statement.refused or _other_group(item, words)
        if why:
            refused = refused or why
        elif said:
            reason = "the passage says this word for word" if same else "the passage says this in other words"
            return Quoted(Verdict.SUPPORTED, reason)
        else:
            opposite = Quoted(Verdict.CONTRADICTED, "the passage says the opposite")
    if opposite is not None:
        return opposite
    if refused:
        return Quoted(Verdict.UNVERIFIED, f"the passage has these words, but {refused}")
    return _by_items(claims, evidence, words)


def _aligned(clause: Clause, item: _Stated) -> bool:
    """Tell whether a statement says the same by aligned words."""
    if len(divided(clause)) > 1 or any(token.text == ";" for token in clause):
        return False  # which verb goes with what is seen only fact by fact
    claims = _roles(clause)[:1]
    return any(
        not difference(claim, stated, item.context)
        for claim in claims
        for part in item.parts
        for stated in _roles(part)
    )


@lru_cache(maxsize=8192)
def _roles(clause: Clause) -> tuple[Roles, ...]:
    return roles(clause)


def _defines(item: _Stated, meant: Definition | None) -> bool:
    """Tell whether a statement defines the same term by the same words."""
    stated = definition(item.clause, plain=meant is not None and not meant.plain)
    return meant is not None and stated is not None and meant.same(stated)


def _by_items(claims: Sequence[tuple[Frame, Frame]], evidence: Sequence[_Stated], words: set[str]) -> Quoted:
    """Support a list where each of its items is stated by itself, in sentences of their own."""
    usable = [
        stated
        for item in evidence
        if not item.statement.refused and not _other_group(item, words)
        for stated in item.readings
    ]
    for _, claim in claims:
        singles = _singles(claim)
        if len(singles) > 1 and all(
            any(entailed(single, stated) == Verdict.SUPPORTED for stated in usable) for single in singles
        ):
            return Quoted(Verdict.SUPPORTED, "the passage says this in other words")
    return Quoted(Verdict.UNVERIFIED, NOT_STATED)


def _singles(frame: Frame) -> list[Frame]:
    from dataclasses import replace

    def each(chunk: Chunk) -> list[Chunk]:
        if len(chunk.items) < 2 or chunk.joint != "and":
            return [chunk]
        return [Chunk(bag, (bag,), "", chunk.article, chunk.phrases) for bag in chunk.items]

    if frame.exhaustive or frame.negated:
        return [frame]
    return [
        replace(frame, subject=subject, object=target)
        for subject in each(frame.subject)
        for target in each(frame.object)
    ]


def _sequence(clause: Clause) -> tuple[str, ...]:
    """Return the words in their order, without articles, for word-for-word comparison."""
    words = [item.text for item in clause if item.text not in FILLERS and item.text not in (",", "(", ")")]
    return tuple(
        word
        for index, word in enumerate(words)
        if word not in DROPPED or (word == "the" and index and words[index - 1] in BE)
    )


def _other_group(item: _Stated, words: set[str]) -> str:
    own = {token.text for token in item.clause}
    missing = [word for word in item.statement.group if word not in words and word not in own]
    return f"they stand under a heading about {missing[0]!r}" if missing else ""


__all__ = ["NOT_STATED", "Quoted", "prepared", "quoted", "repeats"]
