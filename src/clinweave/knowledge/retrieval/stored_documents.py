"""Read the stored passages of one document, in order: the surroundings of a passage that an answer cites."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.knowledge.retrieval.index_store import CHUNK, open_part
from clinweave.records import Passage

if TYPE_CHECKING:
    from clinweave.knowledge.retrieval.text_index import TextIndex

MOST_PASSAGES = 400  # of a document; more are not returned


def document_passages(index: "TextIndex", document: str) -> list[Passage]:
    """Return the passages of a document in the order in which they were stored, at most `MOST_PASSAGES`.

    `document` is that of a passage; what follows "#" (a page, an entry) is a part of the same document. An unknown
    document has no passages. Only the collections that the index was opened with are read.
    """
    name = document.partition("#")[0]
    if not name:
        return []
    passages: list[Passage] = []
    for part in index.manifest["parts"]:
        for row in _rows(index.path, part, name):
            passages.append(index.passage(part, row))
            if len(passages) == MOST_PASSAGES:
                return passages
    return passages


def _rows(folder: Path, part: str, name: str) -> Iterator[int]:
    """Yield the rows of a part whose document is `name`, or a part of it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    file = open_part(folder, part)
    column = file.schema.get_field_index("document")
    for batch in range(file.num_record_batches):
        documents = file.get_batch(batch).column(column)
        if pa.types.is_dictionary(documents.type):
            documents = documents.dictionary_decode()
        same = pc.or_(pc.equal(documents, name), pc.starts_with(documents, f"{name}#"))
        for offset in pc.indices_nonzero(same).to_pylist():
            yield batch * CHUNK + offset
