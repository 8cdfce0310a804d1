"""Standardise one structure of a user's table, or refuse it with a reason."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rdkit.Chem import Mol
    from rdkit.Chem.rdFingerprintGenerator import FingerprintGenerator64
    from rdkit.DataStructs import ExplicitBitVect

MAX_ATOMS = 600  # heavy atoms; descriptors of larger ones take seconds each and describe no small molecule


class Refused(NamedTuple):
    """Why a row has no structure that can be computed on."""

    reason: str


@dataclass(frozen=True, slots=True)
class Structure:
    """A molecule ready to be computed on. `notes` says what was changed or is unusual, in plain words."""

    molecule: "Mol"  # rdkit.Chem.Mol: the parent, without counter-ions, neutral where that is possible
    smiles: str  # of the parent, canonical and isomeric
    notes: tuple[str, ...] = ()


def read_structure(text: str) -> Structure | Refused:
    """Return the parent structure of a SMILES, or the reason why there is none.

    Of several parts (salts, solvates, mixtures) the largest organic one is kept; charges that can be balanced by
    hydrogens are, as in `rdMolStandardize.Uncharger`; isotopes stay. Each change is noted.
    """
    from rdkit import Chem, rdBase

    text = text.strip()
    if (
        not text or not text.isascii()
    ):  # RDKit leaves out a letter that is not ASCII at either end, and reads the rest
        return Refused("not a SMILES: it holds a letter that is not ASCII" if text else "no SMILES")
    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(text)
        if molecule is None:
            return Refused(_why_not(text))
        if not molecule.GetNumHeavyAtoms():
            return Refused("no heavy atom")
        if molecule.GetNumHeavyAtoms() > MAX_ATOMS:
            return Refused(f"{molecule.GetNumHeavyAtoms()} heavy atoms; at most {MAX_ATOMS} are computed on")
        try:
            return _parent(molecule)
        except (ValueError, RuntimeError) as error:  # RDKit gave up on what it had read itself
            return Refused(f"RDKit cannot standardise it: {str(error).strip().splitlines()[0]}")


def _parent(molecule: "Mol") -> Structure:
    from rdkit import Chem

    notes = []
    if len(Chem.GetMolFrags(molecule)) > 1:
        molecule, note = _largest(molecule)
        notes.append(note)
    if any(atom.GetFormalCharge() for atom in molecule.GetAtoms()):
        before = Chem.MolToSmiles(molecule)
        molecule = _uncharged(molecule)
        charge = Chem.GetFormalCharge(molecule)
        if charge:
            notes.append(f"charge {charge:+d}")
        elif Chem.MolToSmiles(molecule) != before:
            notes.append("computed on as neutral")
    Chem.SanitizeMol(molecule)
    notes += _unusual(molecule)
    smiles = Chem.MolToSmiles(molecule)
    # a canonical order of atoms: every spelling of a molecule gives the same numbers
    molecule = Chem.MolFromSmiles(smiles) or molecule
    return Structure(molecule, smiles, tuple(notes))


def _uncharged(molecule: "Mol") -> "Mol":
    """Return the molecule with charges balanced by hydrogens; itself where that would be no possible structure."""
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    try:
        uncharged = rdMolStandardize.Uncharger().uncharge(molecule)
        Chem.SanitizeMol(uncharged)
    except Chem.MolSanitizeException:  # such as a hydrogen too many on SbF6-
        return molecule
    return uncharged


def inchi_key(molecule: "Mol") -> str:
    """Return the InChIKey (27 letters), or "" where InChI refuses. Its first 14 letters are the skeleton's."""
    from rdkit import rdBase
    from rdkit.Chem import inchi

    with rdBase.BlockLogs():
        return str(inchi.MolToInchiKey(molecule) or "")


def _largest(molecule: "Mol") -> "tuple[Mol, str]":
    from rdkit import Chem

    parts = Chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=False)
    different = {Chem.MolToSmiles(part) for part in parts}
    organic = [part for part in parts if any(atom.GetAtomicNum() == 6 for atom in part.GetAtoms())]
    largest = max(organic or parts, key=lambda part: (part.GetNumHeavyAtoms(), Chem.MolToSmiles(part)))
    if len(different) == 1:
        return largest, f"one of {len(parts)} equal parts"
    if not organic:
        return largest, f"the largest of {len(parts)} inorganic parts"
    if len({Chem.MolToSmiles(part) for part in organic}) > 1:
        return largest, f"the largest of {len(parts)} parts: a mixture, or a salt of two organic parts"
    return largest, f"the organic part of {len(parts)}: a salt or solvate"


def _unusual(molecule: "Mol") -> list[str]:
    reasons = []
    if any(atom.GetIsotope() for atom in molecule.GetAtoms()):
        reasons.append("isotopes, which the features do not see")
    if any(atom.GetAtomicNum() == 0 for atom in molecule.GetAtoms()):
        reasons.append("an open attachment (*)")
    return reasons


def _why_not(text: str) -> str:
    """Return what RDKit objects to: the grammar, or the chemistry of what could be read."""
    from rdkit import Chem

    raw = Chem.MolFromSmiles(text, sanitize=False)
    if raw is None:
        return "not a SMILES"
    problems = Chem.DetectChemistryProblems(raw)
    return problems[0].Message() if problems else "not a possible structure"


@cache
def _morgan() -> "FingerprintGenerator64":
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


def fingerprint(molecule: "Mol") -> "ExplicitBitVect":
    """Return RDKit's Morgan bit vector (radius 2, 2,048 bits; Rogers and Hahn 2010), for similarity."""
    return _morgan().GetFingerprint(molecule)
