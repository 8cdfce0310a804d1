"""Questions whose answer is in the graph: they test retrieval and reading, not medical knowledge.

Each asks by name in plain words about one relation. The wrong options are of the same kind, about as well known and
about as long, and no source says of them, of anything above or below them, that they are true of what is asked.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from clinweave.core.errors import UserError
from clinweave.core.predicates import GENE, HAS_PHENOTYPE, INHERITANCE, ROLE, SUBCLASS
from clinweave.datasets.distractors import Options, Pool, gives_away, not_surely_false, plain
from clinweave.records import Concept, Grade, Question, Relation

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

TASK = "graph-questions"
_AT_MOST = 2  # times that one concept is the right answer within a kind: a single answer cannot be memorised
Keep = Callable[[tuple[str, str, str], str], bool]
_TRIES = 60  # subjects tried for each question wanted


@dataclass(frozen=True)
class Kind:
    """One kind of question: which relation is asked, from which side, and in which words."""

    name: str
    predicate: str
    asked_is_subject: bool
    phrasings: tuple[str, ...]
    prefix: str = ""  # of what is asked; empty: any
    known_as: str = ""  # what is asked must have a cross-reference with this prefix, where any has
    hierarchy: bool = False  # the relation is the hierarchy itself


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "feature",
            HAS_PHENOTYPE,
            True,
            (
                "Which of these is a clinical feature of {}?",
                "Which sign or symptom is seen in people with {}?",
                "What finding is typical of {}?",
            ),
        ),
        Kind(
            "gene",
            GENE,
            False,
            (
                "Which gene is associated with {}?",
                "Variants in which gene are linked to {}?",
                "What gene is involved in {}?",
            ),
        ),
        Kind(
            "role",
            ROLE,
            True,
            (
                "Which role does {} have?",
                "What is the role of {} in chemistry or medicine?",
                "As what is {} known to act: what is its role?",
            ),
            "CHEBI",
            "DRUGBANK",
        ),
        Kind(
            "parent",
            SUBCLASS,
            True,
            (
                "Which broader class does {} belong to?",
                "What kind of condition is {}?",
                "{} is a subtype of what?",
            ),
            "MONDO",
            hierarchy=True,
        ),
        Kind(
            "inheritance",
            INHERITANCE,
            True,
            (
                "How is {} inherited?",
                "What is the mode of inheritance of {}?",
                "Which inheritance does {} show?",
            ),
        ),
    )
}
DEFAULT_KINDS = ("feature", "gene", "role", "parent")


def graph_questions(
    graph: "Graph",
    *,
    kinds: Sequence[str] = DEFAULT_KINDS,
    per_kind: int = 20,
    seed: int = 0,
    options: int = 4,
    keep: Keep | None = None,
) -> list[Question]:
    """Return `per_kind` questions of each kind, in a fixed order for the same graph and seed.

    `keep` is given the record that answers (subject, predicate, object) and the id that is asked about; records that it
    refuses are asked of nobody, yet are never taken for false.

    Raises `UserError` on an unknown kind, and where the graph holds too little for a kind.
    """
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        raise UserError(f"unknown kind of question {unknown[0]!r}: choose from {', '.join(KINDS)}")
    questions: list[Question] = []
    for name in kinds:
        batch = _of_kind(graph, _kind_facts(graph, KINDS[name]), per_kind, f"{seed}/{name}", options, keep)
        if len(batch) < per_kind:
            raise UserError(
                f"the graph holds enough for {len(batch)} questions of kind {name!r}, not for {per_kind}: "
                "ask for fewer (per_kind), or build the graph with more databases"
            )
        questions += batch
    return questions


@dataclass(frozen=True)
class _KindFacts:
    """What the graph says of a kind of question: read once, however many sets are drawn from it."""

    kind: Kind
    facts: Mapping[str, list[str]]
    stated: Mapping[str, set[str]]
    pool: Pool


def _kind_facts(graph: "Graph", kind: Kind) -> _KindFacts:
    records = [row for row in _records(graph, kind) if row.subject != row.object]
    facts = _facts(kind, records)
    counts = Counter(answer for answers in facts.values() for answer in answers)
    pool = Pool([concept for concept in graph.concepts(sorted(counts)) if _fair(concept)], counts)
    return _KindFacts(kind, facts, _stated(kind, records), pool)


def drawn(
    graph: "Graph",
    kinds: Sequence[str],
    keeps: Mapping[str, tuple[Keep, int]],
    seed: int = 0,
    options: int = 4,
) -> dict[str, list[Question]]:
    """Return a set of questions for each of `keeps`: which records may be asked, and how many of each kind at most.

    The sets share no record where their rules share none; fewer are returned where the graph holds fewer.
    """
    by_name: dict[str, list[Question]] = {name: [] for name in keeps}
    for kind in kinds:
        facts = _kind_facts(graph, KINDS[kind])
        for name, (keep, count) in keeps.items():
            by_name[name] += _of_kind(graph, facts, count, f"{seed}/{kind}/{name}", options, keep)
    return by_name


def _of_kind(  # noqa: PLR0917
    graph: "Graph", source: _KindFacts, count: int, seed: str, options: int, keep: Keep | None
) -> list[Question]:
    random = Random(seed)  # noqa: S311
    kind, pool = source.kind, source.pool
    fit = _allowed(kind, source.facts, keep)
    asked = _asked(graph, kind, fit)
    random.shuffle(asked)
    uses: Counter[str] = Counter()
    questions: list[Question] = []
    for concept in _readable(graph, asked[: _TRIES * count]):
        answer = _answer(fit[concept.id], pool, concept, uses, random)
        if answer is None:
            continue
        blocked = _possible(graph, kind, concept.id, source.stated, source.facts[concept.id])
        wrong_options = pool.draw(
            answer, blocked=blocked, asked=concept.name, count=options, position=len(questions), random=random
        )
        if wrong_options is not None:
            uses[answer] += 1
            questions.append(_question(kind, concept, answer, wrong_options, random))
        if len(questions) == count:
            break
    return questions


def _facts(kind: Kind, records: Iterable[Relation]) -> dict[str, list[str]]:
    """Return what is asked -> what is curated as true of it, sorted."""
    facts: dict[str, set[str]] = defaultdict(set)
    for row in records:
        if not row.negated and row.grade == Grade.CURATED:
            facts[_side(kind, row)[0]].add(_side(kind, row)[1])
    return {asked: sorted(answers) for asked, answers in facts.items()}


def _allowed(kind: Kind, facts: Mapping[str, list[str]], keep: Keep | None) -> Mapping[str, list[str]]:
    """Return the facts that may be asked."""
    if keep is None:
        return facts
    allowed = {
        asked: [answer for answer in answers if keep(_gold(kind, asked, answer), asked)]
        for asked, answers in facts.items()
    }
    return {asked: answers for asked, answers in allowed.items() if answers}


def _gold(kind: Kind, asked: str, answer: str) -> tuple[str, str, str]:
    return (asked, kind.predicate, answer) if kind.asked_is_subject else (answer, kind.predicate, asked)


def _stated(kind: Kind, records: Iterable[Relation]) -> Mapping[str, set[str]]:
    """Return what is asked -> everything that any source says of it, of any grade and negated too."""
    stated: dict[str, set[str]] = defaultdict(set)
    for row in records:
        stated[_side(kind, row)[0]].add(_side(kind, row)[1])
    return stated


def _side(kind: Kind, row: Relation) -> tuple[str, str]:
    return (row.subject, row.object) if kind.asked_is_subject else (row.object, row.subject)


def _records(graph: "Graph", kind: Kind) -> list[Relation]:
    """Return all records of the kind's relation; of a hierarchy only those of its own vocabulary."""
    if not kind.hierarchy:
        return graph.relations(predicate=kind.predicate)
    ids = sorted(id_ for id_ in set(graph.names()["id"].to_pylist()) if id_.startswith(f"{kind.prefix}:"))
    return graph.relations(subject=ids, predicate=kind.predicate)


def _asked(graph: "Graph", kind: Kind, facts: Mapping[str, list[str]]) -> list[str]:
    """Return, sorted, what may be asked about."""
    asked = [item for item in sorted(facts) if item.startswith(f"{kind.prefix}:" if kind.prefix else "")]
    if kind.known_as:
        coded = [
            item.id for item in graph.concepts(asked) if any(kind.known_as in xref for xref in item.xrefs)
        ]
        return coded or asked
    return asked


def _fair(concept: Concept) -> bool:
    """Return whether a concept makes a fair option: "mouse metabolite" is true of most things, recorded or not."""
    return not any(word in concept.name for word in ("metabolite", "non-human", "cattle", "animal"))


def _readable(graph: "Graph", identifiers: Sequence[str]) -> Iterator[Concept]:
    """Yield the concepts whose name is plain words and is no other concept's name, some at a time."""
    for start in range(0, len(identifiers), 200):
        for concept in graph.concepts(identifiers[start : start + 200]):
            if plain(concept.name) and _fair(concept):
                yield concept


def _answer(
    answers: Collection[str], pool: Pool, asked: Concept, uses: Mapping[str, int], random: Random
) -> str | None:
    fit = [
        answer
        for answer in answers
        if answer in pool and uses.get(answer, 0) < _AT_MOST and not gives_away(pool[answer].name, asked.name)
    ]
    return random.choice(fit) if fit else None


def _possible(
    graph: "Graph", kind: Kind, asked: str, stated: Mapping[str, set[str]], answers: Collection[str]
) -> set[str]:
    """Return all ids that may be correct: stated of the concept or of its relatives, and the relatives of those."""
    kin = {asked} | graph.ancestors(asked) | graph.descendants(asked)
    if kind.hierarchy:
        return kin | not_surely_false(graph, answers)
    return set().union(*(stated.get(id_, ()) for id_ in kin), kin) | not_surely_false(
        graph, stated.get(asked, set()) | set(answers)
    )


def _question(kind: Kind, asked: Concept, answer: str, options: Options, random: Random) -> Question:
    gold = _gold(kind, asked.id, answer)
    return Question(
        id=f"{kind.name}-{sha256('|'.join(gold).encode()).hexdigest()[:10]}",
        task=TASK,
        question=_sentence(random.choice(kind.phrasings).format(asked.name)),
        options=options.names,
        answer=options.answer,
        kind=kind.name,
        concepts=(asked.id,),
        gold=gold,
        option_ids=options.ids,
        cluster=asked.id,
        origin="made from the graph",
    )


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
