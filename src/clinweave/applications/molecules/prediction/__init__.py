"""Property prediction: features, scaffold splits, calibrated boosted trees, and users' own tables."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.prediction.admet import predict_admet as predict_admet
    from clinweave.applications.molecules.prediction.model import PropertyModel as PropertyModel
    from clinweave.applications.molecules.prediction.model import fit_model as fit_model
    from clinweave.applications.molecules.prediction.model import train as train
    from clinweave.applications.molecules.prediction.page import text as text
    from clinweave.applications.molecules.prediction.predictions import evaluate as evaluate
    from clinweave.applications.molecules.prediction.predictions import predict as predict
    from clinweave.applications.molecules.prediction.structures import Refused as Refused
    from clinweave.applications.molecules.prediction.structures import Structure as Structure
    from clinweave.applications.molecules.prediction.structures import read_structure as read_structure
    from clinweave.applications.molecules.prediction.tables import read_table as read_table

__getattr__, __dir__ = attach(
    __name__,
    {
        "text": "page",
        "PropertyModel": "model",
        "Refused": "structures",
        "Structure": "structures",
        "evaluate": "predictions",
        "fit_model": "model",
        "predict": "predictions",
        "predict_admet": "admet",
        "read_structure": "structures",
        "read_table": "tables",
        "train": "model",
    },
)
