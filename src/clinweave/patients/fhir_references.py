"""Resolve FHIR references. https://hl7.org/fhir/R4/references.html and bundle.html#references

An id is unique on one server only, and most exports do not say which server they come from. A reference is therefore
looked for by its whole address first, then by type and id in the same file, then in the folders around that file, the
nearest first. Where several resources fit, the reference is ambiguous and refused.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from clinweave.patients.batches import Refused

_TYPE = re.compile(r"[A-Z][A-Za-z]{2,39}", re.A)
AMBIGUOUS = "ambiguous reference: several resources of this id"


class Reference(NamedTuple):
    """The parts of a reference: "https://host/fhir/Patient/1" has the base "https://host/fhir"."""

    base: str = ""
    type: str = ""
    id: str = ""
    urn: str = ""
    query: str = ""

    @property
    def url(self) -> str:
        """Return the absolute address, or "" of a relative reference."""
        return self.urn or (f"{self.base}/{self.type}/{self.id}" if self.base else "")


def reference_of(text: str) -> Reference:
    """Return the parts of a reference; a version ("/_history/2") is left out."""
    text = text.strip()
    if text.lower().startswith("urn:"):
        return Reference(urn=text.lower(), id=text.rpartition(":")[2])
    path, _, query = text.partition("?")
    path = path.partition("#")[0].partition("/_history")[0].rstrip("/")
    if query:
        return Reference(type=path.rpartition("/")[2], query=query)
    rest, _, ident = path.rpartition("/")
    base, _, kind = rest.rpartition("/")
    return Reference(base=_base(base), type=kind, id=ident)


def identifiers_of(resource: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return (system, value) of a resource's identifiers."""
    field = resource.get("identifier")
    items = field if isinstance(field, list) else [field]
    return [
        (str(item.get("system") or ""), str(item["value"]).strip())
        for item in items
        if isinstance(item, dict) and item.get("value")
    ]


class Index:
    """Resources by address, by type and id in their surroundings, and by identifier; values are numbers."""

    def __init__(self) -> None:
        self._urls: dict[tuple[str, str], set[int]] = {}  # (file or "", address)
        self._ids: dict[tuple[str, str, str], set[int]] = {}  # (file or folder, type, id)
        self._identifiers: dict[tuple[str, str, str], set[int]] = {}  # (type, system, value)
        self._bases: dict[int, str] = {}  # number -> the server it is on, where known

    def add(self, number: int, kind: str, ident: str, full: Reference, file: str) -> None:
        """Note where a resource stands: its type and id, its full address, and its file."""
        if full.url:
            for scope in (file, ""):
                self._urls.setdefault((scope, full.url), set()).add(number)
        if full.base:
            self._bases[number] = full.base
        for item in {ident, full.id} - {""}:
            for scope in scopes(file):
                self._ids.setdefault((scope, kind, item), set()).add(number)

    def add_identifiers(self, number: int, kind: str, identifiers: list[tuple[str, str]]) -> None:
        """Note the business identifiers of a resource."""
        for system, value in identifiers:
            self._identifiers.setdefault((kind, system, value), set()).add(number)

    def by_url(self, url: str, file: str = "") -> set[int]:
        """Return the resources of an address, in one file or in all of them."""
        return self._urls.get((file, url), set())

    def base(self, number: int) -> str:
        """Return the address of the server that a resource is on, or ""."""
        return self._bases.get(number, "")

    def find(self, kind: str, reference: Reference, file: str, own: str = "") -> int | None:
        """Return the resource that is meant in a file, by a resource whose server is `own`; None if there is none.

        Raises `Refused` where several fit, or where the reference is to another type.
        """
        if reference.type not in {"", kind}:
            raise Refused(f"the reference is to a {type_name(reference.type)}, not to a {kind}")
        if reference.query:
            return self.identified(kind, identifiers_in(reference.query))
        url = reference.url or (f"{own}/{kind}/{reference.id}" if own else "")
        exact = (self.by_url(url, file) or self.by_url(url)) if url else set()
        if exact:
            return _only(exact)
        scope, around = next(
            (
                (scope, matches)
                for scope in scopes(file)
                if (matches := self._ids.get((scope, kind, reference.id)))
            ),
            ("", set[int]()),
        )
        server = reference.base or own
        # a resource without a server, in another file than one that has a server, is not known to be of that server
        open_to = server if reference.base or scope == file else ""
        fitting = {item for item in around if not server or self._bases.get(item, open_to) == server}
        if reference.base and len(fitting) == 1:
            # the first server that is named for a resource without one is taken as its server
            self._bases.setdefault(next(iter(fitting)), reference.base)
        return _only(fitting)

    def identified(self, kind: str, identifiers: list[tuple[str, str]]) -> int | None:
        """Return the resource with one of these identifiers; raises `Refused` where several have one."""
        matches: set[int] = set()
        for system, value in identifiers:
            matches |= self._identifiers.get((kind, system, value), set())
        return _only(matches)


def identifiers_in(query: str) -> list[tuple[str, str]]:
    """Return (system, value) in a conditional reference's query "identifier=system|value"."""
    matches = [value.rpartition("|") for key, value in parse_qsl(query) if key == "identifier"]
    return [(system, value) for system, _, value in matches if value]


def scopes(file: str) -> list[str]:
    """Return a file and the folders around it, the nearest first; "" is the whole source."""
    parts = file.split("/")
    return [file, *("/".join(parts[:count]) + "/" for count in range(len(parts) - 1, 0, -1)), ""]


def type_name(stated: str) -> str:
    """Return the name of a type of resource for a message; what is no such name may be a patient's."""
    return stated if not stated or _TYPE.fullmatch(stated) else "resource of an unknown type"


def _only(matches: set[int]) -> int | None:
    if len(matches) > 1:
        raise Refused(AMBIGUOUS)
    return next(iter(matches), None)


def _base(text: str) -> str:
    """Return the address of a server with scheme and host in lower case, or "" where it is none."""
    parts = urlsplit(text.rstrip("/"))
    if not parts.scheme or not parts.netloc:
        return ""
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path}"
