"""A summary as one HTML page without scripts: a citation leads to the cited words, and these lead back."""

from html import escape
from itertools import pairwise

from clinweave.applications.summary.results import Citation, LeftOut, Line, Summary
from clinweave.core.html import page

_STATUS = {"absent": "absent", "uncertain": "uncertain", "family": "relative", "historical": "past"}
_STYLE = """
.lines { padding-left: 1.1rem; margin: .3rem 0; }
.lines li { margin: .35rem 0; overflow-wrap: anywhere; scroll-margin-top: 1rem; }
.cite { font-size: .8rem; white-space: normal; overflow-wrap: anywhere; margin-left: .3rem; }
.status { border: 1px solid var(--rule); border-radius: 4px; padding: 0 .3rem; font-size: .78rem; color: var(--soft); }
.status.absent { color: var(--down); } .status.uncertain { color: var(--accent); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .92rem; }
mark { background: var(--bar); color: inherit; border-radius: 3px; } mark a { color: inherit; text-decoration: none; }
:target { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; scroll-margin-top: 20vh; }
td { overflow-wrap: anywhere; vertical-align: top; }
.columns { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; }
@media (min-width: 64rem) { header, main { max-width: 84rem; }
  .columns.two { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
  .columns.two .source { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; } }
@media print { .columns.two { display: block; } .columns.two .source { position: static; max-height: none; } }
"""
Key = tuple[str, str, int, int]


class _Anchors:
    """The names of the places on the page: one for each cited span or entry, and the first sentence that cites it."""

    def __init__(self, summary: Summary) -> None:
        self.names: dict[Key, str] = {}
        self.citations: dict[Key, Citation] = {}
        self.users: dict[Key, str] = {}
        lines: list[Line | LeftOut] = [*summary.lines, *summary.contradictions, *summary.left_out]
        for number, line in enumerate(lines):
            for citation in line.citations:
                key = _key(citation)
                self.names.setdefault(key, f"c{len(self.names) + 1}")
                self.citations.setdefault(key, citation)
                self.users.setdefault(key, f"l{number}")

    def link(self, citation: Citation) -> str:
        """Return the citation as a link to its place."""
        return f'<a class="cite" href="#{self.names[_key(citation)]}">{escape(citation.label)}</a>'


def as_html(summary: Summary) -> str:
    """Return the page."""
    anchors = _Anchors(summary)
    number = 0
    parts = []
    if summary.warnings:
        rows = "".join(f"<li>{escape(text)}</li>" for text in summary.warnings)
        parts.append(f"<section><h2>Warnings</h2><ul>{rows}</ul></section>")
    for section, lines in summary.sections().items():
        parts.append(_section(section, lines, anchors, number))
        number += len(lines)
    contradictions = list(summary.contradictions)
    parts.append(_section("Contradictions (both shown, neither preferred)", contradictions, anchors, number))
    parts.append(_left_out(summary.left_out, anchors, number + len(contradictions)))
    source = "".join([*(_note(name, text, anchors) for name, text in summary.notes), _entries(anchors)])
    two = " two" if summary.notes else ""
    body = f'<div class="columns{two}"><div>{"".join(parts)}</div><div class="source">{source}</div></div>'
    lead = [summary.notice, f"Sentences of a model: {summary.model}."]
    return page(summary.title, body, kind="summary", lead=lead, more=_STYLE)


def _key(citation: Citation) -> Key:
    return citation.source, citation.date, citation.start, citation.end


def _section(title: str, lines: list[Line], anchors: _Anchors, first: int) -> str:
    rows = []
    heading = ""
    for number, line in enumerate(lines, first):
        if line.problem != heading:
            heading = line.problem
            rows.append(f"</ul><h3>{escape(heading)}</h3><ul class=lines>")
        text = f"\u201c{line.text}\u201d" if line.quoted else line.text
        word = _STATUS.get(line.status, "")
        status = f'<span class="status {escape(line.status)}">{word}</span> ' if word else ""
        links = "".join(anchors.link(item) for item in dict.fromkeys(line.citations))
        rows.append(f'<li id="l{number}">{status}{escape(text)}{links}</li>')
    content = "".join(rows) or "<li>none</li>"
    return f"<section><h2>{escape(title)}</h2><ul class=lines>{content}</ul></section>"


def _left_out(items: tuple[LeftOut, ...], anchors: _Anchors, first: int) -> str:
    rows = "".join(
        f'<li id="l{number}">{escape(item.text)} <span class="note">({escape(item.reason)})</span>'
        f"{''.join(anchors.link(citation) for citation in item.citations)}</li>"
        for number, item in enumerate(items, first)
    )
    return f"<section><h2>Left out</h2><ul class=lines>{rows or '<li>nothing</li>'}</ul></section>"


def _note(name: str, text: str, anchors: _Anchors) -> str:
    """Return a note with its cited spans marked; where spans overlap, each piece belongs to the shortest one."""
    spans = [
        (key[2], key[3], anchor) for key, anchor in anchors.names.items() if key[0] == name and key[2] >= 0
    ]
    back = {anchors.names[key]: user for key, user in anchors.users.items()}
    edges = sorted({0, len(text), *(edge for start, end, _ in spans for edge in (start, end))})
    starts: dict[int, list[str]] = {}
    for start, _, anchor in spans:
        starts.setdefault(start, []).append(anchor)
    pieces = []
    for begin, end in pairwise(edges):
        pieces += [f'<span id="{anchor}"></span>' for anchor in starts.get(begin, [])[1:]]
        covering = [item for item in spans if item[0] <= begin and end <= item[1]]
        words = escape(text[begin:end])
        if not covering:
            pieces.append(words)
            continue
        anchor = min(covering, key=lambda item: item[1] - item[0])[2]
        name_here = f' id="{starts[begin][0]}"' if begin in starts else ""
        pieces.append(f'<mark{name_here}><a href="#{back[anchor]}">{words}</a></mark>')
    return f'<section><h2>{escape(name)}</h2><div class="text">{"".join(pieces)}</div></section>'


def _entries(anchors: _Anchors) -> str:
    """Return a table of the cited entries."""
    rows = "".join(
        f'<tr id="{anchor}"><td><a href="#{anchors.users[key]}">{escape(key[0] or "entry without id")}</a>'
        f"<td>{escape(key[1])}<td>{escape(anchors.citations[key].text)}</tr>"
        for key, anchor in anchors.names.items()
        if key[2] < 0
    )
    if not rows:
        return ""
    return (
        f"<section><h2>Cited entries</h2><table><tr><th>entry<th>date<th>value</tr>{rows}</table></section>"
    )
