"""Closed-book questions: only the disease name is given, without evidence; wrong options are stored with the item.

The wrong names are drawn from the answers that other trained diseases have, each as often as it is an answer there, so
that how well known a name is says nothing. They are neither among the disease's own trained facts nor above or below
one. Held-out facts may be among them: leaving them out would reveal which facts are held out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random

from clinweave.datasets.distractors import not_surely_false
from clinweave.datasets.examples import Example, Kind, identify
from clinweave.datasets.from_graph import KINDS
from clinweave.datasets.instructions import GENE, OPEN, Writer, choice_prompt
from clinweave.records import Relation

_TRIES = 4  # draws for each wrong name wanted
_SPLITS = ("train", "validation")  # held-out facts and diseases are tested by multiple choice

Facts = Mapping[tuple[str, str], Sequence[Relation]]  # disease and predicate -> what may be trained on


def by_heart(
    writer: Writer, diseases: Iterable[str], *, phrasings: int, wrong: int, seed: int = 0
) -> Iterator[Example]:
    """Yield each visible fact of trained diseases as a question in `phrasings` wordings, with `wrong` wrong names."""
    facts = _visible(writer, diseases)
    pools: dict[str, list[str]] = defaultdict(list)
    for (disease, predicate), rows in facts.items():
        if writer.splits.of(disease) == "train":
            pools[predicate] += [_answer(row) for row in rows]
    names = {concept.id: concept.name for concept in writer.graph.concepts(sorted({*_ids(facts)}))}
    for (disease, predicate), rows in facts.items():
        random = Random(f"{seed}/by-heart/{disease}/{predicate}")  # noqa: S311
        true = not_surely_false(writer.graph, {_answer(row) for row in rows}) | {disease}
        kind = KINDS[OPEN[predicate][2]]
        asked = random.sample(kind.phrasings, min(phrasings, len(kind.phrasings)))
        for row in rows:
            others = _wrong(pools[predicate], true, wrong, random)
            for wording in asked:
                text = wording.format(names[disease])
                yield _example(writer, disease, row, text[0].upper() + text[1:], others, names)


def _visible(writer: Writer, diseases: Iterable[str]) -> Facts:
    """Return what may be trained on: facts of trained diseases (and of those for validation) but the held-out ones."""
    visible: dict[tuple[str, str], list[Relation]] = {}
    for disease in diseases:
        if writer.splits.of(disease) not in _SPLITS:
            continue
        is_visible = writer.visible(disease)
        for predicate, rows in writer.facts(disease).items():
            relations = list({(row.subject, row.object): row for row in rows if is_visible(row)}.values())
            if relations:
                visible[disease, predicate] = relations
    return visible


def _ids(facts: Facts) -> Iterator[str]:
    for rows in facts.values():
        for row in rows:
            yield row.subject
            yield row.object


def _answer(row: Relation) -> str:
    return row.subject if row.predicate == GENE else row.object


def _wrong(pool: Sequence[str], true: set[str], count: int, random: Random) -> list[str]:
    """Return other names that are surely not trained as true; fewer where the pool has few."""
    wrong: list[str] = []
    for _ in range(count * _TRIES):
        if len(wrong) == count:
            break
        other = random.choice(pool)
        if other not in true and other not in wrong:
            wrong.append(other)
    return wrong


def _example(  # noqa: PLR0917
    writer: Writer,
    disease: str,
    row: Relation,
    question: str,
    others: Sequence[str],
    names: Mapping[str, str],
) -> Example:
    gold = (row.subject, row.predicate, row.object)
    ids = (_answer(row), *others)
    return Example(
        id=f"closed-book-{identify(*gold, question)}",
        kind=Kind.INSTRUCTION,
        task="closed-book",
        prompt=choice_prompt(question),
        completion=names[ids[0]],
        options=tuple(names[id_] for id_ in ids),
        answer=0,
        option_ids=ids,
        concepts=(disease,),
        gold=gold,
        wrong=tuple(
            (other, row.predicate, disease) if row.predicate == GENE else (disease, row.predicate, other)
            for other in others
        ),
        cluster=disease,
        split=writer.splits.of(disease),
        origin=row.source,
    )
