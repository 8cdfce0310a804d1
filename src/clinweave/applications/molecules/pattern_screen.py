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
    """Patterns (P) and the bits (P, 1024) that a molecule with each of them must have. Make one with `screen_of`."""

    patterns: "tuple[Mol, ...]"
    bits: "NDArray[np.bool_]"

    def matches(self, molecule: "Mol") -> Iterator[int]:
        """Yield the indices of the patterns that a molecule has, in order."""
        missing = ~fingerprint_bits(molecule)
        for index in np.flatnonzero(~(self.bits & missing).any(1)).tolist():
            if molecule.HasSubstructMatch(self.patterns[index]):
                yield index


def screen_of(patterns: "Sequence[Mol]") -> PatternScreen:
    """Return a screen of RDKit patterns."""
    return PatternScreen(tuple(patterns), np.stack([fingerprint_bits(pattern) for pattern in patterns]))


def fingerprint_bits(molecule: "Mol") -> "NDArray[np.bool_]":
    """Return the pattern fingerprint (1024,): a molecule has all bits of each of its substructures."""
    from rdkit import Chem

    bits = np.zeros(BITS, np.bool_)
    bits[list(Chem.PatternFingerprint(molecule, fpSize=BITS).GetOnBits())] = True
    return bits
