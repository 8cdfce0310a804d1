"""Load a stage's training items from a built dataset or from one file in any supported format."""

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
    examples = [example for example in read_shape(data) if example.kind == kind]
    if not examples:
        raise UserError(f"{data} contains no item of the kind {kind.value!r}")
    return examples
