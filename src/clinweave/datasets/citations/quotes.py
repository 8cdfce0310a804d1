"""Citation pairs on passages: a sentence quoted from a passage, unchanged or with one change."""

import re
from collections.abc import Mapping

from clinweave.datasets.citations.sampler import GraphSampler, Made, Maker, passage_of
from clinweave.datasets.citations.templates import Split
from clinweave.records import Passage

_LEADS: Mapping[Split, tuple[str, ...]] = {
    "development": ("", "", "According to the text, "),
    "held-out": ("", "", "The passage says: "),
}


def _quotation(world: GraphSampler) -> tuple[Passage, str] | None:
    """Return a passage and one of its sentences of 8 words and more."""
    ids = world.ids("HP") + world.ids("MONDO")
    passages = _passages(world)
    passage = passages[world.random.randrange(len(passages))] if passages and ids else None
    if passage is None:
        return None
    sentences = [
        part for part in re.split(r"(?<=[a-z]{3}\.)\s+(?=[A-Z])", passage.text) if len(part.split()) >= 8
    ]
    return (passage, world.random.choice(sentences)) if sentences else None


def _passages(world: GraphSampler) -> list[Passage]:
    key = str(getattr(world.graph, "path", id(world.graph)))
    if key not in _KEPT:
        _KEPT[key] = [item for item in world.graph.passages() if len(item.text.split()) >= 12]
    return _KEPT[key]


_KEPT: dict[str, list[Passage]] = {}


def quoted(world: GraphSampler, split: Split) -> Made | None:
    """Return a passage's own sentence."""
    quotation = _quotation(world)
    if quotation is None:
        return None
    return world.random.choice(_LEADS[split]) + quotation[1], (passage_of(quotation[0]),)


def quoted_changed(change: str) -> Maker:
    """Return a maker of a passage's sentence with one "number", "negation" or "entity" changed."""

    def make(world: GraphSampler, split: Split) -> Made | None:
        quotation = _quotation(world)
        changed = _changed(world, quotation[1], change) if quotation else None
        if quotation is None or changed is None or changed in quotation[0].text:
            return None
        return world.random.choice(_LEADS[split]) + changed, (passage_of(quotation[0]),)

    return make


def _changed(world: GraphSampler, sentence: str, change: str) -> str | None:
    """Return the sentence with one number, verb or entity changed; None where it has none."""
    if change == "number":
        numbers = list(re.finditer(r"(?<![\w.])\d+(?![\w.])", sentence))
        if not numbers:
            return None
        match = world.random.choice(numbers)
        return sentence[: match.start()] + str(int(match[0]) + 1) + sentence[match.end() :]
    if change == "negation":
        for verb in (" is ", " are ", " has ", " have ", " can ", " may "):
            if verb in sentence:
                return sentence.replace(verb, f"{verb}not ", 1)
        return None
    words = list(re.finditer(r"(?<!\w)[a-z]{7,}(?!\w)", sentence))
    other = world.name(world.random.choice(world.ids("HP")), plain=True).lower()
    if not words:
        return None
    match = world.random.choice(words)
    return sentence[: match.start()] + other + sentence[match.end() :]
