"""The check of citations: offline, deterministic, strict (`benchmarks/`). The package's docstring lists its steps."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from clinweave.core import predicates
from clinweave.knowledge.citations import claims
from clinweave.knowledge.citations.claims import Reading, Span, Unclear
from clinweave.knowledge.citations.closest import Closest, closest
from clinweave.knowledge.citations.compare import OPPOSITES, UPWARDS, Finding, compare, denied
from clinweave.knowledge.citations.instructions import speaks_to_model
from clinweave.knowledge.citations.judge import EntailmentJudge, judgeable, judged_by
from clinweave.knowledge.citations.premises import Premise
from clinweave.knowledge.citations.quotes import quoted, repeats
from clinweave.knowledge.citations.relation_text import as_passage
from clinweave.knowledge.citations.relevance import irrelevant
from clinweave.knowledge.citations.sentences import facts, marked, topic_of, with_topic
from clinweave.records import RULES, Concept, Evidence, Mention, Passage, Relation, Sentence, Verdict

if TYPE_CHECKING:
    from clinweave.knowledge.linking.linker import Linker

_REMEMBERED = 4096  # texts whose names were replaced
_DESCENDANTS = 500  # names read below a denied finding; a sentence about one further down stays unverified
_VOCABULARY = frozenset({"HP", "MONDO", "CHEBI", "HGNC", "DRUGBANK", "OMIM", "ORPHA", "Orphanet", "ICD10CM"})
# Names of the vocabularies' roots, which a sentence uses as plain words.
_PLAIN_WORDS = frozenset(
    {"role", "mode of inheritance", "inheritance", "disease", "disorder", "drug", "gene", "all"}
)
_VERBS = re.compile(r"\b(?:is|are|was|were|has|have|had|can|may|does|do|not)\b")  # no name has one
Names = dict[tuple[str, ...], set[tuple[str, str]]]


class KnowsNames(Protocol):
    """What the checker needs of a graph."""

    def concepts(self, ids: Sequence[str], /) -> list[Concept]:
        """Return the concepts of these ids."""
        ...

    def ancestors(self, curie: str, /) -> Collection[str]:
        """Return all kinds that a concept belongs to."""
        ...

    def descendants(self, curie: str, /) -> Collection[str]:
        """Return all concepts that are of this kind."""
        ...


@dataclass(frozen=True, slots=True)
class _Shown:
    """The evidence that a sentence is checked against."""

    relations: tuple[Relation, ...]
    items: tuple[Evidence, ...]


class CitationChecker:
    """Checks sentences against the evidence they cite. A relation supports as a typed triple, a passage by a quote.

    A `judge` is asked about a sentence that the rules neither support nor refuse, if no veto holds.
    """

    def __init__(
        self,
        graph: KnowsNames | None,
        linker: "Linker | None" = None,
        judge: EntailmentJudge | None = None,
    ) -> None:
        self.graph = graph
        self.linker = linker
        self.judge = judge
        self._concepts: dict[str, Concept | None] = {}
        self._renames: dict[str, str] = {}

    def check(self, sentence: str, cited: Sequence[Evidence], question: str = "") -> tuple[Verdict, str]:
        """Return the verdict on one sentence (without markers) and why; anything not plainly stated is not verified.

        With a `question`, a supported sentence that does not answer it is IRRELEVANT.
        """
        verdict, reason = self._by_rules(sentence, cited, question)
        checked = Sentence(sentence, (), verdict, reason)
        judged = self._judged_again(checked, cited, question)
        return judged.verdict, judged.reason

    def _by_rules(self, sentence: str, cited: Sequence[Evidence], question: str) -> tuple[Verdict, str]:
        verdict, reason = self._checked(sentence, cited)
        return self._answering(verdict, reason, sentence, cited, question)

    def _answering(
        self, verdict: Verdict, reason: str, sentence: str, cited: Sequence[Evidence], question: str
    ) -> tuple[Verdict, str]:
        """Return the verdict, or IRRELEVANT for a supported sentence that does not answer the question."""
        if question and verdict == Verdict.SUPPORTED:
            passages = [item.passage for item in cited if item.passage is not None]
            heading = " ".join(f"{passage.title} {passage.section}" for passage in passages)
            heading = f"{heading} {self._named_in(question, cited)}"
            if why := irrelevant(sentence, question, heading):
                return Verdict.IRRELEVANT, f"{reason}, but {why}"
        return verdict, reason

    def judgeable(self, sentence: str, evidence: Sequence[Evidence]) -> tuple[Premise | None, str]:
        """Return what a second judge may be asked about an unsupported sentence; None and the reason if nothing."""
        return judgeable(sentence, evidence, self._checked)

    def _judged_again(self, checked: Sentence, evidence: Sequence[Evidence], question: str) -> Sentence:
        """Return a sentence that the rules leave open as the second judge finds it; others as they are."""
        if self.judge is None or checked.verdict != Verdict.UNVERIFIED:
            return checked
        judged = judged_by(self.judge, checked, evidence, self._checked)
        cited = [item for item in evidence if item.id in judged.evidence]
        verdict, reason = self._answering(judged.verdict, judged.reason, judged.text, cited, question)
        return replace(judged, verdict=verdict, reason=reason)

    def _named_in(self, question: str, cited: Sequence[Evidence]) -> str:
        """Return the names in a question that stand for what the cited evidence is about: they need not be repeated."""
        if self.linker is None:
            return ""
        about = {concept for item in cited if item.passage is not None for concept in item.passage.concepts}
        about |= {curie for item in cited for row in item.relations for curie in (row.subject, row.object)}
        return " ".join(mention.text for mention in self.linker.link(question) if mention.id in about)

    def _checked(self, sentence: str, cited: Sequence[Evidence]) -> tuple[Verdict, str]:
        """Return the verdict on one sentence, whatever was asked."""
        if not cited:
            return Verdict.UNVERIFIED, "the sentence cites no evidence"
        if sentence.rstrip(" \"'”’)").endswith("?"):
            return Verdict.UNVERIFIED, "the sentence asks"
        shown = _Shown(tuple(relation for item in cited for relation in item.relations), tuple(cited))
        best = self._fact(sentence, shown)
        parts = facts(sentence) if best.verdict == Verdict.UNVERIFIED else ()
        if len(parts) > 1:  # two facts in one sentence: each must be supported
            found = [self._fact(part, shown) for part in parts]
            for verdict in (Verdict.CONTRADICTED, Verdict.UNVERIFIED):
                for finding in found:
                    if finding.verdict == verdict:
                        return verdict, finding.reason if verdict == Verdict.CONTRADICTED else best.reason
            return found[0].verdict, found[0].reason
        return best.verdict, best.reason

    def _fact(self, sentence: str, shown: _Shown) -> Finding:
        """Judge one fact against the cited relations and passages; a contradiction decides only without support."""
        best = self._against_relations(sentence, shown)
        for item in shown.items:
            if best.verdict == Verdict.SUPPORTED:
                break
            if item.passage is None:
                if repeats(sentence, item.text):
                    return Finding(Verdict.SUPPORTED, "the evidence says this word for word")
                if item.relations or not item.text:
                    continue
            passage = item.passage or _as_passage(item)
            verdict, reason = quoted(sentence, passage, self._renamed)
            if verdict == Verdict.SUPPORTED:
                if best.verdict == Verdict.CONTRADICTED:
                    return Finding(Verdict.UNVERIFIED, "the cited record and the cited passage disagree")
                return Finding(verdict, reason)
            if verdict == Verdict.CONTRADICTED or (
                best.verdict == Verdict.UNVERIFIED and not shown.relations and best.verdict == verdict
            ):
                best = Finding(verdict, reason)
        return best

    def _renamed(self, text: str) -> str:
        """Return the text with the names that the vocabularies know replaced by identifiers, for comparison."""
        if self.linker is None:
            return text
        if text not in self._renames:
            if len(self._renames) >= _REMEMBERED:
                self._renames.clear()
            done = text
            for mention in reversed(list(self.linker.link(text))):
                if _of_a_vocabulary(mention) and _plain_name(mention):
                    word = re.sub(r"[^a-z0-9]", "", mention.id.lower())
                    done = f"{done[: mention.start]}{word}{done[mention.end :]}"
            self._renames[text] = done
        return self._renames[text]

    def with_instructions(self, evidence: Sequence[Evidence]) -> tuple[str, ...]:
        """Return the ids of the items whose passage speaks to a language model: they support nothing."""
        return tuple(
            item.id for item in evidence if item.passage is not None and speaks_to_model(item.passage)
        )

    def closest(self, sentence: str, evidence: Sequence[Evidence], question: str = "") -> Closest | None:
        """Return what the passages say in the place of a sentence that they do not state, or None: to be quoted.

        It does not support the sentence. With a `question`, only what answers it is returned.
        """
        return closest(sentence, evidence, question)

    def check_answer(
        self, text: str, evidence: Sequence[Evidence], question: str = "", *, repair: bool = False
    ) -> tuple[Sentence, ...]:
        """Return the sentences of an answer with their verdicts.

        A sentence that cites nothing is tried against each shown item; the pointer that this finds is marked as the
        checker's. With `repair`, so is one that cites the wrong item. One that cites an id which was not shown is never
        verified. "It" and "they" at the beginning are replaced by what the sentence before was about where that is
        supported. See `check` for `question`.
        """
        known = {item.id: item for item in evidence}
        result: list[Sentence] = []
        topic = ""
        for item in marked(text):
            sentence = self._sentence(item.text, item.ids, known, question, repair)
            if sentence.verdict == Verdict.UNVERIFIED and topic and (full := with_topic(item.text, topic)):
                resolved = self._sentence(full, item.ids, known, question, repair)
                sentence = resolved if resolved.verdict != Verdict.UNVERIFIED else sentence
            tried = known.values() if repair or not item.ids else map(known.get, item.ids)
            sentence = self._judged_again(sentence, tuple(filter(None, tried)), question)
            supported = sentence.verdict in (Verdict.SUPPORTED, Verdict.IRRELEVANT)
            result.append(replace(sentence, supported_by=sentence.supported_by or RULES if supported else ""))
            topic = topic_of(item.text) or topic
        return tuple(result)

    def _sentence(
        self, text: str, ids: tuple[str, ...], known: dict[str, Evidence], question: str, repair: bool
    ) -> Sentence:
        """Return a sentence with its verdict by the rules."""
        unknown = [number for number in ids if number not in known]
        if unknown and repair and (found := self._elsewhere(text, ids, known, question)):
            return found
        if unknown:
            shown = ", ".join(f"[{number}]" for number in unknown)
            return Sentence(text, ids, Verdict.UNVERIFIED, f"cites {shown}, which was not shown to the model")
        if ids:
            verdict, reason = self._by_rules(text, [known[number] for number in ids], question)
            if verdict != Verdict.UNVERIFIED or not repair:
                return Sentence(text, ids, verdict, reason)
            return self._elsewhere(text, ids, known, question) or Sentence(text, ids, verdict, reason)
        for item in known.values():
            verdict, reason = self._by_rules(text, [item], question)
            if verdict != Verdict.UNVERIFIED:
                return Sentence(
                    text, (item.id,), verdict, f"{reason} (no pointer given; found by the checker)"
                )
        return Sentence(
            text, (), Verdict.UNVERIFIED, "the sentence cites no evidence, and none shown states it"
        )

    def _elsewhere(
        self, text: str, ids: tuple[str, ...], known: dict[str, Evidence], question: str
    ) -> Sentence | None:
        """Return the sentence with the pointer to a shown item that states it, where the cited ones do not."""
        for item in known.values():
            if item.id not in ids:
                verdict, reason = self._by_rules(text, [item], question)
                if verdict in (Verdict.SUPPORTED, Verdict.IRRELEVANT):
                    given = ", ".join(f"[{number}]" for number in ids)
                    return Sentence(
                        text, (item.id,), verdict, f"{reason} (cited {given}; found by the checker)"
                    )
        return None

    def _against_relations(self, sentence: str, shown: _Shown) -> Finding:
        """Return the best finding over the predicates of the cited relations."""
        if not shown.relations:
            return Finding(Verdict.UNVERIFIED, "no relation is cited")
        spans = self._spans(sentence, shown.relations)
        if not spans:
            return Finding(Verdict.UNVERIFIED, "the sentence names nothing that the cited records are about")
        try:
            reading = claims.read(sentence, spans)
        except Unclear as unclear:
            if _in_other_words(sentence, spans, shown.relations):
                return Finding(Verdict.SUPPORTED, "the record states this")
            return Finding(Verdict.UNVERIFIED, unclear.reason)
        found = self._judged(reading, shown.relations)
        if found.verdict == Verdict.UNVERIFIED and _in_other_words(sentence, spans, shown.relations):
            return Finding(Verdict.SUPPORTED, "the record states this")
        return found

    def _judged(self, reading: Reading, relations: Sequence[Relation]) -> Finding:
        recorded = {item.predicate for item in relations}
        tried = sorted(recorded | {OPPOSITES[name] for name in recorded if name in OPPOSITES})
        found = [
            compare(claim, relations, _Kinds(self.graph))
            for name in tried
            for claim in claims.claims(reading, name)
        ]
        if not found:
            return Finding(
                Verdict.UNVERIFIED, "the sentence says more, or other, than a plain statement of a record"
            )
        order = (Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.UNVERIFIED)
        return min(found, key=lambda finding: order.index(finding.verdict))

    def _spans(self, sentence: str, relations: Sequence[Relation]) -> list[Span]:
        """Return the concepts named in the sentence: of the records, of their kinds, and what is linked besides."""
        names = self._names(relations)
        spans = claims.find(sentence, names)
        if self.linker is not None:
            linked = [
                _span(mention)
                for mention in self.linker.link(sentence)
                if _of_a_vocabulary(mention) and not _VERBS.search(mention.text)
            ]
            # A longer name that the vocabularies know wins: "X type 2" is not X.
            named = {curie for pairs in names.values() for _, curie in pairs}
            more = [item for item in linked if item.ids & named or _longer(item, spans, sentence)]
            spans = claims.without_overlaps([*spans, *more])
        return spans

    def _names(self, relations: Sequence[Relation]) -> Names:
        ids: set[str] = set()
        shortened: set[str] = set()  # "autosomal dominant" for "Autosomal dominant inheritance"
        for item in relations:
            ids |= {item.subject, item.object}
            if item.predicate in UPWARDS and self.graph is not None:
                ids |= set(self.graph.ancestors(item.object))
                if denied(item):
                    ids |= set(sorted(self.graph.descendants(item.object))[:_DESCENDANTS])
            if item.predicate == predicates.INHERITANCE:
                shortened.add(item.object)
        names: Names = defaultdict(set)
        for concept in self._known(ids):
            for name in (concept.name, *concept.synonyms):
                names[claims.words(name)].add((name, concept.id))
                if joined := _joined_hyphens(name):
                    names[claims.words(joined)].add((joined, concept.id))
                if concept.id in shortened:
                    short = name.removesuffix(" inheritance")
                    names[claims.words(short)].add((short, concept.id))
        return {key: found for key, found in names.items() if key and " ".join(key) not in _PLAIN_WORDS}

    def _known(self, ids: Iterable[str]) -> list[Concept]:
        """Return the concepts of these ids, each asked of the graph once."""
        missing = sorted(set(ids) - self._concepts.keys())
        if missing and self.graph is not None:
            self._concepts.update(dict.fromkeys(missing))
            self._concepts.update({concept.id: concept for concept in self.graph.concepts(missing)})
        return [concept for curie in sorted(ids) if (concept := self._concepts.get(curie)) is not None]


class _Kinds:
    """Ancestors without the concept itself; empty without a graph."""

    def __init__(self, graph: KnowsNames | None) -> None:
        self.graph = graph

    def ancestors(self, curie: str) -> Collection[str]:
        return frozenset(self.graph.ancestors(curie)) - {curie} if self.graph is not None else frozenset()


def _in_other_words(sentence: str, spans: Sequence[Span], relations: Sequence[Relation]) -> bool:
    """Tell whether a relation, put into plain sentences, says the sentence; another one that denies it forbids that."""
    words = {curie: f"concept{place}x" for place, span in enumerate(spans) for curie in span.ids}
    named = {curie for span in spans for curie in span.ids}
    fit = [item for item in relations if item.subject in named and item.object in named]
    if not fit or any(denied(item) for item in fit):
        return False
    masked = sentence
    for place, span in reversed(list(enumerate(spans))):
        masked = f"{masked[: span.start]}concept{place}x{masked[span.end :]}"
    passages = [as_passage(item, words[item.subject], words[item.object]) for item in fit]
    return any(
        passage is not None and quoted(masked, passage, by_frames=True).verdict == Verdict.SUPPORTED
        for passage in passages
    )


def _as_passage(item: Evidence) -> Passage:
    """Return evidence that is neither a record nor a passage (a code, a ranking) as a passage of its text."""
    return Passage(item.id, item.text, "", "", 0, len(item.text), "")


def _joined_hyphens(name: str) -> str:
    """Return "near-sightedness" as "nearsightedness"; "" for a name without such a hyphen."""
    joined = re.sub(r"(?<=[a-z]{3})-(?=[a-z]{3})", "", name)
    return joined if joined != name else ""


def _span(mention: Mention) -> Span:
    return Span(mention.start, mention.end, frozenset({mention.id}))


def _of_a_vocabulary(mention: Mention) -> bool:
    return mention.id.partition(":")[0] in _VOCABULARY


def _plain_name(mention: Mention) -> bool:
    """Tell whether the text is a name or an exact synonym of the concept, and no abbreviation."""
    exact = mention.reason.startswith(("label", "exact synonym"))
    return exact and len(mention.text) > 4 and not mention.text.isupper()


def _longer(linked: Span, spans: Sequence[Span], sentence: str) -> bool:
    """Tell whether a linked name takes in a record's name and more than "disease": then another thing is meant."""
    for item in spans:
        if linked.start <= item.start and item.end <= linked.end and linked[:2] != item[:2]:
            beside = claims.words(sentence[linked.start : item.start] + " " + sentence[item.end : linked.end])
            return bool(set(beside) - {"disease", "disorder", "condition", "inheritance"})
    return False
