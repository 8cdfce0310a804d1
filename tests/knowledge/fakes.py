"""A small hand-made world with the faces of the graph, the linker and the text index."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from types import SimpleNamespace

import pyarrow as pa

from clinweave.records import Concept, Mention, Passage, Relation

P = "biolink:has_phenotype"
G = "biolink:gene_associated_with_condition"
R = "biolink:has_chemical_role"
S = "biolink:subclass_of"
I = "biolink:has_mode_of_inheritance"  # noqa: E741
T = "biolink:treats"
C = "biolink:contraindicated_in"

NAMES = {
    "MONDO:1": ("biolink:Disease", "Alpha syndrome"),
    "MONDO:2": ("biolink:Disease", "Beta syndrome"),
    "MONDO:9": ("biolink:Disease", "hereditary disorder of glue"),
    "HP:10": ("biolink:PhenotypicFeature", "Abnormal heart"),
    "HP:1": ("biolink:PhenotypicFeature", "Aortic dilatation"),
    "HP:11": ("biolink:PhenotypicFeature", "Severe aortic dilatation"),
    "HP:2": ("biolink:PhenotypicFeature", "Arachnodactyly"),
    "HP:3": ("biolink:PhenotypicFeature", "Cataract"),
    "HP:4": ("biolink:PhenotypicFeature", "Myopia"),
    "HP:5": ("biolink:PhenotypicFeature", "Hearing impairment"),
    "HP:6": ("biolink:PhenotypicFeature", "Scoliosis"),
    "HP:20": ("biolink:PhenotypicFeature", "Autosomal dominant inheritance"),
    "HGNC:1": ("biolink:Gene", "FBX1"),
    "HGNC:2": ("biolink:Gene", "TTX2"),
    "CHEBI:1": ("biolink:SmallMolecule", "glumetin"),
    "CHEBI:2": ("biolink:ChemicalRole", "hypoglycemic agent"),
    "CHEBI:3": ("biolink:ChemicalRole", "vasodilator agent"),
    "MONDO:3": ("biolink:Disease", "type 2 diabetes mellitus"),
    "MONDO:4": ("biolink:Disease", "kidney failure"),
}
SYNONYMS = {"aortic enlargement": "HP:1", "short-sightedness": "HP:4", "hearing loss": "HP:5"}


def rel(subject: str, predicate: str, obj: str, **more: object) -> Relation:
    return Relation(subject, predicate, obj, source="fake", release="2025", licence="CC0", **more)  # type: ignore[arg-type]


RELATIONS = [
    rel("MONDO:1", P, "HP:1", frequency="HP:0040281", publications=("PMID:1", "PMID:2")),
    rel("MONDO:1", P, "HP:2", frequency="7/12", publications=("PMID:1",)),
    rel("MONDO:1", P, "HP:3", negated=True),
    rel("MONDO:1", P, "HP:4", frequency="HP:0040283"),
    rel("MONDO:1", P, "HP:6", grade="text-mined"),
    rel("MONDO:1", P, "HP:5", frequency="3/10", sex="FEMALE", onset="HP:0003577"),
    rel("MONDO:2", P, "HP:3", frequency="HP:0040282"),
    rel("MONDO:2", P, "HP:10", negated=True),
    rel("MONDO:2", P, "HP:4", frequency="HP:0040285", negated=True),
    rel("HGNC:1", G, "MONDO:1", publications=("PMID:3",)),
    rel("HGNC:2", G, "MONDO:2"),
    rel("CHEBI:1", R, "CHEBI:2"),
    rel("CHEBI:1", T, "MONDO:3"),
    rel("CHEBI:1", C, "MONDO:4"),
    rel("MONDO:1", S, "MONDO:9"),
    rel("MONDO:2", S, "MONDO:9"),
    rel("HP:1", S, "HP:10"),
    rel("HP:11", S, "HP:1"),
    rel("MONDO:1", I, "HP:20"),
]


class FakeGraph:
    def __init__(self, relations: Collection[Relation] = tuple(RELATIONS)) -> None:
        self.all = list(relations)

    def resolve(self, curie: str) -> str | None:
        return curie if curie in NAMES else None

    def concept(self, curie: str) -> Concept:
        return Concept(curie, *NAMES[curie], "fake")

    def concepts(self, ids: Collection[str]) -> list[Concept]:
        return [self.concept(curie) for curie in ids if curie in NAMES]

    def relations(self, subject=None, predicate=None, object=None, *, negated=None, limit=None):  # noqa: A002
        def fits(wanted, value):
            return wanted is None or (value == wanted if isinstance(wanted, str) else value in wanted)

        result = [
            item
            for item in self.all
            if fits(subject, item.subject)
            and fits(predicate, item.predicate)
            and fits(object, item.object)
            and (negated is None or item.negated == negated)
        ]
        return result[:limit]

    def about(self, curie, limit=None):
        return [item for item in self.all if curie in (item.subject, item.object)][:limit]

    def degree(self, curie: str) -> int:
        return len(self.about(curie))

    def parents(self, curie: str) -> list[str]:
        return [item.object for item in self.all if item.predicate == S and item.subject == curie]

    def names(self) -> pa.Table:
        return pa.table({"name": [name for _, name in NAMES.values()], "id": list(NAMES)})

    def of_categories(self, categories: Collection[str]) -> pa.Array:
        return pa.array(
            [curie for curie, (category, _) in NAMES.items() if category in categories], pa.string()
        )

    def search(self, text: str, limit: int = 10, prefixes: Collection[str] | None = None):
        same = [curie for curie, (_, name) in NAMES.items() if name.lower() == text.lower()]
        return [
            (self.concept(curie), 1.0) for curie in same if not prefixes or curie.split(":")[0] in prefixes
        ][:limit]

    def paths(self, a, b, *, max_length=4, limit=5):
        for first in self.about(a):
            for second in self.about(b):
                middle = {first.subject, first.object} & {second.subject, second.object}
                if middle - {a, b}:
                    return [[first, second]]
        return []

    def _closure(self, curie: str, up: bool) -> frozenset[str]:
        result: set[str] = set()
        todo = [curie]
        while todo:
            now = todo.pop()
            for item in self.all:
                if item.predicate == S and (item.subject if up else item.object) == now:
                    other = item.object if up else item.subject
                    if other not in result:
                        result.add(other)
                        todo.append(other)
        return frozenset(result)

    def ancestors(self, curie: str) -> frozenset[str]:
        return self._closure(curie, up=True)

    def descendants(self, curie: str) -> frozenset[str]:
        return self._closure(curie, up=False)


class FakeLinker:
    """Finds the longest names first, on word boundaries."""

    languages = ()
    official_languages = ()
    disease_languages = ()

    def __init__(self) -> None:
        self.vocabulary = SimpleNamespace(
            crosswalk=SimpleNamespace(prefixes=["CHEBI", "HGNC", "HP", "MONDO"])
        )
        self.names = {name.lower(): curie for curie, (_, name) in NAMES.items()} | SYNONYMS

    def for_language(self, language: str) -> "FakeLinker":
        return self

    def local_name(self, curie: str, language: str) -> str:
        return ""

    def link(self, text: str, prefixes=None) -> list[Mention]:
        taken: list[tuple[int, int]] = []
        result = []
        for name in sorted(self.names, key=len, reverse=True):
            for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
                if any(match.start() < end and start < match.end() for start, end in taken):
                    continue
                taken.append(match.span())
                curie = self.names[name]
                category, label = NAMES[curie]
                result.append(
                    Mention(
                        match.start(), match.end(), match.group(), curie, label, category, 1.0, False, "name"
                    )
                )
        kept = [mention for mention in result if not prefixes or mention.id.split(":")[0] in prefixes]
        return sorted(kept, key=lambda mention: mention.start)


@dataclass
class FakeHit:
    passage: Passage
    score: float
    reason: str = "words"


class FakeIndex:
    def __init__(self, passages: Collection[Passage] = ()) -> None:
        self.passages = list(passages)
        self.manifest = {"parts": dict.fromkeys(item.source for item in passages)}

    def first(self, part):
        return next((item for item in self.passages if item.source == part), None)

    def titled(self, names, *, k, parts=None, prefer=""):
        expected = [set(name.lower().split()) for name in names]
        fits = (
            item
            for item in self._within(parts)
            if any(w <= set(item.title.lower().split()) for w in expected)
        )
        return [FakeHit(item, 1.0) for item in fits][:k]

    def has_word(self, word, least=1):
        return any(word.lower() in item.text.lower() for item in self.passages)

    def _within(self, parts):
        return [item for item in self.passages if parts is None or item.source in parts]

    def search(self, query, *, k=10, concepts=(), linker=None, graph=None, parts=None):
        words = set(query.lower().split())
        scored = [(len(words & set(item.text.lower().split())), item) for item in self._within(parts)]
        scored = [(score, item) for score, item in scored if score or set(concepts) & set(item.concepts)]
        scored.sort(key=lambda pair: (-pair[0], pair[1].id))
        return [FakeHit(item, float(score)) for score, item in scored[:k]]
