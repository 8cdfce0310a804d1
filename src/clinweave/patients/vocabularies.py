"""Map the code system names used by patient sources to one prefix per vocabulary."""

import re
from functools import lru_cache

# FHIR: https://terminology.hl7.org/external_code_systems.html
FHIR_SYSTEMS = {
    "http://snomed.info/sct": "SNOMEDCT",
    "http://loinc.org": "LOINC",
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RXCUI",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD10CM",
    "http://hl7.org/fhir/sid/icd-10": "ICD10",
    "http://hl7.org/fhir/sid/icd-9-cm": "ICD9CM",
    "http://www.cms.gov/medicare/coding/icd10": "ICD10PCS",
    "http://www.icd10data.com/icd10pcs": "ICD10PCS",
    "http://hl7.org/fhir/sid/ndc": "NDC",
    "http://hl7.org/fhir/sid/cvx": "CVX",
    "http://www.ama-assn.org/go/cpt": "CPT",
    "http://www.whocc.no/atc": "ATC",
    "http://fdasis.nlm.nih.gov": "UNII",
    "http://human-phenotype-ontology.org": "HP",
    "http://purl.obolibrary.org/obo/hp.owl": "HP",
    "http://purl.obolibrary.org/obo/mondo.owl": "MONDO",
    "http://www.orpha.net": "ORPHA",
    "http://www.omim.org": "OMIM",
}
# OMOP: vocabulary.vocabulary_id
OMOP_VOCABULARIES = {
    "SNOMED": "SNOMEDCT",
    "RxNorm": "RXCUI",
    "LOINC": "LOINC",
    "ICD10CM": "ICD10CM",
    "ICD10": "ICD10",
    "ICD9CM": "ICD9CM",
    "ICD9Proc": "ICD9PROC",
    "ICD10PCS": "ICD10PCS",
    "NDC": "NDC",
    "CVX": "CVX",
    "CPT4": "CPT",
    "ATC": "ATC",
    "OMIM": "OMIM",
}
# MEDS data sets in use spell them in several ways
_OTHERS = {
    "snomed": "SNOMEDCT", "snomedct": "SNOMEDCT", "sctid": "SNOMEDCT", "rxnorm": "RXCUI", "rxcui": "RXCUI",
    "loinc": "LOINC", "icd10cm": "ICD10CM", "icd10": "ICD10", "icd9cm": "ICD9CM", "icd9": "ICD9CM", "ndc": "NDC",
    "icd10pcs": "ICD10PCS", "icd9proc": "ICD9PROC", "cpt4": "CPT", "cpt": "CPT", "cvx": "CVX", "atc": "ATC",
}  # fmt: skip
KIND_OF = {
    "SNOMEDCT": "", "ICD10CM": "problem", "ICD10": "problem", "ICD9CM": "problem", "RXCUI": "drug", "NDC": "drug",
    "ATC": "drug", "CVX": "drug", "LOINC": "lab", "ICD10PCS": "procedure", "ICD9PROC": "procedure",
    "CPT": "procedure", "MEDS_BIRTH": "person", "MEDS_DEATH": "person",
}  # fmt: skip
_LOCAL = re.compile(r"\s+")


@lru_cache(maxsize=1 << 16)
def coded(prefix: str, local: str) -> str:
    """Return the CURIE of a code: ("ICD10CM", "E119") -> "ICD10CM:E11.9". Spaces in a local code become "_"."""
    local = _LOCAL.sub("_", local.strip())
    return f"{prefix}:{dotted(prefix, local)}" if local else ""


def dotted(prefix: str, code: str) -> str:
    """Return an ICD code with its point; MIMIC-IV and billing files leave it out."""
    if "." in code or prefix not in {"ICD10CM", "ICD10", "ICD9CM", "ICD9PROC"}:
        return code
    digits = {"ICD9PROC": 2}.get(prefix, 4 if prefix == "ICD9CM" and code[:1] in "Ee" else 3)
    return f"{code[:digits]}.{code[digits:]}" if len(code) > digits else code


@lru_cache(maxsize=1 << 16)
def curie_of(code: str) -> str:
    """Return the CURIE in a MEDS code ("ICD10CM/E11.9", "DIAGNOSIS//ICD//10//E119", "RxNorm:1191"), or ""."""
    parts = [part for part in re.split(r"[/:]+", code) if part]
    procedure = bool(parts) and parts[0].lower() == "procedure"
    for index, part in enumerate(parts[:-1]):
        name, rest = part.lower().replace("-", "").replace("_", ""), parts[index + 1 :]
        if name == "icd" and len(rest) > 1 and rest[0] in {"9", "10"}:
            kinds = {"9": "icd9proc", "10": "icd10pcs"} if procedure else {"9": "icd9cm", "10": "icd10cm"}
            name, rest = kinds[rest[0]], rest[1:]
        if name in _OTHERS:
            return coded(_OTHERS[name], rest[0])
    return ""
