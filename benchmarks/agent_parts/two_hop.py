"""Two-hop questions: built from the graph by a stated, seeded rule, with one right answer each."""

import random
import re
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.agent_parts.journal import Journal
from benchmarks.agent_parts.tables import paired, share

import clinweave
from clinweave.agent import Agent, Budget, ModelPlanner, RulePlanner
from clinweave.knowledge_base import KnowledgeBase
from clinweave.models import open_model
from clinweave.tools import open_tool

GENE_OF, HAS, MODE = (
    f"biolink:{name}"
    for name in ("gene_associated_with_condition", "has_phenotype", "has_mode_of_inheritance")
)
# kind -> wordings; the rules of the planner were written with the first ones in mind, the second ones were not
WORDINGS = {
    "gene, disease, inheritance": (
        "What is the mode of inheritance of the disease associated with the gene {start}?",
        "How is the condition that mutations of {start} lead to passed on in families?",
    ),
    "finding, disease, gene": (
        "Which gene is associated with the disease that has the feature {start}?",
        "{start} is seen in a single disease: mutations of what cause it?",
    ),
    "disease, gene, disease": (
        "Which other disease is associated with the gene of {start}?",
        "What else can somebody get from a mutation of what causes {start}?",
    ),
}

# wordings that the planner's rules were developed on; none is in `WORDINGS`
DEVELOPMENT = {
    "gene, disease, inheritance": (
        "What inheritance pattern does the disorder caused by {start} show?",
        "Is the syndrome due to {start} variants recessive or dominant?",
        "By which mode is the illness linked to {start} transmitted?",
        "For the disease arising from defects in {start}: how does it run in families?",
        "How do children get the disease that changes in {start} produce?",
        "{start} mutations cause a disorder. Is it X-linked, dominant or recessive?",
        "Tell me the heredity of the condition behind {start}.",
        "Does the disease of the gene {start} follow a dominant or a recessive pattern?",
    ),
    "finding, disease, gene": (
        "Which gene underlies the disorder in which {start} occurs?",
        "Name the gene mutated in the syndrome characterised by {start}.",
        "{start} points to one disease. What gene is behind it?",
        "A defect in which gene leads to the condition showing {start}?",
        "What is the genetic cause of the disease with {start}?",
        "The illness marked by {start} comes from variants in which gene?",
        "Which gene would you sequence for the disorder that presents with {start}?",
        "Genetically, what lies behind the disease featuring {start}?",
    ),
    "disease, gene, disease": (
        "Which other disorders come from the gene that causes {start}?",
        "What other condition shares its gene with {start}?",
        "The gene behind {start} also causes a second disease. Which one?",
        "Name a different illness due to mutations in the {start} gene.",
        "{start} is allelic to which disorder?",
        "Is there another syndrome linked to the gene mutated in {start}?",
        "Besides {start}, what does its gene cause?",
        "What further disease do variants in the same gene as {start} produce?",
    ),
}

BLOCK = 4  # questions that go through one arm after another: the model reads what their prompts share once
BLIND = Path(__file__).with_name("blind_wordings.toml")


@dataclass
class Item:
    """A question, the concept it starts from, and the one right answer by identifier and name."""

    id: str
    kind: str
    wording: int
    question: str
    start: str
    gold: str
    gold_name: str
    category: str


def build(
    base: KnowledgeBase, count: int, seed: int, wordings: Mapping[str, Sequence[str]] = WORDINGS
) -> list[Item]:
    """Return `count` questions of each kind, in its wordings in turn.

    A gene with one disease that has one mode of inheritance; a finding of one disease that has one gene; a disease with
    one gene that has exactly one other disease. Negated relations do not count.
    """
    graph = base.graph
    pairs = _pairs(base)
    chance = random.Random(seed)
    items = []
    for kind, candidates in pairs.items():
        for number, (start, gold) in enumerate(
            chance.sample(sorted(candidates), min(count, len(candidates)))
        ):
            name, answer = graph.concept(start).name, graph.concept(gold)
            which = number % len(wordings[kind])
            question = wordings[kind][which].format(start=name)
            items.append(
                Item(f"{kind} {number}", kind, which, question, start, gold, answer.name, answer.category)
            )
    return items


def _pairs(base: KnowledgeBase) -> dict[str, list[tuple[str, str]]]:
    """Return (start, answer) of every question that could be asked, by kind."""
    to: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for predicate in (GENE_OF, HAS, MODE):
        for relation in base.graph.relations(predicate=predicate, negated=False):
            to[predicate, "forth"][relation.subject].add(relation.object)
            to[predicate, "back"][relation.object].add(relation.subject)
    diseases, genes = to[GENE_OF, "forth"], to[GENE_OF, "back"]
    first, second, third = WORDINGS
    return {
        first: _unique(diseases, lambda gene, disease: to[MODE, "forth"][disease]),  # noqa: ARG005
        second: _unique(to[HAS, "back"], lambda finding, disease: genes[disease]),  # noqa: ARG005
        third: _unique(dict(genes), lambda disease, gene: diseases[gene] - {disease}),
    }


def _unique(middles: dict[str, set[str]], ends: Callable[[str, str], set[str]]) -> list[tuple[str, str]]:
    """Return (start, end) where a start has one concept in the middle and that one end."""
    result = []
    for start, its in list(middles.items()):
        answers = ends(start, next(iter(its))) if len(its) == 1 else set()
        if len(answers) == 1:
            result.append((start, next(iter(answers))))
    return result


def judge(base: KnowledgeBase, item: Item, text: str, abstained: bool) -> dict[str, bool]:
    """Return whether the shown text names the right answer, and nothing else of its kind besides."""
    named = not abstained and re.search(rf"(?<!\w){re.escape(item.gold_name)}(?!\w)", text, re.I) is not None
    others = {
        mention.id
        for mention in base.link(text)
        if mention.category == item.category and mention.id not in {item.gold, item.start}
    }
    return {"named": named, "alone": named and not others, "abstained": abstained}


def blind_wordings() -> dict[str, tuple[str, ...]]:
    """Return wordings whose author had not read the rules."""
    return {kind: tuple(texts) for kind, texts in tomllib.loads(BLIND.read_text("utf-8")).items()}


@dataclass(frozen=True)
class Planned:
    """How a model plans for some of the items; no new one is begun after `minutes` (0: no limit)."""

    model: str
    items: int
    minutes: float = 0
    calls: int = 5


def measure_two_hop(count: int, seed: int, words: str, planned: Planned, journal: Journal) -> list[dict]:
    """Measure and print; return every item with its arms. `words` is given, development or blind."""
    wordings = {"given": WORDINGS, "development": DEVELOPMENT, "blind": blind_wordings()}[words]
    with clinweave.open() as base:
        items = build(base, count, seed, wordings)
        base.ask(items[0].question)  # opens everything: no arm pays for it
        arms = {
            "single ask": lambda item: _asked(base, item),
            "agent, no calls (control)": lambda item: _agent(base, RulePlanner(), item, 0),
            "agent, rules": lambda item: _agent(base, RulePlanner(), item, 8),
        }
        rows = [_row(base, item, arms, journal, f"{words} {seed}") for item in items]
    _print(f"{len(items)} two-hop questions, {words} wordings, seed {seed}, no model", rows, list(arms))
    if not planned.model:
        return rows
    chosen = random.Random(seed).sample(items, min(planned.items, len(items)))
    opened, began = open_model(planned.model), time.monotonic()
    with clinweave.open(model=opened) as base:
        planner = ModelPlanner(opened, [open_tool(name) for name in ("concept", "search", "paths", "ask")])
        arms = {
            "single ask": lambda item: _asked(base, item),
            "agent, no calls (control)": lambda item: _agent(base, planner, item, 0),
            "agent, model": lambda item: _agent(base, planner, item, planned.calls),
        }
        more = []
        which, asks = f"{words} {seed} {opened.name}", dict(list(arms.items())[:2])
        for first in range(0, len(chosen), BLOCK):
            if planned.minutes and time.monotonic() - began > 60 * planned.minutes:
                break
            block = chosen[first : first + BLOCK]
            for item in block:
                _row(base, item, asks, journal, which)
            more += [_row(base, item, arms, journal, which) for item in block]
    _print(f"{len(more)} of them, seed {seed}, planner {opened.name}", more, list(arms))
    return rows + more


def _asked(base: KnowledgeBase, item: Item) -> dict:
    began = time.perf_counter()
    answer = base.ask(item.question)
    tokens = sum(answer.tokens.values())
    return {
        "text": answer.text,
        "abstained": answer.abstained,
        "tokens": tokens,
        "seconds": time.perf_counter() - began,
    }


def _agent(base: KnowledgeBase, planner, item: Item, calls: int) -> dict:
    budget = Budget(
        calls=calls, seconds=3600.0, questions=0
    )  # calls decide: seconds are those of the machine
    result = Agent(base, planner, budget).run(item.question)
    return {
        "text": result.answer.text,
        "abstained": result.answer.abstained,
        "tokens": result.tokens,
        "seconds": result.seconds,
        "calls": [step.tool or step.kind for step in result.steps],
        "decisions": [
            [step.tool or step.kind, step.arguments, step.result, str(step.error or "")]
            for step in result.steps
        ],
        "stopped": str(result.stopped),
    }


def _row(base: KnowledgeBase, item: Item, arms, journal: Journal, which: str) -> dict:
    row = {**asdict(item), "arms": {}}
    for name, run in arms.items():
        done = journal.result(f"two-hop, {which}, {name}, {item.id}: {item.question}", lambda: run(item))  # noqa: B023
        row["arms"][name] = done | judge(base, item, done["text"], done["abstained"])
    return row


def _print(title: str, rows: list[dict], arms: list[str]) -> None:
    print(f"\n{title}\n")
    print("| arm | names the answer (95 % CI) | and no other | abstains | tokens an item | seconds an item |")
    print("|---|---|---|---|---|---|")
    for arm in arms:
        done = [row["arms"][arm] for row in rows]
        spent = [sum(item[key] for item in done) / len(done) for key in ("tokens", "seconds")]
        columns = [share([item[key] for item in done]) for key in ("named", "alone", "abstained")]
        print(f"| {arm} | {' | '.join(columns)} | {spent[0]:.0f} | {spent[1]:.2f} |")
    base, last = arms[0], arms[-1]
    clusters = {row["id"]: f"{row['kind']}, {row['wording']}" for row in rows}
    for key in ("named", "alone"):
        values = [{row["id"]: float(row["arms"][arm][key]) for row in rows} for arm in (last, base)]
        print(f"\n{last} minus {base}, {key}: {paired(*values)}")
        print(f"with wordings as clusters: {paired(*values, clusters)}")
    same = sum(row["arms"][arms[0]]["text"] == row["arms"][arms[1]]["text"] for row in rows)
    print(f"the control's text equals the single ask's for {same} of {len(rows)}")
    print(f"\n| kind, wording | n | {base} | {last} |\n|---|---|---|---|")
    for kind in WORDINGS:
        for wording in sorted({row["wording"] for row in rows}):
            part = [row for row in rows if (row["kind"], row["wording"]) == (kind, wording)]
            if part:
                cells = [share([row["arms"][arm]["named"] for row in part]) for arm in (base, last)]
                print(f"| {kind}, {wording + 1} | {len(part)} | {' | '.join(cells)} |")
