"""Vectors of texts."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from clinweave.batch.contract import Batches, Transform
from clinweave.core.artifacts import home


@dataclass(frozen=True)
class Embed:
    """Unit vectors of texts by the fetched sentence encoder (all-MiniLM-L6-v2), as 16-bit floats."""

    version: ClassVar[int] = 1
    needs: ClassVar[pa.Schema] = pa.schema([pa.field("text", pa.string(), nullable=False)])

    @property
    def gives(self) -> pa.Schema:
        """Return the vector."""
        from clinweave.knowledge import DIMENSIONS

        return pa.schema([("vector", pa.list_(pa.float16(), DIMENSIONS))])

    def key(self) -> str:
        """Return the hash of the encoder's weights."""
        from clinweave.knowledge import SentenceEncoder

        return SentenceEncoder.open(home()).key

    def open(self) -> Transform:
        """Return the encoder as a function over batches."""
        import numpy as np

        from clinweave.knowledge import SentenceEncoder

        encoder = SentenceEncoder.open(home())

        def encoded(batches: Batches) -> Batches:
            for batch in batches:
                vectors = encoder.encode(batch.column("text").to_pylist()).astype(np.float16)
                column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
                yield pa.RecordBatch.from_arrays([column], schema=self.gives)

        return encoded
