"""Whether the way in which a set's SMILES are written gives the answers away, chemistry aside."""

import re

import numpy as np
from rdkit import Chem

from clinweave.applications.molecules.prediction import metrics
from molecules_parts.cells import table
from molecules_parts.moleculenet import Set

_CHARGE = re.compile(r"[+-]\d*\]")
_AROMATIC = re.compile(r"[a-z]")


def notation(sets: list[Set]) -> str:
    """Return, for each yes or no, the AUROC of two marks of the writing alone, whichever way round it is higher."""
    rows = []
    for known in (item for item in sets if item.kind == "classification"):
        marks = _charged(known), _kekule(known)
        result = []
        for task in range(len(known.tasks)):
            stated = np.isfinite(known.answers[:, task])
            truth = known.answers[stated, task]
            result.append([metrics.auroc(truth, mark[stated]) for mark in marks])
        result = np.array(result)
        best = np.maximum(result, 1 - result).max(0)
        rows.append(
            [known.name, *(f"{mark.mean():.0%}, {item:.2f}" for mark, item in zip(marks, best, strict=True))]
        )
    heads = ["set", "a charge is written", "rings are written without aromatic letters"]
    return table(heads, rows) if rows else ""


def _charged(known: Set) -> np.ndarray:
    return np.array([bool(_CHARGE.search(item)) for item in known.written], float)


def _kekule(known: Set) -> np.ndarray:
    """Return 1 for a molecule with aromatic atoms that is written with single and double bonds."""
    result = []
    for written, smiles in zip(known.written, known.smiles, strict=True):
        letters = re.sub(r"\[[^]]*\]|Cl|Br", "", written)
        aromatic = any(atom.GetIsAromatic() for atom in Chem.MolFromSmiles(smiles).GetAtoms())
        result.append(aromatic and not _AROMATIC.search(letters))
    return np.array(result, float)
