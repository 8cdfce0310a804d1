"""Split a structure into active parts, counter-ions, solvents and metals; identity is that of the whole structure.

A part is named by its InChIKey after its charges are balanced. Sodium, potassium, calcium and magnesium, and the acids,
bases and solvents listed here (after Stahl and Wermuth, Handbook of Pharmaceutical Salts), only carry a drug; any other
metal is part of what a substance is and is never set aside.
"""

from dataclasses import dataclass
from functools import cache
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from clinweave.applications.molecules.prediction.structures import inchi_key

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_GALLOYL = "OC(=O)c1cc(O)c(O)c(OC(=O)c2cc(O)c(O)c(O)c2)c1"
_TANNIC = f"C({_GALLOYL})C9OC({_GALLOYL})C({_GALLOYL})C({_GALLOYL})C9{_GALLOYL}"
_ACIDS = {
    _TANNIC: "tannate",
    "Cl": "hydrochloride", "Br": "hydrobromide", "I": "hydroiodide", "OS(=O)(=O)O": "sulfate",
    "OP(=O)(O)O": "phosphate", "O[N+](=O)[O-]": "nitrate", "CC(=O)O": "acetate", "OC=O": "formate",
    "OC(=O)C(F)(F)F": "trifluoroacetate", "OC(=O)CC(O)(C(=O)O)CC(=O)O": "citrate",
    "OC(C(O)C(=O)O)C(=O)O": "tartrate", "OC(CC(=O)O)C(=O)O": "malate",
    "OC(=O)C=CC(=O)O": "maleate or fumarate", "OC(=O)CCC(=O)O": "succinate", "CC(O)C(=O)O": "lactate",
    "OC(=O)C(=O)O": "oxalate", "OC(=O)CC(=O)O": "malonate", "OC(=O)CCCC(=O)O": "glutarate",
    "OC(=O)CCCCC(=O)O": "adipate", "OC(=O)c1ccccc1": "benzoate", "CS(=O)(=O)O": "mesylate",
    "CCS(=O)(=O)O": "esylate", "OCCS(=O)(=O)O": "isethionate", "Cc1ccc(cc1)S(=O)(=O)O": "tosylate",
    "OS(=O)(=O)c1ccccc1": "besylate", "OS(=O)(=O)c1ccc2ccccc2c1": "napsylate",
    "OS(=O)(=O)c1cccc2c1cccc2S(=O)(=O)O": "napadisylate", "CC1(C)C2CCC1(CS(=O)(=O)O)C(=O)C2": "camsylate",
    "OS(=O)(=O)CCS(=O)(=O)O": "edisylate", "OC(=O)c1ccc2ccccc2c1O": "xinafoate",
    "OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(O)=O)c1O": "pamoate", "OCC(O)C(O)C(O)C(O)C(=O)O": "gluconate",
    "OC(C(=O)O)C(O)C(O)C(O)C(=O)O": "glucarate", "CCCCCCCCCCCCCCCCCC(=O)O": "stearate",
    "COS(=O)(=O)O": "metilsulfate", "OC(=O)CNC(=O)c1ccccc1": "hippurate",
    "OC(=O)c1cc(=O)[nH]c(=O)[nH]1": "orotate", "OC(=O)O": "carbonate",
    "OCC(O)C(OC1OC(CO)C(O)C(O)C1O)C(O)C(O)C(=O)O": "lactobionate",
}  # fmt: skip
_BASES = {
    "N": "ammonium", "OCC(N)(CO)CO": "tromethamine", "CNCC(O)C(O)C(O)C(O)CO": "meglumine", "NCCO": "olamine",
    "OCCNCCO": "diolamine", "OCCN(CCO)CCO": "trolamine", "CCNCC": "diethylamine", "NCCN": "ethylenediamine",
    "NCCCCC(N)C(=O)O": "lysine", "NC(=N)NCCCC(N)C(=O)O": "arginine", "CC(C)(C)N": "erbumine",
    "C(NCCNCc1ccccc1)c1ccccc1": "benzathine", "C[N+](C)(C)CCO": "choline", "NCC(=O)O": "glycine",
}  # fmt: skip
_SOLVENTS = {
    "O": "water", "CO": "methanol", "CCO": "ethanol", "CC(C)O": "isopropanol", "CC(C)=O": "acetone", "CS(C)=O": "DMSO",
    "CC(O)CO": "propylene glycol", "C1COCCO1": "dioxane", "CC#N": "acetonitrile", "CCOC(C)=O": "ethyl acetate",
}  # fmt: skip
_CARRIERS = {"Na": "sodium", "K": "potassium", "Ca": "calcium", "Mg": "magnesium"}
METALS = {
    "Li": "lithium", "Zn": "zinc", "Ag": "silver", "Au": "gold", "Pt": "platin", "Hg": "mercur", "Tl": "thall",
    "Bi": "bismuth", "Fe": "ferr", "Al": "alumin", "Ba": "barium", "Sr": "strontium", "Cu": "copper",
    "Co": "cobal", "Mn": "mangan", "Gd": "gad", "Tc": "technet", "Sb": "antimon", "As": "arsen", "Se": "selen",
    "Ga": "gallium", "In": "indium", "La": "lanthan",
}  # fmt: skip
_NOT_METALS = frozenset({1, 2, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 34, 35, 36, 53, 54, 85, 86, 0})
_IONIC = frozenset(
    {"Li", "Na", "K", "Rb", "Cs", "Mg", "Ca", "Sr", "Ba", "Zn", "Al"}
)  # always apart from what they carry


class Part(NamedTuple):
    """One kind of part. `key` is its InChIKey, of a bare metal its symbol; `role` is what it is there for."""

    key: str
    smiles: str
    role: str  # "active", "counter-ion", "solvent", "metal"
    name: str = ""  # of counter-ions, solvents and metals
    number: int = 1


@dataclass(frozen=True)
class Composition:
    """The parts of a structure. `whole` identifies all of them in their proportions, `kinds` without proportions."""

    parts: tuple[Part, ...]
    whole: str
    kinds: str

    @property
    def active(self) -> Part | None:
        """Return the one part that acts; None of a mixture, of a simple salt, and where a metal belongs to it."""
        acting = self.acting
        return acting[0] if len(acting) == 1 and not self.metals else None

    @property
    def acting(self) -> tuple[Part, ...]:
        """Return the parts that are no counter-ion, solvent or metal; of a counter-ion alone, itself."""
        active = tuple(part for part in self.parts if part.role == "active")
        lone = tuple(part for part in self.parts if part.role != "solvent") or self.parts
        return active or (
            lone if len(lone) == 1 and lone[0].role == "counter-ion" and len(lone[0].key) == 27 else ()
        )

    @property
    def metals(self) -> tuple[Part, ...]:
        """Return the metals that belong to the substance."""
        return tuple(part for part in self.parts if part.role == "metal")

    def others(self, part: Part) -> str:
        """Describe the other parts in words."""
        return ", ".join(item.name or item.smiles for item in self.parts if item.key != part.key)


def composition(molecule: "Mol") -> Composition:
    """Return the parts of an RDKit molecule."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        fragments = Chem.GetMolFrags(molecule, asMols=True, sanitizeFrags=True)
        by_key: dict[str, Part] = {}
        for fragment in fragments:
            if not fragment.GetNumHeavyAtoms():
                continue  # a proton or hydrogen: it balances a neighbouring charge
            part = _part(fragment)
            previous = by_key.get(part.key)
            by_key[part.key] = part._replace(number=previous.number + 1) if previous else part
        parts = tuple(sorted(by_key.values()))
        if any(_is_bonded(atom.GetSymbol(), atom.GetAtomicNum()) for atom in molecule.GetAtoms()):
            key = f"metal:{inchi_key(molecule)}"  # InChI writes bonds to metals in one way
            return Composition(parts, key, key)
    counted = [part for part in parts if part.role != "solvent"] or list(parts)
    common = gcd(*(part.number for part in counted))
    whole = "+".join(f"{part.number // common}*{part.key}" for part in counted)
    return Composition(parts, whole, "+".join(part.key for part in counted))


def _part(fragment: "Mol") -> Part:
    from rdkit import Chem

    atoms = list(fragment.GetAtoms())
    if len(atoms) == 1 and atoms[0].GetAtomicNum() not in _NOT_METALS:
        symbol = atoms[0].GetSymbol()
        if symbol in _CARRIERS:
            return Part(symbol, f"[{symbol}]", "counter-ion", _CARRIERS[symbol])
        charge = atoms[0].GetFormalCharge()
        key = symbol if symbol in _IONIC else f"{symbol}{charge:+d}"
        return Part(key, Chem.MolToSmiles(fragment), "metal", f"{symbol} ({charge:+d})" if charge else symbol)
    if len(atoms) == 1 and atoms[0].GetAtomicNum() == 8 and atoms[0].GetFormalCharge() < 0:
        return Part("hydroxide", Chem.MolToSmiles(fragment), "counter-ion", "hydroxide or oxide")
    neutral = _neutral(fragment)
    key, smiles = inchi_key(neutral), Chem.MolToSmiles(neutral)
    if any(_is_bonded(atom.GetSymbol(), atom.GetAtomicNum()) for atom in atoms):
        return Part(key or smiles, smiles, "metal", smiles)
    role, name = _listed().get(key[:14], ("active", ""))
    return Part(key or smiles, smiles, role, name)


def _is_bonded(symbol: str, number: int) -> bool:
    """Say whether an element is a metal whose bonds are part of a substance."""
    return number not in _NOT_METALS and symbol not in _IONIC


def _neutral(fragment: "Mol") -> "Mol":
    from rdkit import Chem
    from rdkit.Chem.MolStandardize import rdMolStandardize

    if not any(atom.GetFormalCharge() for atom in fragment.GetAtoms()):
        return fragment
    try:
        uncharged = rdMolStandardize.Uncharger().uncharge(fragment)
        Chem.SanitizeMol(uncharged)
    except (Chem.MolSanitizeException, RuntimeError, ValueError):
        return fragment
    return uncharged


@cache
def _listed() -> dict[str, tuple[str, str]]:
    """Return role and name by the skeleton of an InChIKey."""
    from rdkit import Chem

    result = {}
    for role, table in (("counter-ion", _ACIDS), ("counter-ion", _BASES), ("solvent", _SOLVENTS)):
        for smiles, name in table.items():
            result[inchi_key(Chem.MolFromSmiles(smiles))[:14]] = (role, name)
    return result


def stereo_note(asked: str, drug: str, smiles: str) -> str:
    """Return in words how two InChIKeys of one skeleton compare in stereochemistry and isotopes."""
    from rdkit import Chem

    flat = "UHFFFAOYSA"
    if asked == drug:
        centres = Chem.FindMolChiralCenters(
            Chem.MolFromSmiles(smiles), includeUnassigned=True, useLegacyImplementation=False
        )
        open_ones = any(kind == "?" for _, kind in centres)
        return "stereochemistry is not stated in full, in either" if open_ones else ""
    if asked[15:25] == flat:
        return "the structure states no stereochemistry, the drug's does"
    if drug[15:25] == flat:
        return "the drug's structure states no stereochemistry"
    return "stereochemistry or isotopes differ"
