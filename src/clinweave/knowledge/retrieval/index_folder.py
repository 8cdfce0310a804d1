"""Where a text index is: in the folder that was named, or below it where a batch job joined its shards."""

from pathlib import Path

from clinweave.core.artifacts import MANIFEST

JOINED = "joined"


def index_folder(path: Path) -> Path:
    """Return the folder of a text index; of the folder of a batch job that made one, that of its joined index."""
    joined = path / JOINED
    return joined if (joined / MANIFEST).is_file() else path
