"""`clinweave chat`: questions in the terminal, one a line; nothing leaves this machine but to an address you give."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated

import typer
from rich.markup import escape

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
from clinweave.core.errors import ClinweaveError

HELP = """One question per line; no memory between questions, and nothing you type is stored.
/help   this text
/end    end (as an empty line and Ctrl-D do)
Ctrl-C  drop the line, or the answer that is being written
Every sentence of a model is marked: supported, contradicted, not verified, or unchecked (with --knowledge none)."""
app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    model: Annotated[str, typer.Option(metavar="ADDRESS", help=MODEL_HELP)] = "auto",
    judge: Judge = "none",
    knowledge: Annotated[str, typer.Option(metavar="NAMES", help=KNOWLEDGE_HELP)] = "graph,text",
    audience: AudienceName = "",
    language: LanguageCode = "",
    collection: Collections = None,
    graph: GraphFolder = None,
    index: IndexFolder = None,
    budget: Budget = 192,
    max_tokens: MaxTokens = 128,
    threads: Threads = 0,
    allow_remote: AllowRemote = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document when the session ends.")
    ] = False,
) -> None:
    """Answer one question per line, as `ask` does; /help lists the commands; an empty line, /end or Ctrl-D exits."""
    from clinweave.applications import DISCLAIMER, ModelSettings
    from clinweave.knowledge import parse_retrievers
    from clinweave.knowledge_base import KnowledgeBase

    names = parse_retrievers(knowledge)
    settings = ModelSettings(budget=budget, max_tokens=max_tokens, allow_remote=allow_remote)
    answers: list[dict[str, object]] = []
    screen = Console(stderr=as_json)
    with KnowledgeBase(
        model=model,
        audience=audience or None,
        graph=graph,
        index=index,
        collections=collection or (),
        threads=threads or None,
        judge=judge,
    ) as base:
        with spinner(quiet=as_json) as say:
            base.open_parts(names, progress=say)

        def answer(question: str) -> None:
            with spinner(quiet=as_json) as say:
                live = LiveAnswer(screen, say)
                result = base.ask(
                    question, retrievers=names, settings=settings, language=language, on_part=live.take
                )
            answers.append(document(result))
            show(result, screen, evidence=False, printed=live.printed)

        if sys.stdin.isatty():
            screen.print(
                f"model: {base.model_name}, knowledge: {','.join(names) or 'none'}. {DISCLAIMER} /help explains.",
                markup=False,
            )
        _converse(answer, screen)
    if as_json:
        typer.echo(json.dumps(answers, ensure_ascii=False, indent=1, default=str))


def _converse(answer: Callable[[str], None], screen: Console) -> None:
    """Answer line after line; in a terminal, a question that cannot be answered does not end the session."""
    interactive = sys.stdin.isatty()
    for question in _questions(interactive):
        if question == "/help":
            screen.print(HELP, markup=False)
            continue
        if question.startswith("/"):
            screen.print(f"there is no {question.split()[0]}: /help lists the commands", markup=False)
            continue
        try:
            answer(question)
        except KeyboardInterrupt:
            if not interactive:
                raise
            screen.print("[yellow]interrupted[/]; ask again, or end with Ctrl-D")
        except ClinweaveError as error:
            if not interactive:
                raise
            screen.print(f"[red]error:[/] {escape(str(error))}")


def _questions(interactive: bool) -> Iterator[str]:
    """Yield the lines typed up to an empty line, /end or the end of input; Ctrl-C drops the line."""
    if interactive:
        with suppress(ImportError):
            import readline  # noqa: F401 - editing, and the earlier lines of this session
    while True:
        try:
            line = (input("> ") if interactive else sys.stdin.readline()).strip()
        except EOFError:
            return
        except KeyboardInterrupt:
            if not interactive:
                raise
            sys.stderr.write("\n(Ctrl-D or an empty line ends)\n")
            continue
        if not line or line in {"/end", "/quit", "/exit"}:
            return
        yield line
