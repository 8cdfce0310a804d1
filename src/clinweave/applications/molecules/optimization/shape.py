"""Similarity of three-dimensional shape to a reference, by RDKit's alignment of volumes and pharmacophore features.

Gaussian volumes are overlaid as in PubChem's shape comparison (Bolton et al. 2011, doi:10.1186/1758-2946-3-32). The
score is the mean of the Tanimoto of shape and that of features (donors, acceptors, charges, rings, hydrophobes), best
over the conformers of the molecule. Conformers are by ETKDGv3 with a fixed seed: the same molecule scores the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.molecules.optimization.scoring import Scored
from clinweave.core.artifacts import sha256
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

CONFORMERS = 10
SEED = 61453
_MAX_ATOMS = 100  # heavy atoms: embedding of larger ones takes minutes


@dataclass(frozen=True)
class ShapeScorer:
    """Similarity of shape and features to one conformer of a reference, 0 to 1."""

    name: str
    reference: "Mol"
    identity: str
    at_once: int = 16
    bounded: bool = True

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score; parts: shape and features of the best conformer."""
        return [self._score(text) for text in smiles]

    def _score(self, smiles: str) -> Scored:
        from rdkit import Chem
        from rdkit.Chem import rdShapeAlign

        molecule = embedded(Chem.MolFromSmiles(smiles))
        if molecule is None:
            return Scored(math.nan, {}, "no conformer could be made")
        best = (0.0, 0.0)
        for conformer in molecule.GetConformers():
            shape, features = rdShapeAlign.AlignMol(self.reference, molecule, -1, conformer.GetId())
            best = max(best, (float(shape), float(features)), key=sum)
        return Scored(min(1.0, sum(best) / 2), {"shape": best[0], "features": best[1]})


def embedded(molecule: "Mol", count: int = CONFORMERS) -> "Mol | None":
    """Return a molecule with up to `count` conformers and without hydrogens, or None where none could be made."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDistGeom

    if molecule.GetNumHeavyAtoms() > _MAX_ATOMS:
        return None
    settings = rdDistGeom.ETKDGv3()
    settings.randomSeed = SEED
    settings.numThreads = 1
    settings.maxIterations = 50
    with rdBase.BlockLogs():
        filled = Chem.AddHs(molecule)
        if not rdDistGeom.EmbedMultipleConfs(filled, count, settings):
            return None
    plain: Mol = Chem.RemoveHs(filled)
    return plain


def open_shape(text: str) -> ShapeScorer:
    """Return the scorer of `shape:REFERENCE`, an .sdf with 3D coordinates (its first record) or a SMILES.

    Raises `UserError` for a file without 3D coordinates and a text that is no structure.
    """
    from rdkit import Chem, rdBase

    path = Path(text)
    with rdBase.BlockLogs():
        if path.suffix.lower() in {".sdf", ".mol"}:
            if not path.is_file():
                raise UserError(f"--scorer shape:{text}: no such file")
            molecule = next(iter(Chem.SDMolSupplier(str(path))), None)
            if molecule is None or not molecule.GetNumConformers() or not molecule.GetConformer().Is3D():
                raise UserError(
                    f"--scorer shape:{text}: its first record has no 3D coordinates; give one that has"
                )
            return ShapeScorer(f"shape like {path.stem}", molecule, f"shape:{sha256(path)}")
        molecule = Chem.MolFromSmiles(text) if text else None
    reference = embedded(molecule, 1) if molecule is not None else None
    if reference is None:
        raise UserError(
            f"--scorer shape:{text}: neither an .sdf file nor a SMILES that a conformer can be made of"
        )
    return ShapeScorer(
        f"shape like {Chem.MolToSmiles(molecule)}", reference, f"shape:{Chem.MolToSmiles(molecule)}"
    )
