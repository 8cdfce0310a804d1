"""Plain text of XML with inline markup (JATS, PubMed, MathML); superscripts and subscripts keep their meaning.

A superscript or subscript of digits and signs becomes Unicode ("10⁹/L", "1.73 m²", "CO₂", "Na⁺"). What has no such
form is written with a caret or an underscore, in parentheses wherever the next character could be read as part of it
("10^(3.5)", "BRAF^V600E", "C_max"). Reference marks (`xref` to the bibliography or a footnote) are left out; a
superscript that is no reference mark is content. Formulas are written in one line: "(a + b)/2", "√(x)".
"""

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SUPERSCRIPT = dict(zip("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ", strict=True))
_SUPERSCRIPT |= dict(zip("abcdefghjklmoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰʲᵏˡᵐᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_SUBSCRIPT = dict(zip("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎", strict=True))
_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"))
_RAISED = re.compile(r"(?:[+-]?\d+[+-]?|\d*[+-]+|[+-]?[a-z]|\d+[a-z]|\(\d*[+-]+\)|[ni][+-]\d+)")
_LOWERED = re.compile(r"[+-]?\(?\d+\)?[+-]?")
_CHAIN = re.compile(r"\d+[A-Za-z]+\d*")  # a subscript such as the 1c of HbA1c
_RANGE = re.compile(r"\d[\u002d\u2010-\u2015]\d")  # "1-3" is a range, no exponent
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_SIGNS = {"tm": "™", "sm": "℠", "r": "®", "®": "®", "©": "©", "™": "™", "°": "°", "′": "′", "″": "″"}
_OPEN, _CLOSE = "\ue000", "\ue001"  # around a script that gets parentheses where its neighbour needs them
_SCRIPT = re.compile(f"([\\^_]){_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}(?=(.?))", re.DOTALL)
_MARK_KINDS = frozenset({"bibr", "fn", "table-fn", "aff", "corresp", "author-notes", "contrib", "other"})
_MARK = re.compile(r"[\s\d,;*†‡§¶#|.\-\u2010-\u2015\[\]()]*|[a-z*†‡§¶]{1,2}", re.IGNORECASE)
_SEPARATOR = re.compile(r"[\s,;]+")  # raised commas between reference marks
_EMPTY = re.compile(r"\s?(?:\[[\s,;\u2010-\u2015-]*\]|\([\s,;\u2010-\u2015-]*\))")
_TEX = re.compile(r"\\begin\{document\}(.*)\\end\{document\}", re.DOTALL)
_ALTERNATIVES = ("math", "tex-math", "textual-form", "preformat", "table", "chem-struct")
_PICTURES = frozenset({"inline-graphic", "graphic", "media"})
_SPACED = frozenset({  # elements whose text never touches that of their neighbours
    "break", "br", "hr", "tr", "td", "th", "p", "list", "list-item", "def-list", "def-item", "term", "def",
    "disp-quote", "title", "label", "caption", "div", "li", "dt", "dd", "fn", "table-wrap", "table", "fig",
    "boxed-text", "verse-line", "speech", "speaker", "statement", "preformat", "sec", "attrib",
})  # fmt: skip
_BOLD = frozenset({"b", "bold"})
_BLANKS = re.compile(r"[^\S\n]+")

NO_TEXT = "[formula not shown]"  # what a formula given only as a picture leaves behind


def local(element: "Element") -> str:
    """Return the name of an element without its namespace ("mml:math" -> "math"); lower case."""
    tag = element.tag
    return re.split(r"[}:]", tag)[-1].lower() if isinstance(tag, str) else ""


def inline_text(element: "Element | None", leave: Collection[str] = ()) -> str:
    """Return the text of an element on one line, without the elements named in `leave` (their tails stay)."""
    if element is None:
        return ""
    parts: list[str] = []
    collect(element, frozenset(leave), parts)
    return tidy_scripts("".join(parts)).replace("\n", " ").strip()


def tidy_scripts(text: str) -> str:
    """Resolve scripts, take out the brackets that a left-out reference leaves empty, make blanks single."""
    while (replaced := _SCRIPT.sub(_resolved, text)) != text:
        text = replaced
    return _BLANKS.sub(" ", _EMPTY.sub("", text))


def _resolved(match: re.Match[str]) -> str:
    mark, body, following = match.groups()
    plain = all(item.isalpha() or item in "0123456789" for item in body)
    bare = plain and not (following.isalnum() or (following in {".", _OPEN} and body[-1:].isdigit()))
    return f"{mark}{body}" if bare else f"{mark}({body})"


def script_text(text: str, mark: str, before: str = "") -> str:
    """Return a superscript (`mark` "^") or subscript ("_") that follows `before`, as plain text.

    What has no Unicode form is put between two private characters that `tidy_scripts` resolves.
    """
    body = " ".join(text.split())
    plain = body if _RANGE.search(body) else body.translate(_MINUS)
    written = _raised(body, plain, before) if mark == "^" else _lowered(body, plain, before)
    if written or not body or all(unicodedata.category(item) in {"No", "Lm"} for item in body):
        return written or body  # the second: raised or lowered already
    return f"{mark}{_OPEN}{body}{_CLOSE}"


def _raised(body: str, plain: str, before: str) -> str:
    """Return a superscript that has a plain form, else ""."""
    after_number = before[-1:].isdigit()
    if after_number and body.lower() in _ORDINALS:
        return body
    if after_number and body in {"o", "O"}:
        return "°"
    if body.lower() in _SIGNS and body != "r":
        return _SIGNS[body.lower()]
    return "".join(_SUPERSCRIPT[item] for item in plain) if _RAISED.fullmatch(plain) else ""


def _lowered(body: str, plain: str, before: str) -> str:
    """Return a subscript that has a plain form, else ""."""
    if _LOWERED.fullmatch(plain):
        return "".join(_SUBSCRIPT[item] for item in plain)
    if _CHAIN.fullmatch(body) and before[-1:].isalpha():
        return "".join(_SUBSCRIPT.get(item, item) for item in body)
    return ""


def collect(element: "Element", leave: frozenset[str], parts: list[str]) -> None:
    """Append the text within an element to `parts`; `tidy_scripts` makes it readable."""
    parts.append(element.text or "")
    last = ""
    for child in element:
        name = local(child)
        if name in _BOLD and last in _BOLD and _fused(parts, child):
            parts.append("\n")
        if name not in leave:
            collect_child(child, name, leave, parts)
        parts.append(child.tail or "")
        last = "" if (child.tail or "").strip() else name


def _fused(parts: list[str], child: "Element") -> bool:
    """Say whether two bold phrases stand with nothing between them ("<b>Age: 16</b><b>Final Diagnosis</b>")."""
    before, after = "".join(parts[-6:]), "".join(child.itertext())
    return len(after) > 2 and before[-1:].isalnum() and after[:1].isupper()


def collect_child(child: "Element", name: str, leave: frozenset[str], parts: list[str]) -> None:
    """Append the text of one element, without its tail, as its name (`local`) asks."""
    if name in {"sup", "sub"}:
        body: list[str] = []
        collect(child, leave, body)
        text = "".join(body)
        marks = any(local(item) == "xref" for item in child.iter())
        if not (marks or _SEPARATOR.fullmatch(text)) or re.search(r"\w", text):
            parts.append(script_text(text, "^" if name == "sup" else "_", "".join(parts[-4:])))
    elif name == "xref":
        if not _is_mark(child, "".join(child.itertext()).strip()):
            parts.append(inline_text(child, leave))
    elif name == "math":
        parts.append(math_text(child))
    elif name == "tex-math":
        parts.append(tex(child))
    elif name == "alternatives":
        _alternative(child, leave, parts)
    elif name in {"inline-formula", "disp-formula", "dispformula", "chem-struct"}:
        parts.append(" " if name.startswith("disp") else "")
        _formula(child, leave, parts)
        parts.append(" " if name.startswith("disp") else "")
    else:
        spaced = name in _SPACED
        parts.append(" " if spaced else "")
        collect(child, leave, parts)
        parts.append(" " if spaced else "")


def _is_mark(element: "Element", text: str) -> bool:
    """Say whether a cross-reference is a mere mark: of the bibliography, a footnote or an address."""
    kind = element.get("ref-type", "")
    return (kind in _MARK_KINDS or not kind) and _MARK.fullmatch(text) is not None


def _alternative(element: "Element", leave: frozenset[str], parts: list[str]) -> None:
    """Take one of several forms of the same thing."""
    for tag in _ALTERNATIVES:
        for item in element:
            if local(item) == tag:
                collect_child(item, tag, leave, parts)
                return


def _formula(element: "Element", leave: frozenset[str], parts: list[str]) -> None:
    forms = [item for item in element if local(item) in {"math", "tex-math"}]
    if len(forms) > 1:  # the same formula twice, without <alternatives>
        leave |= {"tex-math"} if any(local(item) == "math" for item in forms) else frozenset()
    inner: list[str] = []
    collect(element, leave | {"label"}, inner)
    text = "".join(inner)
    pictured = any(local(item) in _PICTURES for item in element.iter())
    parts.append(text if text.strip() or not pictured else NO_TEXT)


def tex(element: "Element") -> str:
    """Return the source of a TeX formula without its preamble and delimiters."""
    source = "".join(element.itertext())
    match = _TEX.search(source)
    return " ".join((match[1] if match else source).replace("$", " ").split())


def math_text(element: "Element") -> str:
    """Return a MathML element in one line; scripts as in text, fractions with "/", roots with "√"."""
    name = local(element)
    if name in {"annotation", "annotation-xml"}:
        return ""
    make = _MATH.get(name)
    if make is not None and len(element) >= (1 if name in {"msqrt", "mtable", "mfenced"} else 2):
        return make(element)
    inner = (element.text or "").strip() if len(element) == 0 else ""
    text = inner or "".join(math_text(child) for child in element)
    if name == "mtext":
        return " ".join((element.text or "").split(" ")) if len(element) == 0 else text
    if name == "mo" and inner in {"=", "<", ">", "≤", "≥", "≈", "+", "×", "±", "∼", "→"}:
        return f" {inner} "
    return text


def _grouped(element: "Element") -> str:
    text = math_text(element).strip()
    return text if re.fullmatch(r"[\w.]*", text) else f"({text})"


def _scripted(element: "Element", *marks: str) -> str:
    base = math_text(element[0])
    for mark, child in zip(marks, list(element)[1:], strict=False):
        base += script_text(math_text(child), mark, base)
    return base


def _rows(element: "Element") -> str:
    rows = ("; ".join(math_text(cell).strip() for cell in row) for row in element)
    return "[" + " | ".join(rows) + "]"


_MATH: dict[str, Callable[["Element"], str]] = {
    "msup": lambda item: _scripted(item, "^"),
    "msub": lambda item: _scripted(item, "_"),
    "msubsup": lambda item: _scripted(item, "_", "^"),
    "munder": lambda item: _scripted(item, "_"),
    "munderover": lambda item: _scripted(item, "_", "^"),
    "mfrac": lambda item: f"{_grouped(item[0])}/{_grouped(item[1])}",
    "msqrt": lambda item: f"√({''.join(math_text(child) for child in item).strip()})",
    "mroot": lambda item: f"{_grouped(item[0])}^(1/{math_text(item[1]).strip()})",
    "mtable": _rows,
    "mfenced": lambda item: (
        item.get("open", "(") + ", ".join(math_text(child) for child in item) + item.get("close", ")")
    ),
}
