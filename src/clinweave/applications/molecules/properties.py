"""Properties for conditional generation: the condition vector, each property as RDKit defines it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

# name -> what it is, with unit
PROPERTIES: dict[str, str] = {
    "weight": "molecular weight, Da",
    "logp": "octanol-water partition, Wildman-Crippen 1999",
    "tpsa": "topological polar surface area, square angstrom, Ertl 2000",
    "qed": "quantitative estimate of drug-likeness, 0 to 1, Bickerton 2012",
    "rings": "rings (smallest set)",
    "donors": "hydrogen-bond donors",
    "acceptors": "hydrogen-bond acceptors",
}
# centre and spread by which values are standardised: rounded mean and deviation of 100,000 MOSES molecules
_CENTRE = np.array([307.0, 2.44, 65.0, 0.81, 2.6, 1.2, 4.1], np.float32)
_SPREAD = np.array([28.0, 0.95, 18.0, 0.09, 0.8, 0.8, 1.2], np.float32)


def properties_of(molecule: "Mol", *, qed: bool = True) -> list[float]:
    """Return the values in the order of `PROPERTIES`; QED takes 1.3 of 1.6 milliseconds and may be left out (NaN)."""
    from rdkit.Chem import QED, rdMolDescriptors

    rd: Any = rdMolDescriptors
    drug_likeness: Any = QED.qed

    return [
        float(rd._CalcMolWt(molecule)),
        float(rd.CalcCrippenDescriptors(molecule)[0]),
        float(rd.CalcTPSA(molecule)),
        float(drug_likeness(molecule)) if qed else float("nan"),
        float(rd.CalcNumRings(molecule)),
        float(rd.CalcNumHBD(molecule)),
        float(rd.CalcNumHBA(molecule)),
    ]


def standardised(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values (B, 7) as deviations from the centre; a missing one stays NaN."""
    return ((values - _CENTRE) / _SPREAD).astype(np.float32)


def condition_vector(conditions: Mapping[str, float] | None) -> NDArray[np.float32]:
    """Return the vector (7,) of wanted values, NaN where none is wanted. Raises `UserError` on an unknown name."""
    values = np.full(len(PROPERTIES), np.nan, np.float32)
    names = list(PROPERTIES)
    for name, value in (conditions or {}).items():
        if name not in PROPERTIES:
            raise UserError(f"no property {name!r}: choose from {', '.join(names)}")
        values[names.index(name)] = value
    return values


def parse_condition(text: str) -> dict[str, float]:
    """Return {"logp": 2.5, "qed": 0.9} of "logp=2.5,qed=0.9". Raises `UserError` on anything else."""
    conditions: dict[str, float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, sign, value = item.partition("=")
        try:
            number = float(value) if sign else float("nan")
        except ValueError:
            number = float("nan")
        if not np.isfinite(number):
            raise UserError(f"--condition {item}: expected NAME=NUMBER, such as logp=2.5")
        if name.strip().lower() in conditions:
            raise UserError(f"--condition names {name.strip().lower()!r} twice")
        conditions[name.strip().lower()] = number
    condition_vector(conditions)
    return conditions


def property_table(molecules: "Sequence[Mol]", *, qed: bool = True) -> NDArray[np.float32]:
    """Return the values (B, 7) of RDKit molecules."""
    rows = [properties_of(molecule, qed=qed) for molecule in molecules]
    return np.array(rows, np.float32).reshape(-1, len(PROPERTIES))
