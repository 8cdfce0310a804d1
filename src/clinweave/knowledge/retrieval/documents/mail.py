"""E-mail (.eml): the subject as the title, the date, and the text; attachments are named and not read."""

import contextlib
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

from clinweave.knowledge.retrieval.documents import html, plain
from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError

_MAX_HEADER = 2_000  # characters; the library's parser of structured headers takes minutes for very long ones


def read(content: bytes) -> list[Block]:
    """Return the blocks of a message."""
    try:
        message = message_from_bytes(content)
        subject, date = _header(message, "subject"), _header(message, "date")
        body = _body(message)
        text = _text(body) if body is not None else ""
        attached = [name for part in message.walk() if part is not body and (name := _file_name(part))]
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, OverflowError) as error:
        raise UnreadableError(f"damaged, or not a message ({type(error).__name__})") from error
    if not subject and body is None:
        raise UnreadableError("damaged, or not a message")
    head = [Block("heading", subject, 1)] if subject else []
    dated = [Block("paragraph", f"Date: {date}")] if date else []
    is_html = body is not None and body.get_content_type() == "text/html"
    rest = html.read(text.encode()) if is_html else plain.read(text.encode())
    names = [Block("paragraph", f"Attachments that are not read: {', '.join(attached)}")] if attached else []
    return [*head, *dated, *rest, *names]


def _body(message: Message) -> Message | None:
    """Return the part with the message's own text: plain text before HTML."""
    parts = [
        part
        for part in message.walk()
        if part.get_content_disposition() != "attachment" and not part.is_multipart()
    ]
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == kind:
                return part
    return None


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    charset = part.get_content_charset() or "utf-8"
    try:
        text = raw.decode(charset, "replace")
    except LookupError:
        text = raw.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode()  # a charset may give halves of characters


def _header(message: Message, name: str) -> str:
    return _decoded(str(message.get(name) or ""))


def _file_name(part: Message) -> str:
    return _decoded(part.get_filename() or "")


def _decoded(value: str) -> str:
    """Return a header's words in plain text, on one line."""
    value = value[:_MAX_HEADER]
    with contextlib.suppress(ValueError, LookupError, MessageError):  # else the words as they stand
        value = str(make_header(decode_header(value)))
    return " ".join(value.encode("utf-8", "replace").decode().split())
