"""Where a text index is. Loads nothing, so that a knowledge base can be named without opening it."""

from pathlib import Path

from clinweave.core.artifacts import MANIFEST

JOINED = "joined"  # where a batch job joins the shards of an index


def index_folder(path: Path) -> Path:
    """Return the folder of a text index; of the folder of a batch job that made one, that of its joined index."""
    joined = path / JOINED
    return joined if (joined / MANIFEST).is_file() else path
