"""A database: a table of diseases with a finding and the year of the first description."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.core.errors import UserError
from clinweave.databases import Database, Record, RowLog
from clinweave.records import Concept, Passage, Relation, Source

FILE = "almanac.tsv"
COLUMNS = ["id", "name", "finding_id", "finding", "year"]


def rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number from 1, cells). Raises `UserError` if the file is not an almanac."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}; give the almanac's table") from error
    table = list(csv.reader(lines, delimiter="\t"))
    if not table or table[0] != COLUMNS:
        raise UserError(f"{path} is not an almanac: its first line must be {' TAB '.join(COLUMNS)}")
    yield from enumerate(table[1:], 2)


def source(files: Mapping[str, Path]) -> Source:
    """Return the release that the files state."""
    if FILE not in files:
        raise UserError(f"the database almanac needs the file {FILE}")
    years = [cells[-1] for _, cells in rows(files[FILE]) if cells and cells[-1].isdigit()]
    return Source(
        "almanac",
        "Almanac",
        "infores:almanac",
        max(years, default="not stated"),
        "CC0-1.0",
        "https://example.org",
    )


def read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    """Yield the records of the table; a bad row is counted and skipped."""
    for row, cells in rows(files[FILE]):
        if len(cells) != len(COLUMNS) or not cells[4].isdigit():
            log.drop(FILE, row, "not five columns with a year")
            continue
        disease, name, finding, finding_name, year = cells
        yield Concept(disease, "biolink:Disease", name, "almanac")
        yield Concept(finding, "biolink:PhenotypicFeature", finding_name, "almanac")
        yield Relation(disease, "biolink:has_phenotype", finding, "almanac")
        text = f"{name} was first described in {year}."
        yield Passage(f"almanac#{row}", text, name, FILE, 0, len(text), "almanac", concepts=(disease,))


ALMANAC = Database("almanac", "MONDO", (FILE,), source, read)
