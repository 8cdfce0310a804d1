"""Cases as GA4GH phenopackets of version 2 (https://phenopacket-schema.readthedocs.io), in JSON, JSON lines or YAML."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis.cases import Case
from clinweave.applications.diagnosis.findings import Findings
from clinweave.applications.diagnosis.ontology import Ontology
from clinweave.core.artifacts import write_text
from clinweave.core.errors import UserError

ENDINGS = (".json", ".jsonl", ".yaml", ".yml")


def phenopacket_of(
    case: Case, findings: Findings, ontology: Ontology, *, created: str = ""
) -> dict[str, Any]:
    """Return the phenopacket of a case: subject, observed and excluded findings with their labels, and metadata.

    `created` is a time as 2026-01-31T12:00:00Z; now if not given.
    """
    subject: dict[str, Any] = {"id": case.id}
    if case.age:
        subject["timeAtLastEncounter"] = {"age": {"iso8601duration": case.age}}
    if case.sex:
        subject["sex"] = case.sex
    features = [_feature(ontology, term, excluded=False) for term in findings.observed]
    features += [_feature(ontology, term, excluded=True) for term in findings.excluded]
    return {
        "id": case.id,
        "subject": subject,
        "phenotypicFeatures": features,
        "metaData": {
            "created": created or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "createdBy": "clinweave",
            "resources": [
                {
                    "id": "hp",
                    "name": "Human Phenotype Ontology",
                    "url": "http://purl.obolibrary.org/obo/hp.obo",
                    "version": ontology.release or "not stated",
                    "namespacePrefix": "HP",
                    "iriPrefix": "http://purl.obolibrary.org/obo/HP_",
                }
            ],
            "phenopacketSchemaVersion": "2.0",
        },
    }


def _feature(ontology: Ontology, term: int, *, excluded: bool) -> dict[str, Any]:
    feature: dict[str, Any] = {"type": {"id": ontology.ids[term], "label": ontology.names[term]}}
    return feature | {"excluded": True} if excluded else feature


def check_target(path: Path) -> None:
    """Raise `UserError` where the ending of a file for phenopackets is none of `ENDINGS`."""
    if path.suffix.lower() not in ENDINGS:
        raise UserError(f"--phenopacket {path}: the ending must be one of {', '.join(ENDINGS)}")


def write_phenopackets(packets: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write phenopackets, for the owner alone: one as JSON or YAML, several as JSON lines or YAML documents.

    Raises `UserError` for several in a .json file.
    """
    check_target(path)
    ending = path.suffix.lower()
    if ending == ".json":
        if len(packets) != 1:
            raise UserError(
                f"--phenopacket {path}: {len(packets)} cases do not fit one .json; use .jsonl or .yaml"
            )
        text = json.dumps(packets[0], ensure_ascii=False, indent=2) + "\n"
    elif ending == ".jsonl":
        text = "".join(json.dumps(packet, ensure_ascii=False) + "\n" for packet in packets)
    else:
        import yaml

        text = yaml.safe_dump_all([dict(packet) for packet in packets], allow_unicode=True, sort_keys=False)
    write_text(path, text, private=True)
