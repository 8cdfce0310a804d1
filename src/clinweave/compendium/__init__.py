"""The compendium: databases, datasets, models and systems of the field, one TOML file with sources per entry."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

__getattr__, __dir__ = attach(
    __name__,
    {
        "ENTRY_KINDS": "entries",
        "Entry": "entries",
        "Merge": "entries",
        "Result": "entries",
        "Size": "entries",
        "find": "entries",
        "folder": "entries",
        "load": "entries",
        "read_entry": "entries",
        "search": "entries",
        "NamedSystem": "survey",
        "named_systems": "survey",
        "FORMATS": "exporting",
        "export": "exporting",
        "render": "exporting",
    },
)

if TYPE_CHECKING:
    from clinweave.compendium.entries import (
        ENTRY_KINDS,
        Entry,
        Merge,
        Result,
        Size,
        find,
        folder,
        load,
        read_entry,
        search,
    )
    from clinweave.compendium.exporting import FORMATS, export, render
    from clinweave.compendium.survey import NamedSystem, named_systems

__all__ = [
    "ENTRY_KINDS",
    "FORMATS",
    "Entry",
    "Merge",
    "NamedSystem",
    "Result",
    "Size",
    "export",
    "find",
    "folder",
    "load",
    "named_systems",
    "read_entry",
    "render",
    "search",
]
