"""Questions on Hetionet's curated indications, for a graph built without Hetionet."""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from clinweave.core.errors import UserError
from clinweave.datasets.distractors import Options, Pool, gives_away
from clinweave.records import Concept, Question

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

TASK = "cross-source"
_PREDICATE = "biolink:treats"
_COLUMNS = ("doid_id", "drugbank_id", "disease", "drug", "category")
_PHRASINGS = (
    "Which of these drugs treats {}?",
    "Which drug is used as a treatment of {}?",
    "What medication is indicated for {}?",
)


class Indication(NamedTuple):
    """One row: DM modifies the disease, SYM relieves its symptoms, NOT is no indication."""

    disease: str  # DOID CURIE
    drug: str  # DRUGBANK CURIE
    disease_name: str
    drug_name: str
    category: str


def read_indications(path: Path) -> Iterator[Indication]:
    """Yield the rows of Hetionet's `indications.tsv` (gzip or not). Raises `UserError` naming file, row and field."""
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise UserError(
                f"{path}, row 1: no column {missing[0]!r}; this is not Hetionet's indications.tsv"
            )
        for number, row in enumerate(rows, 2):
            if row["category"] not in {"DM", "SYM", "NOT"}:
                raise UserError(f"{path}, row {number}, category: {row['category']!r} is not DM, SYM or NOT")
            yield Indication(
                row["doid_id"], f"DRUGBANK:{row['drugbank_id']}", row["disease"], row["drug"], row["category"]
            )


def cross_source_questions(
    graph: "Graph",
    path: Path,
    *,
    count: int = 150,
    per_disease: int = 4,
    seed: int = 0,
    options: int = 4,
) -> list[Question]:
    """Return questions on disease-modifying indications; both sides must be known to `graph` by identifier.

    A wrong drug has about as many indications, and no row of any category joins it to the disease or to a disease
    above or below it. Raises `UserError` where nothing of the file is known to the graph.
    """
    rows = list(read_indications(path))
    resolved = {id_: graph.resolve(id_) for row in rows for id_ in (row.disease, row.drug)}
    stated: dict[str, set[str]] = defaultdict(set)
    right: dict[str, set[str]] = defaultdict(set)
    names: dict[str, tuple[str, str]] = {}
    drugs: dict[str, Concept] = {}
    uses: Counter[str] = Counter()
    for row in rows:
        disease, drug = resolved[row.disease], resolved[row.drug]
        if not disease or not drug:
            continue
        stated[disease].add(drug)
        names[disease] = (row.disease_name, row.disease)
        drugs[drug] = Concept(drug, "biolink:Drug", row.drug_name, "hetionet")
        if row.category == "DM":
            right[disease].add(drug)
            uses[drug] += 1
    if not right:
        raise UserError(
            f"{path}: the graph knows none of its diseases and drugs; build it with Mondo and drug names"
        )
    pool = Pool(drugs.values(), uses)
    random = Random(f"{seed}/{TASK}")  # noqa: S311
    questions: list[Question] = []
    for disease in sorted(right):
        kin = {disease} | graph.ancestors(disease) | graph.descendants(disease)
        blocked = set().union(*(stated.get(id_, ()) for id_ in kin))
        fit = sorted(
            drug
            for drug in right[disease]
            if drug in pool and not gives_away(pool[drug].name, names[disease][0])
        )
        for answer in random.sample(fit, min(per_disease, len(fit))):
            drawn = pool.draw(
                answer,
                blocked=blocked,
                asked=names[disease][0],
                count=options,
                position=len(questions),
                random=random,
            )
            if drawn is not None:
                questions.append(_question(disease, names[disease], drawn, random.choice(_PHRASINGS)))
    if len(questions) <= count:
        return questions
    return [questions[i] for i in sorted(random.sample(range(len(questions)), count))]


def _question(disease: str, named: tuple[str, str], options: Options, phrasing: str) -> Question:
    answer = options.ids[options.answer]
    return Question(
        id=f"indication-{sha256(f'{named[1]}|{answer}'.encode()).hexdigest()[:10]}",
        task=TASK,
        question=phrasing.format(named[0]),
        options=options.names,
        answer=options.answer,
        kind="indication",
        concepts=(disease,),
        gold=(answer, _PREDICATE, disease),
        option_ids=options.ids,
        cluster=disease,
        origin="Hetionet v1.0 indications (PharmacotherapyDB, disease modifying)",
    )
