"""The tool `similar_molecules`: known drugs that resemble a structure."""

from dataclasses import dataclass
from typing import Annotated

from clinweave.knowledge_base import KnowledgeBase
from clinweave.tools.base import Parameter, Tool


@dataclass(frozen=True, slots=True)
class SimilarMoleculesInput:
    """Arguments of `similar_molecules`."""

    molecule: Annotated[
        str, Parameter("A drug's name or identifier (DRUGBANK:DB00945), or a SMILES.", 2_000, required=True)
    ]
    limit: Annotated[int, Parameter("Maximum number of drugs.")] = 10


@dataclass(frozen=True, slots=True)
class SimilarDrug:
    """A drug, and the Tanimoto similarity of Morgan fingerprints (radius 2, 2,048 bits), 0 to 1."""

    rank: int
    id: str
    name: str
    smiles: str
    similarity: float


@dataclass(frozen=True, slots=True)
class SameDrug:
    """A known drug that the structure is or contains; `how` says as what (same, salt, component, ...)."""

    id: str
    name: str
    how: str
    note: str


@dataclass(frozen=True, slots=True)
class SimilarMoleculesResult:
    """Computed from structures; says nothing about effect or safety."""

    id: str
    name: str
    smiles: str
    same: tuple[SameDrug, ...]
    similar: tuple[SimilarDrug, ...]
    notes: tuple[str, ...]


def similar_molecules(base: KnowledgeBase, arguments: SimilarMoleculesInput) -> SimilarMoleculesResult:
    """Return the nearest drugs, most similar first."""
    result = base.similar_molecules(arguments.molecule, limit=arguments.limit)
    return SimilarMoleculesResult(
        result.query.id,
        result.query.name,
        result.query.smiles,
        tuple(SameDrug(item.id, item.name, item.how, item.note) for item in result.same),
        tuple(
            SimilarDrug(rank, item.id, item.name, item.smiles, round(item.similarity, 4))
            for rank, item in enumerate(result.similar, 1)
        ),
        ("similarity is of structure alone; it says nothing about effect or safety",),
    )


TOOL = Tool(
    "similar_molecules",
    "Find similar drugs",
    "Find the known drugs most similar in structure to a drug or a SMILES; computed, says nothing about effect or "
    "safety.",
    SimilarMoleculesInput,
    SimilarMoleculesResult,
    similar_molecules,
)
