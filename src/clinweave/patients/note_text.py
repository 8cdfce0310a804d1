"""Extract the text of a note's attachment: plain text, HTML, RTF or PDF, in its declared charset."""

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterable, Mapping
from email.message import Message
from html.parser import HTMLParser
from typing import NamedTuple

from clinweave.patients.batches import Refused

MAX_NOTE = 8 << 20  # characters
MAX_PAGES = 2000  # of a PDF
ELSEWHERE = "the note is stored elsewhere (an address, no data)"
_ORDER = ("text/plain", "text/html", "text/rtf", "application/pdf", "text/xml")
_SAME = {
    "": "text/plain",
    "text/markdown": "text/plain",
    "application/xhtml+xml": "text/html",
    "application/rtf": "text/rtf",
    "application/x-rtf": "text/rtf",
    "text/richtext": "text/rtf",
    "application/x-pdf": "application/pdf",
    "application/xml": "text/xml",
    "application/hl7-v3+xml": "text/xml",
    "application/hl7-cda+xml": "text/xml",
    "application/hl7-sda+xml": "text/xml",
}
_TYPE = re.compile(r"[a-z]{2,20}/[a-z0-9.+-]{2,30}")
_BLOCKS = frozenset(
    "p div br li ul ol tr table h1 h2 h3 h4 h5 h6 section article hr dd dt pre paragraph title text".split()  # noqa: SIM905
)
_HIDDEN = frozenset("script style head template noscript object".split())  # noqa: SIM905
_VOID = frozenset("meta link base br hr img input col".split())  # noqa: SIM905
_META_CHARSET = re.compile(
    rb"<(?:meta[^>]{0,200}charset|\?xml[^>]{0,200}encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.I
)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip


class Text(NamedTuple):
    """A note's text, and what was odd about it."""

    text: str
    remarks: tuple[str, ...] = ()


def best_text(attachments: Iterable[object], data_of: Callable[[str], Mapping[str, object] | None]) -> Text:
    """Return the text of a document that comes in several formats: the plainest that can be read.

    `data_of` returns the Binary resource of an address. Raises `Refused` with the reason of the plainest format where
    none can be read.
    """
    items = [item for item in attachments if isinstance(item, Mapping)]
    candidates = [(kind, charset, data) for item in items for kind, charset, data in [_opened(item, data_of)]]
    ranked = sorted(candidates, key=lambda item: _ORDER.index(item[0]) if item[0] in _ORDER else len(_ORDER))
    reasons: list[str] = []
    for kind, charset, data in ranked:
        if isinstance(data, str):
            reasons.append(data)
            continue
        try:
            result = _read(kind, charset, data)
        except Refused as reason:
            reasons.append(str(reason))
            continue
        others = [
            other
            for other in ranked
            if other[0] == kind and other[2] != data and not isinstance(other[2], str)
        ]
        more = ("another text of the same document and format: not read",) if others else ()
        return Text(result.text, (*result.remarks, *reasons, *more))
    raise Refused(reasons[0] if reasons else "a note without an attachment")


def of_html(text: str) -> str:
    """Return what a reader of an HTML page sees: blocks as lines, without styles and scripts."""
    parser = _Page()
    parser.feed(text)
    parser.close()
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(parser.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        name = tag.rpartition(":")[2]
        if name == "body":
            self._hidden.clear()
        if name in _HIDDEN:
            self._hidden.append(name)
        elif name in _BLOCKS:
            self.parts.append("\n")
        elif name in {"td", "th"}:
            self.parts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name in self._hidden:
            del self._hidden[self._hidden.index(name) :]
        elif name in _BLOCKS - _VOID:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _opened(
    item: Mapping[str, object], data_of: Callable[[str], Mapping[str, object] | None]
) -> tuple[str, str, bytes | str]:
    """Return (format, charset, bytes) of an attachment; in place of bytes the reason why there are none."""
    declared, data, url = item.get("contentType"), item.get("data"), item.get("url")
    if not isinstance(data, str) and isinstance(url, str) and (binary := data_of(url)) is not None:
        declared, data = declared or binary.get("contentType"), binary.get("data")
    message = Message()
    message["content-type"] = str(declared or "text/plain")[:200].replace("\n", " ").replace("\r", " ")
    kind, charset = message.get_content_type(), str(message.get_param("charset") or "")
    kind = _SAME.get(str(declared).partition(";")[0].strip().lower() if declared else "", kind)
    if not isinstance(data, str) or not data:
        return kind, charset, ELSEWHERE
    try:
        raw = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return kind, charset, "a note whose base64 is damaged"
    return _sniffed(raw, kind), charset, raw


def _sniffed(data: bytes, kind: str) -> str:
    """Return the format that the first bytes show, whatever is stated."""
    head = data[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"%pdf-"):
        return "application/pdf"
    if head.startswith(b"{\\rtf"):
        return "text/rtf"
    if head.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    return kind


def _read(kind: str, charset: str, data: bytes) -> Text:
    if kind == "application/pdf":
        result = Text(_of_pdf(data))
    elif kind == "text/rtf":
        result = _of_rtf(data)
    elif kind in {"text/html", "text/xml"}:
        meta = _META_CHARSET.search(data[:2048])
        page = _decoded(data, charset or (meta[1].decode("ascii", "replace") if meta else ""))
        result = page._replace(text=of_html(page.text))
    elif kind.startswith("text/"):
        result = _decoded(data, charset)
    else:
        type_name = kind if _TYPE.fullmatch(kind) else "of an unknown type"
        raise Refused(f"a note that is no text ({type_name})")
    if not result.text.strip():
        raise Refused("a note without text")
    if "\x00" in result.text:
        raise Refused("a note with NUL bytes: its charset is not the stated one, or it is no text")
    if len(result.text) > MAX_NOTE:
        raise Refused(f"a note longer than {MAX_NOTE:,} characters")
    return result


def _decoded(data: bytes, charset: str) -> Text:
    """Return bytes as text: a byte order mark first, then the stated charset, then UTF-8, then Windows-1252."""
    remarks: list[str] = []
    declared = charset.strip(" '\"")
    marked = next((name for mark, name in _BOMS if data.startswith(mark)), "")
    for name in (marked, declared, "utf-8"):
        if not name:
            continue
        try:
            return Text(data.decode(name), tuple(remarks))
        except (ValueError, LookupError):
            if name == declared:
                remarks.append("a note that is not in its stated charset: read as another charset")
    text = data.decode("cp1252", "replace")
    return Text(text, (*remarks, "a note that is not UTF-8: read as Windows-1252"))


def _of_rtf(data: bytes) -> Text:
    from striprtf.striprtf import rtf_to_text

    try:
        # RTF is ASCII with escapes; raw bytes above 127 are of the code page that its head states
        page = re.search(rb"\\ansicpg(\d{3,5})", data[:2000])
        name = f"cp{page[1].decode()}" if page else "cp1252"
        try:
            text = data.decode(name)
        except (UnicodeError, LookupError):
            text = data.decode("cp1252", "replace")
        return Text(rtf_to_text(text, errors="replace").strip())  # type: ignore[no-untyped-call]
    except Exception as error:
        raise Refused("a note whose RTF is damaged") from error


def _of_pdf(data: bytes) -> str:
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(data) as document:
            if len(document) > MAX_PAGES:
                raise Refused(f"a PDF of more than {MAX_PAGES:,} pages")
            pages = []
            for number in range(len(document)):
                page = document[number].get_textpage()
                pages.append(page.get_text_bounded())
                page.close()
    except (pypdfium2.PdfiumError, ValueError, OSError) as error:
        raise Refused("a note whose PDF is damaged or encrypted") from error
    text = "\n".join(pages).replace("\r\n", "\n").translate({0: None, 0xFFFE: None})
    if not text.strip():
        raise Refused("a PDF without text (a scan)")
    return text
