"""MOSES metrics (Polykovskiy et al. 2020, arXiv:1811.12823), implemented from their definitions and checked against
the published row of the training set; FCD is always reported with its floor for the sample size."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.metrics.chemnet import ChemNet as ChemNet
    from clinweave.applications.molecules.metrics.chemnet import frechet as frechet
    from clinweave.applications.molecules.metrics.chemnet import open_chemnet as open_chemnet
    from clinweave.applications.molecules.metrics.filters import Filters as Filters
    from clinweave.applications.molecules.metrics.filters import open_filters as open_filters
    from clinweave.applications.molecules.metrics.hash_set import HashSet as HashSet
    from clinweave.applications.molecules.metrics.moses import PUBLISHED as PUBLISHED
    from clinweave.applications.molecules.metrics.moses import measure as measure
    from clinweave.applications.molecules.metrics.moses_reference import open_against as open_against
    from clinweave.applications.molecules.metrics.reference import Reference as Reference
    from clinweave.applications.molecules.metrics.reference import open_reference as open_reference

__getattr__, __dir__ = attach(
    __name__,
    {
        "ChemNet": "chemnet",
        "Filters": "filters",
        "HashSet": "hash_set",
        "PUBLISHED": "moses",
        "Reference": "reference",
        "frechet": "chemnet",
        "measure": "moses",
        "open_against": "moses_reference",
        "open_chemnet": "chemnet",
        "open_filters": "filters",
        "open_reference": "reference",
    },
)
