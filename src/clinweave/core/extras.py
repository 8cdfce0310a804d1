"""Turn a missing optional dependency into an install hint."""

from collections.abc import Iterator
from contextlib import contextmanager

from clinweave.core.errors import MissingExtraError

# extra -> top-level modules that it alone installs
_MODULES = {
    "molecules": frozenset({"rdkit", "lightgbm", "sklearn", "torch", "selfies", "tokenizers"}),
    "docking": frozenset({"vina", "meeko", "gemmi"}),
    "mcp": frozenset({"mcp", "mcp_types"}),
    "scale": frozenset({"ray", "grpc"}),
}


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Turn a missing library of an extra into a `MissingExtraError` with the line that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _MODULES[extra]:
            raise MissingExtraError(
                f"{error.name} is not installed: pip install 'clinweave[{extra}]'"
            ) from None
        raise
