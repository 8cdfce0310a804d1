"""The MoleculeNet sets (Wu et al. 2018, doi:10.1039/C7SC02664A) as they lie in a folder of csv.gz."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from clinweave.applications.molecules.prediction.splits import Split, balanced, by_size, scaffolds
from clinweave.applications.molecules.prediction.structures import fingerprint
from clinweave.applications.molecules.prediction.tables import read_table

SETS = {  # name -> (file, what is asked, kind)
    "ESOL": ("delaney-processed.csv.gz", ["measured log solubility in mols per litre"], "regression"),
    "BBBP": ("BBBP.csv.gz", ["BBBP"], "classification"),
    "ClinTox": ("clintox.csv.gz", ["FDA_APPROVED", "CT_TOX"], "classification"),
    "Tox21": (
        "tox21.csv.gz",
        [
            "NR-AR",
            "NR-AR-LBD",
            "NR-AhR",
            "NR-Aromatase",
            "NR-ER",
            "NR-ER-LBD",
            "NR-PPAR-gamma",
            "SR-ARE",
            "SR-ATAD5",
            "SR-HSE",
            "SR-MMP",
            "SR-p53",
        ],
        "classification",
    ),
}


@dataclass(frozen=True)
class Set:
    """A data set: one row a molecule that could be read."""

    name: str
    kind: str
    tasks: list[str]
    smiles: list[str]  # of the parents: what every method here gets
    written: list[str]  # as they stand in the file
    answers: np.ndarray  # (rows, tasks), NaN where unknown
    groups: list[str]  # scaffolds
    refused: list[str]

    def split(self, rule: str, seed: int) -> Split:
        """Return the split of a rule: by_size (the seed is the model's alone) or balanced."""
        return by_size(self.groups) if rule == "by_size" else balanced(self.groups, seed)

    def prints(self) -> list:
        """Return Morgan bit vectors."""
        from rdkit import Chem

        return [fingerprint(Chem.MolFromSmiles(item)) for item in self.smiles]


def read(folder: Path, name: str, limit: int = 0) -> Set:
    """Read a set; `limit` takes every so-many-th row for a trial."""
    file, tasks, kind = SETS[name]
    known = read_table(folder / file)
    answers = np.stack([known.numbers(task) for task in tasks], 1)
    rows = known.good if not limit else known.good[:: max(1, len(known.good) // limit)]
    smiles = [known.structures[row].smiles for row in rows]
    refused = [item.reason for item in known.structures if not hasattr(item, "smiles")]
    written = [known.rows[row][known.smiles_column] for row in rows]
    return Set(name, kind, tasks, smiles, written, answers[rows], scaffolds(smiles), refused)
