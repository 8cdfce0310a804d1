"""Compound-target affinity prediction for drug-protein pairs, with splits in which the drug or the protein is new."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.affinity.davis import Affinities as Affinities
    from clinweave.applications.molecules.affinity.davis import read_davis as read_davis
    from clinweave.applications.molecules.affinity.pairs import Side as Side
    from clinweave.applications.molecules.affinity.pairs import fit_predict as fit_predict

__getattr__, __dir__ = attach(
    __name__,
    {"Affinities": "davis", "Side": "pairs", "fit_predict": "pairs", "read_davis": "davis"},
)
