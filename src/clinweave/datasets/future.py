"""Questions about annotations added by a newer HPO release, which the older graph does not contain."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from clinweave.core.errors import UserError
from clinweave.core.predicates import HAS_PHENOTYPE
from clinweave.datasets.distractors import Options, Pool, gives_away, not_surely_false, plain
from clinweave.datasets.from_graph import KINDS
from clinweave.records import Concept, Question, Relation

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

TASK = "graph-future"
_PHRASINGS = KINDS["feature"].phrasings


def future_questions(
    graph: "Graph",
    older: Iterable[Relation],
    newer: Iterable[Relation],
    *,
    count: int = 150,
    per_disease: int = 2,
    seed: int = 0,
    options: int = 4,
) -> list[Question]:
    """Return questions on features that `newer` has and the closure of `older` lacks, for OMIM diseases of both.

    `graph` is built from the older release. A question's kind says how far the addition is from what was known:
    "refinement" where an older feature of the disease stands above the new one, else "new". The wrong options are
    in neither release's closure, so they are never kin of an older feature: a refinement can therefore be guessed
    from the older features, and the two kinds are reported apart.
    """
    before, negated = _features(older)
    after, negated_later = _features(newer)
    uses = Counter(_resolve(graph, feature) for features in before.values() for feature in features)
    uses.pop("", None)
    pool = Pool(graph.concepts(sorted(uses)), uses)
    random = Random(f"{seed}/{TASK}")  # noqa: S311
    diseases = sorted(disease for disease in before.keys() & after.keys() if disease.startswith("OMIM:"))
    random.shuffle(diseases)
    answered: Counter[str] = Counter()
    questions: list[Question] = []
    for disease in diseases:
        concept = _disease(graph, disease)
        if concept is None:
            continue
        old = {_resolve(graph, id_) for id_ in before[disease]} - {""}
        new = {_resolve(graph, id_) for id_ in after[disease]} - {""}
        closure = old.union(*(graph.ancestors(id_) for id_ in old))
        denied = {_resolve(graph, id_) for id_ in negated[disease] | negated_later[disease]}
        added = sorted(
            id_
            for id_ in new - closure - denied
            if id_ in pool and answered[id_] < 3 and not gives_away(pool[id_].name, concept.name)
        )
        blocked = not_surely_false(graph, old | new | (denied - {""}))
        for answer in random.sample(added, min(per_disease, len(added))):
            drawn = pool.draw(
                answer,
                blocked=blocked,
                asked=concept.name,
                count=options,
                position=len(questions),
                random=random,
            )
            if drawn is None:
                continue
            answered[answer] += 1
            kind = "refinement" if old & graph.ancestors(answer) else "new"
            questions.append(_question(concept, disease, drawn, kind, random.choice(_PHRASINGS)))
            if len(questions) == count:
                return questions
    if not questions:
        raise UserError("the newer release adds nothing to the OMIM diseases: are the files swapped?")
    return questions


def _features(rows: Iterable[Relation]) -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """Return disease -> features stated, and disease -> features denied, by the identifiers of the file."""
    stated: dict[str, set[str]] = defaultdict(set)
    denied: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.predicate == HAS_PHENOTYPE:
            (denied if row.negated else stated)[row.original_subject or row.subject].add(row.object)
    return stated, denied


def _resolve(graph: "Graph", identifier: str) -> str:
    return graph.resolve(identifier) or ""


def _disease(graph: "Graph", identifier: str) -> Concept | None:
    resolved = graph.resolve(identifier)
    concept = graph.concept(resolved) if resolved else None
    return concept if concept and plain(concept.name) else None


def _question(disease: Concept, original: str, options: Options, kind: str, phrasing: str) -> Question:
    answer = options.ids[options.answer]
    return Question(
        id=f"future-{sha256(f'{original}|{answer}'.encode()).hexdigest()[:10]}",
        task=TASK,
        question=phrasing.format(disease.name),
        options=options.names,
        answer=options.answer,
        kind=kind,
        concepts=(disease.id,),
        gold=(disease.id, HAS_PHENOTYPE, answer),
        option_ids=options.ids,
        cluster=disease.id,
        origin="added by the newer release of HPO annotations",
    )
