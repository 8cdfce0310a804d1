"""Docking by AutoDock Vina (Eberhardt et al. 2021, doi:10.1021/acs.jcim.1c00203), ligands prepared by Meeko.

A .toml file names the receptor (PDBQT, prepared with Meeko's `mk_prepare_receptor.py` or another tool) and the box:

    receptor = "receptor.pdbqt"     # relative to the file
    center = [12.0, -3.5, 40.1]     # angstroms
    size = [20, 20, 20]             # angstroms
    exhaustiveness = 8              # optional

The score is the affinity of the best pose in kcal/mol: lower is better, so use it with `--minimize` or a transform.
A docking score says which poses an empirical function likes; it is no measured affinity.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.applications.molecules.optimization.scoring import Scored
from clinweave.core.artifacts import digest, sha256
from clinweave.core.errors import UserError
from clinweave.core.extras import needs_extra

if TYPE_CHECKING:
    from rdkit.Chem import Mol

SEED = 61453
_KEYS = {"receptor", "center", "size", "exhaustiveness"}
_MAX_ATOMS = 70  # heavy atoms


@dataclass(frozen=True)
class DockingScorer:
    """Affinity of the best pose in a box of a receptor, kcal/mol. One core; the same molecule scores the same."""

    name: str
    receptor: Path
    center: tuple[float, float, float]
    size: tuple[float, float, float]
    exhaustiveness: int
    identity: str
    at_once: int = 1  # each takes seconds to minutes
    bounded: bool = False

    @cached_property
    def _engine(self) -> Any:
        with needs_extra("docking"):
            from vina import Vina

        engine = Vina(sf_name="vina", seed=SEED, cpu=1, verbosity=0)
        try:
            engine.set_receptor(str(self.receptor))
            engine.compute_vina_maps(center=list(self.center), box_size=list(self.size))
        except (RuntimeError, TypeError, ValueError) as error:
            raise UserError(f"{self.receptor}: Vina cannot use this receptor: {error}") from error
        return engine

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score."""
        return [self._score(text) for text in smiles]

    def _score(self, smiles: str) -> Scored:
        from rdkit import Chem

        molecule = Chem.MolFromSmiles(smiles)
        if molecule.GetNumHeavyAtoms() > _MAX_ATOMS:
            return Scored(math.nan, {}, f"more than {_MAX_ATOMS} heavy atoms")
        ligand, problem = prepared(molecule)
        if problem:
            return Scored(math.nan, {}, problem)
        engine = self._engine
        try:
            engine.set_ligand_from_string(ligand)
            engine.dock(exhaustiveness=self.exhaustiveness, n_poses=1)
            affinity = float(engine.energies(n_poses=1)[0][0])
        except (RuntimeError, TypeError, ValueError) as error:
            return Scored(math.nan, {}, f"docking failed: {str(error).strip()[:200]}")
        return Scored(affinity, {"affinity, kcal/mol": affinity})


def prepared(molecule: "Mol") -> tuple[str, str]:
    """Return a ligand as PDBQT, and "" or the reason why there is none. Protonation is that of the SMILES."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdDistGeom

    with needs_extra("docking"):
        from meeko import MoleculePreparation, PDBQTWriterLegacy

    with rdBase.BlockLogs():
        filled = Chem.AddHs(molecule)
        if rdDistGeom.EmbedMolecule(filled, randomSeed=SEED) != 0:
            return "", "no conformer could be made"
    text, good, problem = PDBQTWriterLegacy.write_string(MoleculePreparation()(filled)[0])
    return (text, "") if good else ("", f"no ligand could be prepared: {problem.strip()[:200]}")


def open_docking(text: str) -> DockingScorer:
    """Return the scorer of `dock:FILE.toml`. Raises `UserError` for a missing file and values that cannot be."""
    path = Path(text)
    if not path.is_file():
        raise UserError(
            f"--scorer dock:{text}: no such file; give a .toml file with receptor, center and size"
        )
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"--scorer dock:{text}: {error}") from error
    if unknown := data.keys() - _KEYS:
        raise UserError(f"{path}: no key {', '.join(sorted(unknown))}; there are {', '.join(sorted(_KEYS))}")
    receptor = path.parent / str(data.get("receptor", ""))
    if not receptor.is_file():
        raise UserError(f"{path}: receptor: no file {receptor}; name a PDBQT file")
    exhaustiveness = data.get("exhaustiveness", 8)
    if isinstance(exhaustiveness, bool) or not isinstance(exhaustiveness, int) or exhaustiveness < 1:
        raise UserError(f"{path}: exhaustiveness must be a whole number from 1, not {exhaustiveness!r}")
    center, size = _three(data, "center", path), _three(data, "size", path)
    if min(size) <= 0:
        raise UserError(f"{path}: size must be above 0, not {list(size)}")
    identity = digest([sha256(receptor), center, size, exhaustiveness])
    return DockingScorer(
        f"docking to {receptor.stem}", receptor, center, size, exhaustiveness, f"dock:{identity}"
    )


def _three(data: dict[str, Any], key: str, path: Path) -> tuple[float, float, float]:
    values = data.get(key)
    if (
        not isinstance(values, list)
        or len(values) != 3
        or not all(
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            for value in values
        )
    ):
        raise UserError(f"{path}: {key} must be three numbers in angstroms, such as [12.0, -3.5, 40.1]")
    return float(values[0]), float(values[1]), float(values[2])
