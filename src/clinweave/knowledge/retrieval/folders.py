"""A user's own documents as passages: PDF, DOCX, HTML, Markdown, text, XML, MedRAG's JSONL; folders, archives."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from clinweave.core.errors import UserError
from clinweave.databases import (
    LiteratureDocument,
    RowLog,
    literature_documents,
    script_text,
    tidy_scripts,
)
from clinweave.knowledge.retrieval.archives import read_files
from clinweave.knowledge.retrieval.documents import READERS, TEXT_FORMATS, read_blocks
from clinweave.knowledge.retrieval.documents.blocks import Section, UnreadableError, assemble, title_of
from clinweave.knowledge.retrieval.passages import MAX_WORDS, split
from clinweave.records import Passage, Tier

_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_DECLARED = re.compile(rb"<\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_INLINE = frozenset(
    {
        "a",
        "abbr",
        "b",
        "bold",
        "code",
        "em",
        "i",
        "italic",
        "q",
        "span",
        "strong",
        "sub",
        "sup",
        "tt",
        "u",
        "xref",
    }
)

_SCRIPTS = {"sup": "^", "sub": "_"}


class Document(NamedTuple):
    """One text with an identity: what a passage's offsets count in."""

    id: str
    title: str
    section: str
    text: str
    sections: tuple[Section, ...] = ()  # stretches of `text` under their headings; () is the whole text


def read_folder(
    path: Path | str,
    *,
    source: str = "",
    tier: Tier = Tier.PUBLIC,
    licence: str = "",
    most_words: int = MAX_WORDS,
    log: RowLog | None = None,
) -> Iterator[Passage]:
    """Yield the passages of a file, folder or archive, with `text == document[start:end]`.

    The document is the text of a page (PDF, id `file#page=N`), of a file (.docx, .html, .md, .txt, other XML), one
    article (JATS; PubMed, id `file#PMID`), one answer (MedQuAD's XML, id `file#question id`) or the `content` of one
    line (.jsonl of {"id", "title", "content"}, id `file#id`). A passage never crosses a heading, and `section` is the
    path of headings above it. Files and lines that cannot be read are counted in `log`. Raises `UserError` as
    `read_files` does.
    """
    folder = Path(path)
    name = source or folder.name
    for document in read_documents(folder, log or RowLog()):
        for start, end, section in _passages(document, most_words):
            yield Passage(
                id=f"{document.id}:{start}-{end}",
                text=document.text[start:end],
                title=document.title,
                document=document.id,
                start=start,
                end=end,
                source=name,
                section=section,
                licence=licence,
                tier=tier,
            )


def _passages(document: Document, most_words: int) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, section) of each passage of a document."""
    for section in document.sections or (Section(0, len(document.text), document.section),):
        for start, end in split(document.text[section.start : section.end], most_words):
            yield section.start + start, section.start + end, section.heading


def read_documents(path: Path, log: RowLog) -> Iterator[Document]:
    """Yield the documents of a file, folder or archive; ids that come twice get a number."""
    seen: dict[str, int] = {}
    for name, content in read_files(path, log):
        for document in _documents(name, content, log):
            if not document.text.strip():
                log.drop(document.id, 1, "no text")
                continue
            seen[document.id] = times = seen.get(document.id, 0) + 1
            yield document if times == 1 else document._replace(id=f"{document.id}~{times}")


def _documents(name: str, content: bytes, log: RowLog) -> Iterator[Document]:
    suffix = Path(name).suffix.lower()
    if suffix in READERS and suffix not in TEXT_FORMATS:
        yield from _formatted(name, suffix, content, log)
        return
    text = _decoded(name, content, log)
    if text is None:
        return
    if suffix in TEXT_FORMATS:
        yield from _formatted(name, suffix, text.encode("utf-8", "replace"), log)
    else:
        yield from (_jsonl if suffix == ".jsonl" else _xml)(name, text, log)


def _formatted(name: str, suffix: str, content: bytes, log: RowLog) -> Iterator[Document]:
    """Yield the pages, or the whole, of a file in a document format."""
    if not content.strip():
        log.drop(name, 0, "empty")
        return
    try:
        blocks = read_blocks(suffix, content)
    except UnreadableError as error:
        log.drop(name, 0, str(error))
        return
    title = title_of(blocks) or name
    assembled = list(assemble(blocks))
    if not any(page.text.strip() for page in assembled):
        log.drop(name, 0, "no text")
        return
    blank = [str(page.page) for page in assembled if not page.text.strip()]
    if blank:
        log.drop(name, 0, f"pages without text (scans?), the others are read: {', '.join(blank)[:200]}")
    for page in assembled:
        if page.sections and page.text.strip():
            yield Document(
                f"{name}#page={page.page}" if page.page else name, title, "", page.text, page.sections
            )


def _decoded(name: str, content: bytes, log: RowLog) -> str | None:
    """Return the text of a file, or None (counted) where it is empty or not text."""
    if not content.strip():
        log.drop(name, 0, "empty")
        return None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    if b"\x00" in content[:4096]:
        if (encoding := _wide(content[:4096])) and len(content) % 2 == 0:
            return content.decode(encoding, "replace")
        log.drop(name, 0, "not text (binary)")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        stated = _DECLARED.search(content[:200])
        encoding = stated[1].decode("ascii") if stated else "cp1252"
        try:
            text = content.decode(
                encoding if encoding.lower().replace("-", "") != "utf8" else "cp1252", "replace"
            )
        except LookupError:
            text = content.decode("cp1252", "replace")
        if not stated:
            log.drop(name, content[: error.start].count(b"\n") + 1, "not UTF-8: read as Windows-1252")
        return text


def _wide(sample: bytes) -> str:
    """Return the encoding of UTF-16 without a mark, from the zero bytes of Latin letters; "" for anything else."""
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if half and max(even, odd) >= 0.6 * half and min(even, odd) <= 0.02 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def _jsonl(name: str, text: str, log: RowLog) -> Iterator[Document]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
            content = item.get("content") or item.get("contents") or item.get("text")
        except (ValueError, AttributeError, RecursionError):
            log.drop(name, number, "not a JSON object")
            continue
        if not isinstance(content, str):
            log.drop(name, number, 'without a "content" text')
            continue
        yield Document(f"{name}#{item.get('id', number)}", str(item.get("title") or ""), "", content)


def _xml(name: str, text: str, log: RowLog) -> Iterator[Document]:
    if _ENTITY.search(text):
        log.drop(name, 0, "XML that declares entities (refused: they can expand without bound)")
        return
    try:
        root = ET.fromstring(_DECLARATION.sub("", text, count=1))  # noqa: S314 (entities were refused above)
    except (ET.ParseError, RecursionError, ValueError) as error:
        line = getattr(error, "position", (0, 0))[0]
        log.drop(name, 0, f"not well-formed XML ({str(error).split(':')[0]}, line {line})")
        return
    articles = literature_documents(root)
    if articles is not None:
        yield from _articles(name, articles)
        return
    pairs = [
        item
        for item in root.iter()
        if _tag(item) in {"qapair", "pair"} and _child(item, "answer") is not None
    ]
    if not pairs:
        title = next((_text(item).strip() for item in root.iter() if _tag(item) in {"title", "focus"}), "")
        yield Document(name, " ".join(title.split())[:200] or name, "", _text(root))
        return
    for number, pair in enumerate(pairs, 1):
        question, answer = _child(pair, "question"), _child(pair, "answer")
        asked = " ".join(_text(question).split()) if question is not None else ""
        identifier = question.get("qid") if question is not None else None
        section = (question.get("qtype") or "") if question is not None else ""
        yield Document(
            f"{name}#{identifier or number}", asked, section, _text(answer) if answer is not None else ""
        )


def _articles(name: str, articles: Iterator[LiteratureDocument]) -> Iterator[Document]:
    """Yield the articles of one file, each stretch of blocks under the title of its section."""
    for article in articles:
        id_ = f"{name}#{article.key}" if article.key else name
        blocks = article.blocks or (("", article.title),)  # a citation without an abstract is its title
        sections: list[Section] = []
        start = 0
        for heading, text in blocks:
            end = start + len(text)
            if sections and sections[-1].heading == heading:
                sections[-1] = Section(sections[-1].start, end, heading)
            else:
                sections.append(Section(start, end, heading))
            start = end + 2
        text = "\n\n".join(text for _, text in blocks)
        yield Document(id_, article.title[:200] or id_, "", text, tuple(sections))


def _tag(item: ET.Element) -> str:
    return item.tag.rpartition("}")[2].lower() if isinstance(item.tag, str) else ""


def _child(item: ET.Element, tag: str) -> ET.Element | None:
    return next((child for child in item if _tag(child) == tag), None)


def _text(root: ET.Element) -> str:
    """Return the text of an element; other than inline elements are set apart by blank lines. No recursion."""
    parts: list[str] = []
    walk: list[tuple[ET.Element, bool]] = [(root, False)]
    while walk:
        item, leaving = walk.pop()
        if not leaving and item is not root and _tag(item) in _SCRIPTS:
            parts.append(script_text("".join(item.itertext()), _SCRIPTS[_tag(item)], "".join(parts[-4:])))
            parts.append(item.tail or "")
            continue
        block = _tag(item) not in _INLINE and item is not root
        if leaving:
            parts.append("\n\n" if block else "")
            parts.append((item.tail or "") if item is not root else "")
            continue
        parts.append("\n\n" if block else "")
        parts.append(item.text or "")
        walk.append((item, True))
        walk.extend((child, False) for child in reversed(item))
    return tidy_scripts("".join(parts))


def check_name(name: str) -> str:
    """Return `name` where it can be a collection's; raises `UserError` otherwise (it becomes a folder)."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise UserError(
            f"a collection's name is letters, digits, '.', '_' and '-' (at most 64), not {name!r}"
        )
    return name
