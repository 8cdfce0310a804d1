"""Atom environments: the table of surprisal, and how many approved drugs a rule of environments would refuse."""

from collections import Counter

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from rich.console import Console
from rich.progress import track

from clinweave.applications.molecules import read_smiles
from clinweave.applications.molecules.structure_filters import (
    count_environments,
    surprisal,
    write_environments,
)
from clinweave.applications.molecules.structure_filters.environments import PACKAGED
from molecules_parts.cells import table
from molecules_parts.filter_rules import approved_drugs, moses_folder, moses_sample, share

EVERY = 10  # of MOSES' training set
RADII = (1, 2)
LEAST = ((1, 1), (20, 1), (20, 2))  # molecules of MOSES, or other drugs, that an environment must have


def build_table(chosen) -> None:
    """Count the environments of every 25th molecule of MOSES' training set, package them, and print the percentiles
    of surprisal in its test set."""
    molecules = read_smiles(moses_folder(chosen) / "train.csv.gz")[::25]
    table_ = count_environments(track(molecules, "MOSES' training set", console=Console(stderr=True)))
    count = write_environments(PACKAGED, table_)
    bits = [surprisal(Chem.MolFromSmiles(text)) for text in moses_sample(chosen, 5000)]
    median, high = np.percentile(bits, [50, 95])
    print(
        f"{count:,} rows of {table_.size:,} molecules in {PACKAGED}; bits: 50 % {median:.1f}, 95 % {high:.1f}"
    )


def environments(molecule, generator):
    """Return the Morgan environments of a molecule, a set for each of `RADII`."""
    output = rdFingerprintGenerator.AdditionalOutput()
    output.AllocateBitInfoMap()
    generator.GetSparseCountFingerprint(molecule, additionalOutput=output)
    found = {radius: set() for radius in RADII}
    for bit, places in output.GetBitInfoMap().items():
        for _, radius in places:
            if radius in found:
                found[radius].add(bit)
    return found


def count(smiles, generator):
    """Return the number of molecules with each environment, by radius, and the environments of each molecule."""
    counts, each = {radius: Counter() for radius in RADII}, []
    for text in smiles:
        each.append(environments(Chem.MolFromSmiles(text), generator))
        for radius, keys in each[-1].items():
            counts[radius].update(keys)
    return counts, each


def report(chosen) -> str:
    """Return the shares of drugs with an environment that MOSES and the other drugs lack, each drug left out."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=max(RADII))
    drugs, each = count(approved_drugs(chosen), generator)
    molecules = read_smiles(moses_folder(chosen) / "train.csv.gz")[::EVERY]
    moses, _ = count(track(molecules, "MOSES' training set", console=Console(stderr=True)), generator)
    rows = []
    for least_moses, least_drugs in LEAST:
        refused = [
            sum(
                any(
                    moses[radius][key] < least_moses and drugs[radius][key] <= least_drugs
                    for key in one[radius]
                )
                for one in each
            )
            for radius in RADII
        ]
        rows.append([str(least_moses), str(least_drugs), *(share(part, len(each)) for part in refused)])
    head = ["molecules of MOSES", "or other drugs", *(f"drugs refused, radius {radius}" for radius in RADII)]
    return f"{len(each):,} approved drugs, {len(molecules):,} molecules of MOSES.\n\n" + table(head, rows)
