"""Which endings there are. The ending alone decides how a file is read or written."""

from pathlib import Path

from clinweave.core.errors import UserError

# ending -> format
ENDINGS = {
    ".sdf": "sdf", ".sd": "sdf", ".mol": "sdf",
    ".smi": "smiles", ".smiles": "smiles", ".ism": "smiles", ".can": "smiles", ".txt": "smiles",
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_WRITTEN = (".sdf", ".smi", ".csv", ".tsv", ".xlsx", ".parquet")
_NOT_WRITTEN = {".mol", ".xls", ".xlsm"}
_COMPRESSED = ("sdf", "smiles", "csv", "tsv")  # Excel and Parquet files are compressed in themselves


def ending(path: Path) -> str:
    """Return the ending in small letters, without .gz."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def format_of(path: Path) -> str:
    """Return the format of a file to read. Raises `UserError` for an unknown ending."""
    suffix = ending(path)
    if suffix not in ENDINGS:
        raise UserError(
            f"{path}: {_named(suffix)} is not read as molecules; the endings are {', '.join(ENDINGS)} "
            "(text and SDF also with .gz)"
        )
    return ENDINGS[suffix]


def output_format(path: Path) -> str:
    """Return the format of a file to write. Raises `UserError` for an ending that is not written."""
    suffix = ending(path)
    kind = ENDINGS.get(suffix, "")
    if not kind or suffix in _NOT_WRITTEN:
        raise UserError(
            f"{path}: {_named(suffix)} is not written; end its name in {', '.join(_WRITTEN)} "
            "(text and SDF also with .gz)"
        )
    if path.name.lower().endswith(".gz") and kind not in _COMPRESSED:
        raise UserError(f"{path}: {suffix} is compressed already; leave out .gz")
    return kind


def check_output(path: Path) -> None:
    """Raise `UserError` where molecules cannot be written to a file of this name."""
    output_format(path)


def _named(suffix: str) -> str:
    return f"the ending {suffix}" if suffix else "a name without an ending"
