"""Drug structures: nearest neighbours, identification of a structure, and structural similarity as evidence."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.drugs.evidence import StructureRetriever as StructureRetriever
    from clinweave.applications.molecules.drugs.known import KnownDrugs as KnownDrugs
    from clinweave.applications.molecules.drugs.known import Match as Match
    from clinweave.applications.molecules.drugs.known import Neighbour as Neighbour
    from clinweave.applications.molecules.drugs.known import answer_known as answer_known

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
