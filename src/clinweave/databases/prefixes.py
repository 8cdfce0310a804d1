"""Normalise CURIE prefixes: one spelling per vocabulary, to match identifiers across databases.

The spellings are Bioregistry's preferred prefixes where one exists (https://bioregistry.io), written as the sources
of HPO annotations do ("ORPHA", not "orphanet.ordo").
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

_SPELLING = {
    "orphanet": "ORPHA", "ordo": "ORPHA", "orpha": "ORPHA", "mim": "OMIM", "omim": "OMIM", "omimps": "OMIMPS",
    "msh": "MESH", "mesh": "MESH", "sctid": "SNOMEDCT", "snomedct": "SNOMEDCT", "snomed": "SNOMEDCT",
    "umls": "UMLS", "umls_cui": "UMLS", "medgen": "MEDGEN", "nci": "NCIT", "ncit": "NCIT", "doid": "DOID",
    "icd9": "ICD9CM", "icd9cm": "ICD9CM", "icd10cm": "ICD10CM", "icd-10": "ICD10", "icd10who": "ICD10",
    "icdo": "ICDO", "icd-o": "ICDO", "meddra": "MEDDRA", "hgnc": "HGNC", "ncbigene": "NCBIGene",
    "uniprot": "UNIPROT", "uniprotkb": "UNIPROT", "chebi": "CHEBI", "chembl": "CHEMBL", "drugbank": "DRUGBANK",
    "decipher": "DECIPHER", "gard": "GARD", "efo": "EFO", "hp": "HP", "mondo": "MONDO", "ensembl": "ENSEMBL",
    "rxcui": "RXCUI", "rxnorm": "RXCUI", "unii": "UNII", "loinc": "LOINC", "ndfrt": "NDFRT",
    "go": "GO", "uberon": "UBERON", "cl": "CL", "ncbitaxon": "NCBITaxon",
    "reactome": "REACTOME", "atc": "ATC", "cas": "CAS", "snomed_ct": "SNOMEDCT",
}  # fmt: skip
_PREFIX = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)
_LOCAL = re.compile(r"[^\s:|,;\"<>]+")  # no separator of any file that holds lists of CURIEs


def curie(prefix: str, local: str) -> str:
    """Return the CURIE in the one spelling: ("Orphanet", "558") -> "ORPHA:558". Empty where it cannot be one."""
    spelling = _spelling(prefix)
    local = local.strip()
    head, colon, tail = local.partition(":")
    if colon and _spelling(head) == spelling:
        local = tail  # "DOID:7" under DOID
    return f"{spelling}:{local}" if spelling and _LOCAL.fullmatch(local) else ""


@lru_cache(maxsize=4096)
def _spelling(prefix: str) -> str:
    """Return the one spelling of a prefix, or "" where it cannot be one. A release has few, each in many rows."""
    key = prefix.strip().lower()
    if key.startswith("snomedct"):  # SNOMEDCT_US, SNOMEDCT_US_2023_03_01
        key = "snomedct"
    spelling = _SPELLING.get(key, prefix.strip())
    return spelling if _PREFIX.fullmatch(spelling) else ""


def normal(text: str) -> str:
    """Return a CURIE in the one spelling, or "" where the text is none."""
    prefix, colon, local = text.partition(":")
    return curie(prefix, local) if colon else ""


class OneToOne:
    """Tells which cross-references may mean identity.

    A cross-reference is taken as "the same thing" only where one concept names one identifier of a vocabulary, and
    no other concept names it. Everything else (a broader code, a split or merged entity) is a looser link. The rule
    loses some true equivalences and makes hardly a false one; docs/databases.md has the counts.
    """

    def __init__(self, claims: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Count the claims (concept id, its cross-references) of a whole database."""
        self._claimed: Counter[str] = Counter()
        for _, xrefs in claims:
            self._claimed.update(set(xrefs))

    def split(self, xrefs: Iterable[str], exact: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return (same thing, looser link); only the prefixes in `exact` can mean the same thing."""
        distinct = list(dict.fromkeys(xrefs))
        named = Counter(xref.partition(":")[0] for xref in distinct)
        same: list[str] = []
        looser: list[str] = []
        for xref in distinct:
            prefix = xref.partition(":")[0]
            unique = prefix in exact and named[prefix] == 1 and self._claimed[xref] == 1
            (same if unique else looser).append(xref)
        return tuple(same), tuple(looser)
