"""Which collections rank above the others: a setting of the home folder."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from clinweave.core.artifacts import write_json
from clinweave.core.errors import UserError

_FILE = "preferred_collections.json"


def preferred_collections(home: Path) -> tuple[str, ...]:
    """Return the names of the collections that rank above the others. Raises `UserError` for a damaged setting."""
    path = home / _FILE
    try:
        names = json.loads(path.read_text("utf-8"))["preferred"]
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read; set it again with `clinweave index prefer NAME`") from error
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{path} is damaged; set it again with `clinweave index prefer NAME`")
    return tuple(names)


def prefer_collections(names: Sequence[str], home: Path, existing: Collection[str]) -> tuple[str, ...]:
    """Let these collections rank above the others, () none; return them. Raises `UserError` for an unknown name."""
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in existing:
            raise UserError(f"there is no collection {name!r}; there are: {', '.join(existing) or 'none'}")
    if wanted:
        write_json(home / _FILE, {"preferred": list(wanted)})
    else:
        (home / _FILE).unlink(missing_ok=True)
    return wanted
