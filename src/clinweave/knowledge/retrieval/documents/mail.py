"""E-mail (.eml): the subject as the title, the date, and the text; attachments are named and not read."""

from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from clinweave.knowledge.retrieval.documents import html, plain
from clinweave.knowledge.retrieval.documents.blocks import Block, UnreadableError


def read(content: bytes) -> list[Block]:
    """Return the blocks of a message."""
    try:
        message = BytesParser(EmailMessage, policy=policy.default).parsebytes(content)
        subject, date = str(message["subject"] or ""), str(message["date"] or "")
        body = message.get_body(("plain", "html"))
        text = str(body.get_content()) if body is not None else ""
        attached = [str(part.get_filename()) for part in message.iter_attachments() if part.get_filename()]
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, IndexError) as error:
        raise UnreadableError(f"damaged, or not a message ({type(error).__name__})") from error
    if not subject and body is None:
        raise UnreadableError("damaged, or not a message")
    is_html = body is not None and body.get_content_type() == "text/html"
    head = [Block("heading", " ".join(subject.split()), 1)] if subject.strip() else []
    dated = [Block("paragraph", f"Date: {date}")] if date else []
    rest = html.read(text.encode()) if is_html else plain.read(text.encode())
    names = [Block("paragraph", f"Attachments that are not read: {', '.join(attached)}")] if attached else []
    return [*head, *dated, *rest, *names]
