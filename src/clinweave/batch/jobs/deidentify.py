"""Pseudonymise notes."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from clinweave.batch.contract import Batches, Transform
from clinweave.batch.jobs.link import graph_key
from clinweave.core.artifacts import home, sha256
from clinweave.core.typed import path_key


@dataclass(frozen=True)
class Deidentify:
    """Notes with names, dates, numbers, contacts, places and ages over 89 replaced, as `clinweave deidentify` does.

    `patient` of a row shifts its dates, all of one patient by the same amount. `secret`: the file of the secret key
    (home/deid.key if not given); `graph`: of the names of concepts, which protect clinical terms.
    """

    secret: str = field(default="", metadata=path_key())
    graph: str = field(default="", metadata=path_key())

    version: ClassVar[int] = 1
    needs: ClassVar[pa.Schema] = pa.schema(
        [pa.field("text", pa.string(), nullable=False), ("patient", pa.string())]
    )

    @property
    def gives(self) -> pa.Schema:
        """Return the note, its state ("pseudonymised") and how many stretches of each kind were replaced, as JSON."""
        return pa.schema([("text", pa.string()), ("state", pa.string()), ("replaced", pa.string())])

    def key(self) -> str:
        """Return a hash of the secret key, which is made if there is none, and of the graph."""
        from clinweave.patients import key_at

        key_at(self._secret())
        return f"{sha256(self._secret())[:16]} {graph_key(self._graph())}"

    def open(self) -> Transform:
        """Return the rules as a function over batches."""
        from clinweave.knowledge import Graph, Linker
        from clinweave.patients import Pseudonymiser, key_at

        rules = Pseudonymiser(key_at(self._secret(), create=False), Linker.open(Graph.open(self._graph())))

        def pseudonymised(batches: Batches) -> Batches:
            for batch in batches:
                columns = (batch.column(name).to_pylist() for name in ("text", "patient"))
                notes = [rules.note(text, patient or "") for text, patient in zip(*columns, strict=True)]
                counts = [json.dumps(note.counts(), sort_keys=True) for note in notes]
                yield pa.RecordBatch.from_pydict(
                    {"text": [n.text for n in notes], "state": [n.state for n in notes], "replaced": counts},
                    schema=self.gives,
                )

        return pseudonymised

    def _secret(self) -> Path:
        return Path(self.secret or home() / "deid.key").resolve()

    def _graph(self) -> Path:
        return Path(self.graph or home() / "graph").resolve()
