"""A small graph with the face of `clinweave.knowledge.Graph`, made by hand."""

import pyarrow as pa
import pytest

from clinweave.records import Concept, Relation

IS_A, FEATURE, GENE = "biolink:subclass_of", "biolink:has_phenotype", "biolink:gene_associated_with_condition"
ROLE, INHERITED = "biolink:has_chemical_role", "biolink:has_mode_of_inheritance"
SYLLABLES = (
    "bor",
    "cal",
    "dun",
    "fer",
    "gim",
    "hok",
    "jul",
    "kam",
    "lor",
    "min",
    "nup",
    "pas",
    "quo",
    "rit",
    "sev",
)


def name(number, ending):
    first, second = SYLLABLES[number % 15].title(), SYLLABLES[(number * 7 + number // 15) % 15]
    return f"{first}{second} {SYLLABLES[number // 3 % 15]}{ending}"


class SmallGraph:
    """60 diseases in 6 classes, 45 findings in a tree, 40 genes, 40 chemicals with 12 roles."""

    def __init__(self):
        self.rows, self.known = [], {}
        for c in range(6):
            self.add(f"MONDO:9{c}", "biolink:Disease", name(c * 5 + 1, "pathy class"))
        for f in range(45):
            self.add(f"HP:{f:03}", "biolink:PhenotypicFeature", name(f + 2, "osis"))
            if f >= 15:
                self.relate(f"HP:{f:03}", IS_A, f"HP:{f % 15:03}")
        for g in range(40):
            self.add(
                f"HGNC:{g}",
                "biolink:Gene",
                f"{SYLLABLES[g % 15].upper()}{SYLLABLES[g // 3].upper()[:1]}{g % 9 or 'X'}",
            )
        for d in range(60):
            disease = f"MONDO:{d:03}"
            self.add(disease, "biolink:Disease", name(d * 3 + 4, "itis"))
            self.relate(disease, IS_A, f"MONDO:9{d % 6}")
            for step in (0, 1, 5):
                self.relate(disease, FEATURE, f"HP:{(d * 2 + step * 4) % 45:03}")
            self.relate(disease, FEATURE, f"HP:{(d * 2 + 7) % 45:03}", negated=True)
            self.relate(f"HGNC:{d % 40}", GENE, disease)
            self.relate(disease, INHERITED, f"HP:{44 - d % 4:03}")
        for r in range(12):
            self.add(f"CHEBI:9{r}", "biolink:ChemicalRole", name(r * 2 + 3, " agent"))
        for c in range(40):
            self.add(f"CHEBI:{c:03}", "biolink:SmallMolecule", name(c * 4 + 9, "ine"))
            self.relate(f"CHEBI:{c:03}", ROLE, f"CHEBI:9{c % 12}")

    def add(self, identifier, category, label):
        self.known[identifier] = Concept(identifier, category, label, "made-up")

    def relate(self, subject, predicate, object_, **more):
        self.rows.append(Relation(subject, predicate, object_, "made-up", **more))

    def resolve(self, identifier):
        identifier = identifier.replace("OMIM:", "MONDO:")
        return identifier if identifier in self.known else None

    def concept(self, identifier):
        return self.known[identifier]

    def concepts(self, identifiers):
        return [self.known[item] for item in identifiers]

    def relations(self, subject=None, predicate=None, object=None, *, negated=None, limit=None):  # noqa: A002
        def fits(value, wanted):
            return wanted is None or (value == wanted if isinstance(wanted, str) else value in wanted)

        result = [
            row
            for row in self.rows
            if fits(row.subject, subject) and fits(row.predicate, predicate) and fits(row.object, object)
            if negated is None or row.negated == negated
        ]
        return result[:limit]

    def names(self):
        return pa.table({"id": list(self.known)})

    def parents(self, identifier):
        return frozenset(row.object for row in self.relations(identifier, IS_A))

    def ancestors(self, identifier):
        above = set(self.parents(identifier))
        return frozenset(above.union(*(self.ancestors(item) for item in above)))

    def descendants(self, identifier):
        below = {row.subject for row in self.relations(None, IS_A, identifier)}
        return frozenset(below.union(*(self.descendants(item) for item in below)))


@pytest.fixture(scope="session")
def small_graph():
    return SmallGraph()
