"""Answers on the terminal and as JSON: what `ask` and `chat` share."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.applications import AnswerPart, joined
from clinweave.cli.console import Console
from clinweave.records import RULES, Answer, Evidence, Passage, Relation, Verdict, to_json

MARKS = {
    Verdict.SUPPORTED: "[green]supported[/]",
    Verdict.CONTRADICTED: "[red]contradicted[/]",
    Verdict.UNVERIFIED: "[yellow]not verified[/]",
    Verdict.IRRELEVANT: "[yellow]supported, but not an answer[/]",
}
_LONGEST = 240  # characters of a record in the table
KNOWLEDGE_HELP = "Retrievers, separated by commas: graph, text, or others installed; both, none."
MODEL_HELP = (
    "auto (the best installed model that writes well enough, else none), none (the sources alone), "
    "qwen2.5-coder-1.5b, qwen2.5-coder-0.5b, smollm2, a .gguf file, http(s)://host:port/v1#name, scripted:FILE. "
    "A model only adds sentences, each checked, below the statements of the sources."
)
AUDIENCE_HELP = (
    "Who reads the answer: public, or clinician (with doses). Default: the setting audience, else public."
)

AudienceName = Annotated[
    str, typer.Option(metavar="[public|clinician]", help=AUDIENCE_HELP, show_default=False)
]
LanguageCode = Annotated[
    str,
    typer.Option(
        "--language",
        metavar="CODE",
        help="Language of the question: en, es, fr, de, zh or ja; detected if not given. Evidence is shown in English "
        "with the names of concepts in that language.",
    ),
]
Budget = Annotated[int, typer.Option(min=1, help="Tokens of statements in the model's prompt.")]
Threads = Annotated[
    int,
    typer.Option(
        min=0,
        max=256,
        help="Threads of a model on this machine.",
        show_default="as many cores as are idle, up to 4",
    ),
]
MaxTokens = Annotated[int, typer.Option(min=1, help="Maximum number of tokens that the model writes.")]
AllowRemote = Annotated[
    str, typer.Option(metavar="HOST", help="Host that may receive gated or pseudonymised evidence.")
]
Judge = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Model on this machine that is asked about a written sentence which the rules neither support nor refuse: "
        "none, auto (the best installed), or an address as of --model. What it supports is marked.",
    ),
]
Collections = Annotated[
    list[str] | None,
    typer.Option(
        "--collection",
        metavar="NAME",
        help="Search only this collection of documents (see `index list`); may be repeated.",
    ),
]
GraphFolder = Annotated[
    Path | None,
    typer.Option("--graph", metavar="DIR", help="The graph's folder.", show_default="home/graph"),
]
IndexFolder = Annotated[
    Path | None,
    typer.Option(
        "--index",
        metavar="DIR",
        help="Search this text index, such as the result of `clinweave batch index`.",
        show_default="home/index",
    ),
]
Records = Annotated[
    Path | None,
    typer.Option(
        "--records",
        metavar="PATH",
        help="Patient records for the tool query_records: a DuckDB file, or a folder of `patients load`.",
        show_default="none",
    ),
]


def document(answer: Answer, *, prompt: bool = False) -> dict[str, Any]:
    """Return an answer as JSON values: `answer` is the text shown, `abstained` whether the question stays open."""
    values = to_json(answer)
    body = values.pop("text")
    sent = values.pop("prompt")
    facts = {"question": values.pop("question"), "answer": body, **values}
    return {**facts, "prompt": sent} if prompt else facts


class LiveAnswer:
    """Prints the parts of an answer as they come: what the sources say at once, then each supported sentence."""

    def __init__(self, screen: Console, say: Callable[[str], None] = lambda _: None) -> None:
        self._screen, self._say = screen, say
        self._model, self._words, self._sentences = "", 0, 0
        self.printed = ""  # the beginning of the answer's text that is on the screen

    def take(self, part: AnswerPart) -> None:
        """Print a part; a model's unchecked words are only counted."""
        if part.kind == "model":
            self._model, self._words = part.text, 0
            self._say(f"{self._model} reads the statements")
        elif part.kind == "written":
            self._words += len(part.text.split())
            self._say(f"{self._model} writes: {self._words} words")
        elif part.text:
            self._say("")
            self.printed = joined(self.printed, part, self._sentences)
            self._sentences += part.kind == "sentence"
            lead = "\n" if self._sentences == 1 else ""
            self._screen.print(f"{lead}{escape(part.text)}", style="bold")


def show(
    answer: Answer, screen: Console, *, prompt: bool = False, evidence: bool = True, printed: str = ""
) -> None:
    """Print an answer: the text, the model's sentences with verdicts, the evidence with its sources, the notes.

    `printed` is the beginning of the text that a `LiveAnswer` has printed already.
    """
    if prompt:
        for message in answer.prompt:
            screen.print(f"[dim]{message['role']}:[/] {escape(message['content'])}\n")
    text = answer.text.removeprefix(printed) if printed else answer.text
    screen.print(escape(text.strip("\n")), style="bold")
    if answer.sentences:
        screen.print(_sentences(answer))
    if answer.evidence and evidence:
        _show_evidence(answer, screen)
    for note in answer.notes:
        screen.print(f"[dim]note: {escape(note)}[/]")
    if answer.model_error:
        screen.print(f"[dim]model: {escape(answer.model_error)}[/]")
    spent = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in answer.timings.items())
    tokens = ", ".join(f"{count} {name} tokens" for name, count in answer.tokens.items())
    judge = f", judge {escape(answer.judge)}" if answer.judge else ""
    parts = [f"model {escape(answer.model)}{judge}, for the {answer.audience.value}", spent, tokens]
    screen.print(f"[dim]{'; '.join(part for part in parts if part)}[/]")


def _sentences(answer: Answer) -> Table:
    table = Table("sentence", "cites", "verdict", "reason", title="Sentences of the model")
    for item in answer.sentences:
        mark = MARKS[item.verdict] if answer.retrievers else "[yellow]unchecked[/]"
        if item.supported_by not in {"", RULES}:
            mark = f"{mark} by the model judge"
        table.add_row(escape(item.text), escape(" ".join(item.evidence)), mark, escape(item.reason))
    return table


def _show_evidence(answer: Answer, screen: Console) -> None:
    """Print the cited items with their sources, and how many others were retrieved."""
    cited = {number for statement in answer.statements for number in statement.evidence}
    cited |= {number for sentence in answer.sentences for number in sentence.evidence}
    items = [item for item in answer.evidence if item.id in cited]
    more = len(answer.evidence) - len(items)
    table = Table("", "record", "source", "reference", title="Evidence")
    for item in items:
        table.add_row(item.id, escape(_record(item)), escape(_sources(item)), escape(_publications(item)))
    if items:
        screen.print(table)
    if more:
        screen.print(f"[dim]{more} more retrieved (--json lists them)[/]")


def _record(item: Evidence) -> str:
    """Return a relation in words, or the title and section of a passage; the answer has what is quoted of it."""
    passage = item.passage
    if passage is not None and (passage.title or passage.section):
        return ", ".join(dict.fromkeys(part for part in (passage.title, passage.section) if part))
    text = item.text
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST].rsplit(' ', 1)[0]} ..."


def _sources(item: Evidence) -> str:
    """Return source, release and licence of everything that an item is based on."""
    records: list[Relation | Passage] = [*item.relations]
    if item.passage is not None:
        records.append(item.passage)
    seen = dict.fromkeys(
        f"{record.source} {record.release}".strip() + (f" ({record.licence})" if record.licence else "")
        for record in records
    )
    return "; ".join(seen)


def _publications(item: Evidence, most: int = 4) -> str:
    if item.passage is not None:
        return f"{item.passage.document} {item.passage.start}-{item.passage.end}"
    names = list(dict.fromkeys(name for relation in item.relations for name in relation.publications))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
