"""Open MOSES' reference data from a local folder or from the fetched resource."""

from pathlib import Path

from clinweave.applications.molecules.metrics.chemnet import open_chemnet
from clinweave.applications.molecules.metrics.filters import open_filters
from clinweave.applications.molecules.metrics.moses import Against
from clinweave.applications.molecules.metrics.reference import open_reference, training_set
from clinweave.core.artifacts import home
from clinweave.resources import located


def open_against(folder: Path | None = None, chemnet: Path | None = None) -> Against:
    """Return both references, the training set, the filters and ChemNet; `None`: the fetched ones."""
    if folder is None:
        folder = located("moses", home())["test_stats.npz"].parent
    weights = chemnet or next(iter(located("chemnet", home()).values()))
    names = {"Test": "test_stats.npz", "TestSF": "test_scaffolds_stats.npz"}
    return Against(
        {name: open_reference(folder / file) for name, file in names.items()},
        training_set(folder),
        open_filters(folder),
        open_chemnet(weights),
    )
