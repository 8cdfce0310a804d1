"""`clinweave ask`: a question answered from the sources, with citations, or "I do not know"."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.answers import (
    KNOWLEDGE_HELP,
    MODEL_HELP,
    AllowRemote,
    AudienceName,
    Budget,
    Collections,
    GraphFolder,
    IndexFolder,
    Judge,
    LanguageCode,
    LiveAnswer,
    MaxTokens,
    Threads,
    document,
    show,
)
from clinweave.cli.console import Console, spinner
from clinweave.cli.records import answer_record, refuse_model
from clinweave.core.errors import UserError
from clinweave.core.extras import needs_extra

app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    knowledge: Annotated[str, typer.Option(metavar="NAMES", help=KNOWLEDGE_HELP)] = "graph,text",
    model: Annotated[str, typer.Option(metavar="ADDRESS", help=MODEL_HELP)] = "auto",
    judge: Judge = "none",
    audience: AudienceName = "",
    language: LanguageCode = "",
    collection: Collections = None,
    graph: GraphFolder = None,
    index: IndexFolder = None,
    budget: Budget = 192,
    max_tokens: MaxTokens = 128,
    threads: Threads = 0,
    allow_remote: AllowRemote = "",
    structures: Annotated[
        bool,
        typer.Option(
            "--structures/--no-structures",
            help="Also show drugs similar in structure to those of the question (computed; needs the extra molecules).",
        ),
    ] = False,
    patient: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="Answer from this patient's record alone (no model, nothing leaves this machine).",
            show_default=False,
        ),
    ] = "",
    where: Annotated[
        Path | None,
        typer.Option("--in", metavar="DIR", help="With --patient: folder of the store.", show_default=False),
    ] = None,
    show_prompt: Annotated[bool, typer.Option("--show-prompt", help="Also print the prompt.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Answer a question from the graph and the text index, with citations.

    What the sources say comes at once. Sentences written by a model follow, each checked against what it cites.
    """
    from clinweave.applications import ModelSettings
    from clinweave.knowledge import parse_retrievers
    from clinweave.knowledge_base import KnowledgeBase

    if not question.strip():
        raise UserError("the question is empty: write it after the command, in quotes")
    if patient:
        refuse_model(model, allow_remote)
        answer_record(question, where, patient, audience, as_json=as_json)
        return
    if where is not None:
        raise UserError("--in DIR is the store of --patient ID: give both, or neither")
    names = parse_retrievers(f"{knowledge},structures" if structures else knowledge)
    settings = ModelSettings(budget=budget, max_tokens=max_tokens, allow_remote=allow_remote)
    screen = Console()
    with (
        KnowledgeBase(
            model=model,
            audience=audience or None,
            graph=graph,
            index=index,
            collections=collection or (),
            threads=threads or None,
            judge=judge,
        ) as base,
        spinner(quiet=as_json) as say,
        needs_extra("molecules") if "structures" in names else nullcontext(),
    ):
        live = LiveAnswer(screen, say)
        answer = base.ask(
            question,
            retrievers=names,
            settings=settings,
            language=language,
            progress=say,
            on_part=(lambda _: None) if as_json else live.take,
        )
    if as_json:
        typer.echo(
            json.dumps(document(answer, prompt=show_prompt), ensure_ascii=False, indent=1, default=str)
        )
    else:
        show(answer, screen, prompt=show_prompt, printed=live.printed)
