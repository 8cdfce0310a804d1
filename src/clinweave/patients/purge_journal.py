"""Journal of a purge, written before anything is removed: an interrupted purge is finished by the next one."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from clinweave.core.artifacts import write_json
from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of, reason, regular_file

FILE = "purge-unfinished.json"


@dataclass(frozen=True)
class Journal:
    """What a purge set out to do: the patient, (store, subject number, collections) and the texts to search for."""

    patient: str
    held: tuple[tuple[str, int, tuple[str, ...]], ...]
    wanted: tuple[str, ...]

    def write(self, home: Path) -> None:
        """Write the journal; only its owner can read it."""
        write_json(home / FILE, asdict(self), private=True)


def unfinished(home: Path) -> Journal | None:
    """Return the journal of a purge that did not end. Raises `UserError` where it is damaged."""
    file = home / FILE
    if not kind_of(file):
        return None
    try:
        row = json.loads(regular_file(file).read_text("utf-8"))
        stores = tuple(
            (str(path), int(number), tuple(map(str, names))) for path, number, names in row["held"]
        )
        return Journal(str(row["patient"]), stores, tuple(map(str, row["wanted"])))
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise UserError(
            f"{file} is damaged ({reason(error)}): delete it and purge the patient again"
        ) from error


def finish(home: Path) -> None:
    """Remove the journal."""
    (home / FILE).unlink(missing_ok=True)
