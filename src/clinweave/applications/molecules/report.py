"""HTML report of a generated set: MOSES metrics, learning curve, property histograms, drawings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.applications.molecules.files import Cell
from clinweave.applications.molecules.grid import MAX_MOLECULES, MoleculeGrid
from clinweave.applications.molecules.metrics.moses import PUBLISHED
from clinweave.applications.molecules.molecule import parse
from clinweave.applications.molecules.properties import PROPERTIES, properties_of, property_table
from clinweave.applications.molecules.structure_filters import alerts
from clinweave.core.reports.blocks import Figure, Gallery, Report, Section, Table, write_report
from clinweave.core.reports.plots import Series, histogram, line_plot

if TYPE_CHECKING:
    from rdkit.Chem import Mol

_COLUMNS = ("valid", "unique@1k", "unique@10k", "Novelty", "Filters", "FCD/Test", "FCD/TestSF", "SNN/Test",
            "SNN/TestSF", "Frag/Test", "Scaf/Test", "Scaf/TestSF", "IntDiv", "IntDiv2")  # fmt: skip
_CURVES = {
    "held_free": "string alone",
    "held_whole": "with the graph",
    "held_scaffold": "with the scaffold",
}


def write_page(  # noqa: PLR0917
    path: Path,
    title: str,
    smiles: Sequence[str],
    measured: Mapping[str, object] | None = None,
    history: Sequence[Mapping[str, object]] = (),
    names: Mapping[str, str] | None = None,
) -> Path:
    """Write the page with all molecules that can be read, in their order; `names` are those of known drugs."""
    parsed = [(text, parse(text)) for text in smiles[:MAX_MOLECULES]]
    shown = [(text, molecule) for text, molecule in parsed if not isinstance(molecule, str)]
    sections = []
    if measured:
        sections.append(Section("MOSES measures", [measures_table({"this set": measured})]))
    if history:
        sections.append(Section("Learning", [learning_curve(history)]))
    if shown:
        molecules = [molecule for _, molecule in shown]
        sections.append(Section("Properties", [property_histograms(molecules)]))
        sections.append(
            Section(f"{len(shown):,} molecules", [_grid(shown, names or {})], note=_left_out(smiles, shown))
        )
    caution = "Nothing here says that a molecule is safe or active."
    return write_report(Report(title, "molecules", (), caution, sections), path)


def _grid(shown: "Sequence[tuple[str, Mol]]", names: Mapping[str, str]) -> MoleculeGrid:
    rows: list[dict[str, Cell]] = []
    for text, molecule in shown:
        values = zip(PROPERTIES, properties_of(molecule), strict=True)
        rows.append({
            "drug": names.get(text, ""), **{name: round(value, 3) for name, value in values},
            "alerts": "; ".join(alerts(molecule)),
        })  # fmt: skip
    return MoleculeGrid([text for text, _ in shown], rows)


def _left_out(smiles: Sequence[str], shown: "Sequence[tuple[str, Mol]]") -> str:
    invalid, later = len(smiles[:MAX_MOLECULES]) - len(shown), max(0, len(smiles) - MAX_MOLECULES)
    parts = [
        f"{invalid:,} that cannot be read" if invalid else "",
        f"{later:,} behind the first {MAX_MOLECULES:,}" if later else "",
    ]
    return f"Not drawn: {', '.join(filter(None, parts))}." if any(parts) else ""


def measures_table(sets: Mapping[str, Mapping[str, object]], note: str = "") -> Table:
    """Return MOSES' measures, one column per set, with the published ones and the floor of FCD."""
    columns = {f"{name} ({row['drawn']:,})": row for name, row in sets.items()}
    columns |= {f"{name} (published, 30,000)": row for name, row in PUBLISHED.items()}

    def cells(key: str) -> list[str]:
        return ["" if row.get(key) is None else f"{row[key]:.3f}" for row in columns.values()]

    rows = [(name, *cells(name)) for name in _COLUMNS]
    rows.insert(_COLUMNS.index("FCD/Test") + 1, ("... of as many real molecules", *cells("FCD floor")))
    floor = "FCD is biased upwards in small samples: compare it with the floor, never across sizes."
    return Table(("", *columns), rows, note=f"{floor} {note}".strip())


def learning_curve(history: Sequence[Mapping[str, Any]]) -> Figure:
    """Return held-out nats over molecules seen."""
    seen = [row["molecules"] for row in history]
    last = history[-1]
    lines = [
        Series(f"{name}: {last[key]:.2f}", seen, [row[key] for row in history])
        for key, name in _CURVES.items()
    ]
    title = "Held-out nats for a molecule"
    return Figure(line_plot(lines, title, "molecules", "nats"), title)


def property_histograms(molecules: "Sequence[Mol]") -> Gallery:
    """Return a histogram for each property of RDKit molecules."""
    table = property_table(molecules[:1000])
    return Gallery(
        [
            Figure(
                histogram(table[:, number].tolist(), name, width=2.8),
                f"{name}: {explained}; mean {float(table[:, number].mean()):.2f}",
            )
            for number, (name, explained) in enumerate(PROPERTIES.items())
        ]
    )


def drawing(molecule: "Mol", width: int = 190, height: int = 150) -> str:
    """Return a structure as SVG."""
    from rdkit.Chem.Draw import rdMolDraw2D

    canvas: Any = rdMolDraw2D.MolDraw2DSVG(width, height)
    canvas.drawOptions().clearBackground = False
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, molecule)
    canvas.FinishDrawing()
    return str(canvas.GetDrawingText()).partition("?>")[2]
