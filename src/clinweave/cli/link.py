"""`clinweave link`: recognise concepts in a text, or in every line of a file."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from clinweave.cli.console import spinner
from clinweave.core.artifacts import appearing, home
from clinweave.core.errors import UserError
from clinweave.records import Mention, to_json

if TYPE_CHECKING:
    from clinweave.knowledge import Linker

_Find = Callable[[list[str]], list[list[Mention]]]

app = typer.Typer(add_completion=False)
_LINES = 200  # lines linked at once
_NOTES = (".txt", ".text", ".md")  # files of one text


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[IN.jsonl]", help='Lines {"id", "text"}, or one note as NOTE.txt.', show_default=False
        ),
    ] = None,
    text: Annotated[str | None, typer.Option(help="One text, instead of a file.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="OUT.jsonl", help="Where to write; stdout if not given.")
    ] = None,
    prefix: Annotated[
        list[str] | None,
        typer.Option(help="Only concepts of this vocabulary, as HP or MONDO; may be repeated."),
    ] = None,
    language: Annotated[
        str,
        typer.Option(
            metavar="CODE", help="Language of the texts, as es; detected for each text if not given."
        ),
    ] = "",
    translations: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of name files (HPO, diseases); the fetched ones if not given.",
        ),
    ] = None,
    graph: Annotated[Path | None, typer.Option("--graph", metavar="DIR", help="The graph's folder.")] = None,
    notes: Annotated[
        bool,
        typer.Option(
            "--notes",
            help="Read clinical notes more fully: also laboratory values, vital signs and growth. Findings (HP) only.",
        ),
    ] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help='Write {"id", "error"} for a bad line instead of stopping.')
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Recognise concepts in text, with offsets, identifier, status (present, absent, ...) and reason.

    Each line of a file gives one line {"id", "mentions": [{"start", "end", "text", "id", "name", "category",
    "negated", "score", "reason", "experiencer", "status"}]}. Offsets are those of the original text, in Unicode
    characters.
    """
    if (text is None) == (source is None):
        raise UserError("give either a file of lines or --text, not both")
    if source is not None and not source.is_file():
        raise UserError(f"{source} does not exist or is no file")
    if notes and set(prefix or ["HP"]) != {"HP"}:
        raise UserError("--notes reads findings of the HPO alone: leave --prefix out, or give HP")
    linker = _linker(graph, translations, language.lower())
    find = _finder(linker, prefix, notes=notes)
    if text is not None:
        unread = "" if language else _unread(text, linker)
        if unread:
            typer.echo(f"warning: {unread}; --language en looks for English names in it", err=True)
        _show([] if unread else find([text])[0], unread, as_json)
        return
    counts = {"documents": 0, "mentions": 0, "errors": 0, "unread": 0}
    with _output(out) as stream, spinner(quiet=out is None) as set_status:
        for line in _linked(linker, find, source or Path(), keep_going, counts):
            stream.write(_dumped(line) + "\n")
            set_status(f"linking: {counts['documents']} texts, {counts['mentions']} mentions")
    if as_json and out is not None:
        printed = {name: count for name, count in counts.items() if count or name != "unread"}
        typer.echo(json.dumps({**printed, "out": str(out)}))
    else:
        unread = f", {counts['unread']} texts in a language that is not read" if counts["unread"] else ""
        typer.echo(
            f"{counts['documents']} texts, {counts['mentions']} mentions, {counts['errors']} bad lines{unread}",
            err=True,
        )


def _linker(graph: Path | None, translations: Path | None, language: str) -> "Linker":
    from clinweave.knowledge import Graph, Linker, with_translations

    linker = Linker.open(Graph.open(graph or home() / "graph"))
    return with_translations(linker, home(), folder=translations, language=language)


def _finder(linker: "Linker", prefix: list[str] | None, *, notes: bool) -> _Find:
    """Return what finds the mentions of several texts."""
    if notes:
        from clinweave.knowledge import NoteReader

        return NoteReader(linker).read_many
    return lambda texts: linker.link_many(texts, prefix)


def _unread(text: str, linker: "Linker") -> str:
    from clinweave.knowledge import unread_language

    return unread_language(text, linker.languages)


def _show(mentions: list[Mention], unread: str, as_json: bool) -> None:
    if as_json:
        printed = {"mentions": [to_json(mention) for mention in mentions]}
        typer.echo(_dumped({**printed, "unread": unread} if unread else printed))
        return
    from rich.markup import escape
    from rich.table import Table

    from clinweave.cli.console import Console

    table = Table("text", "offsets", "concept", "name", "score", "status", "experiencer", "reason")
    for item in mentions:
        span = f"{item.start}-{item.end}"
        row = (
            item.text,
            span,
            item.id,
            item.name,
            f"{item.score:.2f}",
            item.status,
            item.experiencer,
            item.reason,
        )
        table.add_row(*(escape(_printable(cell)) for cell in row))
    Console().print(table if mentions else "no concepts recognised")


def _linked(
    linker: "Linker",
    find: _Find,
    source: Path,
    keep_going: bool,
    counts: dict[str, int],
) -> Iterator[dict[str, Any]]:
    """Yield the output line of every input line, in order; of a text file (.txt) one line."""
    if source.suffix.lower() in _NOTES:
        from clinweave.patients import read_note

        yield from _with_mentions(linker, find, [{"id": source.stem, "text": read_note(source)}], counts)
        return
    with source.open("rb") as stream:
        lines = enumerate(stream, 1)
        while chunk := list(islice(lines, _LINES)):
            items: list[dict[str, Any]] = []
            for number, raw in chunk:
                if not raw.strip():
                    continue
                try:
                    items.append(_parsed(raw))
                except ValueError as error:
                    where = f"{source}, line {number}: {error}"
                    if not keep_going:
                        good = counts["documents"] + len(items)
                        raise UserError(
                            f"{where} ({good} good lines before it; nothing was written). Mend the line, or let "
                            "--keep-going put an error in its place"
                        ) from error
                    counts["errors"] += 1
                    items.append({"id": _id_of(raw), "error": where})
            yield from _with_mentions(linker, find, items, counts)


def _with_mentions(
    linker: "Linker", find: _Find, items: list[dict[str, Any]], counts: dict[str, int]
) -> Iterator[dict[str, Any]]:
    """Yield the output of parsed lines; one in a language that is not read has "unread" instead."""
    texts = [item["text"] for item in items if "error" not in item]
    unread = ["" if linker.language else _unread(text, linker) for text in texts]
    readable = [text for text, reason in zip(texts, unread, strict=True) if not reason]
    linked, reasons = iter(find(readable)), iter(unread)
    for item in items:
        counts["documents"] += 1
        if "error" in item:
            yield item
        elif reason := next(reasons):
            counts["unread"] += 1
            yield {"id": item["id"], "mentions": [], "unread": reason}
        else:
            mentions = next(linked)
            counts["mentions"] += len(mentions)
            yield {"id": item["id"], "mentions": [to_json(mention) for mention in mentions]}


def _parsed(raw: bytes) -> dict[str, Any]:
    """Return a line's id and text; raises `ValueError` that says what is wrong with it."""
    try:
        item = json.loads(raw, parse_constant=_no_number)
        json.dumps(item, allow_nan=False)  # 1e999 is read as infinity
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f'not JSON ({str(error).partition(":")[0]}); lines are {{"id", "text"}}, and one note is a file .txt'
        ) from error
    if not isinstance(item, dict) or "id" not in item or not isinstance(item.get("text"), str):
        raise ValueError('needs an "id" and a "text" that is a string')
    if not _is_json(item["id"]):
        raise ValueError(
            "the id is NaN, infinite or half of a surrogate pair, which is not JSON; give a string or a finite number"
        )
    return {"id": item["id"], "text": item["text"]}


def _no_number(name: str) -> None:
    """Refuse NaN and Infinity, which no strict reader of the output would take."""
    raise ValueError(f"{name} is no JSON number")


def _id_of(raw: bytes) -> object:
    try:
        item = json.loads(raw, parse_constant=_no_number)
        json.dumps(item, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    value = item.get("id") if isinstance(item, dict) else None
    return value if _is_json(value) else None


def _is_json(value: object) -> bool:
    """Say whether a value that Python's reader took is JSON that strict readers take.

    NaN, numbers beyond the range of a float and halves of surrogate pairs are not.
    """
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


@contextmanager
def _output(out: Path | None) -> Iterator[IO[str]]:
    """Yield where lines go: stdout, or a file that appears only when all is written."""
    if out is None:
        yield typer.get_text_stream("stdout")
        return
    if not out.parent.is_dir():
        raise UserError(f"the folder {out.parent} does not exist")
    with appearing(out, private=True) as work, work.open("w", encoding="utf-8") as stream:
        yield stream


def _dumped(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text if _encodable(text) else json.dumps(value, allow_nan=False)


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _printable(text: str) -> str:
    return "".join(part if part.isprintable() else " " for part in text)
