"""Featurise SMILES in Arrow batches (standard form, graph, properties), for any engine that maps batches."""

import numpy as np
import pyarrow as pa

from clinweave.applications.molecules.graphs import ATOM_FEATURES, Graphs, graphs_of
from clinweave.applications.molecules.molecule import standardise
from clinweave.applications.molecules.properties import PROPERTIES, properties_of

FEATURES = pa.schema(
    [
        ("given", pa.string()),
        ("smiles", pa.string()),  # null where refused
        ("reason", pa.string()),  # empty where not
        ("atoms", pa.list_(pa.int8())),  # rows of `ATOM_FEATURES`, one after another
        ("bonds", pa.list_(pa.int16())),  # begin, end, kind, one after another
        *((name, pa.float32()) for name in PROPERTIES),
    ]
)


def featurise(batch: pa.RecordBatch, *, column: str = "smiles", parent: bool = False) -> pa.RecordBatch:
    """Return a row of `FEATURES` for each row of `batch[column]`, in order; a refused one has nulls and a reason."""
    from rdkit import Chem

    rows: list[dict[str, object]] = []
    for number, text in enumerate(batch.column(column).to_pylist(), 1):
        answer = standardise(text or "", row=number, parent=parent)
        row: dict[str, object] = {"given": text, "smiles": answer.smiles, "reason": answer.reason}
        if answer.smiles:
            molecule = Chem.MolFromSmiles(answer.smiles)
            graph = graphs_of([molecule])
            row["atoms"] = graph.atoms.ravel().tolist()
            row["bonds"] = np.column_stack([graph.ends, graph.kinds]).ravel().tolist()
            row |= dict(zip(PROPERTIES, properties_of(molecule), strict=True))
        rows.append(row)
    return pa.RecordBatch.from_pylist(rows, schema=FEATURES)


def graphs_from(batch: pa.RecordBatch) -> Graphs:
    """Return the graphs of the rows that have one."""
    atoms = [np.array(values, np.int8) for values in batch.column("atoms").to_pylist() if values]
    bonds = [
        np.array(values, np.int64).reshape(-1, 3)
        for values in batch.column("bonds").to_pylist()
        if values is not None
    ]
    table = np.concatenate(bonds) if bonds else np.zeros((0, 3), np.int64)
    return Graphs(
        np.array([len(values) // len(ATOM_FEATURES) for values in atoms], np.int64),
        np.array([len(values) for values in bonds], np.int64),
        np.concatenate(atoms).reshape(-1, len(ATOM_FEATURES))
        if atoms
        else np.zeros((0, len(ATOM_FEATURES)), np.int8),
        table[:, :2],
        table[:, 2].astype(np.int8),
    )
