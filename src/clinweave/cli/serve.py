"""`clinweave serve`: an OpenAI-compatible address for a model, with or without knowledge."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clinweave.artifacts import home
from clinweave.cli.ask import Choice, parts
from clinweave.cli.console import Console

app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    model: Annotated[
        str, typer.Option(metavar="PATH", help="A .gguf file, a folder of weights, smollm2, or an address.")
    ] = "smollm2",
    name: Annotated[str, typer.Option(help="The model's name at the address.", show_default="its own")] = "",
    knowledge: Annotated[Choice, typer.Option(help="What is woven into each prompt.")] = Choice.NONE,
    host: Annotated[
        str, typer.Option(help="Where to listen; beyond this machine a token is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    token: Annotated[
        str,
        typer.Option(
            envvar="CLINWEAVE_TOKEN", help="The bearer token; better in the environment.", show_default=False
        ),
    ] = "",
    budget: Annotated[int, typer.Option(min=1, help="Tokens of evidence in a prompt.")] = 512,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of a reply at most.")] = 512,
    max_bytes: Annotated[int, typer.Option(min=1024, help="Bytes of a request at most.")] = 1 << 20,
    waiting: Annotated[int, typer.Option(min=1, help="Requests that may run or wait.")] = 8,
    allow_remote: Annotated[
        str, typer.Option(metavar="HOST", help="The host that may see gated or private evidence.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON.")] = False,
) -> None:
    """Serve a model as OpenAI's chat API does, until Ctrl-C; with knowledge, answers are checked as by `ask`."""
    from clinweave.models import open_model
    from clinweave.service import Desk, Limits, serve
    from clinweave.service.serving import check

    check(host, token)
    weaver, checker = parts(knowledge.value)
    opened = open_model(model, home=home())
    title = name or Path(opened.name).name
    desk = Desk(
        opened,
        weaver,
        checker,
        name=title,
        knowledge=knowledge.value,
        budget=budget,
        allow_remote=allow_remote,
    )

    def ready(address: str) -> None:
        if as_json:
            typer.echo(json.dumps({"address": address, "model": title, "knowledge": knowledge.value}))
        else:
            Console().print(f"{title} ({knowledge.value}): {address}#{title}", markup=False, soft_wrap=True)
            Console().print("For research, not for clinical decisions. Ctrl-C ends.", markup=False)

    try:
        serve(desk, host, port, token, Limits(max_bytes, max_tokens, waiting), ready)
    finally:
        opened.close()
