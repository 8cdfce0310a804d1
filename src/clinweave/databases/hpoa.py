"""HPO annotations (https://hpo.jax.org/data/annotations): which disease has which finding, and which gene.

phenotype.hpoa is read in the form of every release since 2018 (old column names too). The aspect decides the
predicate: P and H (past history) has_phenotype, I has_mode_of_inheritance, C (course) and M (modifier)
has_attribute. A NOT row is a negated relation. Rows with evidence IEA were mined from OMIM's text by a program: their
grade is text-mined, and they never support an answer. The modifier column is not kept.
genes_to_phenotype.txt, where given, is read for its distinct pairs of gene and disease; its findings are those of the
disease.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, table, wrong
from clinweave.databases.hpo import LICENCE
from clinweave.records import Concept, Grade, Relation, Source

_FILE, _KIND = "phenotype.hpoa", "HPO's table of annotations"
_GENES, _GENES_KIND = "genes_to_phenotype.txt", "HPO's table of genes"
_HEADER = (
    "databaseid", "diseasename", "qualifier", "hpoid", "reference", "evidence",
    "onset", "frequency", "sex", "modifier", "aspect", "biocuration",
)  # fmt: skip
_PREDICATES = {
    "P": "biolink:has_phenotype",
    "H": "biolink:has_phenotype",
    "I": "biolink:has_mode_of_inheritance",
    "C": "biolink:has_attribute",
    "M": "biolink:has_attribute",
}
_DISEASE = re.compile(r"(?:OMIM|ORPHA|DECIPHER):\d+")
_TERM = re.compile(r"HP:\d{7}")
_RELEASE = re.compile(r"#(?:version|date): *(\S+)")


class _Trust(NamedTuple):
    grade: Grade
    knowledge_level: str
    agent_type: str


_CURATED = _Trust(Grade.CURATED, "knowledge_assertion", "manual_agent")
_MINED = _Trust(Grade.TEXT_MINED, "not_provided", "text_mining_agent")  # IEA


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "hpoa")
    release = ""
    for row, line in lines(path, _KIND):
        if _is_header(line):
            break
        if not line.startswith("#"):
            wrong(path, _KIND, f"row {row} is neither a comment nor the header")
        if match := _RELEASE.match(line):
            release = release or match[1]
    else:
        wrong(path, _KIND, "it has no header")
    return Source(
        id="hpoa",
        name="HPO annotations",
        infores="infores:hpo-annotations",
        release=release or "not stated",
        licence=LICENCE,
        homepage="https://hpo.jax.org/data/annotations",
    )


def _is_header(line: str) -> bool:
    if line.lstrip("# ")[:8].lower() != "database":  # nearly every row leaves here
        return False
    return tuple(cell.strip("# ").replace("_", "").lower() for cell in line.split("\t")) == _HEADER


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    _source(files)
    yield from _annotations(needed(files, _FILE, "hpoa"), log)
    if _GENES in files:
        yield from _genes(files[_GENES], log)


def _annotations(path: Path, log: RowLog) -> Iterator[Record]:
    """Yield each disease once, at its first row, and one relation a row."""
    named: set[str] = set()
    for row, line in lines(path, _KIND, log):
        if line.startswith("#") or _is_header(line) or not line:
            continue
        cells = line.split("\t")
        if reason := _fault(cells):
            log.drop(path.name, row, reason)
            continue
        disease, name, qualifier, term, references, evidence, onset, frequency, sex, _, aspect, _ = cells
        if disease not in named and name.strip():
            named.add(disease)
            yield Concept(disease, "biolink:Disease", name.strip(), "hpoa")
        trust = _MINED if evidence == "IEA" else _CURATED
        yield Relation(
            subject=disease,
            predicate=_PREDICATES[aspect.upper()],
            object=term,
            source="hpoa",
            publications=tuple(text.strip() for text in references.split(";") if text.strip()),
            frequency=frequency.strip(),
            onset=onset.strip(),
            sex=sex.strip().upper(),
            negated=qualifier == "NOT",
            evidence=evidence,
            grade=trust.grade,
            knowledge_level=trust.knowledge_level,
            agent_type=trust.agent_type,
        )


def _fault(cells: list[str]) -> str:
    """Return why a row cannot be read, or ""."""
    if len(cells) != len(_HEADER):
        return f"not {len(_HEADER)} columns"
    if not _DISEASE.fullmatch(cells[0]):
        return "database_id is not an OMIM, ORPHA or DECIPHER id"
    if not _TERM.fullmatch(cells[3]):
        return "hpo_id is not an HP id"
    if cells[2] not in ("", "NOT"):
        return "qualifier is neither empty nor NOT"
    return "" if cells[10].upper() in _PREDICATES else "unknown aspect"


def _genes(path: Path, log: RowLog) -> Iterator[Record]:
    """Yield each gene once and each pair of gene and disease once (the file repeats it for every finding)."""
    genes: set[str] = set()
    pairs: set[tuple[str, str]] = set()
    for row, (number, symbol, disease) in table(
        path, _GENES_KIND, ("ncbi_gene_id", "gene_symbol", "disease_id"), log
    ):
        if (number, disease) in pairs:
            continue
        if not number.isdecimal() or not _DISEASE.fullmatch(disease):
            log.drop(path.name, row, "no NCBI gene id or no disease id")
            continue
        pairs.add((number, disease))
        if number not in genes and symbol:
            genes.add(number)
            yield Concept(f"NCBIGene:{number}", "biolink:Gene", symbol, "hpoa")
        yield Relation(f"NCBIGene:{number}", "biolink:gene_associated_with_condition", disease, "hpoa")


HPOA = Database("hpoa", "", (_FILE,), _source, _read, optional=(_GENES,))
