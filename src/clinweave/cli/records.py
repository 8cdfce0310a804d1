"""What `ask --patient` and `patients summary` share: the record of one patient, opened on this machine alone."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clinweave.core.artifacts import home, read_manifest
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.summary import Meanings, Record


def one_record(where: Path | None, patient: str) -> "Record":
    """Return the record of one patient from the store `where`, or the one that holds the patient."""
    from clinweave.applications.summary import open_record
    from clinweave.patients import one_store

    if not patient.strip():
        raise UserError(
            "the patient's id is empty; `clinweave patients list --in DIR` shows the ids of a store"
        )
    return open_record(one_store(where, home(), patient), patient)


def meanings() -> "Meanings | None":
    """Return what gives the concepts of words, where a graph is built."""
    if read_manifest(home() / "graph") is None:
        return None
    from clinweave.applications.summary import Meanings
    from clinweave.knowledge import Graph, Linker

    graph = Graph.open(home() / "graph")
    return Meanings(graph, Linker.open(graph))


def refuse_model(model: str, allow_remote: str) -> None:
    """Raise where a model is named: a record is private and not pseudonymised, and answers are copied from it."""
    from clinweave.core.access_policy import check_egress, host_of
    from clinweave.records import Tier

    if model in {"auto", "none"}:
        return
    check_egress(
        Tier.PRIVATE, host_of(model) if "://" in model else "", allow_remote, content="a patient's record"
    )
    raise UserError(f"--model {model}: no model reads a patient's record; leave --model out with --patient")


def answer_record(question: str, where: Path | None, patient: str, audience: str, *, as_json: bool) -> None:
    """Answer a question from one record, and print the answer with its citations."""
    from clinweave.applications.summary import answer_from_record
    from clinweave.core import guardrails
    from clinweave.records import Audience

    guardrail = guardrails.screen(question, audience=Audience(audience) if audience else Audience.CLINICIAN)
    if guardrail is not None:
        document = {
            "question": question,
            "answer": guardrail.text,
            "abstained": True,
            "guardrail": guardrail.category.value,
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1) if as_json else guardrail.text)
        return
    record = one_record(where, patient)
    known = meanings()
    answer = answer_from_record(record, question, *([known] if known else []))
    if as_json:
        typer.echo(json.dumps({"patient": record.id, **answer.to_json()}, ensure_ascii=False, indent=1))
        return
    for warning in answer.warnings:
        typer.echo(f"Warning: {warning}.")
    typer.echo(answer.text)
    for citation in answer.citations:
        typer.echo(f"  [{citation.label}]")
    typer.echo(f"From the record of patient {record.id} alone. For research, not for clinical decisions.")
