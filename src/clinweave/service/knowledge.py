"""What knowledge is served: the releases of its sources, and how closed it is."""

from dataclasses import dataclass
from typing import Any

from clinweave.core.access_policy import strictest, tier_of
from clinweave.core.artifacts import read_manifest
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Tier


@dataclass(frozen=True, slots=True)
class SourceRelease:
    """A source of the graph, with its release and licence."""

    id: str
    name: str
    release: str
    licence: str
    homepage: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class CollectionRelease:
    """A collection of the text index. `key` changes with its content."""

    name: str
    key: str
    passages: int
    tier: Tier


@dataclass(frozen=True, slots=True)
class Releases:
    """What is served. `graph` and `index` are keys that change with the content, "" for what was not built."""

    graph: str
    index: str
    tier: Tier
    sources: tuple[SourceRelease, ...]
    collections: tuple[CollectionRelease, ...]


def read_releases(base: KnowledgeBase) -> Releases:
    """Return the releases that the manifests of the graph and the text index state; opens neither."""
    graph: Any = (read_manifest(base.graph_folder) if base.has("graph") else None) or {}
    index: Any = (read_manifest(base.index_folder) if base.has("index") else None) or {}
    names = ("id", "name", "release", "licence", "homepage")
    sources = tuple(
        SourceRelease(**{name: str(item.get(name, "")) for name in names}, tier=tier_of(item))
        for item in graph.get("sources", {}).values()
    )
    collections = tuple(
        CollectionRelease(name, str(part.get("key", "")), int(part.get("passages", 0)), tier_of(part))
        for name, part in index.get("parts", {}).items()
        if not base.collections or name in base.collections
    )
    return Releases(
        graph=str(graph.get("key", "")),
        index=str(index.get("key", "")),
        tier=strictest([tier_of(graph), *(item.tier for item in collections)]),
        sources=sources,
        collections=collections,
    )
