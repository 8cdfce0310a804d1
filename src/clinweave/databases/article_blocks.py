"""Split JATS articles and chapters into blocks of text: paragraphs, lists, tables and captions in document order.

A block is (title of the section, text). Within a block, list items, definitions and table rows stand on lines of their
own, so words of two items never touch; a cell of a table carries the name of its column. Left out, because they are not
the article's statements: the bibliography, acknowledgements and authors' notes. Pictures have no text.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clinweave.databases.article_tables import table_lines
from clinweave.databases.inline_markup import collect_child, inline_text, local, tidy_scripts

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

Block = tuple[str, str]

_LEFT_OUT = frozenset({
    "title", "label", "subtitle", "sec-meta", "kwd-group", "ref-list", "ack", "bio", "object-id",
    "permissions", "index-term", "fn-group", "notes", "copyright-statement", "license", "related-article",
    "related-object", "x", "alt-text", "long-desc", "processing-meta",
})  # fmt: skip
_CONTAINERS = frozenset({
    "sec", "body", "back", "abstract", "trans-abstract", "caption", "boxed-text", "app", "app-group", "book-part",
    "glossary", "disp-quote", "statement", "floats-group", "list-item", "def", "book-app", "book-app-group",
    "named-book-part-body", "fig-group", "table-wrap-group", "verse-group", "speech", "preface",
    "front-matter-part", "answer", "question", "explanation",
})  # fmt: skip
_CAPTIONED = frozenset({"fig", "supplementary-material", "media", "chem-struct-wrap", "graphic"})
_LISTS = frozenset({"list", "def-list"})
_CLOSED = frozenset(".):]")  # what sets a label apart from the number that may follow it
_BULLETS = frozenset({"", "•", "-", "–", "—", "·", "○", "▪", "*"})
_BLOCKS = _CONTAINERS | _CAPTIONED | _LISTS | {"p", "table-wrap", "table", "fn", "array"}


def article_title(article: "Element") -> str:
    """Return the title of the article itself: never that of a reference, a section or a sub-article."""
    return inline_text(article.find("front/article-meta/title-group/article-title"), ("fn",))


def article_blocks(article: "Element") -> Iterator[Block]:
    """Yield the blocks of an article: abstracts, body, appendices and floating figures and tables."""
    meta = article.find("front/article-meta")
    for item in meta if meta is not None else ():
        if local(item) in {"abstract", "trans-abstract"}:
            language = item.get("{http://www.w3.org/XML/1998/namespace}lang") or item.get("xml:lang") or ""
            name = f"abstract ({language})" if local(item) == "trans-abstract" and language else "abstract"
            for section, text in blocks(item, ""):
                yield f"{name}: {section}" if section else name, text
    for item in article:
        if local(item) in {"body", "back", "floats-group"}:
            yield from blocks(item, "")


def blocks(element: "Element", section: str) -> Iterator[Block]:
    """Yield the blocks below a container of blocks, each with the title of the innermost section."""
    for text, child in _flow(element):
        if child is None:
            yield section, text
            continue
        name = local(child)
        if name in _CONTAINERS:
            yield from blocks(child, _title(child) or section)
        else:
            yield from _block(child, name, section)


def _title(element: "Element") -> str:
    return next(
        (text for path in ("title", "caption/title") if (text := inline_text(element.find(path)))), ""
    )


def _block(element: "Element", name: str, section: str) -> Iterator[Block]:
    """Yield one block element; what floats inside a paragraph (a table, a figure, a note) follows it."""
    if name in {"table-wrap", "table", "array"}:
        lines = table_lines(element)
    elif name in _CAPTIONED:
        lines = _caption(element)
    elif name == "fn":
        text = inline_text(element, ("label",))
        lines = [f"Note: {text}"] if text else []
    else:
        lines, floating = _lines(element)
        if lines:
            yield section, "\n".join(lines)
        for child in floating:
            yield from _block(child, local(child), section)
        return
    if lines:
        yield section, "\n".join(lines)


def _flow(element: "Element") -> Iterator[tuple[str, "Element | None"]]:
    """Yield the content of a container in order: ("", block element) or (text between blocks, None)."""
    parts = [element.text or ""]
    for child in element:
        name = local(child)
        if name in _BLOCKS:
            if text := tidy_scripts("".join(parts)).strip():
                yield text, None
            parts = []
            yield "", child
        elif name not in _LEFT_OUT:
            collect_child(child, name, frozenset({"label"}), parts)
            parts.append(" " if name.startswith("disp-formula") else "")
        parts.append(child.tail or "")
    if text := tidy_scripts("".join(parts)).replace("\n", " ").strip():
        yield text, None


def _lines(element: "Element") -> tuple[list[str], list["Element"]]:
    """Return the lines of a paragraph, list or quotation, and the elements that float in it."""
    name = local(element)
    if name == "list":
        return _items(element, "list-item")
    if name == "def-list":
        return _items(element, "def-item")
    lines: list[str] = []
    floating: list[Element] = []
    parts: list[str] = [element.text or ""]
    for child in element:
        kind = local(child)
        if kind in _LISTS or kind in _CONTAINERS or kind == "p":
            _end_line(parts, lines)
            parts = []
            inner, more = _lines(child)
            if kind in _CONTAINERS and (title := _title(child)):
                lines.append(title)
            lines += inner
            floating += more
        elif kind in _BLOCKS:
            floating.append(child)
            parts.append(" " if (child.tail or "")[:1].isalnum() else "")
        elif kind not in _LEFT_OUT:
            collect_child(child, kind, frozenset(), parts)
        parts.append(child.tail or "")
    _end_line(parts, lines)
    return lines, floating


def _end_line(parts: list[str], lines: list[str]) -> None:
    lines += [line for piece in tidy_scripts("".join(parts)).split("\n") if (line := " ".join(piece.split()))]


def _items(element: "Element", tag: str) -> tuple[list[str], list["Element"]]:
    """Return one line an item ("- text", or "term: definition"), and what floats in the items."""
    lines: list[str] = []
    floating: list[Element] = []
    if title := inline_text(element.find("title")):
        lines.append(title)
    for item in element:
        if local(item) != tag:
            continue
        inner, more = _definition(item) if tag == "def-item" else _lines(item)
        label = inline_text(item.find("label"))
        mark = "- " if label in _BULLETS else f"{label} " if label[-1:] in _CLOSED else f"{label}. "
        lines += [f"{mark if number == 0 else '  '}{line}" for number, line in enumerate(inner)]
        floating += more
    return lines, floating


def _definition(item: "Element") -> tuple[list[str], list["Element"]]:
    terms = "; ".join(filter(None, (inline_text(term) for term in item.findall("term"))))
    lines: list[str] = []
    floating: list[Element] = []
    for definition in item.findall("def"):
        inner, more = _lines(definition)
        lines += inner
        floating += more
    return [f"{terms}: {lines[0]}", *lines[1:]] if terms and lines else [
        *filter(None, [terms]),
        *lines,
    ], floating


def _caption(element: "Element") -> list[str]:
    """Return "label. title text" of a figure, with the captions of figures within it on further lines."""
    lines = []
    own = [inline_text(element.find(name)) for name in ("label", "caption/title")]
    paragraphs = [line for item in element.findall("caption/p") for line in _lines(item)[0]]
    text = " ".join(part if part[-1] in ".?!" else f"{part.rstrip(':')}." for part in own if part)
    if first := " ".join(filter(None, [text, *paragraphs[:1]])):
        lines.append(first)
    lines += paragraphs[1:]
    for child in element:
        if local(child) in _CAPTIONED:
            lines += _caption(child)
    return lines
