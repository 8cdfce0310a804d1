"""Articles, citations and chapters from an already parsed XML document, for a user's own folder of texts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from clinweave.databases.article_blocks import article_blocks, article_title, blocks
from clinweave.databases.inline_markup import inline_text, local
from clinweave.databases.pubmed import abstract_parts, citation_title, pmid

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ROOTS = frozenset(
    {"article", "pmc-articleset", "pubmedarticleset", "pubmedbookarticleset", "book-part-wrapper"}
)


class LiteratureDocument(NamedTuple):
    """One article: a key that is "" where the file holds only one, its title and its blocks (section, text)."""

    key: str
    title: str
    blocks: tuple[tuple[str, str], ...]


def literature_documents(root: "Element") -> Iterator[LiteratureDocument] | None:
    """Return the articles of a JATS, Bookshelf or PubMed document; None where the root is of another kind.

    The titles are those of the articles, whatever titles their references and sections have. A PubMed citation without
    an abstract has no blocks.
    """
    name = local(root)
    if name not in _ROOTS or (name == "article" and root.find("front") is None and root.find("body") is None):
        return None
    return _documents(root, name)


def _documents(root: "Element", name: str) -> Iterator[LiteratureDocument]:
    if name.startswith("pubmed"):
        for item in root:
            if local(item) in {"pubmedarticle", "pubmedbookarticle"}:
                yield LiteratureDocument(pmid(item), citation_title(item), tuple(abstract_parts(item)))
    elif name == "book-part-wrapper":
        for part in root.iter("book-part"):
            title = inline_text(part.find("book-part-meta/title-group/title"), ("fn",))
            bodies = [block for item in part.findall("body") for block in blocks(item, "")]
            yield LiteratureDocument(part.get("id", ""), title, tuple(bodies))
    else:
        articles = [root] if name == "article" else root.findall("article")
        for number, article in enumerate(articles, 1):
            key = "" if len(articles) == 1 else str(number)
            yield LiteratureDocument(key, article_title(article), tuple(article_blocks(article)))
