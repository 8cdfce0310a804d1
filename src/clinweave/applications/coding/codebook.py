"""The tabular list of ICD-10-CM in memory: titles, notes, which codes can be reported, and how to complete a code."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import sha256, stage

VERSION = 1
_FILE = "codebook.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A code of the tabular list, as `databases.TabularCode` without its code."""

    title: str
    parent: str
    names: tuple[str, ...]
    notes: Mapping[str, tuple[str, ...]]
    children: tuple[str, ...]
    seventh: Mapping[str, str]


class Codebook:
    """The codes of one release."""

    def __init__(self, entries: Mapping[str, Entry], billable: frozenset[str], release: str) -> None:
        self.entries, self.billable, self.release = entries, billable, release

    @classmethod
    def fetched(cls, home: Path) -> "Codebook":
        """Return the fetched release, compiled on first use (some seconds); `UserError` if it was not fetched."""
        from clinweave.resources import located

        files = located("icd10cm", home)
        return cls.of_files(files["icd10cm-tabular.xml"], files["icd10cm-codes.txt"], home / "coding")

    @classmethod
    def of_files(cls, tabular: Path, codes: Path, cache: Path) -> "Codebook":
        """Return the release of two files, compiled into the folder `cache` on first use."""
        inputs = {"tabular": sha256(tabular), "codes": sha256(codes)}

        def build(folder: Path) -> Mapping[str, Any]:
            content = _compiled(tabular, codes)
            (folder / _FILE).write_text(json.dumps(content, ensure_ascii=False), "utf-8")
            return {"counts": {"codes": len(content["entries"]), "billable": len(content["billable"])}}

        folder = stage(cache, "coding", inputs, {"release": tabular.parent.name}, build, version=VERSION).path
        content = json.loads((folder / _FILE).read_text("utf-8"))
        entries = {code: _entry(row) for code, row in content["entries"].items()}
        return cls(entries, frozenset(content["billable"]), tabular.parent.name)

    def title(self, code: str) -> str:
        """Return the title of a code; of one with a 7th character that of the code above it and its meaning."""
        if code in self.entries:
            return self.entries[code].title
        above = self.above(code)
        if above is None:
            return ""
        meaning = self.entries[above].seventh.get(code[-1], "")
        return f"{self.entries[above].title}, {meaning}" if meaning else self.entries[above].title

    def above(self, code: str) -> str | None:
        """Return the code of the tabular list that a code with a 7th character extends, or None."""
        stem = code[:-1].rstrip("X").rstrip(".")
        while stem and stem not in self.entries:
            stem = stem[:-1].rstrip(".")
        return stem or None

    def ancestors(self, code: str) -> Iterator[str]:
        """Yield a code of the tabular list and those above it, the nearest first."""
        current: str | None = code if code in self.entries else self.above(code)
        while current:
            yield current
            current = self.entries[current].parent

    def leaves(self, code: str) -> list[str]:
        """Return the codes below a code that have no code below them in the tabular list."""
        entry = self.entries.get(code)
        if entry is None:
            return []
        if not entry.children:
            return [code]
        return [leaf for child in entry.children for leaf in self.leaves(child)]

    def with_seventh(self, code: str, character: str) -> str:
        """Return a code with a 7th character and its placeholders, or "" where the list has no such code."""
        bare = code.replace(".", "")
        full = bare.ljust(6, "X") + character
        extended = f"{full[:3]}.{full[3:]}"
        return extended if extended in self.billable else ""

    @cached_property
    def categories(self) -> frozenset[str]:
        """Return the categories of three characters."""
        return frozenset(code for code in self.entries if len(code) == 3)


def _compiled(tabular: Path, codes: Path) -> dict[str, Any]:
    from clinweave.databases import read_tabular, reportable

    rows = list(read_tabular(tabular))
    return {
        "entries": {
            row.code: [row.title, row.parent, row.names, row.notes, row.children, row.seventh] for row in rows
        },
        "billable": sorted(reportable(codes, rows)),
    }


def _entry(row: list[Any]) -> Entry:
    title, parent, names, notes, children, seventh = row
    return Entry(
        title,
        parent,
        tuple(names),
        {key: tuple(value) for key, value in notes.items()},
        tuple(children),
        seventh,
    )
