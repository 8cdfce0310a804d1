"""Turn a missing optional dependency into an install hint."""

from collections.abc import Iterator
from contextlib import contextmanager

from clinweave.core.errors import UserError

_MOLECULES = frozenset({"rdkit", "lightgbm", "sklearn", "torch", "selfies", "tokenizers"})


@contextmanager
def needs_molecules() -> Iterator[None]:
    """Turn a missing library of the extra `molecules` into the line that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _MOLECULES:
            raise UserError(f"{error.name} is not installed: pip install 'clinweave[molecules]'") from None
        raise
