"""Splits by Bemis-Murcko scaffold: no scaffold occurs in two parts.

The rule, for anyone who wants to make the same split. The scaffold of a molecule is RDKit's
`MurckoScaffold.MurckoScaffoldSmiles` of its parent (no chirality); molecules without a ring share the scaffold "".
Molecules with the same scaffold are one group.

- `by_size`: groups from the largest to the smallest, of equally large ones that whose earliest molecule stands last in
  the table first; a group goes to the training part if that does not overfill it, else to the validation part if that
  does not overfill the two together, else to the test part. This is MoleculeNet's rule, with DeepChem's ties: single
  molecules from the top of the table are the test part: the order of the table matters. There is one such
  split of a data set.
- `balanced`: groups larger than half of the validation or test part first, then the others, each of the two in an
  order drawn by the seed; each part is filled up to its own share. This is the rule of Chemprop's
  `scaffold_balanced`. It gives one split for each seed, and so a deviation that holds the luck of the split.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class Split(NamedTuple):
    """Positions of the rows of each part, ascending."""

    train: Rows
    valid: Rows
    test: Rows


def scaffolds(smiles: Sequence[str]) -> list[str]:
    """Return the Bemis-Murcko scaffold of each SMILES as a canonical SMILES without chirality."""
    from rdkit import Chem, rdBase
    from rdkit.Chem.Scaffolds import MurckoScaffold

    result = []
    with rdBase.BlockLogs():
        for text in smiles:
            molecule = Chem.MolFromSmiles(text)
            result.append(MurckoScaffold.MurckoScaffoldSmiles(mol=molecule, includeChirality=False))
    return result


def by_size(groups: Sequence[str], shares: tuple[float, float] = (0.8, 0.1)) -> Split:
    """Return the one deterministic split of rows whose groups are given; `shares` of training and validation."""
    train_end, valid_end = shares[0] * len(groups) + 1e-9, sum(shares) * len(groups) + 1e-9
    train: list[int] = []
    valid: list[int] = []
    test: list[int] = []
    for rows in sorted(_members(groups), key=lambda rows: (len(rows), rows[0]), reverse=True):
        if len(train) + len(rows) <= train_end:
            train.extend(rows)
        elif len(train) + len(valid) + len(rows) <= valid_end:
            valid.extend(rows)
        else:
            test.extend(rows)
    return Split(*(np.array(sorted(part), np.int64) for part in (train, valid, test)))


def balanced(groups: Sequence[str], seed: int, shares: tuple[float, float] = (0.8, 0.1)) -> Split:
    """Return the split of this seed; large groups go to the training part."""
    members, count = _members(groups), len(groups)
    random = np.random.default_rng(seed)
    smaller = min(share for share in (shares[1], 1 - sum(shares)) if share > 1e-9)
    large = [rows for rows in members if len(rows) > count * smaller / 2]
    small = [rows for rows in members if len(rows) <= count * smaller / 2]
    order = [large[i] for i in random.permutation(len(large))]
    order += [small[i] for i in random.permutation(len(small))]
    return _filled(order, count, shares)


def folds(groups: Sequence[str], count: int, seed: int) -> Rows:
    """Return the fold (rows,) of each row, 0 to count - 1: whole groups, to the smallest fold so far.

    A group of more than half of all rows (`crowded`) is dealt row by row: left whole, its fold would leave too little
    to learn from.
    """
    random = np.random.default_rng(seed)
    whole = crowded(groups)
    members = [
        part
        for rows in _members(groups)
        for part in ([[r] for r in rows] if groups[rows[0]] == whole else [rows])
    ]
    order = sorted(random.permutation(len(members)), key=lambda i: -len(members[i]))
    sizes, assigned = np.zeros(count, np.int64), np.zeros(len(groups), np.int64)
    for i in order:
        fold = int(sizes.argmin())
        assigned[members[i]] = fold
        sizes[fold] += len(members[i])
    return assigned


def crowded(groups: Sequence[str]) -> str | None:
    """Return the group that holds more than half of the rows, as in a series around one scaffold; None without one."""
    largest = max(_members(groups), key=len, default=[])
    return groups[largest[0]] if 2 * len(largest) > len(groups) else None


def _members(groups: Sequence[str]) -> list[list[int]]:
    by_group: dict[str, list[int]] = defaultdict(list)
    for row, group in enumerate(groups):
        by_group[group].append(row)
    return list(by_group.values())


def _filled(members: Sequence[Sequence[int]], count: int, shares: tuple[float, float]) -> Split:
    room = (shares[0] * count, shares[1] * count)
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for rows in members:
        fits = [len(part) + len(rows) <= most + 1e-9 for part, most in zip(parts, room, strict=False)]
        parts[fits.index(True) if True in fits else 2].extend(rows)
    return Split(*(np.array(sorted(part), np.int64) for part in parts))
