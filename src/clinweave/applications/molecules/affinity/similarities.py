"""Similarity of drugs (Tanimoto) and of proteins (cosine of k-mer profiles), and protein features."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LETTERS = "ACDEFGHIKLMNPQRSTVWY"


def drug_similarity(smiles: Sequence[str]) -> Floats:
    """Return Tanimoto similarities (n, n) of Morgan bits of the parents; a structure that is refused is like none."""
    from clinweave.applications.molecules.drugs.known import packed, tanimoto
    from clinweave.applications.molecules.prediction import Structure, read_structure

    structures = [read_structure(item) for item in smiles]
    bits = [
        packed(item.molecule) if isinstance(item, Structure) else np.zeros(256, np.uint8)
        for item in structures
    ]
    many = np.array(bits)
    return np.stack([tanimoto(item, many) for item in bits])


def kmers(sequences: Sequence[str], length: int = 3) -> Floats:
    """Return square roots of k-mer counts (n, 20^k), rows of length 1; k-mers with other letters are not counted."""
    number = {letter: index for index, letter in enumerate(LETTERS)}
    counts = np.zeros((len(sequences), len(LETTERS) ** length), np.float32)
    for row, sequence in enumerate(sequences):
        for start in range(len(sequence) - length + 1):
            codes = [number.get(letter, -1) for letter in sequence[start : start + length]]
            if min(codes) >= 0:
                counts[row, sum(index * 20**power for power, index in enumerate(codes))] += 1
    counts = np.sqrt(counts)
    return np.asarray(counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-9), np.float64)


def protein_similarity(sequences: Sequence[str]) -> Floats:
    """Return the cosine similarities (n, n) of 3-mer profiles."""
    profiles = kmers(sequences)
    return np.asarray(profiles @ profiles.T)


def protein_columns(sequences: Sequence[str], components: int = 16) -> Floats:
    """Return composition (20), log length, and the first components of the 3-mer profiles (no label is used)."""
    composition = np.array(
        [[sequence.count(letter) / len(sequence) for letter in LETTERS] for sequence in sequences]
    )
    profiles = kmers(sequences)
    left, size, _ = np.linalg.svd(profiles - profiles.mean(0), full_matrices=False)
    rank = min(components, len(size))
    length = np.log([[len(sequence)] for sequence in sequences])
    return np.concatenate([composition, length, left[:, :rank] * size[:rank]], axis=1)
