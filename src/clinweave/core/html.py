"""Shared template of all HTML pages: one style sheet, no scripts, no external resources."""

from collections.abc import Sequence
from html import escape
from importlib.resources import files

RESEARCH = "For research, not for clinical decisions."


def style() -> str:
    """Return the house's style sheet."""
    return files("clinweave.core").joinpath("page.css").read_text("utf-8")


def page(
    title: str, body: str, *, kind: str, lead: Sequence[str] = (), caution: str = "", more: str = ""
) -> str:
    """Return a page: `title`, `kind`, `lead` and `caution` are text and are escaped here; `body` is HTML already.

    `kind` says what sort of page it is ("training report"), `more` is style of this page alone.
    """
    led = "".join(
        f'<p class="{"sub" if n else "lead"}">{escape(paragraph)}</p>' for n, paragraph in enumerate(lead)
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style()}{more}</style>\n</head>\n<body>\n<header>\n"
        f'<p class="brand">clinweave <span>{escape(kind)}</span></p>\n<h1>{escape(title)}</h1>\n{led}'
        f'<p class="caution">{escape(f"{RESEARCH} {caution}".strip())}</p>\n</header>\n'
        f"<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
