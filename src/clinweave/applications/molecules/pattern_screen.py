"""Many SMARTS patterns against one molecule: a pattern fingerprint rules out most of them before they are matched."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol

BITS = 1024


@dataclass(frozen=True)
class PatternScreen:
    """Patterns (P) and the bits (P, 16; packed) that a molecule with each of them must have; made by `screen_of`."""

    patterns: "tuple[Mol, ...]"
    bits: "NDArray[np.uint64]"

    def possible(self, molecule: "Mol") -> list[int]:
        """Return the indices of the patterns that the fingerprint does not rule out, in order."""
        missing = ~fingerprint_bits(molecule)
        result: list[int] = np.flatnonzero(~(self.bits & missing).any(1)).tolist()
        return result

    def matches(self, molecule: "Mol") -> Iterator[int]:
        """Yield the indices of the patterns that a molecule has, in order."""
        for index in self.possible(molecule):
            if molecule.HasSubstructMatch(self.patterns[index]):
                yield index


def screen_of(patterns: "Sequence[Mol]") -> PatternScreen:
    """Return a screen of RDKit patterns."""
    return PatternScreen(tuple(patterns), np.stack([fingerprint_bits(pattern) for pattern in patterns]))


def fingerprint_bits(molecule: "Mol") -> "NDArray[np.uint64]":
    """Return the packed pattern fingerprint (16,): a molecule has all bits of each of its substructures."""
    from rdkit import Chem, DataStructs

    text = DataStructs.BitVectToBinaryText(Chem.PatternFingerprint(molecule, fpSize=BITS))
    return np.frombuffer(text, np.uint64)
