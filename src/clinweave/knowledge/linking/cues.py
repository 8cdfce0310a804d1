"""Cue phrases of negation and the other statuses, and of relatives: read from status.toml, matched in tokens."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.dictionary import Dictionary, TokenMatches
from clinweave.knowledge.linking.normalise import Ints, Tokens, normal_form
from clinweave.knowledge.linking.selection import longest_first

STATUSES = ("present", "absent", "uncertain", "hypothetical", "historical")
PRESENT, ABSENT, UNCERTAIN, HYPOTHETICAL, HISTORICAL = range(5)
PSEUDO, END = -1, -2  # in place of a status: looks like a cue and is none; ends the reach of a cue
_AHEAD_REACH, _BEHIND_REACH = 7, 5  # tokens

_KINDS = ("history", "relative", "of relatives", "affected", "patient", "pregnancy", "reports")
FAMILY_HISTORY, RELATIVE, OF_RELATIVES, AFFECTED, PATIENT, PREGNANCY, REPORTS = (1 << n for n in range(7))


class Rule(NamedTuple):
    """Effect of a cue: its status, its directions, and its reach in tokens."""

    status: int
    ahead: bool
    behind: bool
    answer: bool
    ahead_reach: int
    behind_reach: int
    starts: bool  # only at the start of a sentence
    clause: bool  # governs a whole subordinate clause, whatever is inserted ("whether ...")

    def joined(self, other: "Rule", phrase: str) -> "Rule":
        """Return the rule with the directions of both; raises `ValueError` where they give `phrase` two statuses."""
        if self.status != other.status:
            raise ValueError(f"status.toml: {phrase!r} has two statuses")
        return Rule(
            self.status,
            self.ahead or other.ahead,
            self.behind or other.behind,
            self.answer or other.answer,
            self.ahead_reach if self.ahead else other.ahead_reach,
            self.behind_reach if self.behind else other.behind_reach,
            self.starts or other.starts,
            self.clause or other.clause,
        )

    @property
    def marks(self) -> bool:
        """Say whether the cue can make a finding anything but present."""
        return self.status > PRESENT


class Cues(NamedTuple):
    """Cues in one batch, by place: first token, number of tokens, and their rule or, of family cues, their kinds."""

    first: Ints
    size: Ints
    value: Ints


class Lexicon(NamedTuple):
    """The phrases as a dictionary; for each key its rule and its kinds, and the rules of its inflected spellings."""

    dictionary: Dictionary
    rules: tuple[Rule, ...]
    rule: Ints
    kind: Ints
    spelled: Mapping[int, Mapping[str, int]]
    headings: frozenset[str]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the cues of status.toml, expanded; raises `ValueError` where a phrase has two statuses."""
    text = files("clinweave.knowledge.linking").joinpath("status.toml").read_text("utf-8")
    table: dict[str, Any] = tomllib.loads(text)
    words: dict[str, list[str]] = table["words"]
    rules_of: dict[str, Rule] = {}
    for item in table["rule"]:
        rule_ = _rule(item)
        for phrase in _expanded(item["phrases"], words):
            rules_of[phrase] = rules_of[phrase].joined(rule_, phrase) if phrase in rules_of else rule_
    rules = tuple(sorted(set(rules_of.values())))
    owners = {phrase: rules.index(rule_) for phrase, rule_ in rules_of.items()}
    kinds: dict[str, int] = {}
    for item in table["family"]:
        bit = 1 << _KINDS.index(item["kind"])
        for phrase in _expanded(item["phrases"], words):
            kinds[phrase] = kinds.get(phrase, 0) | bit
    phrases = sorted({*owners, *kinds})
    dictionary, keys = Dictionary.build(phrases)
    rule = np.full(len(dictionary), -1, np.int64)
    kind = np.zeros(len(dictionary), np.int64)
    spelled: dict[int, dict[str, int]] = {}
    for phrase, key in zip(phrases, keys.tolist(), strict=True):
        kind[key] |= kinds.get(phrase, 0)
        if phrase in owners:
            spelled.setdefault(key, {})[phrase] = owners[phrase]
            rule[key] = owners[phrase]
    several = {key: forms for key, forms in spelled.items() if len(set(forms.values())) > 1}
    headings = frozenset(map(normal_form, table["headings"]["names"]))
    return Lexicon(dictionary, rules, rule, kind, several, headings)


def match(whole: str, tokens: Tokens, first_tokens: Ints, size: Ints) -> tuple[Cues, Cues]:
    """Return the cues of status and those of family in `tokens`.

    A cue that shares a token with a mention `[first, first + size)` is part of its name. One that contains a whole
    mention and more ("family history of") counts, and the shorter cue counts if a longer one overlaps a name ("no"
    before "increased intracranial pressure").
    """
    cues = lexicon()
    matches = cues.dictionary.match(tokens)
    end = matches.first + matches.size
    free = np.ones(len(matches), np.bool_)
    if len(first_tokens) and len(matches):
        stops = np.maximum.accumulate(first_tokens + size)
        first = np.minimum(np.searchsorted(stops, matches.first, side="right"), len(first_tokens) - 1)
        meets = (first_tokens[first] < end) & (stops[first] > matches.first)
        holds = (first_tokens[first] >= matches.first) & (stops[first] <= end) & (size[first] < matches.size)
        free = ~meets | holds
    status, family = (
        _longest(matches, free & (values[matches.key] != none), values)
        for values, none in ((cues.rule, -1), (cues.kind, 0))
    )
    inflected = np.fromiter(cues.spelled, np.int64, len(cues.spelled))
    keys = matches.key[_rows_of(matches, status)]
    for number in np.flatnonzero(np.isin(keys, inflected)).tolist():
        first_token, last_token = (
            int(status.first[number]),
            int(status.first[number] + status.size[number] - 1),
        )
        surface = " ".join(whole[tokens.start[first_token] : tokens.end[last_token]].lower().split())
        status.value[number] = cues.spelled[int(keys[number])].get(surface, status.value[number])
    return status, family


def _longest(matches: TokenMatches, chosen: NDArray[np.bool_], values: Ints) -> Cues:
    """Return the longest of the chosen cues that do not overlap."""
    rows = np.flatnonzero(chosen)
    rows = rows[longest_first(matches.first[rows], matches.size[rows], np.zeros(len(rows)))]
    return Cues(matches.first[rows], matches.size[rows], values[matches.key[rows]])


def _rows_of(matches: TokenMatches, cues: Cues) -> Ints:
    """Return the row of `found` of each cue."""
    packed = matches.first * 64 + matches.size
    order = np.argsort(packed)
    return np.asarray(order[np.searchsorted(packed[order], cues.first * 64 + cues.size)])


def _rule(item: Mapping[str, Any]) -> Rule:
    status = {"": PSEUDO, "end": END}.get(item["status"])
    if status is None:
        status = STATUSES.index(item["status"])
    ways = item["directions"]
    reach = item.get("reach")
    return Rule(
        status,
        "ahead" in ways,
        "behind" in ways,
        "answer" in ways,
        _AHEAD_REACH if reach is None else reach,
        _BEHIND_REACH if reach is None else reach,
        item.get("position") == "start",
        bool(item.get("clause")),
    )


def _expanded(phrases: Sequence[str], words: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield each phrase with every choice of its {words}."""
    for phrase in phrases:
        head, *parts = phrase.split("{")
        if not parts:
            yield phrase
            continue
        names = [part.partition("}") for part in parts]
        for choice in product(*(words[name] for name, _, _ in names)):
            tail = "".join(word + rest for word, (_, _, rest) in zip(choice, names, strict=True))
            yield head + tail
