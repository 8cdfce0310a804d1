"""Rules that need code: valence, bridgehead double bonds, ring systems, synthetic accessibility, PAINS."""

from functools import cache
from typing import TYPE_CHECKING

from clinweave.applications.molecules.structure_filters.pains import pains_patterns
from clinweave.applications.molecules.structure_filters.ring_systems import read_frequencies, ring_systems_of
from clinweave.applications.molecules.structure_filters.rules import Rule

if TYPE_CHECKING:
    from rdkit.Chem import Mol
    from rdkit.Chem.FilterCatalog import FilterCatalog

MAX_SA = 5.3  # of molecules with up to LARGE heavy atoms
MAX_SA_LARGE = 7.5
LARGE = 40
# PAINS entries that more than 2 in 1,000 approved drugs have: shown as alerts, not refused
PAINS_FLAGGED = frozenset({
    "anil_di_alk_A(478)", "anil_di_alk_B(251)", "anil_di_alk_C(246)", "anil_di_alk_E(186)", "azo_A(324)",
    "catechol_A(92)", "het_thio_666_A(13)", "indol_3yl_alk(461)", "mannich_A(296)", "quinone_A(370)",
})  # fmt: skip


def valence_cases(molecule: "Mol") -> list[str]:
    """Return what is odd of the atoms: radicals, isotopes, charges that cancel nothing, hypervalent atoms."""
    cases = []
    for atom in molecule.GetAtoms():
        if atom.GetNumRadicalElectrons():
            cases.append("radical")
        if atom.GetIsotope():
            cases.append("isotope")
        if abs(atom.GetFormalCharge()) > 1:
            cases.append("charge above one on an atom")
        if atom.GetFormalCharge() < 0 and atom.GetAtomicNum() == 6:
            cases.append("carbanion")
        if atom.GetFormalCharge() > 0 and atom.GetAtomicNum() in {6, 8, 9, 17, 35}:
            cases.append("cation of carbon, oxygen or a halogen")
        if atom.GetAtomicNum() in {9, 17, 35, 53} and atom.GetTotalValence() > 1:
            cases.append("hypervalent halogen")
        if atom.GetAtomicNum() == 15 and atom.GetTotalValence() > 5:
            cases.append("hypervalent phosphorus")
    return sorted(set(cases))


def bridgehead_cases(molecule: "Mol") -> list[str]:
    """Return [""] if a bridgehead of a small bicycle has a double bond (Bredt's rule: rings of up to seven atoms)."""
    from rdkit.Chem import rdMolDescriptors

    heads: list[int] = []
    if not rdMolDescriptors.CalcNumBridgeheadAtoms(molecule, heads):
        return []
    sizes = molecule.GetRingInfo()
    for index in heads:
        atom = molecule.GetAtomWithIdx(index)
        if atom.GetIsAromatic() or min(sizes.AtomRingSizes(index)) > 7:
            continue
        if any(bond.GetBondTypeAsDouble() == 2 and bond.IsInRing() for bond in atom.GetBonds()):
            return [""]
    return []


def ring_system_cases(molecule: "Mol") -> list[str]:
    """Return a molecule's ring systems that the reference set lacks, as keys of `ring_systems_of`."""
    counts = read_frequencies()
    return sorted({key for key in ring_systems_of(molecule) if key not in counts})


def sa_cases(molecule: "Mol") -> list[str]:
    """Return [""] for a molecule whose SA score is above the limit for its size."""
    from clinweave.applications.molecules.optimization.objectives import synthetic_accessibility

    limit = MAX_SA if molecule.GetNumHeavyAtoms() <= LARGE else MAX_SA_LARGE
    return [""] if synthetic_accessibility(molecule) > limit else []


@cache
def catalogue(*names: str) -> "FilterCatalog":
    """Return RDKit's catalogue of these published alert collections, such as PAINS or CHEMBL_Dundee."""
    from rdkit.Chem import FilterCatalog as Catalogs

    chosen = Catalogs.FilterCatalogParams()
    for name in names:
        chosen.AddCatalog(getattr(Catalogs.FilterCatalogParams.FilterCatalogs, name))
    return Catalogs.FilterCatalog(chosen)


def pains_cases(molecule: "Mol") -> list[str]:
    """Return the names of the PAINS entries that match, but for those that are only flagged."""
    return [name for name in pains_patterns().matches(molecule) if name not in PAINS_FLAGGED]


@cache
def coded_rules() -> tuple[Rule, ...]:
    """Return the rules that are no SMARTS of `rules.toml`, cheapest first."""
    return (
        Rule("valence", "odd charge, radical, isotope or valence", "no such compound can be bottled",
             "general organic chemistry", valence_cases),
        Rule("bridgehead_alkene", "double bond at the bridgehead of a small bicycle", "Bredt's rule",
             "general organic chemistry", bridgehead_cases),
        Rule("ring_system", "ring system that the reference set lacks",
             "neither an approved drug nor two of 316,933 molecules of MOSES have it",
             "MOSES' training set and the approved drugs of ADMET-AI", ring_system_cases),
        Rule("sa_score", f"SA score above {MAX_SA} ({MAX_SA_LARGE} from {LARGE + 1} heavy atoms)",
             "rare fragments, many stereocentres or bridged rings",
             "Ertl and Schuffenhauer 2009, doi:10.1186/1758-2946-1-8", sa_cases),
        Rule("pains", "pan-assay interference (PAINS)", "interferes with assays by reacting, colouring or aggregating",
             "Baell and Holloway 2010, doi:10.1021/jm901137j, as in RDKit", pains_cases),
    )  # fmt: skip
