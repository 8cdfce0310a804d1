"""Pairs of linked concepts in a passage that a rule allows, each with the shortest stretch of text that holds both."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from clinweave.knowledge.citations import sentences
from clinweave.knowledge.relation_extraction.rules import Rule
from clinweave.records import Mention

MAX_SENTENCES = 3  # a quote is at most this long


@dataclass(frozen=True, slots=True)
class Candidate:
    """A typed pair with its quote: `passage text[start:end]`, whole sentences that hold both mentions."""

    rule: Rule
    subject: Mention
    object: Mention
    start: int
    end: int

    @property
    def key(self) -> tuple[str, str, str]:
        """Return the triple that is proposed."""
        return self.subject.id, self.rule.predicate, self.object.id


def candidates(
    text: str, mentions: Sequence[Mention], rules: Sequence[Rule], refused: Counter[str] | None = None
) -> list[Candidate]:
    """Return one candidate per triple: the two mentions that stand closest, in the order of the text.

    Denied mentions make none; nor do pairs that stand more than `MAX_SENTENCES` apart. Both are counted in `refused`.
    """
    counts = Counter() if refused is None else refused
    spans = sentences.split(text)
    starts = [span.start for span in spans]
    affirmed = [mention for mention in mentions if not mention.negated and not mention.experiencer]
    counts["denied in the text"] += len(mentions) - len(affirmed)
    best: dict[tuple[str, str, str], tuple[int, Candidate]] = {}
    for subject, object_ in product(affirmed, affirmed):
        if subject.id == object_.id or _overlap(subject, object_):
            continue
        for rule in rules:
            if rule.allows(subject.category, object_.category):
                first, last = sorted(bisect_right(starts, item.start) - 1 for item in (subject, object_))
                start, end = spans[first].start, max(spans[last].end, subject.end, object_.end)
                candidate = Candidate(rule, subject, object_, start, end)
                apart = (last - first) * 1_000_000 + abs(subject.start - object_.start)
                if candidate.key not in best or apart < best[candidate.key][0]:
                    best[candidate.key] = (apart, candidate)
    near = [candidate for apart, candidate in best.values() if apart < MAX_SENTENCES * 1_000_000]
    counts["too far apart"] += len(best) - len(near)
    return sorted(near, key=lambda item: (item.start, item.subject.start, item.object.start, item.key))


def _overlap(first: Mention, other: Mention) -> bool:
    return first.start < other.end and other.start < first.end
