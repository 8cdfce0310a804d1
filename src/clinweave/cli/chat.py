"""`clinweave chat`: talk to a model in the terminal; nothing leaves this machine but to an address you give."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated, Any

import typer
from rich.markup import escape

from clinweave.artifacts import home
from clinweave.cli.ask import MARKS, Choice, parts
from clinweave.cli.console import Console
from clinweave.errors import ClinweaveError
from clinweave.records import Answer, to_json

HELP = """A question a line; each stands for itself, and nothing you type is kept.
/help   this
/end    end (as an empty line and Ctrl-D do)
Ctrl-C  drop the line, or the answer that is being written
Every sentence is marked: supported, contradicted, not verified, or unchecked (without --knowledge)."""
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
    """Ask one question a line, each standing for itself; an empty line, /end or Ctrl-D ends, /help tells more."""
    from clinweave.applications import DISCLAIMER, consult
    from clinweave.models import open_model

    weaver, checker = parts(knowledge.value)
    opened = open_model(model, home=home())
    said: list[dict[str, Any]] = []
    screen = Console(stderr=as_json)

    def answer(question: str) -> None:
        found = consult(
            question,
            model=opened,
            weaver=weaver,
            checker=checker,
            knowledge=knowledge.value,
            budget=budget,
            max_tokens=max_tokens,
            allow_remote=allow_remote,
        )
        said.append(to_json(found))
        _print(found, screen)

    try:
        if sys.stdin.isatty():
            screen.print(
                f"{opened.name}, knowledge: {knowledge.value}. {DISCLAIMER} /help tells more.", markup=False
            )
        _talk(answer, screen)
    finally:
        opened.close()
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False, indent=1, default=str))


def _talk(answer: Callable[[str], None], screen: Console) -> None:
    """Answer line after line; a question that cannot be answered does not end the talk of a person."""
    person = sys.stdin.isatty()
    for question in _questions(person):
        if question == "/help":
            screen.print(HELP, markup=False)
            continue
        if question.startswith("/"):
            screen.print(f"there is no {question.split()[0]}: /help lists what there is", markup=False)
            continue
        try:
            answer(question)
        except KeyboardInterrupt:
            if not person:
                raise
            screen.print("[yellow]interrupted[/]; ask again, or end with Ctrl-D")
        except ClinweaveError as error:
            if not person:
                raise
            screen.print(f"[red]error:[/] {escape(str(error))}")


def _questions(person: bool) -> Iterator[str]:
    """Yield what is typed, line by line, up to an empty line, /end or the end of input; Ctrl-C drops the line."""
    if person:
        with suppress(ImportError):
            import readline  # noqa: F401 - editing and the lines typed before, in this talk alone
    while True:
        try:
            line = (input("> ") if person else sys.stdin.readline()).strip()
        except EOFError:
            return
        except KeyboardInterrupt:
            if not person:
                raise
            sys.stderr.write("\n(Ctrl-D or an empty line ends)\n")
            continue
        if not line or line in {"/end", "/quit", "/exit"}:
            return
        yield line


def _print(answer: Answer, screen: Console) -> None:
    screen.print(escape(answer.text), style="bold")
    for sentence in answer.sentences:
        mark = "[yellow]unchecked[/]" if answer.knowledge == "none" else MARKS[sentence.verdict]
        screen.print(f"  {escape(sentence.text)} ({mark})")
    for item in answer.evidence:
        screen.print(f"  [dim]{escape(f'[{item.id}] {item.text}')}[/]")
