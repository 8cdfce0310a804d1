"""How alike drugs are (Tanimoto) and proteins are (cosine of k-mer profiles), and what else describes a protein."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def drug_similarity(smiles: Sequence[str]) -> Floats:
    """Return Tanimoto similarities (n, n) of Morgan bits of the parents; a structure that is refused is like none."""
    from clinweave.applications.molecules.drugs.known import packed, tanimoto
    from clinweave.applications.molecules.prediction import Structure, read_structure

    found = [read_structure(one) for one in smiles]
    bits = [packed(one.molecule) if isinstance(one, Structure) else np.zeros(256, np.uint8) for one in found]
    many = np.array(bits)
    return np.stack([tanimoto(one, many) for one in bits])


def kmers(sequences: Sequence[str], length: int = 3) -> Floats:
    """Return square roots of k-mer counts (n, 20^k), rows of length 1; k-mers with other letters are not counted."""
    number = {letter: place for place, letter in enumerate(LETTERS)}
    found = np.zeros((len(sequences), len(LETTERS) ** length), np.float32)
    for row, sequence in enumerate(sequences):
        for start in range(len(sequence) - length + 1):
            places = [number.get(letter, -1) for letter in sequence[start : start + length]]
            if min(places) >= 0:
                found[row, sum(place * 20**power for power, place in enumerate(places))] += 1
    found = np.sqrt(found)
    return np.asarray(found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9), np.float64)


def protein_similarity(sequences: Sequence[str]) -> Floats:
    """Return the cosine similarities (n, n) of 3-mer profiles."""
    profiles = kmers(sequences)
    return np.asarray(profiles @ profiles.T)


def protein_columns(sequences: Sequence[str], components: int = 16) -> Floats:
    """Return composition (20), log length, and the first components of the 3-mer profiles (no label is used)."""
    composition = np.array([[one.count(letter) / len(one) for letter in LETTERS] for one in sequences])
    profiles = kmers(sequences)
    left, size, _ = np.linalg.svd(profiles - profiles.mean(0), full_matrices=False)
    kept = min(components, len(size))
    length = np.log([[len(one)] for one in sequences])
    return np.concatenate([composition, length, left[:, :kept] * size[:kept]], axis=1)
