"""Extract relations from the sections of a page about one disease, without a model: the title names the disease.

A page whose title is a disease ("What are the symptoms of Asthma ?", or its name alone) and whose section is of a
known kind speaks of that disease throughout: a finding named under "symptoms" is taken as its phenotype, a drug under
"treatment" as its treatment, a procedure under "exams and tests" as its test. In sections that only inform, the
sentences and lists that speak of symptoms or signs count, and no others. The linker says what is named, denied or a
relative's. A page that copies HPO's annotations tells nothing new and is left out.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from clinweave.knowledge.citations import sentences
from clinweave.knowledge.linking.linker import Linker
from clinweave.knowledge.relation_extraction.candidates import Candidate
from clinweave.knowledge.relation_extraction.llm import Asked
from clinweave.knowledge.relation_extraction.rules import Rule
from clinweave.records import Mention, Passage

NAME = "sections"
_TITLE = re.compile(
    r"^(?:what (?:is|are) \(are\)|what (?:is|are) the (?:signs and )?(?:symptoms|treatments?|tests?) (?:of|for)|"
    r"how to diagnose|do you have information about)\s+",
    re.IGNORECASE,
)
_TAIL = re.compile(r"[\s?.]+$|\s*\([^()]*\)[\s?.]*$")
_FINDING = "biolink:has_phenotype"
_BATCH = 256  # passages linked at once
_TREATS, _DIAGNOSES = "biolink:treats", "biolink:diagnoses"
_KIND = {
    "symptoms": _FINDING,
    "signs and symptoms": _FINDING,
    "history and physical": _FINDING,
    "treatment": _TREATS,
    "exams and tests": _DIAGNOSES,
}
_INFORMS = frozenset({"", "information"})
# vocabularies of the objects, if the graph has them
_PREFIXES = {_FINDING: ("HP",), _TREATS: ("CHEBI", "DRUGBANK", "CHEMBL", "UNII", "RXCUI")}
_BREAK = re.compile(r"\s*\n\s*\n\s*|\s{3,}|\s+(?=[-*•]\s)")
_ITEM = re.compile(r"[-*•]\s")
_SYMPTOMS = re.compile(r"\b(?:symptoms?|signs?)\b", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:risk|complications?|treat(?:ed|ments?)?|side effects?|(?:no|not|without|before|other)\b[^.]{0,30}"
    r"\b(?:symptoms?|signs?|conditions)|caused by|causes of|prevent\w*)\b",
    re.IGNORECASE,
)
_NO_TREATMENT = re.compile(
    r"\b(?:avoid\w*|medlineplus|registry|tests?|diet\w*|foods?|eat\w*|surgeon|caused?|causes|risk|side effects?|"
    r"levels?|proteins? called)\b",
    re.IGNORECASE,
)
# MeSH calls much a procedure; these are the words of its tests, without those that say nothing of a disease
_TEST = re.compile(
    r"\b(?:tests?|testing|exam\w*|\w*imaging|\w*(?:graphy|scopy|metry|assay|analysis|typing)|biopsy|culture|"
    r"counts?|puncture|studies|screening|sampling|index|hematocrit|sedimentation|hybridization|amniocentesis)\b",
    re.IGNORECASE,
)
_ANY_TEST = frozenset({"laboratory test", "physical examination", "neurological examination"})
_COPIED = "Human Phenotype Ontology"
_WORD = re.compile(r"[^\W_]+")


class Piece(NamedTuple):
    """A sentence, or an item of a list with the sentence before the list: `text[start:end]`."""

    start: int
    end: int
    lead: str


def topic_of(title: str) -> str:
    """Return the topic of a title: "What are the symptoms of Asthma (in adults) ?" -> "Asthma"."""
    text = _TITLE.sub("", " ".join(title.split()))
    while (bare := _TAIL.sub("", text)) != text:
        text = bare
    return text


def pieces(text: str) -> list[Piece]:
    """Return the sentences and items of a text in order."""
    result: list[Piece] = []
    lead, start = "", 0
    for stop, after in [
        *((item.start(), item.end()) for item in _BREAK.finditer(text)),
        (len(text), len(text)),
    ]:
        chunk = text[start:stop]
        if _ITEM.match(chunk):
            result.append(Piece(start, stop, lead))
        else:
            for span in sentences.split(chunk):
                result.append(Piece(start + span.start, start + span.end, ""))
                lead = span.text
        start = after
    return [piece for piece in result if piece.start < piece.end]


def tells(piece: Piece, text: str, section: str) -> bool:
    """Say whether a piece of a section tells of its subject, and not of causes, risks or what else may be so."""
    section = _own_heading(section)
    informs, own = section in _INFORMS, text[piece.start : piece.end]
    says = piece.lead or own
    if own.endswith("?"):
        return False
    if not informs and _KIND[section] != _FINDING:
        return _KIND[section] != _TREATS or not _NO_TREATMENT.search(own)
    return not _OTHER.search(says) and (not informs or bool(_SYMPTOMS.search(says)))


def copied(passages: Iterable[Passage]) -> frozenset[str]:
    """Return the documents taken from HPO by their own statement."""
    return frozenset(item.document for item in passages if _COPIED in item.text)


def by_sections(
    passages: Sequence[Passage], linker: Linker, rules: Sequence[Rule]
) -> Iterator[tuple[list[Asked], Counter[str]]]:
    """Yield the proposals of each passage without repeats, and the counts of rejected ones by reason."""
    reader = _Reader(linker, rules, copied(passages))
    for first in range(0, len(passages), _BATCH):
        yield from reader.batch(passages[first : first + _BATCH])


class _Reader:
    def __init__(self, linker: Linker, rules: Sequence[Rule], copies: frozenset[str]) -> None:
        self.linker, self.copies = linker, copies
        self.bare = Linker(linker.vocabulary, judged=False)  # a title is no sentence
        self.rules = {rule.predicate: rule for rule in rules}
        self.prefixes = set(linker.vocabulary.prefixes)
        self._topics: dict[str, Mention | None] = {}

    def batch(self, passages: Sequence[Passage]) -> list[tuple[list[Asked], Counter[str]]]:
        """Return the proposals of each passage; texts of one kind are linked in one batch, which is much faster."""
        answers: list[tuple[list[Asked], Counter[str]]] = [([], Counter()) for _ in passages]
        waiting: dict[str, list[tuple[int, Mention]]] = {}
        for index, passage in enumerate(passages):
            kind = _kind(passage)
            topic = None
            if kind not in self.rules:
                reason = "a section of another kind"
            elif passage.document in self.copies:
                reason = "a page that copies HPO"
            elif topic := self._topic(passage.title):
                waiting.setdefault(kind, []).append((index, topic))
                continue
            else:
                reason = "a title that is no disease"
            answers[index][1][reason] += 1
        for kind, items in waiting.items():
            rule = self.rules[kind]
            prefixes = [name for name in _PREFIXES.get(kind, ()) if name in self.prefixes] or None
            texts = [passages[index].text for index, _ in items]
            mentions = self.linker.link_many(
                texts, prefixes, rule.objects if kind == _FINDING else rule.subjects
            )
            for (index, topic), linked in zip(items, mentions, strict=True):
                answers[index][0].extend(_proposed(passages[index], rule, topic, linked, answers[index][1]))
        return answers

    def _topic(self, title: str) -> Mention | None:
        """Return the disease that the whole title names, or None."""
        if title not in self._topics:
            name = topic_of(title)
            inside = {"MONDO"} & self.prefixes
            diseases = [
                item for item in self.bare.link(name, inside or None) if _words(item.text) == _words(name)
            ]
            self._topics[title] = (
                diseases[0] if diseases and diseases[0].category == "biolink:Disease" else None
            )
        return self._topics[title]


def _proposed(
    passage: Passage, rule: Rule, topic: Mention, mentions: Sequence[Mention], refused: Counter[str]
) -> list[Asked]:
    """Return the proposals of a passage about its topic, each object at its first mention."""
    names = {_key(topic.text), _key(topic.name)}
    inside = set(_words(topic.text))
    candidates: dict[str, Candidate] = {}
    parts = pieces(passage.text)
    for item in mentions:
        piece = next((part for part in parts if part.start <= item.start and item.end <= part.end), None)
        if piece is None or not tells(piece, passage.text, passage.section):
            refused["a sentence about something else"] += 1
        elif item.negated or item.experiencer:
            refused["denied in the text, or a relative's"] += 1
        elif not _fits(rule.predicate, item):
            refused["of another kind, or of no one kind"] += 1
        elif item.id == topic.id or _key(item.name) in names or inside.issuperset(_words(item.text)):
            refused["the disease itself"] += 1
        else:
            ends = (topic, item) if rule.predicate == _FINDING else (item, topic)
            candidates.setdefault(item.id, Candidate(rule, *ends, piece.start, piece.end))
    return [Asked(candidate, 0.0) for candidate in candidates.values()]


def _fits(predicate: str, item: Mention) -> bool:
    """Say whether a relation can have this object: as a treatment drugs alone, as a test what is named like one."""
    if predicate == _DIAGNOSES:
        return bool(_TEST.search(item.name)) and item.name.casefold() not in _ANY_TEST
    return predicate != _TREATS or item.category == "biolink:Drug"


def _kind(passage: Passage) -> str:
    section = _own_heading(passage.section)
    return _FINDING if section in _INFORMS else _KIND.get(section, "")


def _own_heading(section: str) -> str:
    """Return the last heading of a path of headings: "Marfan syndrome > Symptoms" -> "symptoms"."""
    return section.rpartition(" > ")[2].strip().casefold()


def _words(text: str) -> list[str]:
    return sorted(_WORD.findall(text.casefold()))


def _key(text: str) -> str:
    return " ".join(_words(text))
