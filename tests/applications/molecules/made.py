"""A small world of molecules with a grammar that a tiny network learns in seconds."""

import base64
import gzip
import json
import re
from itertools import product
from pathlib import Path

RINGS = ("c1ccc({})cc1{}", "c1ccnc({})c1{}", "C1CCN({})CC1{}", "c1cc({})sc1{}", "C1CC({})C1{}")
ARMS = ("C", "CC", "CO", "C(C)C", "CN", "C(=O)O", "C#N", "CCl", "CF", "CCO", "C(N)=O", "CS", "CCC")
LINKS = ("", "C", "CC", "CO", "C(=O)N", "CNC")


def smiles_set(count: int) -> list[str]:
    """Return distinct canonical SMILES, the same ones for the same count."""
    from rdkit import Chem

    texts = [ring.format(left, link + right) for ring, left, link, right in product(RINGS, ARMS, LINKS, ARMS)]
    result = dict.fromkeys(
        Chem.MolToSmiles(Chem.MolFromSmiles(text)) for text in texts[:: len(texts) // (2 * count) or 1]
    )
    return list(result)[:count]


def grid_data(page: Path) -> dict[str, list]:
    """Return what a page packs of its molecules: smiles, columns, rows, drawings."""
    (grid,) = grids(page)
    return grid


def grids(page: Path) -> list[dict[str, list]]:
    """Return what each grid of a page packs of its molecules."""
    packed = re.findall(r'class="data">([^<]+)</script>', page.read_text("utf-8"))
    return [json.loads(gzip.decompress(base64.b64decode(text))) for text in packed]
