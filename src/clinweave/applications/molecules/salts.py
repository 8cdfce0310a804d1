"""The part of a salt or solvate that a search starts from."""

from clinweave.applications.molecules.molecule import parse


def without_counter_ions(smiles: str) -> tuple[str, str]:
    """Return the one active part of a salt or solvate, neutral, and a note that names what was left out.

    Any other SMILES, mixtures included, comes back as it is, with "" as note.
    """
    if "." not in smiles:
        return smiles, ""
    from clinweave.applications.molecules.drugs.parts import composition

    molecule = parse(smiles.strip())
    if isinstance(molecule, str):
        return smiles, ""
    parts = composition(molecule)
    active = parts.active
    if active is None or len(parts.parts) < 2:
        return smiles, ""
    return active.smiles, f"{parts.others(active)} left out: the search is of {active.smiles}"
