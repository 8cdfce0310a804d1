"""Parse FHIR JSON: the documents in a file, the resources in a document, and fields of any shape."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, NamedTuple

from clinweave.databases import RowLog
from clinweave.patients import files

MAX_BUNDLE = 256 << 20  # bytes; a bundle is one JSON document and is read at once
_LINES = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
_OPEN = (b"{", b"[", b",")  # how the first line of an indented document ends
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
NOT_FHIR = "not FHIR JSON: the file was not read"


class Entry(NamedTuple):
    """One resource with where it stands: row or entry number, full address and request of its bundle's entry."""

    row: int
    resource: Any
    full_url: str = ""
    request: str = ""  # of an update its address, of a conditional create its query


def documents(
    member: files.Member, log: RowLog, pattern: re.Pattern[str] | None = None
) -> Iterator[tuple[int, Any]]:
    """Yield (row, JSON document) of a file: each line of NDJSON, or the whole file (row 0), whatever its name.

    Lines without a match of `wanted` are passed over. What is no JSON is counted in `log`.
    """
    first = b""
    with files.surviving(member.name, log):
        first, blank = _first(member)
    if not first:
        return
    head = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    named = member.name.lower().endswith(_LINES)
    if not named and not head.startswith((b"{", b"[")):
        log.drop(member.name, 0, NOT_FHIR if head else "empty")
        return
    indented = head.rstrip().endswith(_OPEN)
    if _complete(first) or (named and not indented):
        yield from _lines(files.lines(member, log, before=first, skipped=blank), member.name, log, pattern)
        return
    text = files.read_all(member, MAX_BUNDLE, log, before=first)
    if text is None:
        return
    content = _parsed(text)
    rows = (
        [] if content is not None else [line for line in enumerate(text.splitlines(), 1) if line[1].strip()]
    )
    if len(rows) > 1 and all(line.lstrip().startswith("{") for _, line in rows):
        yield from _lines(iter(rows), member.name, log, pattern)
    elif content is None:
        log.drop(member.name, 0, "not JSON")
    else:
        yield 0, content


def entries(document: object, row: int, log: RowLog, file: str) -> Iterator[Entry]:
    """Yield the resources of a document: of a Bundle its entries, of a list its items, else the document itself."""
    if isinstance(document, list) and document and all(isinstance(item, dict) for item in document):
        for number, item in enumerate(document, 1):
            yield from entries(item, row or number, log, file)
    elif isinstance(document, dict) and document.get("resourceType") == "Bundle":
        content = document.get("entry")
        items = content if isinstance(content, list) else []
        if not items:
            log.drop(file, row, "a Bundle without entries")
        yield from _of_bundle(items, row, str(document.get("type") or ""), log, file)
    else:
        yield Entry(row, document)


def objects(content: object, key: str) -> list[dict[str, object]]:
    """Return the objects in a list field, whatever else stands there; a single object counts as a list of one."""
    value = content.get(key) if isinstance(content, Mapping) else None
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def texts(content: object, key: str) -> list[str]:
    """Return the texts of a field that is one text or a list of them."""
    value = content.get(key) if isinstance(content, Mapping) else None
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]


def _of_bundle(items: list[object], row: int, kind: str, log: RowLog, file: str) -> Iterator[Entry]:
    seen: set[str] = set()
    for number, item in enumerate(items, 1):
        position = row or number
        if not isinstance(item, dict):
            log.drop(file, position, "an entry that is no object")
            continue
        request = item.get("request")
        request = request if isinstance(request, dict) else {}
        method, url = str(request.get("method") or ""), str(request.get("url") or "")
        full = item.get("fullUrl")
        full = full if isinstance(full, str) else ""
        resource = item.get("resource")
        if kind == "history":
            # the newest version of a resource comes first, and a deletion is a version, too
            names = {full, _name(resource), url if "/" in url else ""} - {""}
            if names & seen:
                log.drop(file, position, "an older version of a resource in a history")
                continue
            seen |= names
        if method.upper() == "DELETE":
            log.drop(file, position, "a deleted resource")
        elif resource is None:
            log.drop(file, position, "an entry without a resource")
        elif isinstance(resource, dict) and resource.get("resourceType") == "Bundle":
            yield from (entry._replace(row=position) for entry in entries(resource, position, log, file))
        else:
            # a conditional create names its resource by a query, as a conditional update does in its address
            query = str(request.get("ifNoneExist") or "")
            reference = url if method.upper() in {"PUT", "PATCH"} else f"Patient?{query}" if query else ""
            yield Entry(position, resource, full, reference)


def _name(resource: object) -> str:
    if not isinstance(resource, dict) or not resource.get("id"):
        return ""
    return f"{resource.get('resourceType')}/{resource['id']}"


def _first(member: files.Member) -> tuple[bytes, int]:
    """Return the first line that is not blank, at most `files.MAX_LINE` bytes of it, and how many were blank."""
    blank = 0
    while line := member.stream.readline(files.MAX_LINE + 1):
        if line.strip() and line.strip() != b"\xef\xbb\xbf":
            return line, blank
        blank += 1
    return b"", blank


def _complete(line: bytes) -> bool:
    content = _parsed(line.decode("utf-8-sig", "replace"))
    return isinstance(content, dict | list)


def _lines(
    rows: Iterator[tuple[int, str]], name: str, log: RowLog, pattern: re.Pattern[str] | None
) -> Iterator[tuple[int, object]]:
    start = list(islice(rows, 2))
    if len(start) == 1 and not name.lower().endswith(_LINES):
        start = [(0, start[0][1])]  # the one line is the whole file
    for row, line in chain(start, rows):
        if pattern is not None and not pattern.search(line):
            continue
        content = _parsed(line)
        if content is None:
            log.drop(name, row, "not JSON")
        else:
            yield row, content


def _parsed(text: str) -> Any | None:
    """Return what a JSON text holds, or None where it is no JSON or nested too deeply; NaN becomes the text "NaN".

    A lone surrogate, which JSON can escape and no file can hold, becomes a question mark.
    """
    try:
        content = json.loads(text, parse_constant=str)
        if _SURROGATE.search(text):
            encoded = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace").decode()
            content = json.loads(encoded, parse_constant=str)
        return content
    except (ValueError, RecursionError):
        return None
