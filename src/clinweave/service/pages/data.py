"""The page Data: what the knowledge base was built from: releases, licences, sizes, dates. It opens no connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from clinweave.core.artifacts import MANIFEST
from clinweave.knowledge import collections
from clinweave.resources import catalogue, folder
from clinweave.service.pages.rendering import render

if TYPE_CHECKING:
    from clinweave.knowledge_base import KnowledgeBase
    from clinweave.service.state import ServiceState


@dataclass(frozen=True)
class SourceRow:
    """A release of a database in the graph."""

    name: str
    release: str
    licence: str
    tier: str
    homepage: str  # "" where it is no https address
    concepts: int
    relations: int


@dataclass(frozen=True)
class CollectionRow:
    """Documents that answers quote."""

    name: str
    documents: int
    passages: int
    licence: str
    tier: str
    added: str  # date
    left_out: int  # documents that could not be read


@dataclass(frozen=True)
class FetchedRow:
    """A downloaded resource. `update` is the release that this clinweave would fetch, "" if it is this one."""

    id: str
    title: str
    release: str
    licence: str
    size: int  # bytes on disk
    fetched: str  # date
    update: str


@dataclass(frozen=True)
class BuiltPart:
    """The graph or the text index."""

    name: str
    date: str
    size: int  # bytes
    counts: Mapping[str, int]
    missing: str = ""  # how to build it


@dataclass(frozen=True)
class DataView:
    """Everything on the page."""

    parts: tuple[BuiltPart, ...]
    sources: tuple[SourceRow, ...]
    collections: tuple[CollectionRow, ...]
    fetched: tuple[FetchedRow, ...]


class DataPage:
    """The route of the page."""

    def __init__(self, state: "ServiceState") -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """Show the page."""
        view = await self._state.lookups.run(data_view, self._state.base)
        return render(request, "data.html", view=view)


def data_view(base: "KnowledgeBase") -> DataView:
    """Return what the knowledge base consists of."""
    has_graph, has_index = base.has("graph"), base.has("index")
    index_folder = base.index_folder
    parts = (
        _part("Graph", base.graph_folder, base.graph.info()["counts"] if has_graph else None, "clinweave setup"),
        _part("Text index", index_folder, {"passages": len(base.index)} if has_index else None,
              "clinweave index build"),
    )  # fmt: skip
    return DataView(
        parts,
        tuple(_sources(base)) if has_graph else (),
        tuple(_collections(base.home)),
        tuple(_fetched(base.home)),
    )


def _part(name: str, path: Path, counts: Mapping[str, int] | None, command: str) -> BuiltPart:
    if counts is None:
        return BuiltPart(name, "", 0, {}, command)
    return BuiltPart(name, _date(path / MANIFEST), _size(path), counts)


def _sources(base: "KnowledgeBase") -> list[SourceRow]:
    facts = base.graph.info()
    return [
        SourceRow(
            source.name, source.release, source.licence, source.tier.value,
            source.homepage if source.homepage.startswith("https://") else "",
            facts["concepts"]["source"].get(id_, 0), facts["relations"]["source"].get(id_, 0),
        )
        for id_, source in base.graph.sources().items()
    ]  # fmt: skip


def _collections(home: Path) -> list[CollectionRow]:
    return [
        CollectionRow(
            name,
            int(manifest.get("documents", 0)),
            int(manifest.get("passages", 0)),
            str(manifest.get("parameters", {}).get("licence", "")) or "not stated",
            str(manifest.get("tier", "")),
            _date(home / "collections" / name / MANIFEST),
            len(manifest.get("unreadable", {})),
        )
        for name, manifest in collections(home).items()
    ]


def _fetched(home: Path) -> list[FetchedRow]:
    rows = []
    for item in sorted(catalogue().values(), key=lambda resource: resource.id):
        for path in sorted(folder(item, home).parent.glob("*")):
            if not path.is_dir() or path.name.startswith("."):
                continue
            update = "" if path.name == item.version else item.version
            rows.append(
                FetchedRow(item.id, item.title, path.name, item.licence, _size(path), _date(path), update)
            )
    return rows


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _date(path: Path) -> str:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    except OSError:
        return ""
