"""ADMET endpoints by ADMET-AI (Swanson et al. 2024, doi:10.1093/bioinformatics/btae416), with its own weights, offline.

41 endpoints of the Therapeutics Data Commons, each the mean of five Chemprop models, and the percentile among 2,845
approved drugs that it gives with each. It runs as a separate program: its libraries may be installed in another
environment than clinweave's. Its checkpoints are pickles of the pinned package; that program alone opens them.
"""

import csv
import importlib.util
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from clinweave.applications.molecules.prediction.structures import Refused, Structure
from clinweave.applications.molecules.prediction.tables import Table, check_out, write_table
from clinweave.core.errors import ClinweaveError, UserError

VERSION = "2.0.1"
_PROGRAM = """
import sys, warnings
warnings.filterwarnings("ignore")
import torch
torch.set_num_threads(1)
from admet_ai import ADMETModel
smiles = open(sys.argv[1], encoding="utf-8").read().split()
ADMETModel(num_workers=0).predict(smiles=smiles).to_csv(sys.argv[2], index_label="smiles")
"""


def predict_admet(
    table: Table, out: Path, python: Path | None = None, report: Path | None = None
) -> dict[str, object]:
    """Write the table with ADMET-AI's columns, or `reason`; return the counts.

    `python` is the interpreter of an environment that holds admet-ai; without it, clinweave's own is taken. `report`
    is an HTML page.
    """
    check_out(table, out)
    interpreter = _interpreter(python)
    unique = list(
        dict.fromkeys(structure.smiles for structure in table.structures if isinstance(structure, Structure))
    )
    columns, values = _run(interpreter, unique) if unique else ([], {})
    rows = [
        values.get(structure.smiles) if isinstance(structure, Structure) else None
        for structure in table.structures
    ]
    more = {name: [row[index] if row else "" for row in rows] for index, name in enumerate(columns)}
    more["notes"] = [
        "; ".join(structure.notes) if isinstance(structure, Structure) else ""
        for structure in table.structures
    ]
    more["reason"] = [
        structure.reason if isinstance(structure, Refused) else "" if row else "not answered by admet-ai"
        for structure, row in zip(table.structures, rows, strict=True)
    ]
    write_table(out, table, more)
    if report:
        _write_page(report, table, columns, rows, more["reason"])
    answered = sum(row is not None for row in rows)
    return {
        "rows": len(rows),
        "answered": answered,
        "refused": len(rows) - answered,
        "columns": len(columns),
        "out": str(out),
    }


def _write_page(
    path: Path, table: Table, columns: Sequence[str], rows: Sequence[list[str] | None], reasons: Sequence[str]
) -> None:
    from clinweave.applications.molecules.prediction.page import write_admet

    shown = []
    for number, (structure, values) in enumerate(zip(table.structures, rows, strict=True), 1):
        if values is not None and isinstance(structure, Structure):
            cells = {name: text for name, text in zip(columns, values, strict=True) if text}
            shown.append((number, structure.smiles, _numbers(cells)))
    refused = [(number, reason) for number, reason in enumerate(reasons, 1) if reason]
    write_admet(path, table.path.name, shown, refused)


def _numbers(cells: dict[str, str]) -> dict[str, float]:
    """Return the cells that are finite numbers."""
    result = {}
    for name, text in cells.items():
        try:
            value = float(text)
        except ValueError:
            continue
        if math.isfinite(value):
            result[name] = value
    return result


def _interpreter(python: Path | None) -> str:
    if python is not None:
        if not python.is_file():
            raise UserError(f"there is no Python interpreter {python}")
        return str(python)
    if importlib.util.find_spec("admet_ai") is None:
        raise UserError(
            "admet-ai is not installed: pip install 'clinweave[admet]', or name the interpreter of an environment "
            "that has it with --python"
        )
    return sys.executable


def _run(interpreter: str, smiles: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of the columns, and each structure's values."""
    with tempfile.TemporaryDirectory() as folder:
        input_path, output_path = Path(folder, "in.smi"), Path(folder, "out.csv")
        input_path.write_text("\n".join(smiles), "utf-8")
        quiet = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
        command = [interpreter, "-c", _PROGRAM, str(input_path), str(output_path)]
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if done.returncode or not output_path.is_file():
            message = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise ClinweaveError(f"admet-ai failed: {message}")
        with output_path.open(encoding="utf-8", newline="") as stream:
            lines = list(csv.reader(stream))
    return lines[0][1:], {line[0]: line[1:] for line in lines[1:]}
