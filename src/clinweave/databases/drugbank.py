"""The full DrugBank (https://go.drugbank.com), from your own licensed copy of its XML. Access: gated.

Streamed, one drug at a time. Kept: names, identifiers, ATC codes, interactions (with DrugBank's sentence as evidence),
human targets with a known action, and the texts on indication, mechanism, pharmacodynamics and toxicity as passages.
The name of a product with several ingredients (`mixtures`) is no name of one of them.
Indications are text in DrugBank, so no `biolink:treats` is made of them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed, opened
from clinweave.databases.prefixes import curie
from clinweave.databases.xmlsafe import elements
from clinweave.records import Concept, Passage, Relation, Source, Tier

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_FILE, _KIND = "full database.xml", "DrugBank's full database"
_ID = re.compile(r"DB\d{5}")
_VERSION = re.compile(rb'<drugbank[^>]*\bversion="([\d.]+)"')
_PREFIXES = {
    "ChEBI": "CHEBI", "ChEMBL": "CHEMBL", "PubChem Compound": "PUBCHEM.COMPOUND", "RxCUI": "RXCUI",
    "KEGG Drug": "KEGG.DRUG",
}  # fmt: skip
_SAME = frozenset({"CHEBI", "CHEMBL", "UNII"})
_TEXTS = ("indication", "mechanism-of-action", "pharmacodynamics", "toxicity")


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "drugbank")
    next(elements(path, "drugbank", "drug", _KIND), None)
    with opened(path, _KIND) as stream:
        match = _VERSION.search(stream.read(1 << 12))
    return Source(
        id="drugbank",
        name="DrugBank",
        infores="infores:drugbank",
        release=match[1].decode() if match else "not stated",
        licence="DrugBank licence (CC BY-NC 4.0 for academic use), your own copy",
        homepage="https://go.drugbank.com",
        tier=Tier.GATED,
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "drugbank")
    seen: set[str] = set()
    for row, drug in elements(path, "drugbank", "drug", _KIND):
        code = _text(drug, "drugbank-id[@primary='true']")
        name = _text(drug, "name")
        if not _ID.fullmatch(code) or not name or code in seen:
            log.drop(path.name, row, "an id twice" if code in seen else "no DrugBank id or no name")
            continue
        seen.add(code)
        yield from _drug(drug, f"DRUGBANK:{code}", name)
        yield from _targets(drug, f"DRUGBANK:{code}", seen)


def _drug(drug: "Element", id_: str, name: str) -> Iterator[Record]:
    mixed = _mixtures(drug)
    paths = ("synonyms/synonym", "international-brands/international-brand/name", "products/product/name")
    names = dict.fromkeys(_whole(item) for path in paths for item in drug.iterfind(path))
    xrefs = [curie("UNII", _text(drug, "unii"))]
    xrefs += [
        curie(prefix, _text(item, "identifier").removeprefix("CHEBI:"))
        for item in drug.iterfind("external-identifiers/external-identifier")
        if (prefix := _PREFIXES.get(_text(item, "resource")))
    ]
    atc = (curie("ATC", item.get("code", "")) for item in drug.iterfind("atc-codes/atc-code"))
    references = list(dict.fromkeys(filter(None, (*xrefs, *atc))))
    former = [_whole(item) for item in drug.iterfind("drugbank-id") if item.get("primary") != "true"]
    yield Concept(
        id_,
        "biolink:Drug",
        name,
        "drugbank",
        tuple(text for text in names if text and text != name and text.casefold() not in mixed),
        _text(drug, "description"),
        (
            *(xref for xref in references if xref.partition(":")[0] in _SAME),
            *(f"DRUGBANK:{code}" for code in former if _ID.fullmatch(code)),
        ),
        tuple(xref for xref in references if xref.partition(":")[0] not in _SAME),
    )
    for tag in _TEXTS:
        if text := _text(drug, tag):
            yield Passage(
                f"drugbank:{id_}:{tag}", text, name, id_, 0, len(text), "drugbank",
                tag.replace("-", " "), (id_,),
            )  # fmt: skip
    for item in drug.iterfind("drug-interactions/drug-interaction"):
        other = _text(item, "drugbank-id")
        if _ID.fullmatch(other) and f"DRUGBANK:{other}" != id_:
            first, second = sorted((id_, f"DRUGBANK:{other}"))  # stated once, from either side
            yield Relation(
                first, "biolink:interacts_with", second, "drugbank", evidence=_text(item, "description")
            )


def _mixtures(drug: "Element") -> frozenset[str]:
    """Return the names of products with several ingredients: a combination is not each of its parts."""
    several: set[str] = set()
    alone: set[str] = set()
    for item in drug.iterfind("mixtures/mixture"):
        target = several if " + " in _text(item, "ingredients") else alone
        target.add(_text(item, "name").casefold())
    return frozenset(several - alone)


def _targets(drug: "Element", id_: str, seen: set[str]) -> Iterator[Record]:
    for target in drug.iterfind("targets/target"):
        if _text(target, "known-action") != "yes" or _text(target, "organism") != "Humans":
            continue
        for protein in target.iterfind("polypeptide"):
            gene, symbol = curie("UNIPROT", protein.get("id", "")), _text(protein, "gene-name")
            if gene and symbol:
                if gene not in seen:
                    seen.add(gene)
                    yield Concept(gene, "biolink:Gene", symbol, "drugbank")
                actions = sorted(_whole(item) for item in target.iterfind("actions/action"))
                yield Relation(
                    id_, "biolink:directly_physically_interacts_with", gene, "drugbank",
                    evidence=", ".join(filter(None, actions)),
                )  # fmt: skip


def _text(element: "Element", path: str) -> str:
    return " ".join((element.findtext(path) or "").split())


def _whole(element: "Element") -> str:
    return " ".join((element.text or "").split())


DRUGBANK = Database("drugbank", "DRUGBANK", (_FILE,), _source, _read)
