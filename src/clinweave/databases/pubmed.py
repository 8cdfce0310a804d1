"""PubMed's baseline and updates (https://pubmed.ncbi.nlm.nih.gov/download), pubmed26n0001.xml.gz and so on, streamed.

Any number of files. An abstract is one passage a labelled part, about the MeSH descriptors that it was indexed with. Of
several versions of a citation the first met is kept, and the others are counted. Deleted
citations of an update file are counted; they are not taken out of files given beside it.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import opened
from clinweave.databases.literature import given, passages, text_of
from clinweave.databases.prefixes import curie
from clinweave.databases.xmlsafe import elements
from clinweave.records import Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "pubmed.xml", "a PubMed file"
_YEAR = re.compile(r"pubmed(\d\d)n\d{4}")


def _source(files: Mapping[str, Path]) -> Source:
    paths = given(files, _FILE, "pubmed")
    for path in paths:
        with opened(path, _KIND) as stream:
            stream.read(1)
        next(
            elements(path, "PubmedArticleSet", ("PubmedArticle", "DeleteCitation"), _KIND, doctype=True), None
        )
    years = sorted({f"20{found[1]}" for path in paths if (found := _YEAR.search(path.name))})
    return Source(
        id="pubmed",
        name="PubMed",
        infores="infores:pubmed",
        release=", ".join(years) or "not stated",
        licence="NLM's terms; abstracts may be under their publishers' copyright",
        homepage="https://pubmed.ncbi.nlm.nih.gov",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    tags = ("PubmedArticle", "DeleteCitation")
    seen: set[int] = set()
    for path in given(files, _FILE, "pubmed"):
        for row, element in elements(path, "PubmedArticleSet", tags, _KIND, doctype=True):
            if element.tag == "DeleteCitation":
                for _ in element.iterfind("PMID"):
                    log.drop(path.name, row, "a citation that is withdrawn")
                continue
            number = (element.findtext("MedlineCitation/PMID") or "").strip()
            if not number.isdecimal() or len(number) > 9:
                log.drop(path.name, row, "no PMID")
            elif int(number) in seen:
                log.drop(path.name, row, "a PMID twice")
            else:
                seen.add(int(number))
                yield from _article(element, number)


def _article(element: "Element", number: str) -> Iterator[Record]:
    article = element.find("MedlineCitation/Article")
    if article is None:
        return
    parts = [
        ((item.get("Label") or "abstract").lower(), text)
        for item in article.iterfind("Abstract/AbstractText")
        if (text := text_of(item))
    ]
    headings = (
        curie("MESH", item.get("UI", ""))
        for item in element.iterfind("MedlineCitation/MeshHeadingList/MeshHeading/DescriptorName")
    )
    about = tuple(dict.fromkeys(filter(None, headings)))
    yield from passages(f"PMID:{number}", text_of(article.find("ArticleTitle")), parts, "pubmed", about)


PUBMED = Database("pubmed", "PMID", (_FILE,), _source, _read, many=True)
