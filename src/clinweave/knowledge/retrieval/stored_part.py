"""The stored passages of one collection: one Arrow file, or one for each shard, fetched by row.

A row's number holds its shard's above the lowest 32 bits, so shards can be built apart and joined in any order; the
only file of a collection without shards is shard 0.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from clinweave.core.errors import UserError
from clinweave.records import Passage, Tier

SHARD_BITS = 32  # lowest bits of a stored row's number; above them is the number of its shard
CHUNK = 1000  # passages per batch of a part's file; a row is found by it


def part_name(part: str, shard: str = "0") -> str:
    """Return the name of the file with the passages of a part, or of one shard of it."""
    return f"{part}.arrow" if shard == "0" else f"{part}.{shard}.arrow"


def open_part(path: Path, part: str, shard: str = "0") -> pa.RecordBatchFileReader:
    """Return the passages of one part, memory-mapped, in batches of `CHUNK` (the last may be shorter)."""
    file = path / "parts" / part_name(part, shard)
    try:
        return pa.ipc.open_file(pa.memory_map(str(file)))
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(
            f"the text index in {path} is damaged ({file.name} cannot be read); delete it and run "
            "`clinweave index build`"
        ) from error


class StoredPart:
    """Passages mapped from disk, fetched by row at a cost that does not grow with their number."""

    def __init__(self, path: Path, name: str, shards: Sequence[str] = ()) -> None:
        self._files = {int(shard, 16): open_part(path, name, shard) for shard in shards or ("0",)}
        self._names = next(iter(self._files.values())).schema.names
        self._id = self._names.index("id")
        self._kept: dict[tuple[int, int], list[pa.Array]] = {}

    def __len__(self) -> int:
        return sum(self._length(shard) for shard in self._files)

    def rows(self) -> Iterator[int]:
        """Yield the number of every row, in order."""
        for shard in self._files:
            first = shard << SHARD_BITS
            yield from range(first, first + self._length(shard))

    def id(self, row: int) -> str:
        """Return the id of the passage in this row."""
        columns, offset = self._at(row)
        return str(columns[self._id][offset])

    def passage(self, row: int) -> tuple[Passage, list[str]]:
        """Return a stored passage and the concepts that were linked in it."""
        columns, offset = self._at(row)
        values = {name: column[offset].as_py() for name, column in zip(self._names, columns, strict=True)}
        linked = values.pop("linked")
        values.update(concepts=tuple(values["concepts"]), tier=Tier(values["tier"]))
        return Passage(**values), linked

    def of_document(self, name: str) -> Iterator[int]:
        """Yield the rows whose document is `name`, or a part of it (`name#...`), in order."""
        for shard, file in self._files.items():
            column = file.schema.get_field_index("document")
            for batch in range(file.num_record_batches):
                documents = file.get_batch(batch).column(column)
                if pa.types.is_dictionary(documents.type):
                    documents = documents.dictionary_decode()
                same = pc.or_(pc.equal(documents, name), pc.starts_with(documents, f"{name}#"))
                for offset in pc.indices_nonzero(same).to_pylist():
                    yield (shard << SHARD_BITS) + batch * CHUNK + offset

    def _length(self, shard: int) -> int:
        last = self._files[shard].num_record_batches - 1
        return last * CHUNK + len(self._columns(shard, last)[0]) if last >= 0 else 0

    def _at(self, row: int) -> tuple[list[pa.Array], int]:
        within = row & ((1 << SHARD_BITS) - 1)
        return self._columns(row >> SHARD_BITS, within // CHUNK), within % CHUNK

    def _columns(self, shard: int, batch: int) -> list[pa.Array]:
        if (shard, batch) not in self._kept:
            self._kept[shard, batch] = self._files[shard].get_batch(batch).columns
        return self._kept[shard, batch]
