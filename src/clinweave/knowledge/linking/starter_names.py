"""clinweave's own names of common findings and diseases in other languages (`starter_names.tsv`): unofficial.

They are read where the official translations of the HPO were not fetched, and in addition to them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from clinweave.databases import Translation

FILE = "starter_names.tsv"


@dataclass(frozen=True, slots=True)
class StarterName:
    """A concept of the list with its names by language."""

    id: str  # "HP:0001083", "MONDO:0007947"
    label: str  # English, as in the graph
    names: dict[str, tuple[str, ...]]  # by language (ISO 639-1)


@cache
def starter_names() -> dict[str, StarterName]:
    """Return the concepts of the list by identifier."""
    text = files("clinweave.knowledge.linking").joinpath(FILE).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    header, *rows = (line.split("\t") for line in lines)
    return {
        row[0]: StarterName(
            row[0],
            row[1],
            {code: tuple(cell.split("|")) for code, cell in zip(header[2:], row[2:], strict=True)},
        )
        for row in rows
    }


def starter_translations(language: str) -> Iterator[Translation]:
    """Yield the names of a language; none counts as official."""
    for item in starter_names().values():
        for name in item.names.get(language, ()):
            yield Translation(item.id, name, language, label=False, official=False, own=True)
