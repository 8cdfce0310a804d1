"""Running text for continued pre-training: definitions, and sentences on each recorded fact of a disease."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import TYPE_CHECKING

from clinweave.datasets.examples import Example, Kind, identify
from clinweave.datasets.instructions import Writer
from clinweave.knowledge import verbalise

if TYPE_CHECKING:
    from clinweave.knowledge import Graph


def text_examples(
    writer: Writer, diseases: Iterable[str], *, passages: int, seed: int = 0
) -> Iterator[Example]:
    """Yield one text for each trained disease (held-out facts left out), then up to `passages` definitions."""
    graph = writer.graph
    for disease in diseases:
        if writer.splits.of(disease) != "train":
            continue
        visible = writer.visible(disease)
        rows = [row for relations in writer.facts(disease).values() for row in relations if visible(row)]
        if rows:
            random = Random(f"{seed}/text/{disease}")  # noqa: S311
            random.shuffle(rows)
            yield _text(" ".join(verbalise(graph, row) for row in rows[:20]), disease, rows[0].source)
    yield from _definitions(graph, writer, passages)


def _definitions(graph: "Graph", writer: Writer, count: int) -> Iterator[Example]:
    for passage in graph.passages():
        if count < 1:
            return
        about, text = passage.concepts or (passage.document,), f"{passage.title}: {passage.text}"
        if all(
            writer.splits.of(concept) == "train" and not writer.tells_held_out(concept, text)
            for concept in about
        ):
            count -= 1
            yield _text(text, passage.document, passage.source)


def _text(text: str, about: str, source: str) -> Example:
    return Example(
        f"text-{identify(text)}", Kind.TEXT, "text", (), text, concepts=(about,), cluster=about, origin=source
    )
