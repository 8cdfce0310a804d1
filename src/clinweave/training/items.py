"""What a stage learns from: the items of a built set, or of one file of any shape."""

from pathlib import Path

from clinweave.core.errors import UserError
from clinweave.datasets import Example, Kind, read_examples, read_shape


def load_examples(data: Path, kind: Kind, split: str) -> list[Example]:
    """Return the items of a built set's kind and split, or those of a single file of any shape."""
    if data.is_dir():
        path = data / f"{kind}.{split}.jsonl"
        if not path.is_file():
            raise UserError(f"{data} holds no {path.name}: build a larger set with `clinweave data build`")
        return list(read_examples(path))
    found = [one for one in read_shape(data) if one.kind == kind]
    if not found:
        raise UserError(f"{data} holds no item of the kind {kind.value!r}")
    return found
