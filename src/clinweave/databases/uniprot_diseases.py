"""UniProt's diseases (https://www.uniprot.org/diseases), as GNU Health packages them.

A disease is known by its OMIM id; UniProt's own id, which names the same entry, is a cross-reference of it. Where
several UniProt diseases share an OMIM id, each keeps its own id. The MedGen and MeSH ids that come along are often
those of a broader heading, so they are looser links. The description becomes the definition and a passage. A protein
with a variant that is likely pathogenic or pathogenic in a disease gives one relation for its gene.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed, recorded_release
from clinweave.databases.prefixes import normal
from clinweave.databases.xmlsafe import elements
from clinweave.records import Concept, Passage, Relation, Source

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "protein_diseases.xml", "GNU Health's table of UniProt diseases"
_VARIANTS, _GENES = "variant_phenotypes.xml", "gene_variants.xml"
_PATHOGENIC = "lpp"  # likely pathogenic or pathogenic
_ID = re.compile(r"DI-\d{5}")
_GENE = re.compile(r"\('name', '=', '([^']+)'\)")
_ACCESSION = re.compile(r"[A-Z0-9]{6,10}")


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "uniprot_diseases")
    next(elements(path, "tryton", "record", _KIND), None)
    return Source(
        id="uniprot_diseases",
        name="UniProt diseases",
        infores="infores:uniprot",
        release=recorded_release(path),
        licence="CC BY 4.0",
        homepage="https://www.uniprot.org/diseases",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "uniprot_diseases")
    diseases: list[tuple[str, dict[str, str]]] = []
    for row, element in elements(path, "tryton", "record", _KIND):
        values = _fields(element)
        if _ID.fullmatch(values.get("name", "")) and values.get("disease_name"):
            diseases.append((normal(values.get("mim_reference", "")), values))
        else:
            log.drop(path.name, row, "no UniProt disease id or no name")
    shared = Counter(omim for omim, _ in diseases)
    ids: dict[str, str] = {}
    for omim, values in diseases:
        own = f"UNIPROT.DISEASE:{values['name']}"
        ids[values["name"]] = omim if shared[omim] == 1 and omim else own
        yield from _records(ids[values["name"]], own, omim, values)
    if _VARIANTS in files and _GENES in files:
        yield from _genes(files[_VARIANTS], files[_GENES], ids, log)


def _records(id_: str, own: str, omim: str, values: Mapping[str, str]) -> Iterator[Record]:
    name, text, acronym = values["disease_name"], values.get("description", ""), values.get("acronym", "")
    loose = (normal(xref) for xref in values.get("xrefs", "").split(","))
    related = dict.fromkeys(xref for xref in (omim, *loose) if xref and xref != id_)
    yield Concept(
        id=id_,
        category="biolink:Disease",
        name=name,
        source="uniprot_diseases",
        synonyms=(acronym,) if acronym and acronym != name else (),
        definition=text,
        xrefs=(own,) if own != id_ else (),
        related=tuple(related),
    )
    if text:
        yield Passage(
            id=f"uniprot_diseases:{values['name']}",
            text=text,
            title=name,
            document=own,
            start=0,
            end=len(text),
            source="uniprot_diseases",
            section="description",
            concepts=(id_,),
        )


def _genes(variants: Path, genes: Path, ids: Mapping[str, str], log: RowLog) -> Iterator[Record]:
    """Yield each gene once, and each pair of a gene and a disease in which a variant of it is pathogenic."""
    carriers: dict[str, tuple[str, str]] = {}  # variant -> protein accession, gene symbol
    for row, element in elements(genes, "tryton", "record", "GNU Health's table of variants"):
        values = _fields(element)
        symbol = _GENE.search(values.get("gene", ""))
        if not symbol or not _ACCESSION.fullmatch(values.get("protein", "")):
            log.drop(genes.name, row, "no protein or no gene")
        elif values.get("significance") == _PATHOGENIC:
            carriers[element.get("id", "")] = values["protein"], symbol[1]
    seen: set[tuple[str, str]] = set()
    emitted: set[str] = set()
    for row, element in elements(variants, "tryton", "record", "GNU Health's table of variants and diseases"):
        values = _fields(element)
        disease = ids.get(values.get("phenotype", ""))
        if not disease:
            log.drop(variants.name, row, "a disease that the table of diseases lacks")
        elif (carrier := carriers.get(values.get("variant", ""))) and (carrier[0], disease) not in seen:
            seen.add((carrier[0], disease))
            gene = f"UNIPROT:{carrier[0]}"
            if gene not in emitted:
                emitted.add(gene)
                yield Concept(gene, "biolink:Gene", carrier[1], "uniprot_diseases")
            yield Relation(gene, "biolink:gene_associated_with_condition", disease, "uniprot_diseases")


def _fields(element: "Element") -> dict[str, str]:
    """Return the fields of a record by name: their text, reference or search."""
    return {
        field.get("name", ""): " ".join((field.text or field.get("ref") or field.get("search") or "").split())
        for field in element
    }


UNIPROT_DISEASES = Database(
    "uniprot_diseases", "UNIPROT.DISEASE", (_FILE,), _source, _read, optional=(_VARIANTS, _GENES)
)
