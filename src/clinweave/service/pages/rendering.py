"""Jinja templates with escaping, and the style and script files of the pages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from clinweave import __version__
from clinweave.core.html import RESEARCH, style
from clinweave.service.security.users import LOCAL, USER

if TYPE_CHECKING:
    from jinja2 import Environment

# characters that change the direction of the text after them, or are not printed: shown as the replacement character
_STEERING = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
STATIC = {  # name -> (media type, licence note)
    "style.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "htmx.min.js": "text/javascript; charset=utf-8",
}


@dataclass(frozen=True)
class NavigationItem:
    """One entry of the navigation."""

    path: str
    label: str


NAVIGATION = (
    NavigationItem("/", "Ask"),
    NavigationItem("/note", "Note"),
    NavigationItem("/graph", "Graph"),
    NavigationItem("/molecules", "Molecules"),
    NavigationItem("/runs", "Runs"),
    NavigationItem("/data", "Data"),
)


def is_partial(request: Request) -> bool:
    """Return whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def render(
    request: Request,
    template: str,
    parts: Mapping[str, object] | None = None,
    *,
    status: int = 200,
    **context: object,
) -> Response:
    """Return a rendered template as a response; `parts` are more of its context."""
    user = request.scope.get(USER, LOCAL)
    values = {
        "path": request.url.path,
        "partial": is_partial(request),
        "session_user": user.name if user is not LOCAL else "",
        **(parts or {}),
        **context,
    }
    text = environment().get_template(template).render(values)
    # half of a surrogate pair has no form in UTF-8; without a referrer, a form would be sent with "Origin: null"
    return HTMLResponse(text.encode("utf-8", "replace"), status, {"Referrer-Policy": "same-origin"})


@cache
def environment() -> "Environment":
    """Return the templates' environment: everything is escaped, an unknown name is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    result = Environment(
        loader=PackageLoader("clinweave.service.pages", "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_printable,
    )  # fmt: skip
    result.globals.update(
        navigation=NAVIGATION, research=RESEARCH, version=__version__, outside=outside_link, plural=plural
    )
    result.filters.update(percent=percent, sentence=sentence, words=words, unchanged=unchanged)
    return result


def _printable(value: object) -> object:
    """Return text without characters that would hide or reorder what follows; markup and numbers unchanged."""
    if value is None:
        return ""
    return (
        _STEERING.sub("\ufffd", value) if isinstance(value, str) and not isinstance(value, Markup) else value
    )


def unchanged(text: str) -> Markup:
    """Return text escaped, with every character as it is: for the fields of a form, which are sent again."""
    return Markup.escape(text)


def percent(share: float) -> str:
    """Return a share from 0 to 1 in percent, "<0.1 %" for a small one."""
    value = 100 * share
    if value < 0.1:
        return "<0.1 %" if value > 0 else "0 %"
    return f"{value:.0f} %" if value >= 10 else f"{value:.1f} %"


def sentence(text: str) -> str:
    """Return a message as a sentence: with a capital, and a full stop where it ends without one."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.rstrip()[-1:] in {'.', '!', '?', ':'} else '.'}"


def words(name: str) -> str:
    """Return a Biolink name in words: "biolink:has_phenotype" is "has phenotype"."""
    text = name.partition(":")[2] or name
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text.replace("_", " ")).lower()


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: "1 relation", "2 relations"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def outside_link(curie: str) -> str:
    """Return the public web page of an identifier, "" where none is known. Only https addresses are returned."""
    prefix, _, number = curie.partition(":")
    pattern = _OUTSIDE.get(prefix.upper())
    return pattern.format(number) if pattern and re.fullmatch(r"[\w.-]{1,40}", number) else ""


_OUTSIDE = {
    "PMID": "https://pubmed.ncbi.nlm.nih.gov/{}/",
    "PMC": "https://pmc.ncbi.nlm.nih.gov/articles/PMC{}/",
    "OMIM": "https://omim.org/entry/{}",
    "ORPHA": "https://www.orpha.net/en/disease/detail/{}",
    "MONDO": "https://monarchinitiative.org/MONDO:{}",
    "HP": "https://hpo.jax.org/browse/term/HP:{}",
    "HGNC": "https://www.genenames.org/data/gene-symbol-report/#!/hgnc_id/HGNC:{}",
    "CHEBI": "https://www.ebi.ac.uk/chebi/CHEBI:{}",
    "DRUGBANK": "https://go.drugbank.com/drugs/{}",
    "UNIPROT": "https://www.uniprot.org/uniprotkb/{}/entry",
}


async def static(request: Request) -> Response:
    """Return a style or script file."""
    name = str(request.path_params["name"])
    if name not in STATIC:
        raise HTTPException(404)
    content = _style() if name == "style.css" else _file(name)
    # one release has one set of files; the address of each has the version
    return Response(content, media_type=STATIC[name], headers={"Cache-Control": "private, max-age=3600"})


@cache
def _style() -> bytes:
    """Return the style sheet of all HTML pages of clinweave, then that of the service's pages."""
    return style().encode() + b"\n" + _file("pages.css")


@cache
def _file(name: str) -> bytes:
    return files("clinweave.service.pages").joinpath("static", name).read_bytes()


def licence_text(names: Sequence[str]) -> str:
    """Return the licence files of third-party code in the package, one after the other."""
    return "\n\n".join(_file(name).decode() for name in names)
