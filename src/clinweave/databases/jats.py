"""Articles in JATS XML (https://jats.nlm.nih.gov), as in PMC's open access subset: one file per article.

Paragraphs, lists, quotations, tables and the captions of figures become passages with the title of their section
(`article_blocks`). The bibliography, acknowledgements and notes of the authors are left out; sub-articles (letters,
replies, translations) and articles without text are counted. The licence is that of each article: take the subset
whose licences you may use.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.article_blocks import article_blocks, article_title
from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.literature import passages, required_files
from clinweave.databases.xmlsafe import elements
from clinweave.records import Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "article.xml", "an article in JATS"
_ROOTS = ("article", "pmc-articleset")


def _source(files: Mapping[str, Path]) -> Source:
    for path in required_files(files, _FILE, "jats"):
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
    for path in required_files(files, _FILE, "jats"):
        for row, article in elements(path, _ROOTS, "article", _KIND, doctype=True):
            meta = article.find("front/article-meta")
            name = "" if meta is None else _name(meta)
            if not name or name in seen:
                log.drop(path.name, row, "an article twice" if name else "no PMC id, PMID or DOI")
                continue
            seen.add(name)
            blocks = list(article_blocks(article))
            if not blocks:
                log.drop(path.name, row, "an article without text")
            for _ in (*article.iterfind("sub-article"), *article.iterfind("response")):
                log.drop(path.name, row, "a sub-article, which is left out")
            yield from passages(name, article_title(article), blocks, "jats")


def _name(meta: "Element") -> str:
    """Return the identifier of an article: PMC id, else PMID, else DOI."""
    stated = {item.get("pub-id-type", ""): (item.text or "").strip() for item in meta.iterfind("article-id")}
    for kinds, prefix in ((("pmc", "pmcid"), "PMC:PMC"), (("pmid",), "PMID:"), (("doi",), "DOI:")):
        for kind in kinds:
            if local := stated.get(kind, "").removeprefix("PMC"):
                return prefix + local if " " not in local else ""
    return ""


JATS = Database("jats", "PMC", (_FILE,), _source, _read, many=True)
