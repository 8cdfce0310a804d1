"""Findings in everyday words: names that the HPO lacks (everyday.toml), adjectives of its nouns, and "X infection".

A patient is "deaf", "clumsy" or "febrile", while the HPO names Deafness, Clumsiness and Fever. Such names count only
where findings are asked for, after the HPO's own names.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.normalise import Ints, Tokens, hashes_of, words_of
from clinweave.knowledge.linking.stems import british

EVERYDAY, ADJECTIVE = "everyday", "adjective"  # kinds of names
_FINDINGS = frozenset({"biolink:PhenotypicFeature", "biolink:GeneticInheritance", "biolink:ClinicalModifier"})
_INFECTION = " infection"
_CANCER = (" cancer", " carcinoma")
_FORMS = (("i", "ii", "iii", "iv", "v"), ("1", "2", "3", "4", "5"), ("one", "two", "three", "four", "five"))
_NUMBER = re.compile(
    rf"\b(type|stage|grade|class) ({'|'.join(form for forms in _FORMS for form in forms)})\b"
)
_SHORTEST = 4  # letters of a derived adjective
# Endings of nouns and of their adjectives; the first that fits counts.
_DERIVED = (
    ("iness", ("y",)), ("ness", ("",)), ("bility", ("ble",)), ("tivity", ("tive",)), ("ety", ("ous",)),
    ("ity", ("", "e")), ("pnea", ("pneic",)), ("rrhea", ("rrheic",)), ("esia", ("esic", "estic")),
    ("plasia", ("plastic",)), ("ia", ("ic",)), ("psis", ("ptic",)), ("osis", ("otic",)), ("itis", ("itic",)),
    ("asis", ("atic",)), ("plegy", ("plegic",)), ("phy", ("phic",)), ("thy", ("thic",)), ("aly", ("alic",)),
    ("rgy", ("rgic",)), ("tyly", ("tylous",)), ("psy", ("ptic",)), ("tension", ("tensive",)),
    ("ssion", ("ssed", "ssive")),
    ("usion", ("used",)), ("ation", ("ated",)), ("ution", ("uted",)), ("ency", ("ent",)), ("ancy", ("ant",)),
    ("ence", ("ent",)), ("ance", ("ant",)), ("roidism", ("roid",)), ("ism", ("ic", "istic")), ("ema", ("ematous",)),
)  # fmt: skip


class _Lists(NamedTuple):
    broad: Mapping[
        str, str
    ]  # broad layperson synonyms and names of obsolete terms, each with its finding's id
    names: Mapping[str, tuple[str, ...]]
    adjectives: Mapping[str, tuple[str, ...]]
    clinical: Mapping[str, tuple[str, ...]]  # words of clinicians, by HPO label
    excluded: frozenset[str]  # adjectives that are not derived
    after: NDArray[np.uint64]  # hashes of the words that may follow an adjective


@lru_cache(maxsize=1)
def lists() -> _Lists:
    """Return the lists of everyday.toml: everyday names and adjectives by HPO label."""
    text = files("clinweave.knowledge.linking").joinpath("everyday.toml").read_text("utf-8")
    table: dict[str, Any] = tomllib.loads(text)
    broad = {**_pairs("retired_names.tsv"), **_pairs("broad_names.tsv")}
    names, adjectives = (
        {label: _words(words) for label, words in table[kind].items()} for kind in ("names", "adjectives")
    )
    after = {
        word
        for words in table["after_adjective"].values()
        for text in words.split()
        for word in words_of(text)
    }
    return _Lists(
        broad,
        names,
        adjectives,
        _clinical(),
        frozenset(table["not_derived"]["words"].split()),
        np.sort(hashes_of(sorted(after))),
    )


def _clinical() -> dict[str, tuple[str, ...]]:
    """Return the words of clinicians by HPO label: of letters, then of the shorthand of wards."""
    result: dict[str, tuple[str, ...]] = {}
    for name in ("clinical_names.toml", "shorthand_names.toml"):
        table = tomllib.loads(files("clinweave.knowledge.linking").joinpath(name).read_text("utf-8"))
        for label, words in table["names"].items():
            result[label] = (*result.get(label, ()), *_words(words))
    return result


def _words(cell: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in cell.split(","))


def _pairs(table: str) -> dict[str, str]:
    """Return the names of a table with their identifiers."""
    rows = files("clinweave.knowledge.linking").joinpath(table).read_text("utf-8").splitlines()
    return dict(row.split("\t") for row in rows if not row.startswith("#"))


def everyday_names(
    rows: Iterable[tuple[str, str, str, str]], common: Collection[str]
) -> list[tuple[str, str, str]]:
    """Return (name, concept id, kind) of the everyday names of a graph's HPO findings.

    `rows` are the graph's names: (name, concept id, kind, category). No adjective is derived that is one of the
    `common` words ("slow" of "slowness").
    """
    owners: dict[str, dict[str, int]] = defaultdict(dict)  # name -> finding -> 0 where it is the label
    diseases: set[str] = set()
    for name, curie, kind, category in rows:
        if category == "biolink:Disease":
            diseases.add(name.lower())
        elif category in _FINDINGS and curie.startswith("HP:") and kind != "abbreviation":
            owners[name.lower()].setdefault(curie, int(kind != "label"))
    names: dict[str, tuple[str, str]] = {}
    for name, curie, kind in (
        *_listed(owners),
        *((*pair, EVERYDAY) for pair in _infections(owners, diseases)),
    ):
        names.setdefault(name, (curie, kind))
    for adjective, curie in _derived(owners):
        if adjective not in common and adjective not in lists().excluded:
            names.setdefault(adjective, (curie, ADJECTIVE))
    return [
        (name, curie, kind) for name, (curie, kind) in sorted(names.items()) if name.lower() not in owners
    ]


def _listed(owners: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, str, str]]:
    """Yield the listed names whose finding the graph has: everyday words, adjectives, broad synonyms."""
    tables = ((EVERYDAY, lists().names), (ADJECTIVE, lists().adjectives), (EVERYDAY, lists().clinical))
    for kind, table in tables:
        for label, words in table.items():
            if owner := _owner(owners.get(label.lower(), {})):
                yield from ((word, owner, kind) for word in words)
    for name, curies in owners.items():
        for other in (british(name), *_numbered(name), *_cancers(name)):
            if other != name and (owner := _owner(curies)):
                yield other, owner, EVERYDAY
    findings = {curie for curies in owners.values() for curie in curies}
    yield from ((name, curie, EVERYDAY) for name, curie in lists().broad.items() if curie in findings)


def _numbered(name: str) -> Iterator[str]:
    """Yield a name with its number in other forms: "type ii", "type 2", "type two"."""
    match = _NUMBER.search(name)
    if match is None:
        return
    at = next(forms.index(match[2]) for forms in _FORMS if match[2] in forms)
    for forms in _FORMS:
        yield f"{name[: match.start(2)]}{forms[at]}{name[match.end(2) :]}"


def _cancers(name: str) -> Iterator[str]:
    """Yield the short form of a cancer ("prostate ca")."""
    if name.endswith(_CANCER):
        yield f"{name.rpartition(' ')[0]} ca"


def _owner(findings: Mapping[str, int]) -> str:
    """Return the finding that has a name as its label, else the only one that has it, else ""."""
    labelled = [curie for curie, rank in findings.items() if rank == 0]
    only = labelled or list(findings)
    return only[0] if len(only) == 1 else ""


def _infections(
    owners: Mapping[str, Mapping[str, int]], diseases: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Yield the diseases that the HPO names with "infection" ("Tuberculosis infection"); not the germs."""
    diseases = frozenset(diseases)
    for name, findings in owners.items():
        disease = name.removesuffix(_INFECTION)
        if disease != name and disease in diseases and (owner := _owner(findings)):
            yield disease, owner


def _derived(owners: Mapping[str, Mapping[str, int]]) -> list[tuple[str, str]]:
    """Return the adjectives of findings named by one noun; labels before synonyms, none where two findings claim it."""
    claims: dict[str, dict[str, int]] = defaultdict(dict)
    for noun, findings in owners.items():
        owner = _owner(findings)
        if not owner or not noun.isalpha():
            continue
        for adjective in adjectives_of(noun):
            rank = claims[adjective].get(owner, 1)
            claims[adjective][owner] = min(rank, findings[owner])
    return [(adjective, owner) for adjective, findings in claims.items() if (owner := _owner(findings))]


def adjectives_of(noun: str) -> list[str]:
    """Return the regular adjectives of a noun in lower case: "clumsy" of "clumsiness"; some are no words at all."""
    for ending, others in _DERIVED:
        if noun.endswith(ending):
            stem = noun.removesuffix(ending)
            return [stem + other for other in others if len(stem + other) >= _SHORTEST]
    return []


def describes(whole: str, tokens: Tokens, first_tokens: Ints, size: Ints) -> NDArray[np.bool_]:
    """Return which of the adjectives `[first, first + size)` (tokens) describe somebody, by the words around them."""
    last = first_tokens + size - 1
    after = np.minimum(last + 1, len(tokens) - 1)
    free = (last + 1 >= len(tokens)) | (tokens.clause[after] != tokens.clause[last])
    hashes = lists().after
    index = np.minimum(np.searchsorted(hashes, tokens.hash[after]), len(hashes) - 1)
    free |= hashes[index] == tokens.hash[after]
    ends = np.maximum(tokens.last[after] - 1, 1)
    free |= (tokens.buffer[ends] == ord("y")) & (
        tokens.buffer[ends - 1] == ord("l")
    )  # "febrile intermittently"
    for row, (start, end) in enumerate(
        zip(tokens.start[first_tokens].tolist(), tokens.end[last].tolist(), strict=True)
    ):
        compound = whole[end : end + 1] == "-" or (
            whole[start - 1 : start] == "-" and whole[max(0, start - 4) : start - 1].lower() != "non"
        )
        free[row] &= not compound
    return np.asarray(free)
