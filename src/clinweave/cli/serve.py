"""`clinweave serve`: an OpenAI-compatible server for a knowledge base and a model."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.answers import (
    KNOWLEDGE_HELP,
    MODEL_HELP,
    AudienceName,
    Budget,
    Collections,
    GraphFolder,
    Judge,
    Threads,
)
from clinweave.cli.console import Console, spinner

app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    model: Annotated[str, typer.Option(metavar="ADDRESS", help=MODEL_HELP)] = "auto",
    judge: Judge = "none",
    name: Annotated[
        str, typer.Option(help="Model name shown to clients.", show_default="the model's own")
    ] = "",
    knowledge: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help=f"{KNOWLEDGE_HELP} With none, messages are passed to the model unchanged.",
            show_default="graph,text; none with a --model named",
        ),
    ] = "",
    audience: AudienceName = "",
    host: Annotated[
        str, typer.Option(help="Address to listen on; any other than this machine needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: a free one.")] = 8000,
    token: Annotated[
        str,
        typer.Option(
            envvar="CLINWEAVE_TOKEN",
            help="Bearer token; prefer the environment variable.",
            show_default=False,
        ),
    ] = "",
    collection: Collections = None,
    graph: GraphFolder = None,
    budget: Budget = 192,
    max_tokens: Annotated[
        int, typer.Option(min=1, help="Maximum number of tokens that the model writes.")
    ] = 512,
    threads: Threads = 0,
    max_bytes: Annotated[int, typer.Option(min=1024, help="Maximum size of a request, in bytes.")] = 1 << 20,
    max_queue: Annotated[
        int,
        typer.Option(
            min=0,
            help="Maximum number of running and waiting requests; more get status 429.",
            show_default="8, without a model 128",
        ),
    ] = 0,
    allow_remote: Annotated[
        str, typer.Option(metavar="HOST", help="Host that may receive gated or private evidence.")
    ] = "",
    runs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder whose runs the page Runs shows (outputs of `clinweave run`)."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON.")] = False,
) -> None:
    """Start an OpenAI-compatible server; with knowledge, it answers as `ask` does. Ctrl-C stops it."""
    from clinweave.core.errors import UserError
    from clinweave.knowledge import parse_retrievers
    from clinweave.knowledge_base import NO_MODEL, KnowledgeBase
    from clinweave.models import AUTO
    from clinweave.service import ChatHandler, ServiceSettings, ServiceState, check, serve

    check(host, token)
    if runs is not None and not runs.is_dir():
        raise UserError(f"--runs {runs}: there is no such folder")
    names = parse_retrievers(knowledge or ("graph,text" if model in {*NO_MODEL, AUTO} else "none"))
    with KnowledgeBase(
        model=model,
        audience=audience or None,
        graph=graph,
        collections=collection or (),
        threads=threads or None,
        judge=judge,
    ) as base:
        without_model = base.model_name in NO_MODEL
        if without_model and not names:
            raise UserError("there is nothing to serve: choose --knowledge graph,text or a --model")
        with spinner(quiet=as_json) as say:
            base.open_parts(names, progress=say)
        title = name or (Path(base.model.name).name if base.model is not None else "clinweave")
        handler = ChatHandler(base, name=title, retrievers=names, budget=budget, allow_remote=allow_remote)
        parts = {"model": title, "knowledge": ",".join(names) or "none", "language_model": base.model_name}

        def ready(address: str) -> None:
            if as_json:
                typer.echo(json.dumps({"address": f"{address}/v1", "page": f"{address}/", **parts}))
                return
            console = Console()
            console.print(f"Open {address}/ in a browser.", markup=False, soft_wrap=True)
            details = f"(language model {base.model_name}, knowledge {parts['knowledge']})"
            console.print(f"OpenAI clients: {address}/v1#{title} {details}", markup=False, soft_wrap=True)
            console.print("For research, not for clinical decisions. Ctrl-C ends.", markup=False)

        limits = ServiceSettings(
            max_bytes=max_bytes,
            max_tokens=max_tokens,
            max_queue=max_queue or 8,
            max_lookups=max_queue if max_queue and without_model else 128,
            runs=runs,
        )
        serve(ServiceState.create(handler, limits), host, port, token, ready)
