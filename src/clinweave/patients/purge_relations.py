"""Find and remove relations that a model proposed from a patient's notes."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import MANIFEST, appearing, read_manifest, rewriting, sha256, write_manifest
from clinweave.patients.notes_index import tag

KIND, ACCEPTED, ASKED = "proposals", "proposals.jsonl", "asked.jsonl"
_STOPPED = ".*.asked.jsonl"  # next to a folder whose build was interrupted


@dataclass(frozen=True)
class Proposed:
    """A folder of proposals, or the file of a stopped run: how many lines are of the patient, and what it held."""

    path: Path
    lines: int
    sha256: str  # of its accepted proposals as they were, as a graph's manifest names them


def find_proposals(home: Path, registered: Iterable[Path], subject: int) -> list[Proposed]:
    """Return folders and files with a patient's lines: under `home`, and registered ones with their neighbours."""
    registered = list(registered)
    folders = {path.parent for path in home.rglob(MANIFEST)} | set(registered)
    folders = {path for path in folders if (read_manifest(path) or {}).get("kind") == KIND}
    stopped = {
        *home.rglob(_STOPPED),
        *(path for proposal in registered for path in proposal.parent.glob(_STOPPED)),
    }
    result = []
    for path in sorted({path.resolve() for path in folders | stopped}):
        files = [path] if path.is_file() else [path / ACCEPTED, path / ASKED]
        lines = sum(_is_of(line, subject) for file in files for line in _lines(file))
        if lines:
            accepted = path / ACCEPTED
            result.append(Proposed(path, lines, sha256(accepted) if accepted.is_file() else ""))
    return result


def without_patient(path: Path, subject: int) -> None:
    """Take a patient's lines out of a folder of proposals, or out of the file of a stopped run."""
    if path.is_file():
        _rewrite(path, subject)
        return
    with rewriting(path) as work:
        _without(work, subject)


def _without(path: Path, subject: int) -> None:
    manifest = dict(read_manifest(path) or {})
    threshold = float(manifest.get("parameters", {}).get("threshold", 0.0))
    gone = [json.loads(line) for line in _rewrite(path / ASKED, subject)]
    refused = Counter(manifest.get("refused", {}))
    for answer in gone:
        refused.subtract(answer["refused"])
        refused["the model says no"] -= sum(row["score"] < threshold for row in answer["asked"])
    counts = Counter(manifest.get("counts", {}))
    taken = {"passages": len(gone), "asked": sum(len(answer["asked"]) for answer in gone)}
    counts.subtract({**taken, "proposed": len(_rewrite(path / ACCEPTED, subject))})
    manifest |= {"counts": dict(counts), "refused": dict(sorted((+refused).items()))}
    manifest["purged"] = int(manifest.get("purged", 0)) + 1
    write_manifest(path, manifest)


def graphs_with(home: Path, proposed: Iterable[Proposed]) -> Iterator[tuple[Path, int]]:
    """Yield the graphs under `home` built with such proposals, and how many of the patient's lines went in."""
    lines = {item.sha256: item.lines for item in proposed if item.sha256}
    for path in sorted(home.rglob(MANIFEST)):
        manifest: dict[str, Any] = read_manifest(path.parent) or {}
        inputs = manifest.get("inputs", {}) if manifest.get("kind") == "graph" else {}
        for name, hashed in inputs.items():
            if name.startswith(f"{KIND}/") and hashed in lines:
                yield path.parent, lines[hashed]


def _is_of(line: str, subject: int) -> bool:
    """Say whether a line is of a patient: its passage bears the patient's number (see `collecting.tag`)."""
    mark = f"#{tag(subject)}-"
    if mark not in line:
        return False
    try:
        return mark in str(json.loads(line)["passage"])
    except (ValueError, KeyError, TypeError):
        return True  # a line that was cut short, and holds the number


def _lines(file: Path) -> Iterator[str]:
    if file.is_file():
        with file.open(encoding="utf-8", errors="replace") as stream:
            yield from stream


def _rewrite(file: Path, subject: int) -> list[str]:
    """Rewrite a file without a patient's lines, and return those."""
    gone: list[str] = []
    with appearing(file, private=True) as work, work.open("w", encoding="utf-8") as out:
        for line in _lines(file):
            if _is_of(line, subject):
                gone.append(line)
            else:
                out.write(line)
    return gone
