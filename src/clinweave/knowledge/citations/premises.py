"""What a second judge is asked about: the part of the evidence that a sentence may follow from.

Only what the passage asserts is part of it: a sentence under a denying heading, hearsay, a question or withdrawn advice
is never shown to a judge, and neither is a passage that speaks to a language model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.knowledge.citations.closest import content_words
from clinweave.knowledge.citations.context import Statement, statements
from clinweave.knowledge.citations.instructions import speaks_to_model
from clinweave.knowledge.citations.roles import family
from clinweave.records import Evidence, Passage

_MIN_ADDED = 2  # words of the sentence that a second sentence of the passage must bring


@dataclass(frozen=True, slots=True)
class Premise:
    """Sentences that a passage asserts, in its order, below its title and section."""

    evidence: str  # Evidence.id
    heading: str
    text: str

    @property
    def passage(self) -> str:
        """The heading and the sentences, as a judge reads them."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


def premise_for(sentence: str, evidence: Sequence[Evidence]) -> Premise | None:
    """Return the premise that shares most words with a sentence; None where no passage asserts anything usable."""
    words = content_words(sentence)
    best: tuple[float, Premise] | None = None
    for item in evidence:
        if item.passage is None or speaks_to_model(item.passage):
            continue
        premise = _premise(words, item.id, item.passage)
        if premise is not None:
            shared = len(words & content_words(premise.passage)) / max(1, len(words))
            if best is None or shared > best[0]:
                best = shared, premise
    return best[1] if best is not None else None


def _premise(words: frozenset[str], number: str, passage: Passage) -> Premise | None:
    usable = [
        item
        for item in statements(passage.text, passage.section, passage.title)
        if not item.refused and _group_named(item, words)
    ]
    if not usable:
        return None
    heading = ". ".join(part.rstrip(" .") for part in (passage.title, passage.section) if part)
    return Premise(number, heading, " ".join(_nearest(words, usable)))


def _group_named(item: Statement, words: frozenset[str]) -> bool:
    """Tell whether the group that only a heading names is in the sentence as well."""
    own = content_words(item.text)
    return all(family(word) in own or family(word) in words for word in item.group)


def _nearest(words: frozenset[str], usable: Sequence[Statement]) -> list[str]:
    """Return the sentence with most of the words, what says what its "it" is, and one with the words it lacks.

    The rest of the passage is left out: a small model says "no" more often the more it reads.
    """
    own = [content_words(item.text) for item in usable]
    best = max(range(len(usable)), key=lambda index: (len(words & own[index]), -len(own[index])))
    chosen = {best}
    if usable[best].pronoun and best:
        chosen.add(best - 1)
    rest = words.difference(*(own[index] for index in chosen))
    second = max(range(len(usable)), key=lambda index: len(rest & own[index]))
    if len(rest & own[second]) >= _MIN_ADDED:
        chosen.add(second)
    return [usable[index].text for index in sorted(chosen)]
