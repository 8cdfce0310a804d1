"""Retrievers: each finds evidence for a question, and is found by its name.

To add one, write a module with a class that follows `Retriever` and can be made from the opened parts of a knowledge
base (`KnowledgeParts`), and name it: in `BUILT_IN` here, or in another package under the entry point group
`clinweave.retrievers` (`mine = "package.module:MyRetriever"`). It is then a choice of `--knowledge`, of
`KnowledgeBase.ask(retrievers=...)` and an arm of a comparison.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clinweave.core.artifacts import MANIFEST, write_json
from clinweave.core.errors import UserError
from clinweave.core.plugins import ExtensionPoint
from clinweave.records import Evidence

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph
    from clinweave.knowledge.linking.linker import Linker
    from clinweave.knowledge.query import Query
    from clinweave.knowledge.retrieval.text_index import TextIndex

JOINED = "joined"  # where a batch job joins the shards of an index
BUILT_IN = {
    "graph": "clinweave.knowledge.retrieval.graph_facts:GraphRetriever",
    "text": "clinweave.knowledge.retrieval.text_retriever:TextRetriever",
    "hybrid": "clinweave.knowledge.retrieval.hybrid_retriever:HybridRetriever",
    "structures": "clinweave.applications.molecules.drugs.evidence:StructureRetriever",
}
ALIASES: dict[str, tuple[str, ...]] = {"both": ("graph", "text"), "none": ()}


class Retriever(Protocol):
    """Finds evidence for a question. It sees the question alone, is deterministic, and opens nothing by itself."""

    name: str

    def retrieve(self, query: "Query", *, limit: int) -> list[Evidence]:
        """Return at most `limit` items, the most relevant first; ids are those of this list and may be renumbered."""
        ...


class KnowledgeParts(Protocol):
    """The parts of a knowledge base that a retriever is made from; each is opened when it is first read.

    A part that was not built raises `UserError` naming the command that builds it.
    """

    @property
    def home(self) -> Path:
        """Return the folder for everything fetched or built."""
        ...

    def has(self, part: str) -> bool:
        """Return whether a part ("graph" or "index") was built."""
        ...

    @property
    def graph(self) -> "Graph":
        """Return the knowledge graph."""
        ...

    @property
    def linker(self) -> "Linker":
        """Return the linker of the graph."""
        ...

    @property
    def index(self) -> "TextIndex":
        """Return the text index."""
        ...


RetrieverFactory = Callable[[KnowledgeParts], Retriever]
RETRIEVERS: ExtensionPoint[RetrieverFactory] = ExtensionPoint("clinweave.retrievers", "retriever", BUILT_IN)


def retriever_names() -> tuple[str, ...]:
    """Return the names of all retrievers, built in and installed."""
    return RETRIEVERS.names()


def parse_retrievers(text: str) -> tuple[str, ...]:
    """Return the retrievers that a text lists ("graph,text"); "both" means graph and text, "none" means no one.

    Raises `UserError` naming the known ones for an unknown name.
    """
    names: list[str] = []
    for word in text.split(","):
        if word.strip():
            names += ALIASES.get(word.strip(), (word.strip(),))
    return check_retrievers(names)


def check_retrievers(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names, each once. Raises `UserError` for one that is not registered."""
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in RETRIEVERS:
            raise UserError(f"{RETRIEVERS.unknown(name, ALIASES)}; separate several names by commas")
    return wanted


def open_retriever(name: str, parts: KnowledgeParts) -> Retriever:
    """Return the retriever `name` over the parts of a knowledge base. Raises `UserError` for an unknown name."""
    check_retrievers((name,))
    return _factory(name)(parts)


@cache
def _factory(name: str) -> RetrieverFactory:
    return RETRIEVERS.load(name)


_FILE = "preferred_collections.json"


def preferred_collections(home: Path) -> tuple[str, ...]:
    """Return the names of the collections that rank above the others. Raises `UserError` for a damaged setting."""
    path = home / _FILE
    try:
        names = json.loads(path.read_text("utf-8"))["preferred"]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read; set it again with `clinweave index prefer NAME`") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{path} is damaged; set it again with `clinweave index prefer NAME`")
    return tuple(names)


def prefer_collections(names: Sequence[str], home: Path, existing: Collection[str]) -> tuple[str, ...]:
    """Let these collections rank above the others, () none; return them. Raises `UserError` for an unknown name."""
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in existing:
            raise UserError(f"there is no collection {name!r}; there are: {', '.join(existing) or 'none'}")
    if wanted:
        write_json(home / _FILE, {"preferred": list(wanted)})
    else:
        (home / _FILE).unlink(missing_ok=True)
    return wanted


def index_folder(path: Path) -> Path:
    """Return the folder of a text index; of the folder of a batch job that made one, that of its joined index."""
    joined = path / JOINED
    return joined if (joined / MANIFEST).is_file() else path
