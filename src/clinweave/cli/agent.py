"""`clinweave agent`: a question answered in several steps with tools, every step shown."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clinweave.cli.answers import (
    MODEL_HELP,
    AllowRemote,
    AudienceName,
    Collections,
    GraphFolder,
    IndexFolder,
    Records,
    Threads,
    document,
    show,
)
from clinweave.cli.console import Console, spinner
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.agent import AgentResult, Planner, Step, UserQuestion
    from clinweave.knowledge_base import KnowledgeBase

app = typer.Typer(add_completion=False)
_LONGEST = 200  # characters of a cell


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    question: Annotated[str, typer.Argument(help="The question, in quotes.")],
    model: Annotated[
        str, typer.Option(metavar="ADDRESS", help=f"Model that plans; none plans by rules. {MODEL_HELP}")
    ] = "none",
    audience: AudienceName = "",
    collection: Collections = None,
    graph: GraphFolder = None,
    index: IndexFolder = None,
    records: Records = None,
    max_calls: Annotated[
        int, typer.Option(min=0, max=50, help="Maximum number of tool calls; 0 asks once, as `ask` does.")
    ] = 8,
    max_tokens: Annotated[
        int, typer.Option(min=0, help="Maximum number of tokens that plans take.")
    ] = 20_000,
    max_seconds: Annotated[float, typer.Option(min=0, help="Maximum number of seconds.")] = 300.0,
    max_questions: Annotated[
        int, typer.Option(min=0, max=50, help="Maximum number of questions to you.")
    ] = 5,
    answers: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help='Replies to questions, {"HP:0001166": "yes", ...}; a question without one ends the run.',
        ),
    ] = None,
    threads: Threads = 0,
    allow_remote: AllowRemote = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document with every step.")] = False,
) -> None:
    """Answer a question in steps: plan, call a tool, remember, until the evidence suffices.

    Every call and result is shown. The answer is checked against its evidence as that of `ask`; without --model, plans
    follow rules. A missing fact is asked for: on the terminal, from --answers, or as "open_question" with --json.
    """
    from clinweave.agent import Agent, Budget
    from clinweave.core.access_policy import host_of_model
    from clinweave.knowledge_base import KnowledgeBase

    if not question.strip():
        raise UserError("the question is empty: write it after the command, in quotes")
    replies = _read_answers(answers) if answers else {}
    screen = Console()
    with (
        KnowledgeBase(
            model=model,
            audience=audience or None,
            graph=graph,
            index=index,
            records=records,
            collections=collection or (),
            threads=threads or None,
        ) as base,
        spinner(quiet=as_json) as say,
    ):
        say("opening the knowledge base")
        agent = Agent(
            base,
            _planner(base),
            Budget(max_calls, max_tokens, max_seconds, max_questions),
            reply=_replier(replies, as_json, say),
            on_step=lambda step: None if as_json else _show_step(step, screen, say),
            host=host_of_model(base.model) if base.model is not None else "",
            allow_remote=allow_remote,
        )
        result = agent.run(question)
    if as_json:
        typer.echo(json.dumps(_document(result), ensure_ascii=False, indent=1, default=str))
        return
    show(result.answer, screen)
    if result.open_question:
        screen.print(f"A fact is missing: {result.open_question}", markup=False)
        screen.print("Answer it with --answers FILE.json, or run the command on a terminal.", markup=False)
    screen.print(
        f"{result.calls} calls, {result.tokens} tokens, {result.seconds:.1f} s; planner {result.planner}; "
        f"ended: {result.stopped}",
        markup=False,
    )


def _planner(base: "KnowledgeBase") -> "Planner":
    from clinweave.agent import ModelPlanner, RulePlanner, planner_tools
    from clinweave.tools import tool_names

    if base.model is None:
        return RulePlanner()
    return ModelPlanner(base.model, planner_tools(base, tool_names()))


def _read_answers(path: Path) -> dict[str, str]:
    """Return replies by HPO identifier or question. Raises `UserError` where the file is no such object."""
    try:
        values = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} cannot be read: {error}; give a JSON object of replies") from error
    if not isinstance(values, dict) or not all(isinstance(item, str) for item in values.values()):
        raise UserError(f'{path} is no JSON object of texts; give {{"HP:0001166": "yes"}}')
    return {str(key): read for key, read in values.items()}


def _replier(
    replies: dict[str, str], as_json: bool, say: Callable[[str], None]
) -> "Callable[[UserQuestion], str | None]":
    """Return what answers the agent's questions: the file's replies, then the terminal if there is one."""
    from clinweave.agent import read_reply

    def reply(asked: "UserQuestion") -> str | None:
        text = replies.get(asked.finding) or replies.get(asked.text)
        if text is None and not as_json and sys.stdin is not None and sys.stdin.isatty():
            say("")
            try:
                text = typer.prompt(asked.text, default="unknown")
            except typer.Abort:
                return None
        if text is None:
            return None
        return read_reply(text) if asked.finding else text[:1000]

    return reply


def _show_step(step: "Step", screen: Console, say: Callable[[str], None]) -> None:
    """Print a step in two lines: what was done, and what came of it."""
    say("")
    arguments = json.dumps(step.arguments, ensure_ascii=False)
    short = arguments if len(arguments) <= _LONGEST else f"{arguments[:_LONGEST]} ..."
    head = f"{step.number}. {step.tool or step.kind} {short if step.arguments else ''}".rstrip()
    if step.kind == "refused":
        head += " (refused)"
    outcome = f"{step.error.error}: {step.error.message}" if step.error else step.result
    evidence = f" [{step.evidence[0]}-{step.evidence[-1]}]" if step.evidence else ""
    spent = f"{step.seconds:.1f} s" + (f", {step.tokens} tokens" if step.tokens else "")
    screen.print(head, markup=False, soft_wrap=True)
    if step.kind == "question":
        screen.print(f"   {step.reason} {outcome}", markup=False, soft_wrap=True)
    else:
        screen.print(f"   {step.reason}: {outcome}{evidence} ({spent})", markup=False, soft_wrap=True)
    say("planning")


def _document(result: "AgentResult") -> dict[str, object]:
    from clinweave.core.typed import to_values

    trace: dict[str, object] = {
        name: to_values(getattr(result, name))
        for name in (
            "stopped",
            "open_question",
            "open_finding",
            "planner",
            "calls",
            "tokens",
            "seconds",
            "steps",
        )
    }
    return {**document(result.answer), **trace, "answer_tokens": result.answer.tokens}
