"""ICD-10-CM for coders: every code of the tabular list with its notes, and whether it can be reported (billable)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.files import lines
from clinweave.databases.xmlsafe import elements

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ROOT, _KIND = "ICD10CM.tabular", "the tabular list of ICD-10-CM"
_CODES_KIND = "the list of codes of ICD-10-CM"
_CODE = re.compile(r"[A-Z][0-9A-Z]{2}(?:\.[0-9A-Z]{1,4})?")
_BARE = re.compile(r"[A-Z][0-9A-Z]{2}[0-9A-Z]{0,4}")


@dataclass(frozen=True, slots=True)
class TabularCode:
    """One entry of the tabular list. `notes` maps a kind of note (excludes1, codeFirst, ...) to its texts."""

    code: str
    title: str
    parent: str  # "" for a category of three characters
    names: tuple[str, ...]  # inclusion terms
    notes: Mapping[str, tuple[str, ...]]
    children: tuple[str, ...]
    seventh: Mapping[str, str]  # 7th character -> meaning, inherited from the codes above


NOTE_KINDS = ("includes", "excludes1", "excludes2", "codeFirst", "useAdditionalCode", "codeAlso")


def read_tabular(path: Path) -> Iterator[TabularCode]:
    """Yield the codes of the tabular list in XML, categories before what is below them.

    The notes of a block or chapter are given to each of its categories. Raises `UserError` where the file is not it.
    """
    for _, chapter in elements(path, _ROOT, "chapter", _KIND):
        above = _notes(chapter, {})
        for section in chapter.iter("section"):
            shared = _notes(section, above)
            for element in section.findall("diag"):
                yield from _entries(element, "", {}, shared)


def reportable(path: Path, tabular: Iterable[TabularCode]) -> frozenset[str]:
    """Return the codes that can be reported: those of the list of codes under which no longer code is listed."""
    listed = {line.strip() for _, line in lines(path, _CODES_KIND)}
    codes = {code for code in listed if _BARE.fullmatch(code)}
    prefixes = {code[:size] for code in codes for size in range(3, len(code))}
    above = {entry.code.replace(".", "") for entry in tabular if entry.children or entry.seventh}
    return frozenset(dotted(code) for code in codes - prefixes if code not in above)


def dotted(bare: str) -> str:
    """Return a code with its dot."""
    return f"{bare[:3]}.{bare[3:]}" if len(bare) > 3 else bare


def _entries(
    element: "Element",
    parent: str,
    seventh: Mapping[str, str],
    shared: Mapping[str, tuple[str, ...]],
) -> Iterator[TabularCode]:
    code, title = _text(element, "name"), _text(element, "desc")
    if not _CODE.fullmatch(code) or not title:
        return
    definition = element.find("sevenChrDef")
    if definition is not None:
        seventh = {
            item.get("char", ""): " ".join((item.text or "").split())
            for item in definition.iterfind("extension")
        }
    below = element.findall("diag")
    names = (" ".join((note.text or "").split()) for note in element.iterfind("inclusionTerm/note"))
    yield TabularCode(
        code,
        title,
        parent,
        tuple(dict.fromkeys(name for name in names if name and name != title)),
        _notes(element, {} if parent else shared),
        tuple(_text(child, "name") for child in below),
        seventh,
    )
    for child in below:
        yield from _entries(child, code, seventh, {})


def _notes(element: "Element", above: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    result = dict(above)
    for kind in NOTE_KINDS:
        own = tuple(" ".join((note.text or "").split()) for note in element.iterfind(f"{kind}/note"))
        if own:
            result[kind] = (*above.get(kind, ()), *own)
    return result


def _text(element: "Element", tag: str) -> str:
    return " ".join((element.findtext(tag) or "").split())
