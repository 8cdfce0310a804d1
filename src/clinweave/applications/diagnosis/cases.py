"""Cases from GA4GH phenopackets (v2; v1 is recognised) or plain lines of findings; the label is never looked at.

Of a packet only subject, age, sex and phenotypicFeatures are read; `id` is copied to the output and read for nothing
else. With `publications` the PMIDs of metaData.externalReferences are read too, so that their rows can be dropped.
Schema: https://phenopacket-schema.readthedocs.io/en/latest/
"""

import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from clinweave.errors import UserError

_MAX_BYTES = 64 << 20  # of one packet or line
_SEXES = frozenset({"MALE", "FEMALE"})


@dataclass(frozen=True)
class Case:
    """A patient's findings by HPO id. `problems` says what could not be read; `publications` is empty unless asked."""

    id: str
    observed: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    sex: str = ""
    age: str = ""  # ISO 8601 duration, such as P3Y6M
    publications: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read_cases(path: Path, *, publications: bool = False) -> Iterator[Case]:
    """Yield the cases of a JSON file, JSON lines, a folder (sorted by path) or a tar archive, in order.

    A file or line that cannot be read is a case with problems and no findings. Raises `UserError` where there is no
    such path, the archive is broken, or nothing in it looks like a case.
    """
    count = 0
    for place, data in _documents(path):
        count += 1
        name = f"case-{count}"
        if isinstance(data, str):
            yield Case(name, problems=(f"{place}: {data}",))
        else:
            yield _parsed(data, name, place, publications)
    if not count:
        raise UserError(f"{path} holds no .json or .jsonl file; give phenopackets or JSON lines")


def packet(value: Any, name: str = "case-1", *, publications: bool = False) -> Case:
    """Return the case of a parsed phenopacket, or of {"id", "observed", "excluded", "age", "sex", "pmid"}."""
    if not isinstance(value, dict):
        return Case(name, problems=("not a JSON object; expected a phenopacket",))
    id_ = value["id"] if isinstance(value.get("id"), str) and value["id"] else name
    cited = _publications(value) if publications else ()
    if "phenotypicFeatures" not in value and isinstance(value.get("observed"), list):
        return Case(
            id_,
            _texts(value["observed"]),
            _texts(value.get("excluded")),
            _sex(value.get("sex")),
            value["age"] if isinstance(value.get("age"), str) else "",
            cited,
        )
    problems: list[str] = []
    observed, excluded = _findings(value.get("phenotypicFeatures"), problems)
    subject = value.get("subject")
    subject = subject if isinstance(subject, dict) else {}
    return Case(id_, observed, excluded, _sex(subject.get("sex")), _age(subject), cited, tuple(problems))


def _findings(features: Any, problems: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    observed: list[str] = []
    excluded: list[str] = []
    if not isinstance(features, list):
        problems.append("no list phenotypicFeatures")
        return (), ()
    for place, feature in enumerate(features):
        type_ = feature.get("type") if isinstance(feature, dict) else None
        id_ = type_.get("id") if isinstance(type_, dict) else None
        if not isinstance(id_, str):
            problems.append(f"phenotypicFeatures[{place}] has no type.id and was left out")
            continue
        if "negated" in feature:
            problems.append("phenopacket of version 1: `negated` was read as `excluded`")
        no = feature.get("excluded", feature.get("negated", False))
        (excluded if no is True else observed).append(id_)
    return tuple(observed), tuple(excluded)


def _age(subject: dict[str, Any]) -> str:
    """Return the ISO 8601 age at the last encounter (v2) or at collection (v1), or ""."""
    for key in ("timeAtLastEncounter", "ageAtCollection"):
        value = subject.get(key)
        value = value.get("age", value) if isinstance(value, dict) else value
        value = value.get("iso8601duration", value.get("age")) if isinstance(value, dict) else value
        if isinstance(value, str):
            return value
    return ""


def _publications(value: dict[str, Any]) -> tuple[str, ...]:
    given = value.get("pmid")
    found = [given] if isinstance(given, str) else []
    meta = value.get("metaData")
    references = meta.get("externalReferences") if isinstance(meta, dict) else None
    listed = (
        [one.get("id") for one in references if isinstance(one, dict)] if isinstance(references, list) else []
    )
    found += [one for one in listed if isinstance(one, str) and one.upper().startswith("PMID:")]
    return tuple(dict.fromkeys(f"PMID:{text.split(':')[-1].strip()}" for text in found))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _sex(value: Any) -> str:
    return value.upper() if isinstance(value, str) and value.upper() in _SEXES else ""


def _parsed(data: bytes, name: str, place: str, publications: bool) -> Case:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        return Case(name, problems=(f"{place}: not JSON ({str(error)[:80]})",))
    if isinstance(value, dict) and isinstance(value.get("phenopacket"), dict):
        value = value["phenopacket"]  # a family: its proband is in `proband`, a wrapped packet here
    elif isinstance(value, dict) and isinstance(value.get("proband"), dict):
        value = value["proband"]
    return packet(value, name, publications=publications)


def _documents(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Yield (place to name in messages, content or what is wrong)."""
    if not path.exists():
        raise UserError(f"there is no {path}; give a phenopacket, a folder or .tar.gz of them, or JSON lines")
    if path.is_dir():
        for file in sorted(path.rglob("*.json")) + sorted(path.rglob("*.jsonl")):
            yield from _file(file, file.relative_to(path).as_posix())
    elif path.name.endswith((".tar", ".tar.gz", ".tgz")):
        yield from _archive(path)
    else:
        yield from _file(path, path.name)


def _file(path: Path, place: str) -> Iterator[tuple[str, bytes | str]]:
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not zipped:
                yield from _content(raw, place, ".jsonl" in path.name)
                return
            with gzip.open(raw) as stream:
                yield from _content(stream, place, ".jsonl" in path.name)  # type: ignore[arg-type]
    except (OSError, EOFError) as error:
        yield place, f"could not be read ({error})"


def _archive(path: Path) -> Iterator[tuple[str, bytes | str]]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.endswith((".json", ".jsonl")):
                    stream = archive.extractfile(member)
                    yield from _content(stream or io.BytesIO(), member.name, member.name.endswith("l"))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise UserError(f"{path} is not a whole tar archive ({error}); pack it anew") from error


def _content(stream: IO[bytes], place: str, lines: bool) -> Iterator[tuple[str, bytes | str]]:
    if not lines:
        data = stream.read(_MAX_BYTES + 1)
        yield place, data if len(data) <= _MAX_BYTES else f"larger than {_MAX_BYTES:,} bytes"
        return
    for row, line in enumerate(stream, 1):
        if line.strip():
            yield f"{place}, line {row}", line if len(line) <= _MAX_BYTES else "line too long"
