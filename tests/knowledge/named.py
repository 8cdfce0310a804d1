"""A small hand-made graph of names, with the face that the linker and the index need."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from clinweave.knowledge import NoteReader
from clinweave.records import Concept

DISEASE, FINDING, GENE, DRUG = (
    f"biolink:{kind}" for kind in ("Disease", "PhenotypicFeature", "Gene", "Drug")
)
CONCEPTS = {
    "HP:0000001": (FINDING, "All"),
    "HP:0000118": (FINDING, "Phenotypic abnormality"),
    "HP:0001156": (FINDING, "Brachydactyly"),
    "HP:0001831": (FINDING, "Short toe"),
    "HP:0009381": (FINDING, "Short finger"),
    "HP:0011297": (FINDING, "Abnormal digit morphology"),
    "HP:0001250": (FINDING, "Seizure"),
    "HP:0002069": (FINDING, "Bilateral tonic-clonic seizure"),
    "HP:0001945": (FINDING, "Fever"),
    "HP:0002980": (FINDING, "Femoral bowing"),
    "HP:0001903": (FINDING, "Anemia"),
    "HP:0012828": (FINDING, "Severe"),
    "HP:0000478": (FINDING, "Abnormality of the eye"),
    "HP:0000790": (FINDING, "Hematuria"),
    "HP:0002167": (FINDING, "Absent speech"),
    "HP:0002099": (FINDING, "Asthma"),
    "MONDO:0004979": (DISEASE, "asthma"),
    "MONDO:0007947": (DISEASE, "Marfan syndrome"),
    "MONDO:0005148": (DISEASE, "type 2 diabetes mellitus"),
    "MONDO:0009994": (DISEASE, "alveolar rhabdomyosarcoma"),
    "MONDO:0001001": (DISEASE, "IFN-alpha deficiency"),
    "HGNC:12731": (GENE, "WAS"),
    "HGNC:1516": (GENE, "CAT"),
    "HGNC:3603": (GENE, "FBN1"),
    "CHEBI:15377": (DRUG, "water"),
    "CHEBI:6541": (DRUG, "losartan"),
}
SYNONYMS = [
    ("Seizures", "HP:0001250", "exact"),
    ("Eye abnormality", "HP:0000478", "exact"),
    ("Blood in urine", "HP:0000790", "lay"),
    ("diabetes mellitus type 2", "MONDO:0005148", "exact"),
    ("ARMS", "MONDO:0009994", "abbreviation"),
    ("RMSA", "MONDO:0009994", "abbreviation"),
    ("Short fingers or toes", "HP:0001156", "lay"),
    ("1,2-dimethyl-3,4-diethyl-5,6-dipropyl-7,8-dibutyl-benzene", "CHEBI:6541", "exact"),
    ("42", "CHEBI:6541", "exact"),
]
PARENTS = {
    "HP:0000118": ["HP:0000001"],
    "HP:0012828": ["HP:0000001"],
    "HP:0011297": ["HP:0000118"],
    "HP:0001156": ["HP:0011297"],
    "HP:0001831": ["HP:0001156"],
    "HP:0009381": ["HP:0001156"],
    "HP:0002069": ["HP:0001250"],
    **{
        curie: ["HP:0000118"]
        for curie in (
            "HP:0001250",
            "HP:0001945",
            "HP:0002980",
            "HP:0001903",
            "HP:0000478",
            "HP:0000790",
            "HP:0002167",
            "HP:0002099",
        )
    },
}


class NamesGraph:
    """Names, categories and is-a of the small world above."""

    def __init__(self, folder: Path, extra: Sequence[tuple[str, str, str]] = (), key: str = "one") -> None:
        self.path = folder / "graph"
        self.manifest = {"key": key}
        self.rows = [(name, curie, "label") for curie, (_, name) in CONCEPTS.items()] + SYNONYMS + list(extra)

    def names(self) -> pa.Table:
        names, ids, kinds = zip(*self.rows, strict=True)
        return pa.table({"name": names, "id": ids, "kind": kinds})

    def concepts(self, ids: Sequence[str]) -> list[Concept]:
        return [Concept(curie, *CONCEPTS[curie], source="made") for curie in ids]

    def ancestors(self, curie: str) -> frozenset[str]:
        above: set[str] = set()
        todo = [curie]
        while todo:
            for parent in PARENTS.get(todo.pop(), []):
                if parent not in above:
                    above.add(parent)
                    todo.append(parent)
        return frozenset(above)

    def descendants(self, curie: str) -> frozenset[str]:
        return frozenset(item for item in CONCEPTS if curie in self.ancestors(item))

    def resolve(self, curie: str) -> str | None:
        return curie if curie in CONCEPTS else None


def note_reader(folder: Path, findings: Mapping[str, str]) -> NoteReader:
    """Return a reader of notes over the graph of names with further findings (identifier: label)."""
    concepts = {curie: (FINDING, name) for curie, name in findings.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "CONCEPTS", {**CONCEPTS, **concepts})
        patch.setitem(globals(), "PARENTS", {**PARENTS, **{curie: ["HP:0000118"] for curie in findings}})
        return NoteReader.open(NamesGraph(folder))
