"""`clinweave chat`: talk to a model in the terminal; nothing leaves this machine but to an address you give."""

import json
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from clinweave.artifacts import home
from clinweave.cli.ask import MARKS, Choice, parts
from clinweave.records import Answer, to_json

app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    model: Annotated[
        str, typer.Option(metavar="PATH", help="A .gguf file, a folder of weights, smollm2, or an address.")
    ] = "smollm2",
    knowledge: Annotated[Choice, typer.Option(help="What is woven into each prompt.")] = Choice.NONE,
    budget: Annotated[int, typer.Option(min=1, help="Tokens of evidence in a prompt.")] = 512,
    max_tokens: Annotated[int, typer.Option(min=1, help="Tokens of a reply at most.")] = 160,
    allow_remote: Annotated[
        str, typer.Option(metavar="HOST", help="The host that may see gated or pseudonymised evidence.")
    ] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document when the talk ends.")
    ] = False,
) -> None:
    """Ask one question a line; an empty line or Ctrl-D ends. Each question stands for itself."""
    from clinweave.applications import consult
    from clinweave.models import open_model

    weaver, checker = parts(knowledge.value)
    opened = open_model(model, home=home())
    said: list[dict[str, Any]] = []
    screen = Console(stderr=as_json)
    try:
        for question in _questions():
            answer = consult(
                question,
                model=opened,
                weaver=weaver,
                checker=checker,
                knowledge=knowledge.value,
                budget=budget,
                max_tokens=max_tokens,
                allow_remote=allow_remote,
            )
            said.append(to_json(answer))
            _print(answer, screen)
    finally:
        opened.close()
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False, indent=1, default=str))


def _questions() -> Iterator[str]:
    """Yield what is typed, line by line; the prompt is shown to a person only."""
    while True:
        if sys.stdin.isatty():
            sys.stderr.write("> ")
            sys.stderr.flush()
        line = sys.stdin.readline().strip()
        if not line:
            return
        yield line


def _print(answer: Answer, screen: Console) -> None:
    screen.print(escape(answer.text), style="bold")
    for sentence in answer.sentences:
        mark = "[yellow]unchecked[/]" if answer.knowledge == "none" else MARKS[sentence.verdict]
        screen.print(f"  {escape(sentence.text)} ({mark})")
    for item in answer.evidence:
        screen.print(f"  [dim]{escape(f'[{item.id}] {item.text}')}[/]")
