"""Read the stored passages of one document, in order: the surroundings of a passage that an answer cites."""

from typing import TYPE_CHECKING

from clinweave.records import Passage

if TYPE_CHECKING:
    from clinweave.knowledge.retrieval.text_index import TextIndex

MAX_PASSAGES = 400  # of a document; more are not returned


def document_passages(index: "TextIndex", document: str) -> list[Passage]:
    """Return the passages of a document in the order in which they were stored, at most `MAX_PASSAGES`.

    `document` is that of a passage; what follows "#" (a page, an entry) is a part of the same document. An unknown
    document has no passages. Only the collections that the index was opened with are read.
    """
    name = document.partition("#")[0]
    if not name:
        return []
    passages: list[Passage] = []
    for part in index.manifest["parts"]:
        for row in index.rows_of_document(part, name):
            passages.append(index.passage(part, row))
            if len(passages) == MAX_PASSAGES:
                return passages
    return passages
