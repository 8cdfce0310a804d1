"""The drugs most similar in structure to a drug or a SMILES, and the drugs that the structure is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinweave.applications.molecules.drugs.known import KnownDrugs, Match, Neighbour
from clinweave.applications.molecules.prediction import Structure, read_structure
from clinweave.core.errors import UnknownConceptError, UserError

if TYPE_CHECKING:
    from clinweave.knowledge import Graph


@dataclass(frozen=True, slots=True)
class NamedStructure:
    """A structure; identifier and name are "" for a SMILES that is given as such."""

    id: str
    name: str
    smiles: str


@dataclass(frozen=True, slots=True)
class SimilarDrugs:
    """The nearest drugs, most similar first, and other known drugs that the structure is or contains."""

    query: NamedStructure
    same: tuple[Match, ...]
    similar: tuple[Neighbour, ...]


def similar_drugs(
    drugs: KnownDrugs,
    text: str,
    graph: "Graph | None",
    neighbours: Callable[[str], list[Neighbour]],
) -> SimilarDrugs:
    """Return what is similar to a drug's name, identifier or SMILES; `neighbours` ranks the drugs for a SMILES.

    Raises `UnknownConceptError` where the text is none of these, `UserError` for a drug without a structure.
    """
    query = find_structure(drugs, text, graph)
    same = tuple(match for match in drugs.find(query.smiles) if match.id != query.id)
    return SimilarDrugs(query, same, tuple(neighbours(query.smiles)))


def find_structure(drugs: KnownDrugs, text: str, graph: "Graph | None") -> NamedStructure:
    """Return identifier, name and SMILES of a drug of the table or of the graph, or of a SMILES."""
    row = drugs.row(text)
    identifiers = [] if row is not None else _identifiers(text, graph)
    if row is None:
        row = next((index for curie in identifiers if (index := drugs.row(curie)) is not None), None)
    if row is not None:
        return NamedStructure(drugs.ids[row], drugs.names[row], drugs.smiles[row])
    if gap := drugs.gap(text) or next(filter(None, map(drugs.gap, identifiers)), ""):
        raise UserError(f"{text!r} is a known drug without a structure here. {gap}. Give its SMILES")
    structure = read_structure(text)
    if isinstance(structure, Structure):
        return NamedStructure("", "", structure.smiles)
    near = _near(drugs, text)
    listed = ", ".join(f"{name} ({id_})" for id_, name in near)
    hint = f"; did you mean {listed}?" if near else ""
    raise UnknownConceptError(
        f"{text[:80]!r} is neither a drug with a known structure nor a SMILES ({structure.reason}){hint}",
        near,
    )


def _identifiers(text: str, graph: "Graph | None") -> list[str]:
    """Return the identifiers that the graph has for a name or identifier."""
    if graph is None:
        return []
    resolved = graph.resolve(text)
    concepts = graph.concepts([resolved] if resolved else graph.candidates(text))
    return [curie for concept in concepts for curie in (concept.id, *concept.xrefs)]


def _near(drugs: KnownDrugs, text: str) -> tuple[tuple[str, str], ...]:
    """Return (identifier, name) of the drugs whose names resemble a text most."""
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler

    names = [name.casefold() for name in drugs.names]
    matches = process.extract(
        text.strip().casefold(), names, scorer=JaroWinkler.similarity, limit=3, score_cutoff=0.85
    )
    return tuple((drugs.ids[index], drugs.names[index]) for _, _, index in matches)
