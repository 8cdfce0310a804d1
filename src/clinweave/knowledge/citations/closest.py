"""What a source says in the place of a sentence that it does not state: its own sentence nearest in words.

It is quoted, so it holds whatever the sentence said; it is never evidence for that sentence.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clinweave.knowledge.citations.context import TAKEN_BACK, Statement, statements
from clinweave.knowledge.citations.inflection import word_set
from clinweave.knowledge.citations.instructions import speaks_to_model
from clinweave.knowledge.citations.lexicon import canonical
from clinweave.knowledge.citations.patterns import pattern
from clinweave.knowledge.citations.relevance import irrelevant
from clinweave.knowledge.citations.rewriting import rewritten
from clinweave.knowledge.citations.roles import NOTHING, family
from clinweave.knowledge.citations.titles import opening_topic, topic_of_title
from clinweave.knowledge.citations.tokens import tokens
from clinweave.records import Evidence, Passage

_MIN_SHARE = 0.5  # of the words of the sentence
_HALF_SHARE = 0.3  # ... for one of two sentences
_MIN_WORDS = 2  # that the quoted sentence has itself, not its heading
_SMALL = frozenset(
    map(
        family,
        word_set(
            "a an the of in on at by for to from with without and or but is are was were be been has have had can may "
            "will should must do does did not no than then if when as so very also yes any anyone someone who whom "
            "whose having just other others itself themselves into because get receive"
        ),
    )
)
_LONGEST = 60  # words of a quotation
_COVERED = 0.5  # of the words of a heading: with more of them a quotation says itself what it is about
_ASPECTS = frozenset(  # words of a heading that names no topic
    map(
        family,
        word_set(
            "treatment therapy management symptom sign feature cause diagnosis inheritance prognosis outlook "
            "prevention investigation follow up recognition genetic genetics exam test information complication "
            "frequency summary overview abstract conclusion result advice dose monitoring research "
            "susceptibility stage definition introduction case report discharge patient change possible "
            "general first line drug medicine"
        ),
    )
)
# "another day", "these measures", "before starting": what is meant stands in the sentence before.
_POINTS_BACK = pattern("points_back", "quotation")
_NEEDS_BEFORE = pattern("needs_before", "quotation")
# Somebody asks, says or was told: what the source thinks of it stands in the sentence after.
_REPORTED = pattern("reported", "quotation")


@dataclass(frozen=True, slots=True)
class Closest:
    """Sentences of a source: the id of their evidence, their words, the share of the other sentence's words in them."""

    evidence: str
    parts: tuple[str, ...]
    share: float
    heading: str = ""  # the headings without which the quotation would say more than the source
    topics: tuple[str, ...] = ()  # what the passage says that its sentences are about, outermost first

    @property
    def text(self) -> str:
        """What is quoted; "…" stands for what lies between two sentences."""
        return " … ".join(self.parts)


def closest(sentence: str, evidence: Sequence[Evidence], question: str = "") -> Closest | None:
    """Return the sentence of the passages that has most words of `sentence`, None where none has enough.

    A sentence that its passage does not assert (it is hearsay, it asks, a heading calls it a myth) or that does not
    answer `question` is not quoted. Where a heading prohibits, names the group for which it holds, is not known
    to be neutral, or names a drug, disease or question that the sentence leaves out, the result has the headings.
    """
    words = content_words(sentence)
    if len(words) <= _MIN_WORDS:
        return None
    found = [
        item
        for shown in evidence
        if shown.passage is not None and not speaks_to_model(shown.passage)
        for item in _candidates(words, shown.id, shown.passage)
        if not (
            question and irrelevant(item.text, question, f"{shown.passage.title} {shown.passage.section}")
        )
    ]
    best = max(found, key=lambda item: (item.share, -len(item.text)), default=None)
    whole = _with_second(best, found, words) if best is not None else None
    return _with_topics(whole) if whole is not None and whole.share >= _MIN_SHARE else None


def _with_topics(quotation: Closest) -> Closest:
    """Return a quotation with the topics that its words leave out as its heading."""
    own = content_words(quotation.text)
    open_topics = [topic for topic in quotation.topics if not _covered(topic, own)]
    heading = quotation.heading or " > ".join(open_topics)
    asked = [topic for topic in open_topics if topic.endswith("?") and topic not in heading]
    return replace(quotation, heading=" > ".join((heading, *asked)))


def _covered(topic: str, own: frozenset[str]) -> bool:
    words = content_words(topic) - _ASPECTS
    return len(words & own) > _COVERED * len(words) if words else True


def _with_second(best: Closest, found: Sequence[Closest], words: frozenset[str]) -> Closest:
    """Return the sentence with another one of its passage behind it that has what it lacks: two facts in one."""
    rest = words - content_words(best.text)
    others = [
        item
        for item in found
        if (item.evidence, item.heading, item.topics) == (best.evidence, best.heading, best.topics)
        and item.text not in best.text
    ]
    more = max(others, key=lambda item: len(rest & content_words(item.text)), default=None)
    if more is None or len(rest & content_words(more.text)) < max(_MIN_WORDS, _MIN_SHARE * len(rest)):
        return best
    share = len(words & (content_words(best.text) | content_words(more.text))) / len(words)
    both = tuple(item.text for item in found if item in (best, more))  # in the order of the passage
    return replace(best, parts=both, share=share)


def _candidates(words: frozenset[str], number: str, passage: Passage) -> Iterator[Closest]:
    """Yield the sentences of a passage that have enough of the words."""
    above = content_words(f"{topic_of_title(passage.title) or passage.title} {passage.section}")
    items = statements(passage.text, passage.section, passage.title)
    before: Statement | None = None
    asked = heading = ""
    for index, item in enumerate(items):
        asked = "" if item.heading != heading else asked
        heading = item.heading
        if item.text.endswith("?"):
            asked = item.text
        text = _whole(items, index, before, titled=bool(passage.title or passage.section))
        own = content_words(text)
        unclear = item.pronoun and before is None and not topic_of_title(passage.title)
        group = any(family(word) not in own for word in item.group)
        share = len(words & (own | above)) / len(words)
        enough = share >= _HALF_SHARE and len(words & own) >= _MIN_WORDS and len(text.split()) <= _LONGEST
        enough = enough and not words & own <= above  # every sentence below a heading is about its words
        if enough and not unclear and (item.headings or not (item.refused or group)):
            shown = item.headings if item.refused or group else ""
            yield Closest(number, (text,), share, shown, _topics(passage, items[0], item, asked))
        before = item if not item.refused and not item.pronoun else None


def _whole(items: Sequence[Statement], index: int, before: Statement | None, *, titled: bool) -> str:
    """Return a statement with its neighbours without which it says something else; "" where they are not at hand.

    Where no title says what the passage is about, a sentence that points back needs two sentences before it.
    """
    item = items[index]
    if item.pronoun and before is not None:  # "it" needs the sentence that says what it is
        return f"{before.text} {item.text}"
    if _REPORTED.search(item.text):
        after = items[index + 1] if index + 1 < len(items) else None
        if after is None or after.heading != item.heading or after.text.endswith("?"):
            return ""
        return f"{item.text} {after.text}"
    previous = items[max(0, index - (1 if titled or item.heading else 2)) : index]
    usable = all(one.heading == item.heading and one.refused in ("", TAKEN_BACK) for one in previous)
    if previous and usable and _POINTS_BACK.search(item.text):
        return " ".join(one.text for one in (*previous, item))
    return "" if _NEEDS_BEFORE.search(item.text) else item.text


def _topics(passage: Passage, first: Statement, item: Statement, asked: str) -> tuple[str, ...]:
    """Return what a statement is about by the title, section, first sentence, line and question above it."""
    title = topic_of_title(passage.title) or passage.title
    opening = "" if title or item.heading else opening_topic(first.text)
    above = (title, opening, *passage.section.split(" > "), item.heading, asked)
    return tuple(dict.fromkeys(filter(None, (part.strip(" :#*") for part in above))))


def content_words(text: str) -> frozenset[str]:
    """Return the families of the words that say something, and the numbers."""
    items = canonical(tokens(rewritten(text)))
    keys = (
        item.text if item.kind == "number" else family(item.text) for item in items if item.kind != "mark"
    )
    return frozenset(key for key in keys if key not in NOTHING and len(key) > 1) - _SMALL


__all__ = ["Closest", "closest", "content_words"]
