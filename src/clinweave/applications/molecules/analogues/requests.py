"""What analogues are asked for: lead, what stays, what may change, similarity and windows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clinweave.applications.molecules.molecule import standardise
from clinweave.applications.molecules.patterns import smarts_pattern
from clinweave.applications.molecules.salts import without_counter_ions
from clinweave.applications.molecules.windows import Window, parse_window, parse_windows
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_LEAD = 70  # heavy atoms
ANY_SIMILARITY = Window(0.0, 1.0)


@dataclass(frozen=True)
class AnalogueRequest:
    """See `analogue_request`. `site` holds the atoms of the lead (from 0) that may change, None: all."""

    lead: str
    molecule: "Mol"
    keep: "Mol | None" = None
    site: frozenset[int] | None = None
    rest: "Mol | None" = None  # query for all atoms that may not change
    similarity: Window = ANY_SIMILARITY
    windows: Mapping[str, Window] = field(default_factory=dict)
    count: int = 200
    note: str = ""  # what of the lead was left out: counter-ions, solvents


def analogue_request(
    lead: str, *, keep: str = "", change: str = "", similarity: str = "", window: str = "", count: int = 200
) -> AnalogueRequest:
    """Return the request that options describe.

    `keep` is SMARTS that every analogue has; `change` SMARTS (or atom numbers of the lead, from 1) of all that may
    change; `similarity` a window of the Tanimoto similarity to the lead (Morgan, radius 2, 2,048 bits); `window` one of
    properties. Of a salt or solvate the active part is the lead. Raises `UserError` for a lead, pattern or window that
    cannot be.
    """
    from rdkit import Chem

    if count < 1:
        raise UserError(f"--n {count}: ask for at least one analogue")
    lead, note = without_counter_ions(lead)
    answer = standardise(lead, most=MAX_LEAD)
    if answer.smiles is None:
        raise UserError(f"--lead {lead}: {answer.reason}")
    molecule: Mol = Chem.MolFromSmiles(lead.strip())
    pattern = smarts_pattern(keep, "--required-substructure") if keep else None
    if pattern is not None and not molecule.HasSubstructMatch(pattern):
        raise UserError(f"--required-substructure {keep}: the lead {answer.smiles} does not contain it")
    site = _site(molecule, change) if change else None
    alike = parse_window(similarity, "--similarity") if similarity else ANY_SIMILARITY
    bounded = Window(max(alike.low, 0.0), min(alike.high, 1.0))
    if bounded.low > bounded.high:
        raise UserError(f"--similarity {similarity}: similarities lie between 0 and 1")
    rest = None if site is None else _rest(molecule, site)
    return AnalogueRequest(
        answer.smiles, molecule, pattern, site, rest, bounded, parse_windows(window), count, note
    )


def _site(molecule: "Mol", change: str) -> frozenset[int]:
    numbers = change.replace(",", " ").split()
    if all(number.isdigit() for number in numbers):
        atoms = frozenset(int(number) - 1 for number in numbers)
        if not atoms <= set(range(molecule.GetNumAtoms())):
            raise UserError(f"--change {change}: the lead has the atoms 1 to {molecule.GetNumAtoms()}")
        return atoms
    matches = molecule.GetSubstructMatches(smarts_pattern(change, "--change"))
    if not matches:
        raise UserError(f"--change {change}: the lead does not contain it")
    return frozenset(atom for match in matches for atom in match)


def _rest(molecule: "Mol", site: frozenset[int]) -> "Mol | None":
    """Return a query for the atoms outside the site, bonded as they are in the lead; None where none are left."""
    from rdkit import Chem

    kept = [atom for atom in range(molecule.GetNumAtoms()) if atom not in site]
    if not kept:
        raise UserError("--change names every atom of the lead: leave it out")
    query = Chem.MolFromSmarts(Chem.MolFragmentToSmarts(molecule, kept))
    if query is not None:
        Chem.GetSymmSSSR(query)
    return query
