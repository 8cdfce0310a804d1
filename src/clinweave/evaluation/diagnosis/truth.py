"""The right disease of each case, read separately from the findings: no ranker can see it."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis import read_packets
from clinweave.core.errors import UserError


@dataclass(frozen=True)
class Truth:
    """The published diagnosis of a case and its paper."""

    id: str
    disease: str
    publication: str
    gene: str = ""  # HGNC symbol of the causal gene

    @property
    def development(self) -> bool:
        """Return whether the disease is in the development part: half of all diseases, by the hash of their id."""
        return int(sha256(self.disease.encode()).hexdigest(), 16) % 2 == 0

    @property
    def year_order(self) -> int:
        """Return the PMID as a number, which grows with the date of publication; 0 if there is none."""
        number = self.publication.removeprefix("PMID:")
        return int(number) if number.isdigit() else 0


def read_truth(path: Path) -> list[Truth]:
    """Return the truth of each phenopacket of a file, folder or archive, in the order of `read_cases`.

    Raises `UserError` where a packet cannot be read, or names no disease or several.
    """
    truths = []
    for result in read_packets(path):
        if result.problem or not isinstance(result.value, dict):
            raise UserError(f"{path}, {result.location}: {result.problem or 'not a phenopacket'}")
        truths.append(_truth(result.value, result.location))
    return truths


def _truth(value: Any, index: str) -> Truth:
    diseases = {
        item["diagnosis"]["disease"]["id"]
        for item in value.get("interpretations", [])
        if "disease" in item.get("diagnosis", {})
    } or {item["term"]["id"] for item in value.get("diseases", []) if not item.get("excluded")}
    if len(diseases) != 1:
        raise UserError(f"{index} names {len(diseases)} diseases; a case to be scored needs exactly one")
    references = value.get("metaData", {}).get("externalReferences", [])
    papers = [item["id"] for item in references if item.get("id", "").startswith("PMID:")]
    return Truth(value.get("id", index), diseases.pop(), papers[0] if papers else "", _gene(value))


def _gene(value: Any) -> str:
    """Return the symbol of the one gene that is said to be causal, or "" if there is none or several."""
    result = {
        symbol
        for item in value.get("interpretations", [])
        for genomic in item.get("diagnosis", {}).get("genomicInterpretations", [])
        if (symbol := _symbol(genomic))
    }
    return result.pop() if len(result) == 1 else ""


def _symbol(interpretation: Any) -> str:
    described = interpretation.get("variantInterpretation", {}).get("variationDescriptor", {})
    gene = described.get("geneContext") or interpretation.get("gene") or {}
    return str(gene.get("symbol", "")).upper()
