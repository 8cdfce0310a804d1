"""Concepts in text: matched by the dictionary, chosen among senses, freed of overlaps, with status and experiencer.

Everything works on a batch of texts as arrays; `link` is the batch of one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinweave.core.errors import UserError
from clinweave.knowledge.linking import ranking
from clinweave.knowledge.linking.bag_of_words import AS_NAMED, REORDERED, SHARED, VARIED
from clinweave.knowledge.linking.crosswalk import LEVELS, NAMED
from clinweave.knowledge.linking.cues import ABSENT, STATUSES
from clinweave.knowledge.linking.dictionary import TokenMatches
from clinweave.knowledge.linking.everyday import describes
from clinweave.knowledge.linking.mention_classifier import Matches, accepted, groups
from clinweave.knowledge.linking.normalise import Ints, Tokens, join
from clinweave.knowledge.linking.ranking import FINDING
from clinweave.knowledge.linking.selection import (
    EITHER,
    HOW,
    Selection,
    for_another,
    keys_of,
    longest_first,
    with_defined,
    within,
)
from clinweave.knowledge.linking.shorthand import Text, tokenised, with_short_forms
from clinweave.knowledge.linking.status import assess
from clinweave.knowledge.linking.vocabulary import NamedGraph, Scope, Vocabulary, compile_vocabulary
from clinweave.records import Mention

MENTIONS = pa.schema(
    [
        ("document", pa.int64()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("text", pa.string()),
        ("id", pa.string()),
        ("name", pa.string()),
        ("category", pa.string()),
        ("score", pa.float64()),
        ("negated", pa.bool_()),
        ("reason", pa.string()),
        ("experiencer", pa.string()),  # "family": a relative's finding; "": the patient's
        ("status", pa.string()),  # one of cues.STATUSES
    ]
)
_PENALTY = np.array([0.0, ranking.REORDERED, ranking.SHARED_HEAD, ranking.VARIED])  # by how
FAMILY = "family"  # a mention's experiencer, where it is a relative's finding
_PIECE = 1 << 18  # characters matched at once: arrays of this size stay in the cache


@dataclass(frozen=True, slots=True)
class Spans:
    """Mentions of a batch of texts as arrays, sorted by document and place. Offsets are those of each document."""

    document: Ints
    start: Ints
    end: Ints
    sense: Ints  # a row of the vocabulary's senses
    key: Ints
    score: NDArray[np.float64]
    how: Ints
    status: NDArray[np.uint8]  # a place in cues.STATUSES
    family: NDArray[np.bool_]

    @property
    def negated(self) -> NDArray[np.bool_]:
        """Return where the status is "absent"."""
        return np.asarray(self.status == ABSENT)

    def __len__(self) -> int:
        return len(self.start)


class Linker:
    """Links text to the concepts of one graph."""

    language = ""  # of every text (ISO 639-1); "": detected for each, where other languages are read

    def __init__(
        self,
        vocabulary: Vocabulary,
        *,
        minimum: float = ranking.MINIMUM,
        any_order: bool = True,
        judged: bool = True,
        usage: bool = True,
        varied: bool = True,
        furthest: int = NAMED,
    ) -> None:
        """Take a vocabulary; the rest is for measuring what each part does.

        `judged`: the learned model refuses matches; `usage`: what annotators call things counts; `varied`: words that
        alternate between names are tried; `furthest`: the loosest step (`crosswalk.LEVELS`) by which names of other
        vocabularies count.
        """
        self.vocabulary, self.minimum, self.any_order, self.judged = vocabulary, minimum, any_order, judged
        self.usage, self.varied, self.furthest = usage, varied, furthest
        self._told = lru_cache(maxsize=1 << 16)(self._tell)
        self._cased = lru_cache(maxsize=1 << 16)(self._spellings)
        self._identified = lru_cache(maxsize=1 << 16)(self._identity)

    @cached_property
    def _special(self) -> tuple[Ints, Ints]:  # phrases read as one; phrases that are no finding
        return keys_of(self.vocabulary, ranking.phrases()), keys_of(self.vocabulary, ranking.no_findings())

    @property
    def languages(self) -> tuple[str, ...]:
        """Return the languages in which findings are read beside English (ISO 639-1)."""
        return ()

    @property
    def official_languages(self) -> tuple[str, ...]:
        """Return those of `languages` whose official translations are at hand."""
        return ()

    @classmethod
    def open(cls, graph: NamedGraph, *, folder: Path | None = None) -> "Linker":
        """Return the linker of `graph`; its vocabulary is compiled once, next to the graph or in `folder`."""
        return cls(Vocabulary(compile_vocabulary(graph, folder).path))

    def link(
        self, text: str, prefixes: Collection[str] | None = None, categories: Collection[str] | None = None
    ) -> list[Mention]:
        """Return the mentions in `text`, by place: `mention.text == text[mention.start:mention.end]`.

        `prefixes` tells in which vocabularies, as {"HP", "MONDO"}, the concepts are told: names of any vocabulary
        count where the graph's sources lead to an identifier of these; an unknown prefix raises `UserError`.
        `categories` limits the concepts to Biolink categories, as {"biolink:Disease"}.
        """
        return self.link_many([text], prefixes, categories)[0]

    def link_many(
        self,
        texts: Sequence[str],
        prefixes: Collection[str] | None = None,
        categories: Collection[str] | None = None,
    ) -> list[list[Mention]]:
        """Return the mentions of each text; several short texts at once are much faster than one by one."""
        scope = self.scope(prefixes, categories)
        spans = self._spans(texts, scope)
        mentions: list[list[Mention]] = [[] for _ in texts]
        columns = (
            spans.start,
            spans.end,
            spans.sense,
            spans.key,
            np.round(spans.score, 4),
            spans.how,
            spans.family,
            spans.status,
        )
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for document, row in zip(spans.document.tolist(), rows, strict=True):
            mentions[document].append(self._mention(texts[document], row, scope))
        return mentions

    def link_batch(
        self,
        texts: Iterable[str],
        prefixes: Collection[str] | None = None,
        categories: Collection[str] | None = None,
    ) -> pa.RecordBatch:
        """Return the mentions of several texts as one batch (`MENTIONS`; `document` is the text's number)."""
        texts = list(texts)
        scope = self.scope(prefixes, categories)
        spans = self._spans(texts, scope)
        vocabulary = self.vocabulary
        mentions = list(
            zip(*(item.tolist() for item in (spans.document, spans.start, spans.end)), strict=True)
        )
        rows = zip(spans.sense.tolist(), spans.key.tolist(), spans.how.tolist(), strict=True)
        reasons = [
            self._told(sense, key, scope, texts[doc][begin:end] == self._identified(sense, scope)[3], how)
            for (doc, begin, end), (sense, key, how) in zip(mentions, rows, strict=True)
        ]
        # Arrow holds UTF-8 alone: a lone surrogate inside a mention becomes a question mark.
        surfaces = [texts[doc][begin:end].encode("utf-8", "replace").decode() for doc, begin, end in mentions]
        concept, ids = vocabulary.shown(vocabulary.concept[spans.sense], scope)
        columns: list[Any] = [spans.document, spans.start, spans.end, surfaces, ids]
        columns += [column.take(pa.array(concept)) for column in (vocabulary.labels, vocabulary.categories)]
        columns += [np.round(spans.score, 4), spans.negated, reasons]
        columns += [np.where(spans.family, FAMILY, ""), np.array(STATUSES)[spans.status]]
        arrays = [pa.array(column, item.type) for column, item in zip(columns, MENTIONS, strict=True)]
        return pa.record_batch(arrays, schema=MENTIONS)

    def spans(
        self,
        texts: Sequence[str],
        prefixes: Collection[str] | None = None,
        categories: Collection[str] | None = None,
    ) -> Spans:
        """Return the mentions of several texts as arrays."""
        return self._spans(texts, self.scope(prefixes, categories))

    def alternatives(self, key: int, prefixes: Collection[str] | None = None) -> list[tuple[str, float]]:
        """Return (concept id, score) of every sense of a key that does not depend on case, best first."""
        scope = self.scope(prefixes, None)
        vocabulary = self.vocabulary
        senses = [
            sense
            for sense in vocabulary.senses(key, scope)
            if not vocabulary.exact_case[sense] and vocabulary.score[sense] >= self.minimum
        ]
        _, ids = vocabulary.shown(vocabulary.concept[senses], scope)
        return [
            (curie, float(vocabulary.score[sense]))
            for curie, sense in zip(ids.to_pylist(), senses, strict=True)
        ]

    def scope(self, prefixes: Collection[str] | None, categories: Collection[str] | None = None) -> Scope:
        """Return the scope of linking; an unknown prefix raises `UserError`."""
        requested = sorted({prefixes} if isinstance(prefixes, str) else prefixes or ())
        available = self.vocabulary.crosswalk.prefixes
        unknown = sorted(set(requested) - set(available))
        if unknown:
            named = ", ".join(self.vocabulary.prefixes)
            raise UserError(f"no vocabulary has the prefix {', '.join(unknown)}; the graph has {named}")
        kinds = sorted({categories} if isinstance(categories, str) else categories or ())
        return self.vocabulary.scope(tuple(requested), tuple(kinds), self.furthest, self.usage)

    def _spans(self, texts: Sequence[str], scope: Scope) -> Spans:
        parts, first, size = [], 0, 0
        for number, text in enumerate(texts):
            size += len(text)
            if size >= _PIECE or number == len(texts) - 1:
                parts.append(self._piece(texts[first : number + 1], first, scope))
                first, size = number + 1, 0
        if not parts:
            parts = [self._piece([""], 0, scope)]
        return parts[0] if len(parts) == 1 else Spans(*(_joined(parts, item) for item in Spans.__slots__))

    def _piece(self, texts: Sequence[str], first: int, scope: Scope) -> Spans:
        whole, begins = join(texts)
        whole, tokens = tokenised(whole)
        matches, how, sense, score = self.candidates(whole, tokens, scope)
        good = np.arange(len(matches))
        if self.judged and scope.row is not None:
            document = np.searchsorted(begins, tokens.start[matches.first], side="right") - 1
            good = good[accepted(tokens, Matches(matches, how, sense, document), self.vocabulary, scope)]
        alone, shared = good[how[good] != SHARED], good[how[good] == SHARED]
        selected = alone[longest_first(matches.first[alone], matches.size[alone], score[alone])]
        # A name that shares its words with a neighbour is reported with it.
        selected = np.concatenate([selected, shared])
        selected = selected[np.argsort(matches.first[selected], kind="stable")]
        spans = matches.at_rows(selected)
        picked = Selection(
            spans.first, spans.size, sense[selected], spans.key, score[selected], how[selected]
        )
        if "(" in whole:
            picked = with_defined(texts, begins, tokens, picked)
        picked = with_short_forms(Text(texts, whole, begins), tokens, picked, self.vocabulary, scope)
        assessed = assess(whole, tokens, picked.first, picked.size)
        named = np.flatnonzero(~assessed.heading)
        picked = picked.at_rows(named)
        start, end = tokens.start[picked.first], tokens.end[picked.first + picked.size - 1]
        document = np.searchsorted(begins, start, side="right") - 1
        start, end = start - begins[document], end - begins[document]
        how = picked.how + EITHER * assessed.either[named]
        status, family = assessed.status[named], assessed.family[named]
        return Spans(
            document + first, start, end, picked.sense, picked.key, picked.score, how, status, family
        )

    def candidates(
        self, whole: str, tokens: Tokens, scope: Scope
    ) -> tuple[TokenMatches, Ints, Ints, NDArray[np.float64]]:
        """Return the matches that are good enough, how each came about, its sense and its score."""
        matches, how = self._matches(whole, tokens, scope)
        sense, score = self._senses(whole, tokens, matches, how, scope)
        score = score - _PENALTY[how]
        stay = (sense >= 0) & (score >= self.minimum)
        varied = np.flatnonzero(stay & (how == VARIED))
        # Words alternate between names of findings; as diseases they cost more than they gain (training parts).
        categories = groups(self.vocabulary, scope, sense[varied])
        stay[varied] = self.varied & ((categories == FINDING) | (scope.row is None))
        if "HP" in scope.prefixes:
            none = within(matches, matches.at_rows(np.isin(matches.key, self._special[1])))
            stay &= ~(none | for_another(tokens, matches))
        good = np.flatnonzero(stay)
        matches = matches.at_rows(good)
        return matches, how[good], sense[good], score[good]

    def _matches(self, whole: str, tokens: Tokens, scope: Scope) -> tuple[TokenMatches, Ints]:
        matches = self.vocabulary.dictionary.match(tokens)
        if scope.adjective is not None:
            rows = np.flatnonzero(scope.adjective[matches.key])
            stay = np.ones(len(matches), np.bool_)
            stay[rows] = describes(whole, tokens, matches.first[rows], matches.size[rows])
            matches = matches.at_rows(stay)
        how = np.full(len(matches), AS_NAMED, np.int64)
        if not self.any_order:
            return matches, how
        # A phrase without a sense is no name in another order either ("small bowel").
        resolved = (scope.best[0, matches.key] >= 0) | np.isin(matches.key, self._special[0])
        usable = matches.at_rows(resolved)
        other, other_how = self.vocabulary.bag_of_words.match(
            tokens, usable, scope.reorders, skipping="HP" in scope.prefixes
        )
        if "HP" in scope.prefixes:
            alone = np.flatnonzero((other.size == 1) & (other_how == REORDERED))
            stay = np.ones(len(other), np.bool_)
            stay[alone] = describes(whole, tokens, other.first[alone], other.size[alone])
            other, other_how = other.at_rows(stay), other_how[stay]
        return matches.joined(other), np.concatenate([how, other_how])

    def _senses(
        self, text: str, tokens: Tokens, matches: TokenMatches, how: Ints, scope: Scope
    ) -> tuple[Ints, NDArray[np.float64]]:
        """Return each match's best sense (-1: none) and its score."""
        vocabulary = self.vocabulary
        last_of = matches.first + matches.size - 1
        length = tokens.end[last_of] - tokens.start[last_of]
        plural = (length > tokens.last[last_of] - tokens.first[last_of]).astype(np.int64)
        sense = scope.best[plural, matches.key].astype(np.int64)
        sense_rows = np.maximum(sense, 0)
        score = vocabulary.score[sense_rows] - scope.price[vocabulary.concept[sense_rows]]
        score = np.where(sense >= 0, score, 0.0).astype(np.float64)
        rows = np.flatnonzero(scope.cased[matches.key] & tokens.capital[matches.first] & (how == AS_NAMED))
        begins, lasts = tokens.start[matches.first[rows]].tolist(), tokens.end[last_of[rows]].tolist()
        keys = matches.key[rows].tolist()
        for number, begin, last, key in zip(rows.tolist(), begins, lasts, keys, strict=True):
            surface = text[begin:last]
            for option, named, worth in self._cased(key, scope):
                if named != surface and named != surface.removesuffix("s"):
                    continue
                value = worth
                ends = int(matches.first[number]), int(last_of[number])
                if value < self.minimum and ranking.among_genes(tokens, *ends):
                    value += ranking.IN_CONTEXT
                if value > score[number]:
                    sense[number], score[number] = option, value
                    break
        return sense, score

    def _spellings(self, key: int, scope: Scope) -> list[tuple[int, str, float]]:
        """Return (sense, name, score) of the senses of a key that need the very same letters, best first."""
        vocabulary = self.vocabulary
        return [
            (
                sense,
                vocabulary.names[int(vocabulary.name[sense])].as_py(),
                float(vocabulary.score[sense] - scope.price[vocabulary.concept[sense]]),
            )
            for sense in vocabulary.senses(key, scope)
            if vocabulary.exact_case[sense]
        ]

    def _mention(
        self, text: str, row: tuple[int, int, int, int, float, int, bool, int], scope: Scope
    ) -> Mention:
        """Return the mention of a row (start, end, sense, key, score, how, family, status) of `text`."""
        start, end, sense, key, score, how, family, status = row
        surface = text[start:end]
        curie, label, category, name = self._identified(sense, scope)
        reason = self._told(sense, key, scope, surface == name, how)
        experiencer = FAMILY if family else ""
        return Mention(
            start, end, surface, curie, label, category, score, status == ABSENT, reason, experiencer, STATUSES[status]
        )  # fmt: skip

    def _identity(self, sense: int, scope: Scope) -> tuple[str, str, str, str]:
        """Return the identifier, label and category of a sense, as the scope asks, and the name that it is."""
        vocabulary = self.vocabulary
        rows, ids = vocabulary.shown(vocabulary.concept[[sense]], scope)
        row = int(rows[0])
        name = vocabulary.names[int(vocabulary.name[sense])].as_py()
        return ids[0].as_py(), vocabulary.labels[row].as_py(), vocabulary.categories[row].as_py(), name

    def _tell(self, sense: int, key: int, scope: Scope, same: bool, how: int) -> str:
        """Return the reason for a sense of a key; `same` says that the text has the very letters of the name."""
        vocabulary = self.vocabulary
        senses = [other for other in vocabulary.senses(key, scope) if not vocabulary.exact_case[other]]
        _, ids = vocabulary.shown(vocabulary.concept[[sense, *senses]], scope)
        own, *others = ids.to_pylist()
        name = vocabulary.names[int(vocabulary.name[sense])].as_py()
        kind = ranking.KINDS[int(vocabulary.kind[sense])]
        exact = bool(vocabulary.exact_case[sense])
        shown = [other for other in dict.fromkeys(others) if other != own]
        reason = ranking.reason_of(kind, "" if same else name, name, exact, shown)
        concept = int(vocabulary.concept[sense])
        by = vocabulary.ids[concept].as_py()
        if scope.row is not None and by != own:
            reason += f"; by way of {by}: {LEVELS[int(vocabulary.crosswalk.level[scope.row[concept]])]}"
        return f"{reason}; {HOW[how]}" if how in HOW else reason


def _joined(parts: list[Spans], item: str) -> Any:
    return np.concatenate([getattr(part, item) for part in parts])
