"""`clinweave ask`: a question answered with checked citations, or "I do not know"."""

import json
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.artifacts import home, read_manifest
from clinweave.cli.console import Console
from clinweave.cli.extras import needs_molecules
from clinweave.errors import UserError
from clinweave.records import Answer, Evidence, Passage, Relation, Verdict, to_json

if TYPE_CHECKING:
    from clinweave.knowledge import CitationChecker, Weaver, Woven
    from clinweave.models import Message
    from clinweave.molecules import StructureEvidence

app = typer.Typer(add_completion=False)
MARKS = {
    Verdict.SUPPORTED: "[green]supported[/]",
    Verdict.CONTRADICTED: "[red]contradicted[/]",
    Verdict.UNVERIFIED: "[yellow]not verified[/]",
}


class Choice(StrEnum):
    """What is woven into the prompt."""

    NONE = "none"
    TEXT = "text"
    GRAPH = "graph"
    BOTH = "both"


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    knowledge: Annotated[Choice, typer.Option(help="What is woven into the prompt.")] = Choice.BOTH,
    model: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="smollm2, a .gguf file, http(s)://host:port/v1#name, scripted:FILE."
        ),
    ] = "smollm2",
    budget: Annotated[int, typer.Option(min=1, help="Tokens of evidence in the prompt.")] = 512,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of the answer at most.")] = 160,
    allow_remote: Annotated[
        str, typer.Option(metavar="HOST", help="The host that may see gated or private evidence.")
    ] = "",
    structures: Annotated[
        bool,
        typer.Option(
            "--structures/--no-structures",
            help="Also show drugs similar in structure to those of the question (computed; needs the extra molecules).",
        ),
    ] = False,
    show_prompt: Annotated[bool, typer.Option("--show-prompt", help="Print the prompt, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Answer a question from the graph and the text index; every sentence is checked against what it cites."""
    if not question.strip():
        raise UserError("the question is empty: write it after the command, in quotes")
    from clinweave.applications import consult
    from clinweave.models import open_model

    weaver, checker = parts(knowledge.value)
    if structures:
        weaver.more = _structures(weaver)
    kept: dict[str, Any] = {}

    def show(woven: "Woven", messages: "list[Message]") -> None:
        kept.update(woven=woven, prompt=messages)

    opened = open_model(model, home=home())
    try:
        with Console(stderr=True).status("asking the model"):
            answer = consult(
                question,
                model=opened,
                weaver=weaver,
                checker=checker,
                knowledge=knowledge.value,
                budget=budget,
                max_tokens=max_tokens,
                allow_remote=allow_remote,
                show=show,
            )
    finally:
        opened.close()
    woven, prompt = kept["woven"], kept["prompt"]
    if as_json:
        typer.echo(
            json.dumps(
                _document(answer, woven, prompt if show_prompt else None), ensure_ascii=False, indent=1
            )
        )
    else:
        _print(answer, woven, prompt if show_prompt else None)


def parts(knowledge: str) -> "tuple[Weaver, CitationChecker]":
    """Return the weaver and the checker over what was built; a missing part names the command that builds it."""
    from clinweave.knowledge import CitationChecker, Graph, Linker, TextIndex, Weaver

    folder = home()
    if knowledge == "none":
        return Weaver(None, None), CitationChecker(None)
    graph = None
    if _built(folder / "graph"):
        graph = Graph.open(folder / "graph")
    elif knowledge in ("graph", "both"):
        build = "`clinweave fetch` and `clinweave graph build` (or `make demo`)"
        raise UserError(f"there is no graph at {folder / 'graph'}: run {build}")
    index = None
    if knowledge in ("text", "both"):
        if not _built(folder / "index"):
            raise UserError(
                f"there is no text index at {folder / 'index'}: run `clinweave index build` (or `make demo`), "
                "or ask with --knowledge graph"
            )
        index = TextIndex.open(folder / "index")
    linker = Linker.open(graph) if graph is not None else None
    return Weaver(graph, linker, index), CitationChecker(graph, linker)


def _structures(weaver: "Weaver") -> "StructureEvidence":
    """Return what adds structural neighbours, or say what is missing."""
    if weaver.graph is None:
        raise UserError("--structures needs the graph: ask with --knowledge graph or both")
    from clinweave.molecules import KnownDrugs, StructureEvidence

    with needs_molecules():
        return StructureEvidence(weaver.graph, KnownDrugs.open(home()))


def _built(folder: Path) -> bool:
    return read_manifest(folder) is not None


def _document(answer: Answer, woven: "Woven", prompt: "list[Message] | None") -> dict[str, Any]:
    document = to_json(replace(answer, timings={}, tokens={}))
    document.update(
        timings=answer.timings,
        tokens=answer.tokens,
        mentions=[to_json(mention) for mention in woven.mentions],
        notes=list(woven.notes),
    )
    return document if prompt is None else {**document, "prompt": list(prompt)}


def _print(answer: Answer, woven: "Woven", prompt: "list[Message] | None") -> None:
    screen = Console()
    if prompt is not None:
        for message in prompt:
            screen.print(f"[dim]{message['role']}:[/] {escape(message['content'])}\n")
    screen.print(escape(answer.text), style="bold")
    if answer.sentences:
        table = Table(
            "sentence of the model", "cites", "verdict", "why", title="What the model wrote, checked"
        )
        for item in answer.sentences:
            table.add_row(
                escape(item.text), " ".join(item.evidence), MARKS[item.verdict], escape(item.reason)
            )
        screen.print(table)
    if answer.evidence:
        table = Table(
            "", "record", "source", "publications", title="Evidence, as recorded (not the model's words)"
        )
        for shown in answer.evidence:
            table.add_row(shown.id, escape(shown.text), escape(_sources(shown)), escape(_publications(shown)))
        screen.print(table)
    for note in woven.notes:
        screen.print(f"[dim]note: {escape(note)}[/]")
    spent = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in answer.timings.items())
    tokens = ", ".join(f"{count} {name} tokens" for name, count in answer.tokens.items())
    screen.print(f"[dim]{escape(answer.model)}; {'; '.join(part for part in (spent, tokens) if part)}[/]")


def _sources(item: Evidence) -> str:
    """Return source, release and licence of everything that an item stands on."""
    records: list[Relation | Passage] = [*item.relations]
    if item.passage is not None:
        records.append(item.passage)
    seen = dict.fromkeys(f"{record.source} {record.release} ({record.licence})" for record in records)
    return "; ".join(seen)


def _publications(item: Evidence, most: int = 4) -> str:
    if item.passage is not None:
        return f"{item.passage.document} {item.passage.start}-{item.passage.end}"
    found = list(dict.fromkeys(name for relation in item.relations for name in relation.publications))
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more
