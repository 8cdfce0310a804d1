"""A block of a page that draws every molecule: sorted and filtered in the browser, structures copied as SMILES.

The drawings are packed (gzip, base64) within the page, which opens no connection.
"""

import base64
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar

from clinweave.applications.molecules.files import Cell

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_MOLECULES = 10_000  # molecules of one page; each takes about 1 kB


@dataclass(frozen=True)
class MoleculeGrid:
    """Molecules (SMILES that RDKit reads) and their columns, in the order in which they are first shown."""

    smiles: Sequence[str]
    rows: Sequence[Mapping[str, Cell]]
    template: ClassVar[str] = "html"

    def html(self) -> str:
        """Return the block: controls, a place for the cards, the packed data, style and script."""
        from clinweave.applications.molecules.molecule import parse

        smiles, drawings, rows = [], [], []
        columns = list(dict.fromkeys(name for row in self.rows[:MAX_MOLECULES] for name in row))
        for text, row in zip(self.smiles[:MAX_MOLECULES], self.rows[:MAX_MOLECULES], strict=True):
            molecule = parse(text)
            if isinstance(molecule, str):
                continue
            smiles.append(text)
            drawings.append(compact_drawing(molecule))
            rows.append([row.get(name) for name in columns])
        data = {"columns": columns, "rows": rows, "smiles": smiles, "drawings": drawings}
        packed = base64.b64encode(gzip.compress(json.dumps(data, separators=(",", ":")).encode(), mtime=0))
        cut = len(self.smiles) - MAX_MOLECULES
        note = (
            f'<p class="note">The first {MAX_MOLECULES:,}; {cut:,} more are in the file alone.</p>'
            if cut > 0
            else ""
        )
        hidden = " hidden" if len(smiles) < 2 else ""  # nothing to sort or filter
        return (
            f'<div class="molecules"><style>{_part("grid.css")}</style>{note}<div class="controls"{hidden}>'
            '<input type="search" class="find" aria-label="filter" '
            'placeholder="filter: a word, or logp&lt;3, qed&gt;=0.6">'
            '<label>sort by <select class="sort"><option value="-1">given order</option></select></label>'
            '<button type="button" class="turn">ascending</button>'
            '<button type="button" class="all">copy all SMILES</button><span class="count"></span></div>'
            "<noscript>The drawings need JavaScript; the file has every molecule.</noscript>"
            f'<div class="cards"></div><div class="end"></div>'
            f'<script type="application/octet-stream" class="data">{packed.decode()}</script>'
            f"<script>{_part('grid.js')}</script></div>"
        )


@cache
def _part(name: str) -> str:
    return files("clinweave.applications.molecules").joinpath("templates", name).read_text("utf-8").strip()


def compact_drawing(molecule: "Mol") -> str:
    """Return a structure as SVG without what a page does not need."""
    from clinweave.applications.molecules.report import drawing

    svg = drawing(molecule, 220, 165)
    svg = re.sub(r"<!--.*?-->|\sclass='[^']*'|\s(?:xml:space|baseProfile|version|xmlns:\w+)='[^']*'", "", svg)
    return re.sub(r"\s+", " ", svg).strip()
