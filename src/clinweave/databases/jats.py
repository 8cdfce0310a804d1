"""Articles in JATS XML (https://jats.nlm.nih.gov), as PMC's open access subset publishes them: one file an article.

Paragraphs of the abstract and the body become passages with the title of their section. Tables, figures, formulas and
references are left out. The licence is that of each article: take the subset whose licences you may use.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.literature import given, passages, text_of
from clinweave.databases.xmlsafe import elements
from clinweave.records import Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "article.xml", "an article in JATS"
_ROOTS = ("article", "pmc-articleset")
_LEFT = frozenset({"xref", "table-wrap", "fig", "disp-formula", "inline-formula", "fn", "ref-list", "sup"})


def _source(files: Mapping[str, Path]) -> Source:
    for path in given(files, _FILE, "jats"):
        next(elements(path, _ROOTS, "article", _KIND, doctype=True), None)
    return Source(
        id="jats",
        name="Articles in JATS",
        infores="infores:pmc",
        release="not stated",
        licence="each article's own",
        homepage="https://pmc.ncbi.nlm.nih.gov/tools/openftlist",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    seen: set[str] = set()
    for path in given(files, _FILE, "jats"):
        for row, article in elements(path, _ROOTS, "article", _KIND, doctype=True):
            meta = article.find("front/article-meta")
            name = "" if meta is None else _name(meta)
            if not name or name in seen:
                log.drop(path.name, row, "an article twice" if name else "no PMC id, PMID or DOI")
                continue
            seen.add(name)
            title = text_of(article.find("front/article-meta/title-group/article-title"), _LEFT)
            paragraphs = [
                ("abstract", text)
                for item in article.iterfind("front/article-meta/abstract//p")
                if (text := text_of(item, _LEFT))
            ]
            body = article.find("body")
            if body is not None:
                paragraphs += sections(body, "")
            yield from passages(name, title, paragraphs, "jats")


def _name(meta: "Element") -> str:
    """Return the identifier of an article: PMC id, else PMID, else DOI."""
    stated = {item.get("pub-id-type", ""): (item.text or "").strip() for item in meta.iterfind("article-id")}
    for kinds, prefix in ((("pmc", "pmcid"), "PMC:PMC"), (("pmid",), "PMID:"), (("doi",), "DOI:")):
        for kind in kinds:
            if local := stated.get(kind, "").removeprefix("PMC"):
                return prefix + local if " " not in local else ""
    return ""


def sections(element: "Element", title: str) -> Iterator[tuple[str, str]]:
    """Yield (title of the section, paragraph) below an element, in the order of the text."""
    for child in element:
        if child.tag == "p":
            if text := text_of(child, _LEFT):
                yield title, text
        elif child.tag in ("sec", "list", "list-item", "body", "boxed-text", "def-list", "book-part"):
            yield from sections(child, text_of(child.find("title"), _LEFT) or title)


JATS = Database("jats", "PMC", (_FILE,), _source, _read, many=True)
