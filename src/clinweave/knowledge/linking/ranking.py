"""How good a sense is, decided once per name when the dictionary is compiled, each with its reason in words."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from clinweave.knowledge.linking.everyday import ADJECTIVE, EVERYDAY
from clinweave.knowledge.linking.normalise import Tokens, normal_form

# A concept's own label is what its vocabulary's editors chose; the others are ever looser ways of saying it.
BASE = {
    "label": 1.0,
    "exact": 0.95,
    "lay": 0.9,
    "abbreviation": 0.8,
    "usage": 0.85,
    EVERYDAY: 0.85,
    ADJECTIVE: 0.8,
}
KINDS = tuple(BASE)
WORDS = {
    "label": "label",
    "exact": "exact synonym",
    "lay": "lay synonym",
    "abbreviation": "abbreviation",
    "usage": "what annotators call it",
    EVERYDAY: "everyday words for it",
    ADJECTIVE: "adjective for it",
}
USAGE = KINDS.index("usage")  # counts only where a vocabulary is asked for
ADJECTIVES = KINDS.index(ADJECTIVE)
EVERYDAY_KINDS = (KINDS.index(EVERYDAY), ADJECTIVES)  # count only where findings are asked for
MINIMUM = 0.5  # mentions below are not reported unless asked for
COMMON_WORD = 0.55  # taken off a name that is an everyday English word
IN_CONTEXT = 0.25  # given back where a word beside a symbol says that a gene is meant
NEAR = 3  # tokens on either side that are looked at
SHORT_SYMBOL = 0.1  # taken off symbols of two characters
CLASSIFICATION = {
    "ICD10CM": 0.1
}  # taken off codes of billing, where a vocabulary of medicine has the same words
MODIFIER = 0.6  # taken off qualifiers, which describe a finding or a disease and are none, and off the roots
PROPER = {
    "HP": ("HP:0000118", "HP:0000005", "HP:0003812"),
    "MONDO": ("MONDO:0000001",),
}  # what is no qualifier lies below these
ROOTS = frozenset(
    {"HP:0000001", "HP:0000118", "HP:0000005", "MONDO:0000001", "MONDO:0700096", "MONDO:0002254"}
)
REORDERED = 0.1
SHARED_HEAD = 0.15
VARIED = 0.2
IN_TEXT = 0.05
PREFERRED = 0.3  # between senses: what annotators mean by it
OTHER_NUMBER = 0.06  # between senses: singular where the text has the plural, or the other way round
FINDING, DISEASE, CHEMICAL, OTHER = range(4)  # what may be asked for
_GROUPS = {
    "biolink:Disease": DISEASE,
    "biolink:PhenotypicFeature": DISEASE,
    "biolink:DiseaseOrPhenotypicFeature": DISEASE,
    "biolink:Drug": CHEMICAL,
    "biolink:ChemicalEntity": CHEMICAL,
    "biolink:SmallMolecule": CHEMICAL,
}
_ORDER = (
    "biolink:Disease",
    "biolink:PhenotypicFeature",
    "biolink:Drug",
    "biolink:ChemicalEntity",
    "biolink:Gene",
)
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9/-]*", re.ASCII)
_INNER_CAPITAL = re.compile(r"[A-Za-z0-9-]+", re.ASCII)


@lru_cache(maxsize=1)
def _lists() -> dict[str, frozenset[str]]:
    text = files("clinweave.knowledge.linking").joinpath("common_words.toml").read_text("utf-8")
    entries = tomllib.loads(text).items()
    return {name: frozenset(words.split() if isinstance(words, str) else words) for name, words in entries}


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Return, in normal form, everyday words and short forms that are also names of genes, chemicals or brands."""
    lists = _lists()
    return frozenset(map(normal_form, lists["words"] | lists["acronyms"] | lists["phrases"]))


@lru_cache(maxsize=1 << 16)
def _is_common(name: str) -> bool:
    return len(name) < 20 and normal_form(name) in common_words()


def phrases() -> list[str]:
    """Return phrases that are no name of a finding or disease, whatever their words may suggest."""
    return sorted(_lists()["phrases"])


def no_findings() -> list[str]:
    """Return phrases within which the name of a finding names none ("coma scale")."""
    return sorted(_lists()["no_findings"])


@lru_cache(maxsize=1)
def usage() -> tuple[tuple[str, str], ...]:
    """Return (name, identifier) pairs that annotators used and vocabularies lack (`benchmarks/linkers/learning.py`)."""
    text = files("clinweave.knowledge.linking").joinpath("usage.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line)
    return tuple((name, curie) for name, curie in rows)


def for_findings() -> list[str]:
    """Return normalised words that a finding before them is for ("clinic")."""
    return sorted(_lists()["for_findings"])


def gene_words() -> frozenset[str]:
    """Return normalised words beside which a symbol means a gene."""
    return _lists()["beside_genes"]


def question_words() -> frozenset[str]:
    """Return words without content in a question (lower case)."""
    return _lists()["questions"]


def needs_case(name: str, kind: str, category: str) -> bool:
    """Say whether `name` counts only where the text has the very same letters: symbols and short abbreviations."""
    if " " in name or (len(name) > 6 and kind != "abbreviation" and category != "biolink:Gene"):
        return False
    if category == "biolink:Gene" or kind == "abbreviation":
        return len(name) <= 4 or not any(character.isdigit() for character in name)
    if _SYMBOL.fullmatch(name):
        return len(name) <= 6
    capitals = sum(character.isupper() for character in name[1:])
    return len(name) <= 6 and capitals > 0 and _INNER_CAPITAL.fullmatch(name) is not None


def is_acronym(name: str, label: str, category: str) -> bool:
    """Say whether a disease's name of one word is an acronym of its label written small: "gave", "fed", "scar".

    Sources write some so; in a text they mean the disease only in capitals.
    """
    word, spelt = name.lower(), label.lower()
    if category != "biolink:Disease" or not 3 <= len(word) <= 6 or not word.isalpha() or name.isupper():
        return False
    if word[:4] in spelt or all(part[0] != word[0] for part in spelt.split()):
        return False
    letters = iter(spelt)
    return all(letter in letters for letter in word)


def score_of(name: str, key: str, kind: str, prefix: str, *, exact_case: bool, modifier: bool) -> float:
    """Return the score, 0 to 1, of `name` (in normal form `key`) as a name of its concept before the text is seen."""
    score = BASE.get(kind, 0.85) - CLASSIFICATION.get(prefix, 0.0)
    if len(key) < 20 and kind != ADJECTIVE and key in common_words():
        score -= COMMON_WORD
    if modifier:
        score -= MODIFIER
    if (len(name) < 8 and sum(character.isalpha() for character in name) < 2) or (
        len(name) < 3 and not exact_case
    ):
        return 0.1
    if len(name) < 3:
        score -= SHORT_SYMBOL
    return round(score, 4)


def group_of(category: str) -> int:
    """Return whether a category is a disease or finding, a chemical, or something else."""
    return _GROUPS.get(category, OTHER)


def order_of(category: str) -> int:
    """Return the rank of a category where scores tie: a disease before a finding before a drug before a gene."""
    return _ORDER.index(category) if category in _ORDER else len(_ORDER)


def reason_of(kind: str, shown: str, name: str, exact_case: bool, others: list[str]) -> str:
    """Return in words why a name was chosen; `shown` is the name where the text writes it otherwise, else empty."""
    parts = [f"{WORDS.get(kind, kind)} {shown!r}" if shown else WORDS.get(kind, kind)]
    if exact_case:
        parts.append("same letters and case")
    if _is_common(name):
        parts.append("also an everyday word; a neighbouring word speaks of genes")
    if others:
        parts.append(f"preferred to {', '.join(others[:3])}")
    return "; ".join(parts)


def among_genes(tokens: Tokens, begin: int, last: int) -> bool:
    """Say whether a word near the tokens is about genes."""
    low, high = max(0, begin - NEAR), min(len(tokens), last + 1 + NEAR)
    return not gene_words().isdisjoint(tokens.words(low, begin) + tokens.words(last + 1, high))
