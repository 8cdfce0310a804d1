"""PubMed's baseline and update files (https://pubmed.ncbi.nlm.nih.gov/download), pubmed26n0001.xml.gz etc., streamed.

Any number of files, of citations and of books. An abstract gives one passage for each labelled part, about the MeSH
descriptors that the citation was indexed with; an English summary in plain language is a part of its own. A citation
without an abstract (a title only) gives no passage and is counted. Of several versions of a citation the first is
kept and the others are counted. Deleted citations of an update file are counted, not removed from other files.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import opened
from clinweave.databases.inline_markup import inline_text
from clinweave.databases.literature import passages, required_files
from clinweave.databases.prefixes import curie
from clinweave.databases.xmlsafe import elements
from clinweave.records import Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "pubmed.xml", "a PubMed file"
_ROOTS = ("PubmedArticleSet", "PubmedBookArticleSet")
_TAGS = ("PubmedArticle", "PubmedBookArticle", "DeleteCitation", "DeleteDocument")
_YEAR = re.compile(r"pubmed(\d\d)n\d{4}")


def _source(files: Mapping[str, Path]) -> Source:
    paths = required_files(files, _FILE, "pubmed")
    for path in paths:
        with opened(path, _KIND) as stream:
            stream.read(1)
        next(elements(path, _ROOTS, _TAGS, _KIND, doctype=True), None)
    years = sorted({f"20{match[1]}" for path in paths if (match := _YEAR.search(path.name))})
    return Source(
        id="pubmed",
        name="PubMed",
        infores="infores:pubmed",
        release=", ".join(years) or "not stated",
        licence="NLM's terms; abstracts may be under their publishers' copyright",
        homepage="https://pubmed.ncbi.nlm.nih.gov",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    seen: set[int] = set()
    for path in required_files(files, _FILE, "pubmed"):
        for row, element in elements(path, _ROOTS, _TAGS, _KIND, doctype=True):
            if element.tag.startswith("Delete"):
                for _ in element.iterfind("PMID"):
                    log.drop(path.name, row, "a citation that is withdrawn")
                continue
            number = pmid(element)
            if not number.isdecimal() or len(number) > 9:
                log.drop(path.name, row, "no PMID")
            elif int(number) in seen:
                log.drop(path.name, row, "a PMID twice")
            else:
                seen.add(int(number))
                if parts := list(abstract_parts(element)):
                    name = f"PMID:{number}"
                    yield from passages(name, citation_title(element), parts, "pubmed", _about(element))
                else:
                    log.drop(path.name, row, "no abstract (title only)")


@dataclass(frozen=True)
class Citation:
    """A citation of a file, or the withdrawal of one (`withdrawn`); `parts` are label and text of its abstract."""

    id: str  # "PMID:..."
    title: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    concepts: tuple[str, ...] = ()
    withdrawn: bool = False


def citations(path: Path) -> Iterator[Citation]:
    """Yield the citations and withdrawals of one baseline or update file, in order; the first version of each counts.

    Raises `UserError` where the file is damaged or no PubMed file.
    """
    seen: set[str] = set()
    for _, element in elements(path, _ROOTS, _TAGS, _KIND, doctype=True):
        if element.tag.startswith("Delete"):
            for item in element.iterfind("PMID"):
                yield Citation(f"PMID:{(item.text or '').strip()}", withdrawn=True)
        elif (number := pmid(element)) not in seen:
            seen.add(number)
            parts = tuple(abstract_parts(element))
            yield Citation(f"PMID:{number}", citation_title(element), parts, _about(element))


def pmid(element: "Element") -> str:
    """Return the PMID of a `PubmedArticle` or `PubmedBookArticle`, or ""."""
    return (element.findtext("MedlineCitation/PMID") or element.findtext("BookDocument/PMID") or "").strip()


def citation_title(element: "Element") -> str:
    """Return the title of an article or a chapter; of a whole book its own; of an untranslated one the original."""
    paths = (
        "MedlineCitation/Article/ArticleTitle", "MedlineCitation/Article/VernacularTitle",
        "BookDocument/ArticleTitle", "BookDocument/Book/BookTitle",
    )  # fmt: skip
    return next((text for path in paths if (text := inline_text(element.find(path)))), "")


def abstract_parts(element: "Element") -> Iterator[tuple[str, str]]:
    """Yield (label in lower case, text) of the parts of an abstract, then of English summaries of other kinds."""
    for holder in ("MedlineCitation/Article/Abstract", "BookDocument/Abstract"):
        for item in element.iterfind(f"{holder}/AbstractText"):
            if text := inline_text(item):
                yield (item.get("Label") or "abstract").lower(), text
    for other in element.iterfind("MedlineCitation/OtherAbstract"):
        if other.get("Language", "eng") == "eng":
            for item in other.iterfind("AbstractText"):
                if text := inline_text(item):
                    yield (item.get("Label") or other.get("Type") or "summary").lower(), text


def _about(element: "Element") -> tuple[str, ...]:
    headings = (
        curie("MESH", item.get("UI", ""))
        for item in element.iterfind("MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName")
    )
    return tuple(dict.fromkeys(filter(None, headings)))


PUBMED = Database("pubmed", "PMID", (_FILE,), _source, _read, many=True)
