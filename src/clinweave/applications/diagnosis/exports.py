"""PhEval's disease results of ranked lines."""

import re
from pathlib import Path

from clinweave.applications.diagnosis.result import DiagnosisResult
from clinweave.core.artifacts import write_text


def write_pheval(line: DiagnosisResult, folder: Path) -> None:
    """Write one case as PhEval's disease result: `pheval_disease_results/<case>-disease_result.tsv`.

    Columns rank, score, disease_name, disease_identifier, as PhEval's post-processed results have them.
    """
    target = folder / "pheval_disease_results"
    target.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.-]+", "_", line["id"]).lstrip(".") or "case"
    write_text(target / f"{name}-disease_result.tsv", pheval_rows(line), private=True)


def pheval_rows(line: DiagnosisResult) -> str:
    """Return the ranking as a table of rank, score, disease_name and disease_identifier, tabs between."""
    rows = ["rank\tscore\tdisease_name\tdisease_identifier"]
    rows += [
        "\t".join(
            (str(entry["rank"]), str(float(entry["score"])), " ".join(entry["name"].split()), entry["id"])
        )
        for entry in line["ranking"]
    ]
    return "\n".join(rows) + "\n"
