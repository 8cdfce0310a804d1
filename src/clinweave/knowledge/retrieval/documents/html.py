"""Web pages by selectolax (lexbor): what a reader sees, without navigation, scripts, styles and hidden parts."""

import re
from typing import TYPE_CHECKING

from clinweave.databases import script_text, tidy_scripts
from clinweave.knowledge.retrieval.document_status import withdrawn_by_name
from clinweave.knowledge.retrieval.documents.blocks import Block, rows_of

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_LEFT_OUT = (
    "head, nav, script, style, noscript, template, iframe, svg, button, select, form, aside, del, s, footer, "
    '[hidden], [aria-hidden="true"], [role="navigation"], [role="search"], [role="banner"], [role="contentinfo"], '
    '[style*="display:none"], [style*="display: none"], [style*="visibility:hidden"], [style*="visibility: hidden"]'
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "header",
        "hr",
        "html",
        "legend",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?([A-Za-z0-9._-]+)""", re.IGNORECASE
)
_MAX_SPAN = 50
_LISTS = ("ul", "ol", "dl")
_MARKS = {"sup": "^", "sub": "_"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


def read(content: bytes) -> list[Block]:
    """Return the blocks of an HTML page; the encoding is the declared one, else guessed."""
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(_decoded(content))
    title = page.css_first("title")
    stated = _spaces(title.text()) if title is not None else ""
    for node in page.css(_LEFT_OUT):
        node.decompose()
    for node in page.css("sup, sub"):
        before = node.prev.text_content if node.prev is not None and node.prev.tag == "-text" else ""
        footnote = node.css_first("a") is not None
        node.replace_with("" if footnote else script_text(node.text(), _MARKS[node.tag or ""], before or ""))
    body = page.body
    blocks = _Walk().run(body) if body is not None else []
    if withdrawn_by_name([stated]):
        return [Block("heading", stated, 1), *blocks] if blocks else []
    return blocks


def _decoded(content: bytes) -> str:
    """Return the text by its byte order mark, its declared encoding, UTF-8, or else Windows-1252, in this order."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    declared = _CHARSET.search(content[:4096])
    for encoding in ((declared[1].decode("ascii"),) if declared else ()) + ("utf-8",):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")


class _Walk:
    """Walks a page without recursion and collects its blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._text: list[str] = []
        self._kind: tuple[str, int] = ("paragraph", 1)
        self._lists = 0  # lists that are open, of definitions too
        self._terms: list[str] = []  # terms of a list of definitions that the next definition is of
        self._defined_terms: list[str] = []  # the terms of the definition before, for a second one
        self._defining = 0  # the depth of the list whose definition is open

    def run(self, body: "LexborNode") -> list[Block]:
        """Return the blocks below `body`."""
        stack: list[tuple[LexborNode, bool]] = [(body, False)]
        while stack:
            node, leaving = stack.pop()
            tag = node.tag or ""
            if leaving:
                self._leave(tag)
            elif tag == "-text":
                self._text.append(node.text_content or "")
            elif tag == "br":
                self._text.append("\n")
            elif tag == "table" and not node.css("table table"):
                self._close()
                self.blocks.extend(_table(node))
            elif not tag.startswith(("-", "_", "!")):
                self._enter(tag)
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(list(node.iter(include_text=True))))
        self._close()
        return self.blocks

    def _enter(self, tag: str) -> None:
        if tag in _HEADINGS:
            self._close()
            self._kind = ("heading", _HEADINGS[tag])
        elif tag in _LISTS:
            self._close()
            self._lists += 1
        elif tag == "dt":
            self._close()
            if self._defining:
                self._terms, self._defined_terms, self._defining = [], [], 0
            self._kind = ("term", 1)
        elif tag in ("li", "dd"):
            self._close()
            self._kind = ("item", max(self._lists, 1))
            if tag == "dd":
                self._terms = self._terms or self._defined_terms
                self._defined_terms = self._terms
                self._defining = max(self._lists, 1)
        elif tag in _BLOCKS:
            self._close(keep_kind=True)

    def _leave(self, tag: str) -> None:
        if tag in _BLOCKS or tag in _HEADINGS or tag == "li":
            self._close(keep_kind=tag not in _HEADINGS and tag not in ("li", "dd", "dt", *_LISTS))
        if tag in _LISTS:
            self._lists -= 1
        if tag == "dl":
            self._without_definition()

    def _close(self, *, keep_kind: bool = False) -> None:
        text = _spaces("".join(self._text))
        self._text = []
        kind, level = self._kind
        if text and kind == "term":
            self._terms.append(text)
        elif text:
            if self._terms and kind == "item":
                text = self._defined(text, level)
                self._kind = ("item", level + (level == self._defining))  # what follows stands under it
            self.blocks.append(Block(kind, text, level))  # type: ignore[arg-type]
        if not keep_kind:
            self._kind = ("paragraph", 1)

    def _defined(self, text: str, level: int) -> str:
        """Return a definition behind its terms; where it begins with a list, the terms lead that in."""
        terms = " / ".join(term.rstrip(":") for term in self._terms)
        if level > self._defining > 0:
            self.blocks.append(Block("item", f"{terms}:", self._defining))
            self._terms = []
            return text
        if level == self._defining:
            self._terms = []
            return f"{terms}: {text}"
        return text

    def _without_definition(self) -> None:
        """Keep terms that no definition followed, as paragraphs."""
        if not self._defining:
            self.blocks.extend(Block("paragraph", term) for term in self._terms)
        self._terms, self._defined_terms, self._defining = [], [], 0


def _table(table: "LexborNode") -> list[Block]:
    """Return the rows with the heads of the first row of `th` cells; a `th` that begins a row is its first cell."""
    rows: list[list[str]] = []
    header = False
    below: dict[int, tuple[int, str]] = {}  # column -> rows that a cell from above still spans, and its text
    for number, row in enumerate(table.css("tr")):
        cells = row.css("th, td")
        if number == 0:
            header = bool(cells) and (all(cell.tag == "th" for cell in cells) or row.parent.tag == "thead")  # type: ignore[union-attr]
        rows.append(_filled(cells, below))
    caption = table.css_first("caption")
    blocks = [Block("paragraph", _spaces(caption.text()))] if caption and _spaces(caption.text()) else []
    return blocks + rows_of(rows, header=header)


def _filled(cells: "list[LexborNode]", below: dict[int, tuple[int, str]]) -> list[str]:
    """Return the text of each column of a row: a cell counts for every column and row that it spans."""
    texts: list[str] = []

    def from_above() -> None:
        while len(texts) in below:
            left, text = below.pop(len(texts))
            if left > 1:
                below[len(texts)] = (left - 1, text)
            texts.append(text)

    for cell in cells:
        from_above()
        text, high = _spaces(cell.text(separator=" ")), _span(cell, "rowspan")
        for _ in range(_span(cell, "colspan")):
            if high > 1:
                below[len(texts)] = (high - 1, text)
            texts.append(text)
    from_above()
    return texts


def _span(cell: "LexborNode", name: str) -> int:
    stated = (cell.attributes.get(name) or "1").strip()
    return max(min(int(stated), _MAX_SPAN), 1) if stated.isdigit() else 1


def _spaces(text: str) -> str:
    text = tidy_scripts(text)
    lines = (re.sub(r"[ \t\r\f\u00a0]+", " ", line).strip() for line in text.split("\n"))
    return " ".join(line for line in lines if line)
