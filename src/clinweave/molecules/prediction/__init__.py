"""Property prediction: features, scaffold splits, boosted trees with calibrated answers, a user's own tables."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.molecules.prediction.admet import predict_admet as predict_admet
    from clinweave.molecules.prediction.answering import evaluate as evaluate
    from clinweave.molecules.prediction.answering import predict as predict
    from clinweave.molecules.prediction.model import PropertyModel as PropertyModel
    from clinweave.molecules.prediction.model import fit_model as fit_model
    from clinweave.molecules.prediction.model import train as train
    from clinweave.molecules.prediction.structures import Refused as Refused
    from clinweave.molecules.prediction.structures import Structure as Structure
    from clinweave.molecules.prediction.structures import read_structure as read_structure
    from clinweave.molecules.prediction.tables import read_table as read_table

__getattr__, __dir__ = attach(
    __name__,
    {
        "PropertyModel": "model",
        "Refused": "structures",
        "Structure": "structures",
        "evaluate": "answering",
        "fit_model": "model",
        "predict": "answering",
        "predict_admet": "admet",
        "read_structure": "structures",
        "read_table": "tables",
        "train": "model",
    },
)
