"""Conformance checks for extensions, to call from the tests of your own package (docs/extending.md).

Each raises `AssertionError` that says what does not hold. They need no network and no model weights.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.errors import ClinweaveError, NotCapableError, UserError
from clinweave.databases import Database, Record, RowLog
from clinweave.knowledge import KnowledgeParts, Query, Retriever
from clinweave.knowledge_base import KnowledgeBase
from clinweave.models import Capability, LanguageModel, Message
from clinweave.records import Concept, Evidence, Passage, Question, Relation
from clinweave.tools import JSON, AnyTool, Tool, ToolError

if TYPE_CHECKING:
    from typer import Typer

    from clinweave.core.reports.blocks import Section

__all__ = [
    "check_command",
    "check_database",
    "check_metric",
    "check_model",
    "check_questions",
    "check_report_block",
    "check_retriever",
    "check_tool",
]


def check_database(database: Database, files: Mapping[str, Path]) -> list[Record]:
    """Check a database on real or hand-made files (name in `Database.files` -> path); return its records."""
    source = database.source(files)
    assert source.id == database.id, f"source().id is {source.id!r}, not {database.id!r}"
    assert source.release, "source().release is empty; write 'not stated' if the files do not state it"
    assert source.licence, "source().licence is empty"
    records = list(database.read(files, RowLog()))
    assert records, "read() yields no records from these files"
    assert list(database.read(files, RowLog())) == records, "read() yields other records the second time"
    for record in records:
        assert record.source == database.id, f"{record}: source is not {database.id!r}"
        for name in _check_record(record):
            prefix, colon, local = name.partition(":")
            assert prefix and colon and local, f"{record}: {name!r} is not a CURIE (PREFIX:id)"  # noqa: PT018
            assert not set(" |\t") & set(name), f"{record}: {name!r} contains a space, tab or '|'"
    _check_bad_files(database, files)
    return records


def _check_record(record: Record) -> list[str]:
    """Check one record; return the identifiers in it."""
    if isinstance(record, Concept):
        assert record.category.startswith("biolink:"), f"{record}: the category is not a Biolink class"
        assert record.name, f"{record}: the name is empty"
        assert record.name == record.name.strip(), f"{record}: the name has spaces at its ends"
        names = [record.id, *record.xrefs, *record.related]
        assert names.count(record.id) == 1, f"{record}: is its own cross-reference"
        return names
    if isinstance(record, Relation):
        assert record.predicate.startswith("biolink:"), f"{record}: the predicate is not Biolink's"
        return [record.subject, record.object]
    assert isinstance(record, Passage), f"{record!r} is no Concept, Relation or Passage"
    assert record.text, f"{record}: the text is empty"
    assert record.end - record.start == len(record.text), f"{record}: start and end do not fit the text"
    return list(record.concepts)


_BAD_FILES = (
    ("empty", b"", "an empty file"),
    ("binary", b"\xff\xfe\x00bad", "a file that is not text"),
    ("page", b"<!DOCTYPE html><p>404", "a web page"),
)


def _check_bad_files(database: Database, files: Mapping[str, Path]) -> None:
    from tempfile import TemporaryDirectory

    _raises(UserError, partial(database.source, {}), "source() without files")
    with TemporaryDirectory() as folder:
        for name, data, what in _BAD_FILES:
            path = Path(folder) / name
            path.write_bytes(data)
            read = partial(_read, database, {**files, database.files[0]: path})
            _raises(UserError, read, f"reading {what}")


def _read(database: Database, files: Mapping[str, Path]) -> None:
    database.source(files)
    for _ in database.read(files, RowLog(keep=0)):
        pass


def check_retriever(
    make: Callable[[KnowledgeParts], Retriever], parts: KnowledgeParts, questions: Iterable[str | Query]
) -> list[Evidence]:
    """Check a retriever over a knowledge base; return the evidence for all questions, of which one must have some."""
    retriever = make(parts)
    assert retriever.name, "the retriever has no name"
    evidence: list[Evidence] = []
    for question in questions:
        query = Query(question, question) if isinstance(question, str) else question
        items = list(retriever.retrieve(query, limit=5))
        assert items == list(make(parts).retrieve(query, limit=5)), f"{query.text!r}: not deterministic"
        assert len(retriever.retrieve(query, limit=1)) <= 1, f"{query.text!r}: more items than the limit"
        for item in items:
            assert item.text, f"{query.text!r}: evidence without text"
            assert item.passage or item.relations, f"{query.text!r}: evidence without passage or relations"
            passage = item.passage
            assert passage is None or passage.source, f"{query.text!r}: a passage without source"
        evidence += items
    assert evidence, "no question has any evidence; give one that the retriever answers"
    return evidence


def check_model(model: LanguageModel) -> None:
    """Check an opened model: declared capabilities work, others raise `NotCapableError`, wrong input is refused."""
    messages: list[Message] = [{"role": "user", "content": "Name a hormone."}]
    options = ["insulin", "a long reply of several words"]
    assert model.name, "the model has no name"
    assert all(isinstance(item, str | int | float) for item in model.describe().values()), (
        "describe(): no scalars"
    )
    assert model.local or any(model.describe().get(key) for key in ("host", "url", "address", "base_url")), (
        "a model that is not local states the host it sends prompts to, in describe()"
    )
    if _declared(model, Capability.GENERATE, lambda: model.generate(messages)):
        reply = model.generate(messages, max_tokens=4)
        assert reply.completion_tokens <= 4, "generate() exceeds max_tokens"
        assert reply.finish_reason in {"stop", "length"}, f"finish_reason is {reply.finish_reason!r}"
        assert reply.text == model.generate(messages, max_tokens=4).text, "a reply at temperature 0 differs"
        _raises(UserError, lambda: model.generate([]), "generate() without messages")
    if _declared(model, Capability.SCORE, lambda: model.score(messages, options)):
        _check_scores(model, messages, options)
    if _declared(model, Capability.TOKENISE, lambda: model.tokenise("text")):
        assert len(model.tokenise("one two three")) >= len(model.tokenise("one")) > 0, (
            "tokenise(): too few tokens"
        )
    assert model.count_tokens(messages) > 0, "count_tokens() is 0"


def _check_scores(model: LanguageModel, messages: Sequence[Message], options: list[str]) -> None:
    scores = model.score(messages, options)
    assert len(scores) == len(options), "score() returns another number of options"
    for score, other in zip(scores, model.score(messages, options[::-1])[::-1], strict=True):
        assert score.logprob <= 0, "score(): a log-likelihood is above 0"
        assert score.tokens == other.tokens, "score(): the tokens depend on the order of options"
        assert abs(score.per_token - other.per_token) < 0.02, (
            "score(): a score depends on the order of options"
        )
    _raises(UserError, lambda: model.score(messages, []), "score() without options")


def _declared(model: LanguageModel, capability: Capability, call: Callable[[], object]) -> bool:
    if capability in model.capabilities:
        return True
    _raises(NotCapableError, call, f"{capability}, which is not declared,")
    return False


def check_questions(make: Callable[[], Iterable[Question]]) -> list[Question]:
    """Check the questions of a task; `make` calls it with a graph, settings and a seed. Return them."""
    questions = list(make())
    assert questions, "the task yields no questions"
    assert list(make()) == questions, "the same seed gives other questions"
    assert len({item.id for item in questions}) == len(questions), "several questions have the same id"
    for item in questions:
        assert item.task and item.question, f"{item.id}: task or question is empty"  # noqa: PT018
        assert 0 <= item.answer < len(item.options), f"{item.id}: the answer is not an option"
        assert len(set(item.options)) == len(item.options) > 1, f"{item.id}: fewer than two different options"
        assert item.cluster, (
            f"{item.id}: no cluster; give each question one, its own id if it depends on no other"
        )
    return questions


def check_metric(metric: Callable[[Sequence[Any]], float | None], samples: Sequence[Any]) -> float:
    """Check a metric on samples (`samples.jsonl` of a run, or hand-made ones); return its value."""
    value = metric(samples)
    assert value is not None, "the metric does not apply to these samples"
    assert metric(list(reversed(samples))) == value, "the metric depends on the order of samples"
    assert metric([]) is None, "without samples a metric returns None"
    return value


def check_report_block(
    block: "Callable[[Mapping[str, Any]], Section | None]", results: Mapping[str, Any]
) -> "Section":
    """Check a report block on the results of a run (as in results.json); return its section."""
    from clinweave.core.reports.blocks import Report, report_html, report_markdown

    section = block(results)
    assert section is not None, "the block does not apply to these results"
    assert block({"kind": "something else"}) is None, "for another kind of results a block returns None"
    report = Report("Test", "test", (), "", [section])
    assert section.title in report_markdown(report), "the section is not in the Markdown report"
    assert section.title, "the section has no title"
    page = report_html(report)
    assert 'src="http' not in page and "<script src" not in page, "the section loads something"  # noqa: PT018
    return section


def check_tool(
    tool: AnyTool, base: KnowledgeBase, calls: Sequence[JSON], bad: Sequence[JSON] = ()
) -> list[JSON]:
    """Check a tool on arguments that it answers, and on `bad` ones that it refuses; return its results.

    Names and schemas are usable by every client, results fit the schema and are the same the second time, and what is
    not answered is a `ToolError`, not an empty result. Needs the package jsonschema.
    """
    import jsonschema

    assert isinstance(tool, Tool), f"{tool!r} is not a clinweave.tools.Tool"
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,40}", tool.name), (
        f"the name {tool.name!r} is not lower case with _"
    )
    assert tool.title, f"{tool.name}: the title is empty"
    assert tool.description.endswith("."), f"{tool.name}: the description is no sentence"
    for schema in (tool.input_schema, tool.output_schema):
        assert schema.get("type") == "object", f"{tool.name}: a schema is not of an object"
        jsonschema.Draft202012Validator.check_schema(schema)
    assert calls, f"{tool.name}: give at least one call that it answers"
    results = []
    for arguments in calls:
        jsonschema.validate(arguments, tool.input_schema)
        result = json.loads(json.dumps(tool.call_json(base, arguments), allow_nan=False))
        jsonschema.validate(result, tool.output_schema)
        assert json.loads(json.dumps(tool.call_json(base, arguments))) == result, (
            f"{tool.name}: not the same twice"
        )
        empty = all(value in ([], {}, "", None) for value in result.values())
        assert not empty, f"{tool.name}: the result of {arguments} is empty; say why in a note"
        results.append(result)
    refused: tuple[object, ...] = ({"no such argument": 1}, "no object", *bad)
    for wrong in refused:
        _raises(ToolError, partial(tool.call_json, base, wrong), f"{tool.name} on {wrong!r}")
    return results


def check_command(app: "Typer") -> None:
    """Check a command or group of commands: every option has help, and every command takes --json."""
    from typer.main import get_command

    _check_click(get_command(app), "command")


def _check_click(command: Any, name: str) -> None:
    members = getattr(command, "commands", {})
    for member, inner in members.items():
        _check_click(inner, f"{name} {member}")
    lacking = [item.name for item in command.params if not item.help]
    assert not lacking, f"{name}: {', '.join(lacking)} has no help"
    if not members:
        assert command.help, f"{name}: the command has no help"
        assert any("--json" in item.opts for item in command.params), f"{name}: the command lacks --json"


def _raises(kind: type[ClinweaveError], call: Callable[[], object], what: str) -> None:
    try:
        call()
    except kind:
        return
    except Exception as error:
        raise AssertionError(f"{what} raises {type(error).__name__}, not {kind.__name__}") from error
    raise AssertionError(f"{what} raises no {kind.__name__}")
