"""Evidence for a question: typed facts around its concepts, short paths between them, and passages."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations
from typing import TYPE_CHECKING

from clinweave.core import predicates
from clinweave.core.errors import UserError
from clinweave.knowledge.citations.instructions import speaks_to_model
from clinweave.knowledge.context import facts
from clinweave.knowledge.context.facts import Draft
from clinweave.knowledge.context.packing import Count, pack, render
from clinweave.knowledge.query import parse_query
from clinweave.knowledge.query.query import clean, is_cue, wanted_predicates
from clinweave.knowledge.retrieval.retrievers import Retriever, check_retrievers
from clinweave.records import Evidence, Mention, Relation

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph
    from clinweave.knowledge.linking.linker import Linker
    from clinweave.knowledge.retrieval.text_index import TextIndex

__all__ = ["Context", "ContextBuilder", "pack", "render"]

Keep = Callable[[Relation], bool]
Rewrite = Callable[[Relation], Relation]

MENTIONS = 8  # a question's first concepts; more only dilute the budget
FACTS = 5_000  # records read for one concept and predicate in one direction
PATHS = 3
BELOW = 2_000  # kinds of a concept that are looked up for a record between two concepts
PASSAGES = 12
TEXT_SHARE = 1 / 3  # of the budget, with graph and text; what either half leaves goes to the other
# Roots of the vocabularies: they are in every question and lead everywhere.
TOO_GENERAL = frozenset(
    {
        "MONDO:0000001",
        "MONDO:0700096",
        "HP:0000001",
        "HP:0000118",
        "CHEBI:24431",
        "CHEBI:50906",
        "CHEBI:23888",
    }
)
# "Subtypes of X" asks for what stands below X, "parent of X" for what stands above.
_DOWNWARDS = (
    "subtype",
    "sub-type",
    "subclass",
    "kinds of",
    "types of",
    "examples of",
    "narrower",
    "children",
)


@dataclass(frozen=True, slots=True)
class Context:
    """Context of a question: linked mentions, numbered evidence within the budget, and notes on gaps."""

    mentions: tuple[Mention, ...]
    items: tuple[Evidence, ...]
    notes: tuple[str, ...]


class ContextBuilder:
    """Finds and ranks evidence. It sees the question alone, never the options, and is deterministic."""

    def __init__(
        self,
        graph: "Graph | None",
        linker: "Linker | None",
        index: "TextIndex | None" = None,
        *,
        open_other: Callable[[str], Retriever] | None = None,
    ) -> None:
        """Use a graph and an index; `open_other` opens retrievers of other names."""
        self.graph = graph
        self.linker = linker
        self.index = index
        self._open_other = open_other

    def evidence(
        self,
        question: str,
        *,
        retrievers: Sequence[str],
        budget: int,
        count_tokens: Count,
        keep: Keep | None = None,
        rewrite: Rewrite | None = None,
    ) -> Context:
        """Return evidence for a question; `count_tokens(render(items)) <= budget` always holds.

        Raises `UserError` for an empty or over-long question, a budget under 1, and a missing part.
        """
        question = clean(question)
        self._require(retrievers, budget)
        mentions = tuple(self.linker.link(question)) if self.linker and retrievers else ()
        concepts = _distinct(mentions)
        context = self.evidence_for(
            concepts,
            question,
            retrievers=retrievers,
            budget=budget,
            count_tokens=count_tokens,
            keep=keep,
            rewrite=rewrite,
        )
        notes = context.notes
        if not concepts and retrievers:
            notes = ("no concept of the vocabularies was recognised in the question", *notes)
        return replace(context, mentions=mentions, notes=notes)

    def evidence_for(
        self,
        concepts: Sequence[str],
        question: str,
        *,
        retrievers: Sequence[str],
        budget: int,
        count_tokens: Count,
        keep: Keep | None = None,
        rewrite: Rewrite | None = None,
    ) -> Context:
        """Return evidence around given concepts, as if the question had named them.

        `keep` drops relations and `rewrite` changes them before they are rendered: controls with the gold relation
        removed, falsified, or another entity's evidence run the same code as the arm itself.
        """
        question = clean(question)
        self._require(retrievers, budget)
        notes: list[str] = []
        structured = self._facts(concepts, question, keep, rewrite, notes) if "graph" in retrievers else []
        texts = self._passages(concepts, question, notes) if "text" in retrievers else []
        for name in retrievers:
            if name not in {"graph", "text"}:
                texts += self._retrieved(name, question)
        items = _share(structured, texts, budget, count_tokens)
        if retrievers and not items:
            notes.append("no evidence was found, or none fits the budget: this is no evidence of absence")
        return Context((), items, tuple(notes))

    def facts_about(
        self,
        concept: str,
        predicate: str | None = None,
        *,
        keep: Keep | None = None,
        rewrite: Rewrite | None = None,
        score: Callable[[Relation], float] | None = None,
        leave: Collection[Relation] = (),
    ) -> list[Draft]:
        """Return the grouped facts around one concept, both directions, frequent and well-published first."""
        graph = self._graph()
        relations = [
            *graph.relations(subject=concept, predicate=predicate, limit=FACTS),
            *graph.relations(predicate=predicate, object=concept, limit=FACTS),
        ]
        if keep is not None:
            relations = [relation for relation in relations if keep(relation)]
        if rewrite is not None:
            relations = [rewrite(relation) for relation in relations]
        relations = [
            item
            for item in relations
            if concept in (item.subject, item.object) and item.subject != item.object
        ]
        relations = [item for item in relations if item not in leave] if leave else relations
        return facts.group(relations, concept, self._names(relations, concept), score or (lambda _: 1.0))

    def _facts(
        self,
        concepts: Sequence[str],
        question: str,
        keep: Keep | None,
        rewrite: Rewrite | None,
        notes: list[str],
    ) -> list[Draft]:
        """Return drafts: what is asked about each concept, else everything about it; then paths between them."""
        predicates = wanted_predicates(question)
        drafts = self._between(concepts, keep, rewrite)
        settled = {relation for draft in drafts for part in draft.parts for relation in part.relations}
        for concept in concepts[:MENTIONS]:
            score = _relevance(concept, predicates, question, between=bool(settled))
            drafted = [
                draft
                for predicate in (predicates or (None,))
                for draft in self.facts_about(
                    concept, predicate, keep=keep, rewrite=rewrite, score=score, leave=settled
                )
            ]
            if predicates and not drafted and not settled:
                notes.append(
                    f"the graph has no record of what is asked about {self._label(concept)}: not a no"
                )
            drafts.extend(drafted)
        if predicates and not drafts:
            for concept in concepts[:MENTIONS]:
                score = _relevance(concept, (), question)
                drafts.extend(self.facts_about(concept, keep=keep, rewrite=rewrite, score=score))
        drafts.sort(key=lambda draft: -draft.score)  # stable: concepts keep the question's order
        return drafts + self._paths(concepts, keep, rewrite)

    def _between(self, concepts: Sequence[str], keep: Keep | None, rewrite: Rewrite | None) -> list[Draft]:
        """Return the relations between two concepts of the question, or between one and a kind of the other."""
        graph, drafts = self._graph(), []
        for first, second in permutations(concepts[:MENTIONS], 2):
            below = sorted(graph.descendants(second))[:BELOW]
            relations = graph.relations(subject=first, object=[second, *below])
            if keep is not None:
                relations = [relation for relation in relations if keep(relation)]
            if rewrite is not None:
                relations = [rewrite(relation) for relation in relations]
            if relations:
                drafts.extend(facts.group(relations, first, self._names(relations, first), lambda _: 3.0))
        return drafts

    def _paths(self, concepts: Sequence[str], keep: Keep | None, rewrite: Rewrite | None) -> list[Draft]:
        drafts = []
        for first, second in pairwise(concepts[:MENTIONS]):
            for chain in self._graph().paths(first, second, max_length=3, limit=PATHS):
                if len(chain) < 2 or (keep is not None and not all(keep(relation) for relation in chain)):
                    continue  # a direct relation is already among the facts
                rewritten = [rewrite(relation) for relation in chain] if rewrite is not None else list(chain)
                drafts.append(facts.path(rewritten, self._names(rewritten), score=0.25))
        return drafts

    def _passages(self, concepts: Sequence[str], question: str, notes: list[str]) -> list[Draft]:
        if self.index is None:
            return []
        hits = self.index.search(
            question, k=PASSAGES, concepts=tuple(concepts), linker=self.linker, graph=self.graph
        )
        if not hits:
            notes.append("the text index has no passage for the words of the question")
        fit = [hit for hit in hits if hit.passage.text.strip() and not speaks_to_model(hit.passage)]
        if len(fit) < len(hits):
            notes.append(
                f"{len(hits) - len(fit)} passages were left out: empty, or they give a model instructions"
            )
        return [facts.passage(hit.passage, question, hit.score) for hit in fit]

    def _retrieved(self, name: str, question: str) -> list[Draft]:
        """Return the results of another retriever; each item is shown whole or not at all."""
        if self._open_other is None:
            raise UserError(f"the retriever {name!r} cannot be used here: choose graph or text")
        query = parse_query(question, graph=self.graph, linker=self.linker)
        return [facts.as_draft(item) for item in self._open_other(name).retrieve(query, limit=PASSAGES)]

    def _names(self, relations: Iterable[Relation], *more: str) -> dict[str, str]:
        ids = {end for relation in relations for end in (relation.subject, relation.object)} | set(more)
        return {concept.id: concept.name or concept.id for concept in self._graph().concepts(sorted(ids))}

    def _label(self, concept: str) -> str:
        return self._names((), concept).get(concept, concept)

    def _graph(self) -> "Graph":
        if self.graph is None:
            raise UserError("there is no graph: run `clinweave setup` or `clinweave graph build`")
        return self.graph

    def _require(self, retrievers: Sequence[str], budget: int) -> None:
        check_retrievers(retrievers)
        if budget < 1:
            raise UserError(f"the evidence budget is {budget}: give a number of tokens above 0")
        if "graph" in retrievers:
            self._graph()
        if "text" in retrievers and self.index is None:
            raise UserError("there is no text index: run `clinweave setup` or `clinweave index build`")


def _share(
    structured: Sequence[Draft], texts: Sequence[Draft], budget: int, count_tokens: Count
) -> tuple[Evidence, ...]:
    """Return graph evidence, then passages. With both, text is promised `TEXT_SHARE` of the budget.

    What the graph leaves of its part goes to the passages; what the passages leave of theirs goes back to the graph.
    """
    if not texts or not structured:
        return pack((*structured, *texts), budget, count_tokens)
    promised = int(budget * TEXT_SHARE)
    first = pack(structured, budget - promised, count_tokens)
    both = pack(texts, budget, count_tokens, before=first)
    spare = budget - count_tokens(render((*first, *both)))
    if first and spare > 0:
        first = pack(structured, count_tokens(render(first)) + spare, count_tokens)
        both = pack(texts, budget, count_tokens, before=first)
    elif not both:
        first = pack(structured, budget, count_tokens)
    return (*first, *both)


def _distinct(mentions: Collection[Mention]) -> list[str]:
    """Return the concepts of the mentions once each, in the order of the question."""
    ordered = sorted(mentions, key=lambda mention: (mention.start, -mention.score))
    asked_about = [item for item in ordered if item.id not in TOO_GENERAL and not is_cue(item.text)]
    return list(dict.fromkeys(mention.id for mention in asked_about))


def _relevance(
    concept: str, preferred: Sequence[str], question: str, *, between: bool = False
) -> Callable[[Relation], float]:
    """Return the score of a group of facts by its predicate, direction and what the question asks for."""
    downwards = any(cue in question.lower() for cue in _DOWNWARDS)

    def score(relation: Relation) -> float:
        forward = relation.subject == concept
        value = 1.0
        if relation.predicate in preferred:
            value = 2.0 - 0.1 * preferred.index(relation.predicate)
        if relation.predicate == predicates.CLOSE_MATCH:
            value -= 0.7
        if relation.predicate == predicates.SUBCLASS and forward == downwards:
            value -= 0.5
        if between and not forward:
            value -= 0.6  # the question names both ends: other things with the same feature matter less
        if relation.grade != "curated":
            value -= 0.3
        return round(value, 3)

    return score
