"""What each rule of makeable molecules refuses of approved drugs and of MOSES, and the reference of ring systems."""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
from rdkit import Chem, rdBase
from rich.console import Console
from rich.progress import track

from clinweave.applications.molecules import read_smiles, standardise
from clinweave.applications.molecules.structure_filters import (
    all_rules,
    count_ring_systems,
    metabolic_groups,
    ring_systems_of,
    write_frequencies,
)
from clinweave.applications.molecules.structure_filters.liability import COMMON
from clinweave.applications.molecules.structure_filters.ring_systems import (
    MIN_MOSES,
    PACKAGED,
    read_frequencies,
)
from clinweave.core.artifacts import home
from clinweave.resources import located
from molecules_parts.cells import table

METALS = "elements other than H, B, C, N, O, F, Si, P, S, Cl, Se, Br, I"
_ORGANIC = frozenset({1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53})
EVERY = 5  # of MOSES' training set, for the reference of ring systems


def moses_folder(chosen) -> Path:
    return chosen.moses or located("moses", home())["test.csv.gz"].parent


def approved_drugs(chosen) -> dict[str, str]:
    """Return parent SMILES -> name of the approved small-molecule drugs: organic, without metals, no duplicates."""
    path = chosen.drugs or located("approved-drugs", home())["drugbank_approved.csv"]
    drugs: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as stream, rdBase.BlockLogs():
        for row in csv.DictReader(stream):
            molecule = Chem.MolFromSmiles(row["smiles"])
            if molecule is None:
                continue
            for atom in molecule.GetAtoms():
                atom.SetIsotope(0)  # a radioactive tracer is judged by its structure
            answer = standardise(Chem.MolToSmiles(molecule), parent=True)
            parent = Chem.MolFromSmiles(answer.smiles) if answer.smiles else None
            numbers = {atom.GetAtomicNum() for atom in parent.GetAtoms()} if parent is not None else set()
            if 6 in numbers and numbers <= _ORGANIC:
                drugs.setdefault(answer.smiles, row["name"])
    return drugs


def moses_sample(chosen, count, seed=11) -> list[str]:
    molecules = read_smiles(moses_folder(chosen) / "test.csv.gz")
    rows = np.random.default_rng(seed).choice(len(molecules), min(count, len(molecules)), replace=False)
    return [molecules[row] for row in rows]


def build_ring_systems(chosen) -> None:
    """Count the ring systems of a fifth of MOSES' training set and of the approved drugs, and package the table."""
    drugs = count_ring_systems(approved_drugs(chosen))
    molecules = read_smiles(moses_folder(chosen) / "train.csv.gz")[::EVERY]
    console = Console(stderr=True)
    moses = count_ring_systems(track(molecules, "MOSES' training set", console=console))
    count = write_frequencies(PACKAGED, moses, drugs)
    print(
        f"{count:,} ring systems of {len(molecules):,} MOSES molecules and the approved drugs in {PACKAGED}"
    )


def table_of_rules(chosen) -> str:
    drugs = approved_drugs(chosen)
    names = list(drugs.values())
    molecules = [Chem.MolFromSmiles(text) for text in drugs]
    moses = [Chem.MolFromSmiles(text) for text in moses_sample(chosen, chosen.molecules)]
    rows, refused, refused_moses = [], set(), set()
    console = Console(stderr=True)
    for rule in track(all_rules(), "rules", console=console):
        hits = [index for index, molecule in enumerate(molecules) if rule.cases(molecule)]
        theirs = [index for index, molecule in enumerate(moses) if rule.cases(molecule)]
        refused |= set(hits)
        refused_moses |= set(theirs)
        examples = ", ".join(names[index] for index in hits[:3])
        rows.append(
            [
                f"`{rule.id}`",
                rule.name,
                share(len(hits), len(drugs)),
                share(len(theirs), len(moses)),
                examples,
            ]
        )
    worst = max(float(row[2].rstrip(" %")) for row in rows)
    unseen = unseen_when_left_out(molecules, MIN_MOSES, 1)
    rare = unseen_when_left_out(molecules, COMMON.moses, COMMON.drugs)
    return "\n\n".join(
        [
            f"{len(drugs):,} approved drugs (their organic parent, without {METALS}), {len(moses):,} molecules of "
            f"MOSES' test set. The largest share of drugs that one rule refuses: {worst:.2f} %. All rules together "
            f"refuse {share(len(refused), len(drugs))} of the drugs and "
            f"{share(len(refused_moses), len(moses))} of MOSES.",
            table(["rule", "motif", "drugs refused", "MOSES refused", "such as"], rows),
            f"The drugs are part of the reference of `ring_system`. With each drug left out of it, "
            f"{share(unseen, len(drugs))} of them have a ring system that the rest of the reference lacks: so many new "
            f"drugs would be refused by this rule. At {COMMON.moses} molecules of MOSES or {COMMON.drugs} other drugs "
            f"it would be {share(rare, len(drugs))}: such rare ring systems are a liability, and no reason to refuse.",
        ]
    )


def table_of_metabolic_groups(chosen) -> str:
    """Return the table of the shares of approved drugs and of MOSES with each metabolic group."""
    drugs = [Chem.MolFromSmiles(text) for text in approved_drugs(chosen)]
    moses = [Chem.MolFromSmiles(text) for text in moses_sample(chosen, chosen.molecules)]
    rows = []
    for group in metabolic_groups():
        theirs, others = (
            share(sum(molecule.HasSubstructMatch(group.pattern) for molecule in molecules), len(molecules))
            for molecules in (drugs, moses)
        )
        rows.append([group.name, group.reason, theirs, others])
    return table(["group", "fate", f"{len(drugs):,} approved drugs", f"{len(moses):,} of MOSES"], rows)


def unseen_when_left_out(molecules, least_moses: int, least_drugs: int) -> int:
    """Return how many drugs have a ring system that too few other drugs and too few of MOSES have."""
    systems = [set(ring_systems_of(molecule)) for molecule in molecules]
    owners = Counter(key for each in systems for key in each)
    seen = read_frequencies()
    return sum(
        any(owners[key] <= least_drugs and (key not in seen or seen[key].moses < least_moses) for key in each)
        for each in systems
    )


def share(part: int, whole: int) -> str:
    return f"{100 * part / max(whole, 1):.2f} %"
