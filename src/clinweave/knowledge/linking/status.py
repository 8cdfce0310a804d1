"""Assertion status of a finding: negation (absent), uncertainty, hypothesis, history, else present; and whose it is.

After NegEx (Chapman et al., J Biomed Inform 2001;34:301-310) and ConText (Harkema et al., J Biomed Inform
2009;42:839-851): cues govern what follows, what precedes, or what they answer, within one sentence and up to a cue of
another status, a word that ends their reach, or a heading. The cues are this project's own (status.toml).
"""

import re
from bisect import bisect_left
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking import cues as lexicon
from clinweave.knowledge.linking import experiencer, pronouns
from clinweave.knowledge.linking.cues import ABSENT, PRESENT, UNCERTAIN, Cues
from clinweave.knowledge.linking.normalise import Ints, Tokens, normal_form
from clinweave.knowledge.linking.scope import Cue, MentionSpan, Sentence

# An empty heading ("Denies:") governs the lines below it, up to a blank line or the next heading.
_EMPTY_HEADING = re.compile(r":[ \t]*\r?\n")
_HEADING = re.compile(r"(?:\s+[a-z]+){0,2}\s*:[ \t]*\r?\n", re.ASCII | re.IGNORECASE)
_SECTION_END = re.compile(r"\n[^\S\n]*\n|\x1e|\n[^\S\n]*[A-Z][\w /()&-]{1,40}:")
# "?meningococcal sepsis / meningitis": a question mark before a word doubts what it stands before, and its alternative.
_ASKED_BEFORE = re.compile(
    r"(?:^|(?<=[\s(:]))\?~?(?:[\w-]+~){0,2}(?:[\w-]+~?(?:/|or\b)~?)?(?:[\w-]+~)?\Z".replace(
        "~",
        r"(?:[^\S\n\x1e]|\n(?=[a-z]))",  # a new line that begins with a capital is another statement
    )
)
_ASKED = 40  # characters between them
_ALONE = re.compile(r"\s*\?+\s*(?:$|\n|\x1e|[A-Z]|[-\u2013\u2014(])")  # "Asthma?"
_LINE_START = re.compile(r"(?:^|[\n\x1e.;!?])[\s*#>\u2022-]*(?:\d+[.)]\s*)?$")
# Adjectives that name a finding in order to deny it.
_DENYING = re.compile(r"\b(?:afebrile|apyrexial|apyretic)\b", re.IGNORECASE)
_MAX_SECTION = 5000  # characters that an empty heading governs
_LIST = 8  # mentions that one answer may govern
_MAX_BEFORE = 2  # tokens before a finding that is asked about alone ("Possibly new asthma?")


class Assessment(NamedTuple):
    """For each mention: status (a place in `cues.STATUSES`), whether it is a relative's, whether a heading.

    `either`: a pronoun before it may be the patient or a relative; not a relative's, it is then uncertain.
    """

    status: NDArray[np.uint8]
    family: NDArray[np.bool_]
    heading: NDArray[np.bool_]
    either: NDArray[np.bool_]


def assess(whole: str, tokens: Tokens, first_tokens: Ints, size: Ints) -> Assessment:
    """Return the assessment of the mentions `[first, first + size)` (tokens, sorted); `whole` is the joined text."""
    if not len(first_tokens):
        none = np.zeros(0, np.bool_)
        return Assessment(np.zeros(0, np.uint8), none, none, none)
    matches, family = lexicon.match(whole, tokens, first_tokens, size)
    batch = _Batch(whole, tokens, first_tokens, size, matches)
    batch.in_sentences()
    batch.in_sections()
    batch.by_signs()
    batch.by_names()
    inside = _within(matches, first_tokens, size) | _within(family, first_tokens, size)
    relatives = experiencer.of_relatives(whole, tokens, first_tokens, size, family)
    either = np.zeros(len(first_tokens), np.bool_)
    if relatives.any():
        for low, high in pronouns.of_either(whole, tokens, family, first_tokens[relatives]):
            either[np.searchsorted(first_tokens, low) : np.searchsorted(first_tokens, high)] = True
        batch.status[either & ~relatives] = UNCERTAIN
    return Assessment(batch.status, relatives, inside | batch.headings(), either)


class _Batch:
    """The mentions and cues of one batch, and the statuses that they get step by step."""

    def __init__(self, whole: str, tokens: Tokens, first_tokens: Ints, size: Ints, cues: Cues) -> None:
        self.whole, self.tokens, self.found = whole, tokens, cues
        self.first = first_tokens
        self._starts, self._ends = tokens.start[first_tokens], tokens.end[first_tokens + size - 1]
        rows = (
            first_tokens.tolist(),
            (first_tokens + size).tolist(),
            self._starts.tolist(),
            self._ends.tolist(),
        )
        self.rows = list(zip(*rows, strict=True))
        self.status = np.zeros(len(first_tokens), np.uint8)
        self.settled: set[int] = set()  # mentions that some cue governs

    def in_sentences(self) -> None:
        """Set the statuses that cues of the same sentence give, and those that the next one's first word answers."""
        rules, tokens, matched = lexicon.lexicon().rules, self.tokens, self.found
        named, spoken = tokens.sentence[self.first], tokens.sentence[matched.first]
        marks = np.array([rule.marks for rule in rules])[matched.value]
        answer = np.array([rule.answer for rule in rules])[matched.value]
        answer &= (matched.first == 0) | (tokens.sentence[np.maximum(matched.first - 1, 0)] != spoken)
        active = np.intersect1d(spoken[marks], named)
        active = np.union1d(active, np.intersect1d(spoken[answer], named + 1))
        chosen = np.flatnonzero(np.isin(spoken, active))
        if not len(chosen):
            return
        first_tokens, stop = matched.first[chosen], (matched.first + matched.size)[chosen]
        columns = (
            spoken[chosen],
            first_tokens,
            stop,
            tokens.start[first_tokens],
            tokens.end[stop - 1],
            matched.value[chosen],
        )
        cues = zip(*(column.tolist() for column in columns), strict=True)
        sides = [
            np.searchsorted(values, active, side=side).tolist()
            for values in (named, tokens.sentence)
            for side in ("left", "right")
        ]
        bounds = {key: row for key, *row in zip(active.tolist(), *sides, strict=True)}
        for key, group in groupby(cues, key=itemgetter(0)):
            begin, end, first, last = bounds[key]
            spoken_here = [
                Cue(at_, stop_, start_, end_, rules[rule_]) for _, at_, stop_, start_, end_, rule_ in group
            ]
            sentence = Sentence(self.whole, tokens, (first, last), spoken_here, self._spans(begin, end))
            for number, value in sentence.statuses().items():
                self._settle(begin + number, value)
            if spoken_here[0].first == first and spoken_here[0].rule.answer:
                earlier = self._spans(max(0, begin - _LIST), begin)
                for back, value in sentence.answers_before(earlier).items():
                    self._settle(begin - back, value)

    def _spans(self, begin: int, end: int) -> list[MentionSpan]:
        return [*map(MentionSpan._make, self.rows[begin:end])]

    def _settle(self, number: int, value: int) -> None:
        self.status[number] = value
        self.settled.add(number)

    def in_sections(self) -> None:
        """Give the findings under an empty heading that is a cue its status, where their own sentence gives none."""
        rules, tokens, cues = lexicon.lexicon().rules, self.tokens, self.found
        starts = [row[2] for row in self.rows]
        for colon in _EMPTY_HEADING.finditer(self.whole):
            token = int(np.searchsorted(tokens.end, colon.start(), side="right"))
            row = int(np.searchsorted(cues.first, token)) - 1
            if row < 0 or not (rules[cues.value[row]].ahead and rules[cues.value[row]].marks):
                continue
            if not _HEADING.fullmatch(
                self.whole, int(tokens.end[cues.first[row] + cues.size[row] - 1]), colon.end()
            ):
                continue
            low, high = (bisect_left(starts, offset) for offset in section(self.whole, colon.end()))
            for number in range(low, high):
                if number not in self.settled:
                    self._settle(number, rules[cues.value[row]].status)

    def by_signs(self) -> None:
        """Mark findings with a question mark of their own ("?asthma", "Asthma?") as uncertain."""
        if "?" not in self.whole:
            return
        whole, sentence = self.whole, self.tokens.sentence
        starts, ends = self._starts, self._ends
        signs = _places_of("?", whole)
        before = np.searchsorted(signs, starts) - 1
        asked = (before >= 0) & (starts - signs[before] <= _ASKED)
        near = np.isin(ends, signs) | asked
        for number in np.flatnonzero(near).tolist():
            first_token, _, start, end = self.rows[number]
            if number in self.settled:
                continue
            if _ASKED_BEFORE.search(whole, max(0, start - _ASKED - 1), start):
                self.status[number] = UNCERTAIN
            elif "?" in whole[max(0, start - 2) : start]:
                last = whole[max(0, start - 4) : start].rstrip(" ?")[-1:]
                if not last.isalnum() and last not in {")", "]"}:
                    self.status[number] = UNCERTAIN
            elif whole[end : end + 1] == "?" and _ALONE.match(whole, end):
                first = int(np.searchsorted(sentence, sentence[first_token]))
                self.status[number] = UNCERTAIN if first_token - first <= _MAX_BEFORE else PRESENT

    def by_names(self) -> None:
        """Mark findings as absent whose name says so ("afebrile")."""
        whole = self.whole
        for number, start in enumerate(self._starts.tolist()):
            if whole[start] in "aA" and _DENYING.match(whole, start):
                self._settle(number, PRESENT if self.status[number] == ABSENT else ABSENT)

    def headings(self) -> NDArray[np.bool_]:
        """Return which mentions head a section ("Infection: no fever") and are no finding."""
        names, whole = lexicon.lexicon().headings, self.whole
        result = np.zeros(len(self.rows), np.bool_)
        for number in np.flatnonzero(np.isin(self._ends, _places_of(":", whole))).tolist():
            _, _, start, end = self.rows[number]
            if number not in self.settled:
                result[number] = (
                    _LINE_START.search(whole[max(0, start - 12) : start]) is not None
                    and normal_form(whole[start:end]) in names
                )
        return result


def _places_of(sign: str, whole: str) -> NDArray[np.int64]:
    """Return the offsets of a sign of one character."""
    characters = np.frombuffer(whole.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.flatnonzero(characters == ord(sign))


def section(whole: str, begin: int) -> tuple[int, int]:
    """Return the offsets of the lines that an empty heading governs; `begin` is the end of the heading's line."""
    after = _SECTION_END.search(whole, begin - 1, begin + _MAX_SECTION)
    return begin, after.start() if after else min(len(whole), begin + _MAX_SECTION)


def _within(cues: Cues, first_tokens: Ints, size: Ints) -> NDArray[np.bool_]:
    """Return which mentions lie inside a longer cue ("family history" of "family history of")."""
    if not len(cues.first):
        return np.zeros(len(first_tokens), np.bool_)
    last = np.maximum(np.searchsorted(cues.first, first_tokens, side="right") - 1, 0)
    return np.asarray(
        (cues.first[last] <= first_tokens) & (cues.first[last] + cues.size[last] >= first_tokens + size)
    )
