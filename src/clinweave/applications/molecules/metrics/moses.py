"""All MOSES metrics of a generated set, with the published rows for comparison."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.metrics.chemnet import ChemNet, frechet
from clinweave.applications.molecules.metrics.filters import Filters
from clinweave.applications.molecules.metrics.hash_set import HashSet
from clinweave.applications.molecules.metrics.reference import Reference
from clinweave.applications.molecules.metrics.similarity import internal_diversity, nearest
from clinweave.applications.molecules.molecule import parse

if TYPE_CHECKING:
    from rdkit.Chem import Mol

Progress = Callable[[str, int, int], None]

# molecularsets/moses, README: 30,000 drawn molecules, means over three seeds. "TestSF" is the scaffold test set
PUBLISHED: dict[str, dict[str, float]] = {
    "training set": {
        "valid": 1.0, "unique@1k": 1.0, "unique@10k": 1.0, "FCD/Test": 0.008, "FCD/TestSF": 0.4755,
        "SNN/Test": 0.6419, "SNN/TestSF": 0.5859, "Frag/Test": 1.0, "Scaf/Test": 0.9907, "Scaf/TestSF": 0.0,
        "IntDiv": 0.8567, "IntDiv2": 0.8508, "Filters": 1.0,
    },
    "CharRNN": {
        "valid": 0.9748, "unique@1k": 1.0, "unique@10k": 0.9994, "FCD/Test": 0.0732, "FCD/TestSF": 0.5204,
        "SNN/Test": 0.6015, "SNN/TestSF": 0.5649, "Frag/Test": 0.9998, "Scaf/Test": 0.9242, "Scaf/TestSF": 0.1101,
        "IntDiv": 0.8562, "IntDiv2": 0.8503, "Filters": 0.9943, "Novelty": 0.8419,
    },
    "VAE": {
        "valid": 0.9767, "unique@1k": 1.0, "unique@10k": 0.9984, "FCD/Test": 0.099, "FCD/TestSF": 0.567,
        "SNN/Test": 0.6257, "SNN/TestSF": 0.5783, "Frag/Test": 0.9994, "Scaf/Test": 0.9386, "Scaf/TestSF": 0.0588,
        "IntDiv": 0.8558, "IntDiv2": 0.8498, "Filters": 0.997, "Novelty": 0.6949,
    },
    "JTN-VAE": {
        "valid": 1.0, "unique@1k": 1.0, "unique@10k": 0.9996, "FCD/Test": 0.3954, "FCD/TestSF": 0.9382,
        "SNN/Test": 0.5477, "SNN/TestSF": 0.5194, "Frag/Test": 0.9965, "Scaf/Test": 0.8964, "Scaf/TestSF": 0.1009,
        "IntDiv": 0.8551, "IntDiv2": 0.8493, "Filters": 0.976, "Novelty": 0.9143,
    },
}  # fmt: skip
FLOOR = (
    1300.0  # FCD of n real training molecules against the test statistics is about this over n, beside 0.008
)


Measures = dict[str, float | int | None]  # by the measure's published name


@dataclass(frozen=True)
class Against:
    """What a set is measured against. Any part may be missing; its measures are then left out."""

    references: Mapping[str, Reference]  # by the name of the set: Test, TestSF
    training: HashSet | None = None
    filters: Filters | None = None
    chemnet: ChemNet | None = None


def floor_of(count: int) -> float:
    """Return what FCD/Test real training molecules would score in a sample of this size: no model is below it."""
    return 0.008 + FLOOR / max(count, 1)


def measure(smiles: Sequence[str], against: Against, *, progress: Progress | None = None) -> Measures:
    """Return every measure of the strings as drawn: `valid` counts all, the others the valid ones, repeats kept."""
    say = progress or (lambda _what, _done, _all: None)
    from rdkit import Chem

    molecules = []
    for number, text in enumerate(smiles):
        molecule = parse(text) if text else ""
        molecules += [] if isinstance(molecule, str) else [molecule]
        say("reading", number + 1, len(smiles))
    canonical = [Chem.MolToSmiles(item) for item in molecules]
    measures: Measures = {"drawn": len(smiles), "valid": len(molecules) / max(len(smiles), 1)}
    for name, size in (("unique@1k", 1000), ("unique@10k", 10_000)):
        if len(canonical) >= size:
            measures[name] = len(set(canonical[:size])) / size
    distinct = set(canonical)
    measures["unique"] = len(distinct) / max(len(canonical), 1)
    if against.training is not None:
        measures["Novelty"] = sum(item not in against.training for item in distinct) / max(len(distinct), 1)
    if against.filters is not None:
        measures["Filters"] = _share(molecules, against.filters, say)
    if len(molecules) > 1:
        measures |= _likeness(molecules, canonical, against, say)
    return measures


def _share(molecules: "Sequence[Mol]", filters: Filters, say: Progress) -> float:
    passed = 0
    for number, molecule in enumerate(molecules):
        passed += filters.passes(molecule)
        say("filters", number + 1, len(molecules))
    return passed / max(len(molecules), 1)


def _likeness(
    molecules: "Sequence[Mol]", canonical: Sequence[str], against: Against, say: Progress
) -> Measures:
    bits = morgan_bits(molecules)
    result: Measures = dict(zip(("IntDiv", "IntDiv2"), internal_diversity(bits), strict=True))
    fragments, scaffolds = Counter[str](), Counter[str]()
    for number, molecule in enumerate(molecules):
        fragments.update(brics_fragments(molecule))
        scaffolds.update(scaffold_of(molecule))
        say("fragments", number + 1, len(molecules))
    if against.chemnet is not None:
        acts = against.chemnet.activations(canonical, lambda done, all_: say("ChemNet", done, all_)).astype(
            np.float64
        )
        mean, spread = acts.mean(0), np.cov(acts.T)
        result["FCD floor"] = floor_of(len(canonical))
    for name, reference in against.references.items():
        if against.chemnet is not None:
            result[f"FCD/{name}"] = frechet(mean, spread, reference.mean, reference.covariance)
        result[f"SNN/{name}"] = nearest(
            bits, reference.bits, lambda done, all_: say("neighbours", done, all_)
        )
        for measure_, counts, theirs in (
            ("Frag", fragments, reference.fragments), ("Scaf", scaffolds, reference.scaffolds)
        ):  # fmt: skip
            if counts and theirs:  # a set without a scaffold has no such measure
                result[f"{measure_}/{name}"] = cosine(counts, theirs)
    return result


def morgan_bits(molecules: "Sequence[Mol]") -> NDArray[np.uint8]:
    """Return Morgan bits (B, 1024) of radius 2."""
    from rdkit.Chem import rdFingerprintGenerator

    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    return np.stack([maker.GetFingerprintAsNumPy(molecule) for molecule in molecules]).astype(np.uint8)


def brics_fragments(molecule: "Mol") -> list[str]:
    """Return the BRICS fragments of a molecule as SMILES, with their numbered cuts."""
    from rdkit import Chem
    from rdkit.Chem import rdmolops

    return str(Chem.MolToSmiles(rdmolops.FragmentOnBRICSBonds(molecule))).split(".")


def scaffold_of(molecule: "Mol") -> list[str]:
    """Return the Bemis-Murcko scaffold as SMILES in a list; MOSES leaves out those with fewer than two rings."""
    from rdkit import Chem
    from rdkit.Chem.Scaffolds import MurckoScaffold

    scaffold = MurckoScaffold.GetScaffoldForMol(molecule)
    return [Chem.MolToSmiles(scaffold)] if scaffold.GetRingInfo().NumRings() >= 2 else []


def cosine(mine: Mapping[str, int], theirs: Mapping[str, int]) -> float:
    """Return the cosine of two counts."""
    if not mine or not theirs:
        return float("nan")
    dot = sum(count * theirs.get(name, 0) for name, count in mine.items())
    sizes = [float(np.sqrt(sum(float(count) ** 2 for count in counts.values()))) for counts in (mine, theirs)]
    return float(dot / (sizes[0] * sizes[1]))
