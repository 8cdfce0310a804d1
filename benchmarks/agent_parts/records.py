"""Questions on patient records (EHRSQL): the agent with the tool `query_records` beside a single ask and a query.

The database is EHRSQL's, built from the MIMIC-IV demo. Validation questions are drawn by a seed, a share of them
without an answer in the records. Scored as EHRSQL does: right rows or a right refusal count; reliability RS(10) takes
10 points for a wrong answer. The agent's answer is the last query that gave rows; no query with rows is a refusal.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from functools import partial

from benchmarks.agent_parts.journal import Journal
from benchmarks.agent_parts.tables import paired, share

from clinweave.agent import Agent, Budget, ModelPlanner, planner_tools
from clinweave.evaluation.writing.ehr_database import NOW, build_database
from clinweave.evaluation.writing.ehrsql import names_in_use, read_ehrsql
from clinweave.evaluation.writing.items import Item
from clinweave.evaluation.writing.settings import TaskSettings
from clinweave.evaluation.writing.tasks import EhrSqlTask, sql_of
from clinweave.knowledge_base import KnowledgeBase
from clinweave.models import LanguageModel, open_model

Kept = Callable[[str, Callable[[], dict]], dict]  # a result by its key, computed once
REFUSED = "null"
CALLS = 4
BLOCK = 4  # questions that go through one arm after another: the model reads what their prompts share once


def measure_records(options: argparse.Namespace, journal: Journal) -> list[dict]:
    """Measure and print; return every question with its arms. No new question is begun after `options.minutes`."""
    ehrsql, demo, database = options.file, options.demo, options.database
    count, seed, minutes = options.items, options.seed, options.minutes
    if not database.exists():
        build_database(demo, names_in_use(read_ehrsql(ehrsql, "train")), database)
    task = EhrSqlTask(TaskSettings("ehrsql", path=str(ehrsql), database=str(demo), count=0), database)
    items = list(task.items(seed).items)
    random.Random(seed).shuffle(items)
    opened, began = open_model(options.model), time.monotonic()
    rows, kept = [], partial(_kept, journal, f"records {seed} {opened.name} {CALLS}")
    with KnowledgeBase(model=opened, audience="clinician", records=database) as base:
        for first in range(0, min(count, len(items)), BLOCK):
            if minutes and time.monotonic() - began > 60 * minutes:
                break
            print(f"question {first + 1} of {count}", file=sys.stderr, flush=True)
            rows += _arms(base, opened, task, items[first : min(first + BLOCK, count)], kept)
    _print(rows)
    return rows


def _arms(
    base: KnowledgeBase, model: LanguageModel, task: EhrSqlTask, items: list[Item], kept: Kept
) -> list[dict]:
    planner = ModelPlanner(model, planner_tools(base, ["query_records", "concept", "ask"]))
    asked = "{} (All text in the records is in lower case. The present time is {}.)"
    runs: dict[str, Callable[[Item], dict]] = {
        "finishes at once (control)": lambda _: {"reply": REFUSED, "tokens": 0},
        "single ask": lambda item: _single_ask(base, item.question),
        "single query": lambda item: _single_query(model, task, item),
        "agent, query_records": lambda item: _agent(base, planner, asked.format(item.question, NOW)),
    }
    rows: list[dict] = [{"id": item.id, "kind": item.kind, "arms": {}} for item in items]
    for name, run in runs.items():
        for row, item in zip(rows, items, strict=True):

            def compute(run: Callable[[Item], dict] = run, item: Item = item) -> dict:
                started = time.perf_counter()
                return {**run(item), "seconds": time.perf_counter() - started}

            done = kept(f"{name}, {item.id}", compute)
            scored = task.score(item, done["reply"])
            row["arms"][name] = {**done, "outcome": scored.outcome, "right": bool(scored["right"]),
                                 "reliability": scored["reliability"]}  # fmt: skip
    return rows


def _kept(journal: Journal, which: str, key: str, compute: Callable[[], dict]) -> dict:
    return journal.result(f"{which}, {key}", compute)


def _single_ask(base: KnowledgeBase, question: str) -> dict:
    answer = base.ask(question)
    reply = REFUSED if answer.abstained or answer.guardrail else "an answer that is no query of the records"
    return {"reply": reply, "text": answer.text, "tokens": sum(answer.tokens.values())}


def _single_query(model: LanguageModel, task: EhrSqlTask, item: Item) -> dict:
    reply = model.generate(task.messages(item, "base"), max_tokens=200)
    return {"reply": sql_of(reply.text), "tokens": reply.prompt_tokens + reply.completion_tokens}


def _agent(base: KnowledgeBase, planner: ModelPlanner, question: str) -> dict:
    budget = Budget(calls=CALLS, tokens=100_000, seconds=3600.0, questions=0)
    result = Agent(base, planner, budget).run(question)
    queries = [step for step in result.steps if step.tool == "query_records" and step.evidence]
    reply = str(queries[-1].arguments.get("sql", "")) if queries else REFUSED
    return {
        "reply": reply,
        "tokens": result.tokens,
        "stopped": str(result.stopped),
        "steps": [
            [step.kind, step.tool, step.arguments, step.result, step.error.message if step.error else ""]
            for step in result.steps
        ],
        "text": result.answer.text,
    }


def _print(rows: list[dict]) -> None:
    arms = list(rows[0]["arms"])
    answerable = sum(row["kind"] == "answerable" for row in rows)
    print(f"{len(rows)} questions, {answerable} of them with an answer in the records\n")
    print("| arm | right (95 % CI) | right where there is an answer | RS(10) | tokens | seconds |")
    print("|---|---|---|---|---|---|")
    for arm in arms:
        done = [row["arms"][arm] for row in rows]
        with_answer = [row["arms"][arm]["right"] for row in rows if row["kind"] == "answerable"]
        reliability, tokens, seconds = (
            sum(item[key] for item in done) / len(done) for key in ("reliability", "tokens", "seconds")
        )
        cells = [share([item["right"] for item in done]), share(with_answer), f"{100 * reliability:.0f}",
                 f"{tokens:.0f}", f"{seconds:.0f}"]  # fmt: skip
        print(f"| {arm} | {' | '.join(cells)} |")
    right = {arm: {row["id"]: float(row["arms"][arm]["right"]) for row in rows} for arm in arms}
    last = arms[-1]
    print()
    for arm in arms[:-1]:
        print(f"{last} minus {arm}, right: {paired(right[last], right[arm])}")
    outcomes = [row["arms"][last]["outcome"] for row in rows]
    print(
        "outcomes of the agent: "
        + ", ".join(f"{outcomes.count(name)} {name}" for name in sorted(set(outcomes)))
    )
