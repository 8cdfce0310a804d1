"""A small world of molecules with a grammar that a tiny network learns in seconds."""

from itertools import product

RINGS = ("c1ccc({})cc1{}", "c1ccnc({})c1{}", "C1CCN({})CC1{}", "c1cc({})sc1{}", "C1CC({})C1{}")
ARMS = (
    "C",
    "CC",
    "CO",
    "OC",
    "C(C)C",
    "CN",
    "C(=O)O",
    "C#N",
    "CCl",
    "CF",
    "C(=O)NC",
    "CCO",
    "C(N)=O",
    "CS",
    "CCC",
)


def smiles_set(count: int) -> list[str]:
    """Return distinct canonical SMILES."""
    from rdkit import Chem

    texts = [
        ring.format(left, right + more) for ring, left, right, more in product(RINGS, ARMS, ARMS, ("", *ARMS))
    ]
    found: dict[str, None] = {}
    for text in texts[:: max(1, len(texts) // (2 * count))]:
        molecule = Chem.MolFromSmiles(text)
        if molecule is not None:
            found.setdefault(Chem.MolToSmiles(molecule))
    return list(found)[:count]
