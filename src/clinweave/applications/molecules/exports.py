"""Files of generated molecules and of latent fingerprints, in the format that their ending names."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.files import Cell, check_output, write_molecules
from clinweave.applications.molecules.molecule import Molecule, parse
from clinweave.applications.molecules.properties import PROPERTIES, properties_of
from clinweave.core.artifacts import appearing

if TYPE_CHECKING:
    from clinweave.applications.molecules.drugs import Match


def write_generated(path: Path, smiles: Sequence[str], drugs: "Mapping[str, Match]") -> None:
    """Write molecules and the names of those that are known drugs; unless it is a .smi also their properties, alerts
    (Brenk, BMS, PAINS) and classes named by law."""
    names = {text: match.name for text, match in drugs.items()}
    if path.name.lower().removesuffix(".gz").endswith(".smi"):
        write_molecules(path, ["smiles", "name"], [(text, names.get(text, "")) for text in smiles])
        return
    from clinweave.applications.molecules.structure_filters import alerts, matched_classes

    rows: list[tuple[Cell, ...]] = []
    for text in smiles:
        molecule = parse(text)
        flags = "; ".join(alerts(molecule)), "; ".join(matched_classes(molecule))
        rows.append(
            (text, names.get(text, ""), *(round(value, 3) for value in properties_of(molecule)), *flags)
        )
    write_molecules(path, ["smiles", "drug", *PROPERTIES, "alerts", "controlled"], rows)


def write_latents(
    path: Path, rows: Sequence[Molecule], reasons: Sequence[str], latents: NDArray[np.float32]
) -> None:
    """Write row, SMILES, reason and latent (B, latent): one list in Parquet, else a column for each number."""
    check_output(path)
    if path.suffix.lower() in {".parquet", ".pq"}:
        _write_lists(path, rows, reasons, latents)
        return
    header = ["row", "smiles", "reason", *(f"latent_{number}" for number in range(latents.shape[1]))]
    table = []
    for row, reason, latent in zip(rows, reasons, latents, strict=True):
        numbers = [float(value) if np.isfinite(value) else None for value in latent]
        table.append([row.row, row.smiles or row.given, reason, *numbers])
    write_molecules(path, header, table, 1)


def _write_lists(
    path: Path, rows: Sequence[Molecule], reasons: Sequence[str], latents: NDArray[np.float32]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    valid = np.isfinite(latents[:, 0])
    lists = [latent.tolist() if is_valid else None for latent, is_valid in zip(latents, valid, strict=True)]
    table = pa.table({
        "row": [row.row for row in rows],
        "smiles": [row.smiles for row in rows],
        "reason": list(reasons),
        "latent": pa.array(lists, pa.list_(pa.float32())),
    })  # fmt: skip
    with appearing(path) as work:
        pq.write_table(table, work)
