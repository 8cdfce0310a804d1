"""Drugs with their structures: neighbours, the drug that a structure is, and similarity as evidence."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.molecules.drugs.evidence import StructureRetriever as StructureRetriever
    from clinweave.molecules.drugs.known import KnownDrugs as KnownDrugs
    from clinweave.molecules.drugs.known import Match as Match
    from clinweave.molecules.drugs.known import Neighbour as Neighbour
    from clinweave.molecules.drugs.known import answer_known as answer_known

__getattr__, __dir__ = attach(
    __name__,
    {
        "KnownDrugs": "known",
        "Match": "known",
        "Neighbour": "known",
        "StructureRetriever": "evidence",
        "answer_known": "known",
    },
)
