"""Genes as candidates: a list of symbols restricts or weights the diseases, and a ranking of genes comes out."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

from clinweave.applications.diagnosis.result import RankedDisease, RankedGene
from clinweave.core.errors import UserError
from clinweave.records import Concept, Relation

_MIN_SCORE = 1e-3  # a gene of score 0 is unlikely, not impossible
_SYMBOL, _SCORES = "GENE_SYMBOL", ("EXOMISER_GENE_VARIANT_SCORE", "EXOMISER_GENE_COMBINED_SCORE")


def read_genes(path: Path) -> dict[str, float]:
    """Return symbol -> score from lines "SYMBOL" or "SYMBOL<TAB>score", or from Exomiser's gene TSV.

    Of Exomiser's columns the variant score is read, as the phenotypes are scored here; 1 where no score is given.
    Raises `UserError` naming the row that cannot be read.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as a list of genes: {error}") from error
    header = lines[0].lstrip("#").split("\t") if lines else []
    columns = (0, 1)
    if _SYMBOL in header:
        score = next((header.index(name) for name in _SCORES if name in header), -1)
        columns, lines = (header.index(_SYMBOL), score), lines[1:]
    scores: dict[str, float] = {}
    for row, line in enumerate(lines, 1):
        cells = line.split("\t")
        if not line.strip() or line.startswith("#"):
            continue
        try:
            cell = cells[columns[1]].strip() if 0 <= columns[1] < len(cells) else ""
            symbol, value = cells[columns[0]].strip().upper(), float(cell or 1)
        except (ValueError, IndexError) as error:
            raise UserError(
                f"{path}, row {row}: expected a symbol and at most a score, found {line!r}"
            ) from error
        if not 0 <= value <= 1:
            raise UserError(f"{path}, row {row}: the score {value} is not between 0 and 1")
        scores[symbol] = max(value, scores.get(symbol, 0.0))
    if not scores:
        raise UserError(f"{path} names no gene; give one HGNC symbol a line")
    return scores


def diseases_of(genes: Iterable[object], relations: Iterable[Relation]) -> dict[str, frozenset[str]]:
    """Return symbol -> OMIM and ORPHA ids, from HGNC's concepts and the gene-disease relations of a graph."""
    symbols = {record.id: record.name.upper() for record in genes if isinstance(record, Concept)}
    diseases: dict[str, set[str]] = {}
    for record in relations:
        disease = record.original_object or record.object
        if record.subject in symbols and disease.startswith(("OMIM:", "ORPHA:")):
            diseases.setdefault(symbols[record.subject], set()).add(disease)
    return {symbol: frozenset(ids) for symbol, ids in diseases.items()}


def weights(
    genes: Mapping[str, float], associations: Mapping[str, frozenset[str]]
) -> tuple[dict[str, float], dict[str, str]]:
    """Return for each disease id of the genes the log of their best score, and the symbol that gave it."""
    best: dict[str, float] = {}
    by: dict[str, str] = {}
    for symbol in sorted(genes):
        value = math.log(max(genes[symbol], _MIN_SCORE))
        for id_ in associations.get(symbol, frozenset()):
            if id_ not in best or value > best[id_]:
                best[id_], by[id_] = value, symbol
    return best, by


def gene_ranking(ranking: Iterable[RankedDisease], by: Mapping[str, str]) -> list[RankedGene]:
    """Return each gene once, by its best disease."""
    entries: dict[str, RankedGene] = {}
    for entry in ranking:
        symbol = next((by[id_] for id_ in entry["members"] if id_ in by), "")
        if symbol and symbol not in entries:
            entries[symbol] = {
                "rank": len(entries) + 1,
                "gene": symbol,
                "disease": entry["id"],
                "score": entry["score"],
            }
    return list(entries.values())
