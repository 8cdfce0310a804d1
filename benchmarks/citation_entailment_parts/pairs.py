"""Pairs to train a model of entailment on: true paraphrases and minimal corruptions of sentences of real documents.

A document is an answer of MedQuAD or a guideline as text. The premise is a sentence that the document asserts, with its
title and at times a neighbour. A true sentence is made of it by one to three steps that keep its sense, a false one by
the same steps and then one that changes it. So how much was rewritten does not tell the label.
"""

import random
import re
import tarfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from clinweave.knowledge import Graph, Linker
from clinweave.knowledge.citations.context import statements
from clinweave.records import Mention

_SHORTEST, _LONGEST = 7, 34  # words of a sentence
_TRUE_STEPS = (1, 2, 2, 3)
_PASSIVES = {
    "causes": "caused", "cause": "caused", "treats": "treated", "affects": "affected", "affect": "affected",
    "prevents": "prevented", "reduces": "reduced", "increases": "increased", "produces": "produced",
    "produce": "produced", "improves": "improved", "relieves": "relieved", "confirms": "confirmed",
    "triggers": "triggered", "trigger": "triggered", "damages": "damaged", "damage": "damaged",
}  # fmt: skip
_SYNONYMS = (
    ("heart attack", "myocardial infarction"), ("high blood pressure", "hypertension"), ("doctor", "physician"),
    ("medicines", "drugs"), ("medicine", "drug"), ("people with", "patients with"),
    ("individuals with", "people with"), ("about", "approximately"), ("usually", "in most cases"),
    ("often", "frequently"), ("symptoms", "signs"), ("childhood", "the early years"), ("help", "aid"),
    ("is caused by", "results from"), ("are caused by", "result from"), ("is characterised by", "is characterized by"),
    ("can be", "may be"), ("such as", "for example"), ("at least", "no fewer than"), ("more than", "over"),
    ("less than", "under"), ("is recommended", "should be given"), ("should be avoided", "should not be used"),
    ("is called", "is known as"), ("also known as", "also called"), ("shows", "reveals"),
    ("treatment", "therapy"), ("begins", "starts"), ("severe", "serious"), ("rarely", "in rare cases"),
    ("occurs", "happens"), ("occur", "happen"), ("leads to", "results in"), ("lead to", "result in"),
    ("fever", "a raised temperature"), ("cancer", "malignancy"), ("swelling", "oedema"), ("belly", "abdomen"),
    ("shortness of breath", "dyspnoea"), ("monitored", "watched closely"), ("mutations", "variants"),
    ("becomes", "turns"), ("several", "a number of"), ("stroke", "cerebrovascular accident"),
)  # fmt: skip
_CHANGES = (  # one word that may not stand for the other
    ("always", "usually"), ("often", "rarely"), ("rare", "common"), ("common", "rare"), ("most", "all"),
    ("some", "all"), ("usually", "always"), ("rarely", "often"), ("many", "few"), ("may", "will"), ("can", "will"),
    ("may", "must"), ("should", "may"), ("increase", "decrease"), ("increases", "decreases"), ("high", "low"),
    ("low", "high"), ("before", "after"), ("after", "before"), ("more", "less"), ("less", "more"),
    ("men", "women"), ("women", "men"), ("children", "adults"), ("adults", "children"), ("boys", "girls"),
    ("both", "only one"), ("or", "and"), ("mild", "severe"), ("severe", "mild"), ("acute", "chronic"),
    ("chronic", "acute"), ("early", "late"), ("left", "right"), ("benign", "malignant"), ("dominant", "recessive"),
    ("recessive", "dominant"), ("oral", "intravenous"), ("daily", "weekly"), ("weekly", "daily"),
    ("cause", "prevent"), ("causes", "prevents"), ("a cause", "the cause"), ("associated with", "caused by"),
    ("mother", "father"), ("virus", "bacterium"), ("viral", "bacterial"), ("safe", "unsafe"),
    ("suggests", "proves"), ("suggest", "prove"), ("one of the", "the"), ("infants", "teenagers"),
    ("reduces", "raises"), ("upper", "lower"), ("lower", "upper"), ("unlikely", "likely"), ("worse", "better"),
)  # fmt: skip
_ABOUT_PAGE = re.compile(
    r"\n|table below|this information|Orphanet|NINDS|Summary :|clinical trial|\bhttp", re.IGNORECASE
)
_UNITS = ("mg", "g", "micrograms", "mL", "days", "weeks", "months", "years", "hours", "minutes", "percent")
_AUXILIARY = re.compile(r"\b(is|are|can|may|should|must|has|have|does|do|will|was|were)\b(?! (?:not|no)\b)")
_CONDITION = re.compile(
    r",? (?:if|unless|only if|only when|when|until|in (?:patients|people|children|adults|women|men) (?:who|with)|"
    r"except|without|during pregnancy|before|after) [^,.;]+(?=[.,;]|$)"
)
_ADDED = (
    " only in children", " in every patient", " unless it is treated early", " only after surgery",
    " in pregnant women", " regardless of age", " but only in men", " within 24 hours", " for life",
    " without any side effects", " in more than half of the cases", " according to older studies",
)  # fmt: skip


class Pair(NamedTuple):
    """A premise (its heading and sentences), a sentence, its label and how it was made."""

    premise: str
    sentence: str
    supported: bool
    kind: str


class Source(NamedTuple):
    """A sentence of a document, with its title and the other sentences of the document."""

    title: str
    text: str
    others: tuple[str, ...]


def read_sources(corpus: Path, seed: int, most: int) -> list[Source]:
    """Return asserted sentences of the documents of a corpus folder, at most two a document, in a seeded order."""
    chosen = random.Random(seed)
    documents = [*_medquad(corpus / "medquad.tar.gz"), *_guidelines(corpus / "guidelines")]
    chosen.shuffle(documents)
    result: list[Source] = []
    for title, text in documents:
        usable = [item.text for item in statements(text, "", title) if not (item.refused or item.group)]
        fit = [item for item in usable if _fits(item)]
        result.extend(
            Source(title, sentence, tuple(other for other in usable if other != sentence))
            for sentence in chosen.sample(fit, min(2, len(fit)))
        )
        if len(result) >= most:
            break
    return result


def _fits(sentence: str) -> bool:
    words = sentence.split()
    bare = words[0].lower() if words else ""
    return (
        _SHORTEST <= len(words) <= _LONGEST
        and sentence[-1:] == "."
        and sentence[:1].isupper()
        and bare not in {"it", "this", "these", "they", "he", "she", "such", "other", "however,"}
        and not _ABOUT_PAGE.search(sentence)
    )


def _medquad(path: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".xml") else None
            if file is None:
                continue
            root = ElementTree.fromstring(file.read())
            for pair in root.iter("QAPair"):
                answer, question = pair.findtext("Answer") or "", pair.findtext("Question") or ""
                if answer.strip():
                    yield question.strip(), answer.strip()


def _guidelines(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted([*folder.glob("*.txt"), *folder.glob("*.md")]):
        yield path.stem.replace("_", " "), path.read_text(encoding="utf-8")


class Maker:
    """Makes pairs of sources. Names are replaced by synonyms, or by other names of their kind, of a graph."""

    def __init__(self, graph: Graph, linker: Linker, sources: Sequence[Source], seed: int) -> None:
        self.graph, self.linker = graph, linker
        self.random = random.Random(seed)
        self.names: dict[str, list[str]] = {}
        for item in sources[:400]:
            for mention in linker.link(item.text):
                self.names.setdefault(mention.id.partition(":")[0], []).append(mention.text)

    def pairs(self, source: Source) -> Iterator[Pair]:
        """Yield a true and a false sentence about one source, where both can be made."""
        others = list(source.others)
        near = self.random.sample(others, min(len(others), self.random.choice((0, 0, 1))))
        texts = [source.text, *near] if self.random.random() < 0.5 else [*near, source.text]
        premise = f"{source.title}\n{' '.join(texts)}" if source.title else " ".join(texts)
        true = self._rewritten(source.text)
        if true is not None:
            yield Pair(premise, true, True, "true")
        base = self._rewritten(source.text) or source.text
        steps: list[tuple[str, Callable[[str], str | None]]] = [
            ("negation", self._negated), ("number", self._number), ("number", self._number), ("unit", self._unit),
            ("word", self._changed), ("word", self._changed), ("word", self._changed), ("roles", self._swapped),
            ("roles", self._swapped), ("condition", self._condition), ("condition", self._condition),
            ("name", self._other_name), ("name", self._other_name),
        ]  # fmt: skip
        self.random.shuffle(steps)
        steps.insert(0 if self.random.random() < 0.1 else len(steps), ("added", self._added))
        if self.random.random() < 0.12 and len(others) > len(near):  # another fact of the same document
            rest = [item for item in others if item not in near and _fits(item)]
            if rest:
                yield Pair(premise, self.random.choice(rest), False, "other fact")
                return
        for kind, step in steps:
            false = step(base)
            if false and _bare(false) != _bare(source.text) and _bare(false) != _bare(base):
                yield Pair(premise, false, False, kind)
                return

    def _rewritten(self, sentence: str) -> str | None:
        steps: list[Callable[[str], str | None]] = [
            self._shorter, self._passive, self._synonym, self._synonym, self._concept, self._listed,
            self._fronted, self._no_brackets,
        ]  # fmt: skip
        self.random.shuffle(steps)
        wanted, done, text = self.random.choice(_TRUE_STEPS), 0, sentence
        for step in steps:
            changed = step(text)
            if changed and changed != text and len(changed.split()) >= 4:
                text, done = changed, done + 1
            if done >= wanted:
                break
        return text if done and _bare(text) != _bare(sentence) else None

    def _shorter(self, text: str) -> str | None:
        """Drop a clause that restricts nothing: after ";", or between a comma and "which"."""
        if "; " in text:
            return text.split("; ", maxsplit=1)[0].rstrip(".") + "."
        return re.sub(r", which (?:is|are|can|may|has|have)\b[^,.]*(?:,|(?=\.$))", "", text)

    def _passive(self, text: str) -> str | None:
        match = re.match(r"^([A-Z][^,.;()]{3,50}?) (can |may )?(\w+) ([^,.;()]{4,60})\.$", text)
        if match is None or match[3] not in _PASSIVES or " and " in match[1]:
            return None
        what = match[4][0].upper() + match[4][1:]
        verb = f"{match[2]}be" if match[2] else "are" if what.split()[-1].endswith("s") else "is"
        who = match[1] if match[1][1:2].isupper() else match[1][0].lower() + match[1][1:]
        return f"{what} {verb} {_PASSIVES[match[3]]} by {who}."

    def _synonym(self, text: str) -> str | None:
        fit = [(a, b) for pair in _SYNONYMS for a, b in (pair, pair[::-1]) if re.search(rf"\b{a}\b", text)]
        if not fit:
            return None
        one, other = self.random.choice(fit)
        return re.sub(rf"\b{one}\b", other, text, count=1)

    def _concept(self, text: str) -> str | None:
        mentions = [item for item in self.linker.link(text) if _exact(item)]
        self.random.shuffle(mentions)
        for item in mentions:
            names = [
                name
                for concept in self.graph.concepts([item.id])
                for name in (concept.name, *concept.synonyms)
                if name.lower() != item.text.lower() and len(name) < 40 and "," not in name
            ]
            if names:
                name = self.random.choice(names)
                shown = name[0].upper() + name[1:] if item.start == 0 else _lower(name)
                return text[: item.start] + shown + text[item.end :]
        return None

    def _listed(self, text: str) -> str | None:
        match = re.match(
            r"^(.{5,60}? (?:include|includes|are|as)) ([^.;:]+, [^.;:]+,? and [^.;:,]+)\.$", text
        )
        if match is None:
            return None
        items = [item for item in re.split(r", (?:and )?| and ", match[2]) if item]
        chosen = self.random.sample(items, self.random.randint(max(1, len(items) - 2), len(items)))
        shown = chosen[0] if len(chosen) == 1 else ", ".join(chosen[:-1]) + " and " + chosen[-1]
        return f"{match[1]} {shown}."

    def _fronted(self, text: str) -> str | None:
        match = re.match(r"^(In [^,]{3,40}), ([A-Z]?[a-z][^.;]+)\.$", text)
        if match is None:
            return None
        return f"{match[2][0].upper()}{match[2][1:]} {match[1][0].lower()}{match[1][1:]}."

    def _no_brackets(self, text: str) -> str | None:
        return re.sub(r" ?\([A-Za-z][^()]*\)", "", text)

    def _negated(self, text: str) -> str | None:
        if re.search(r"\b(?:is|are|can|may|should|do|does|has|have) not\b", text):
            return re.sub(r"\b(is|are|can|may|should|do|does|has|have) not\b", r"\1", text, count=1)
        return _AUXILIARY.sub(r"\1 not", text, count=1) if _AUXILIARY.search(text) else None

    def _number(self, text: str) -> str | None:
        found = list(re.finditer(r"(?<![\w.-])\d+(?:\.\d+)?", text))
        if not found:
            return None
        match = self.random.choice(found)
        value = float(match.group())
        other = self.random.choice((value * 2, value + 1, value * 10, max(0.5, value / 2), value + 5))
        return f"{text[: match.start()]}{other:g}{text[match.end() :]}"

    def _unit(self, text: str) -> str | None:
        fit = [unit for unit in _UNITS if re.search(rf"\d[\d.-]* {unit}\b", text)]
        if not fit:
            return None
        unit = self.random.choice(fit)
        other = self.random.choice([item for item in _UNITS if item != unit])
        return re.sub(rf"(\d[\d.-]*) {unit}\b", rf"\1 {other}", text, count=1)

    def _changed(self, text: str) -> str | None:
        fit = [(a, b) for a, b in _CHANGES if re.search(rf"\b{a}\b", text)]
        if not fit:
            return None
        one, other = self.random.choice(fit)
        return re.sub(rf"\b{one}\b", other, text, count=1)

    def _other_name(self, text: str) -> str | None:
        mentions = list(self.linker.link(text))
        if not mentions:
            return None
        item = self.random.choice(mentions)
        names = [
            name for name in self.names.get(item.id.partition(":")[0], ()) if name.lower() not in text.lower()
        ]
        if not names:
            return None
        name = self.random.choice(names)
        return text[: item.start] + name + text[item.end :]

    def _swapped(self, text: str) -> str | None:
        mentions = [item for item in self.linker.link(text) if item.end - item.start > 3]
        if len(mentions) < 2:
            return None
        first, second = mentions[0], mentions[-1]
        if (
            first.end > second.start
            or first.id == second.id
            or re.fullmatch(r",? (?:and|or) |, ", text[first.end : second.start])
        ):
            return None
        between = text[first.end : second.start]
        return text[: first.start] + second.text + between + first.text + text[second.end :]

    def _condition(self, text: str) -> str | None:
        return _CONDITION.sub("", text, count=1) if _CONDITION.search(text) else None

    def _added(self, text: str) -> str | None:
        return text.rstrip(".") + self.random.choice(_ADDED) + "."


def _bare(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def _exact(mention: Mention) -> bool:
    """Tell whether a finding or disease is named by one of its exact names."""
    named = mention.reason.startswith(("label", "exact synonym"))
    return named and mention.id.startswith(("HP:", "MONDO:")) and len(mention.text) > 4


def _lower(name: str) -> str:
    return name[0].lower() + name[1:] if name[1:2].islower() else name
