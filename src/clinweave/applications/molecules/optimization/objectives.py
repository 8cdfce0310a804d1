"""Multi-part objectives: a property of the molecule, a modifier, and a mean over the parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from clinweave.applications.molecules.optimization.modifiers import Modifier, gaussian, geometric_mean, plain

if TYPE_CHECKING:
    from rdkit.Chem import Mol
    from rdkit.Chem.rdFingerprintGenerator import FingerprintGenerator64

Property = Callable[[Any], float]  # of an RDKit molecule


class Part(NamedTuple):
    """One part of an objective: what is computed, and how it is turned into 0 to 1."""

    name: str
    of: Property
    modifier: Modifier = plain


@dataclass(frozen=True)
class Objective:
    """Parts and the mean that joins them. `bounded`: the score lies between 0 and 1."""

    parts: tuple[Part, ...]
    mean: Callable[[Sequence[float]], float] = geometric_mean
    bounded: bool = True

    def __call__(self, molecule: "Mol") -> tuple[float, dict[str, float]]:
        """Return the score of an RDKit molecule, higher is better, and each part's own."""
        parts = {part.name: float(part.modifier(part.of(molecule))) for part in self.parts}
        return float(self.mean(list(parts.values()))), parts


def logp(molecule: "Mol") -> float:
    """Return the octanol-water partition (Wildman and Crippen 1999)."""
    from rdkit.Chem import Crippen

    value: Any = Crippen.MolLogP  # type: ignore[attr-defined, unused-ignore]
    return float(value(molecule))


def descriptor(name: str) -> Property:
    """Return a descriptor of rdMolDescriptors by name, such as CalcTPSA."""

    def of(molecule: "Mol") -> float:
        from rdkit.Chem import rdMolDescriptors

        return float(getattr(rdMolDescriptors, name)(molecule))

    return of


def qed(molecule: "Mol") -> float:
    """Return the quantitative estimate of drug-likeness (Bickerton et al. 2012), 0 to 1."""
    from rdkit.Chem import QED

    value: Any = QED.qed
    return float(value(molecule))


def bertz(molecule: "Mol") -> float:
    """Return the complexity index of Bertz 1981."""
    from rdkit.Chem import GraphDescriptors

    value: Any = GraphDescriptors.BertzCT
    return float(value(molecule))


def synthetic_accessibility(molecule: "Mol") -> float:
    """Return the SA score, 1 (easy) to 10 (Ertl and Schuffenhauer 2009), by RDKit's contributed code."""
    from rdkit.Contrib.SA_Score import sascorer

    value: Any = sascorer.calculateScore
    return float(value(molecule))


def penalised_logp(molecule: "Mol") -> float:
    """Return logP less SA score less the atoms above six of the largest ring, each standardised.

    Centres and deviations are those of the 250,000 molecules of ZINC that the literature uses (Gomez-Bombarelli et
    al. 2018; Kusner et al. 2017). It has no upper end: long chains score without limit, and it measures little.
    """
    largest = max((len(ring) for ring in molecule.GetRingInfo().AtomRings()), default=0)
    return (
        (logp(molecule) - 2.4570953396190123) / 1.434324401111988
        - (synthetic_accessibility(molecule) - 3.0525811293166134) / 0.8335207024513095
        - (max(0, largest - 6) - 0.0485696876403053) / 0.2860212110245455
    )


def atoms(element: str) -> Property:
    """Return the count of an element's atoms ("": of all atoms), hydrogens included."""

    def of(molecule: "Mol") -> float:
        hydrogens = sum(atom.GetTotalNumHs() for atom in molecule.GetAtoms())
        if element == "H":
            return float(hydrogens)
        if not element:
            return float(molecule.GetNumAtoms() + hydrogens)
        return float(sum(atom.GetSymbol() == element for atom in molecule.GetAtoms()))

    return of


def formula(counts: dict[str, int]) -> Property:
    """Return how near a molecule is to a sum formula, 0 to 1: GuacaMol's isomer score.

    The geometric mean of a Gaussian (sigma 1) of each element's count and one (sigma 2) of all atoms.
    """
    terms = [(atoms(element), gaussian(count, 1.0)) for element, count in counts.items()]
    terms.append((atoms(""), gaussian(sum(counts.values()), 2.0)))
    return lambda molecule: geometric_mean([modifier(of(molecule)) for of, modifier in terms])


def smarts(pattern: str, *, present: bool = True) -> Property:
    """Return 1 where a pattern is there (or is not), else 0."""

    def of(molecule: "Mol") -> float:
        return float(molecule.HasSubstructMatch(_pattern(pattern)) == present)

    return of


def similarity(target: str, kind: str) -> Property:
    """Return Tanimoto similarity to a SMILES on ECFP4, ECFP6, FCFP4 or AP (pairs) counts, or PHCO (pharmacophores)."""

    def of(molecule: "Mol") -> float:
        from rdkit import DataStructs

        return float(DataStructs.TanimotoSimilarity(_print(molecule, kind), _target(target, kind)))

    return of


def of_target(target: str, of: Property) -> float:
    """Return a property of a SMILES."""
    return of(_molecule(target))


@cache
def _molecule(smiles: str) -> "Mol":
    from rdkit import Chem

    return Chem.MolFromSmiles(smiles)


@cache
def _pattern(text: str) -> "Mol":
    from rdkit import Chem

    return Chem.MolFromSmarts(text)


@cache
def _target(smiles: str, kind: str) -> object:
    return _print(_molecule(smiles), kind)


@cache
def _generator(kind: str) -> "FingerprintGenerator64":
    from rdkit.Chem import rdFingerprintGenerator

    generators: Any = rdFingerprintGenerator
    if kind == "AP":
        return generators.GetAtomPairGenerator(maxDistance=10)
    if kind == "FCFP4":
        return generators.GetMorganGenerator(
            radius=2, atomInvariantsGenerator=generators.GetMorganFeatureAtomInvGen()
        )
    return generators.GetMorganGenerator(radius={"ECFP4": 2, "ECFP6": 3}[kind])


def _print(molecule: "Mol", kind: str) -> Any:
    if kind == "PHCO":
        from rdkit.Chem.Pharm2D import Generate, Gobbi_Pharm2D

        make: Any = Generate.Gen2DFingerprint
        return make(molecule, Gobbi_Pharm2D.factory)
    return _generator(kind).GetSparseCountFingerprint(molecule)
