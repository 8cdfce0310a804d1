"""Free text in place of curated terms: recognition of the written findings, and what it costs in ranks."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from clinweave.applications.diagnosis import Case, Model, from_mentions, read_findings
from clinweave.core.statistics import difference
from clinweave.evaluation.diagnosis.results import Loss, Recognition
from clinweave.evaluation.diagnosis.texts import WORDINGS, CaseText, write_text
from clinweave.evaluation.diagnosis.truth import Truth
from clinweave.records import Mention

AT = (1, 3, 10)


def term_names(ontology_file: Path) -> dict[str, tuple[str, ...]]:
    """Return id -> label and synonyms of every HPO term; synonyms in other scripts or with brackets are left out."""
    from clinweave.databases import DATABASES, RowLog
    from clinweave.records import Concept

    result = {}
    for item in DATABASES["hpo"].read({"hp.obo": ontology_file}, RowLog(keep=0)):
        if isinstance(item, Concept):
            words = [name for name in item.synonyms if name.isascii() and "(" not in name and "[" not in name]
            result[item.id] = (item.name.split(" (")[0], *words)
    return result


def write_texts(
    cases: Sequence[Case], model: Model, names: Mapping[str, tuple[str, ...]], seed: int = 0
) -> list[CaseText]:
    """Return one text a case; relatives' findings are drawn from what the cases have."""
    others = sorted({id_ for case in cases for id_ in case.observed if id_ in model.ontology.index})
    return [write_text(case, names, others, seed) for case in cases]


def as_read(case: Case, mentions: Sequence[Mention]) -> Case:
    """Return the case with the findings that were recognised in its text in place of its own."""
    read = from_mentions(case.id, mentions, case.sex, case.age)
    return replace(case, observed=read.observed, excluded=read.excluded)


def recognition(texts: Sequence[CaseText], read: Sequence[Case], model: Model) -> Recognition:
    """Return precision and recall per document by exact id, recall by wording, negated findings and relatives.

    `near` counts a found term that is an ancestor or a descendant of a written one as found too.
    """
    right = recognised = written = near = 0
    by: Counter[str] = Counter()
    of: Counter[str] = Counter()
    absent = {"written": 0, "negated": 0, "taken as present": 0}
    relatives = {"written": 0, "taken": 0}
    for text, case in zip(texts, read, strict=True):
        mine = _places(model, (item.id for item in text.present))
        yes, no = set(read_findings(model.ontology, case).observed), _places(model, case.excluded)
        right, recognised, written = right + len(mine & yes), recognised + len(yes), written + len(mine)
        near += sum(_is_near(model, index, yes) for index in mine)
        for item in text.present:
            of[item.wording] += 1
            by[item.wording] += bool(_places(model, [item.id]) & yes)
        for item in text.absent:
            index = _places(model, [item.id])
            absent["written"] += 1
            absent["negated"] += bool(index & no)
            absent["taken as present"] += bool(index & yes)
        for item in text.relatives:
            relatives["written"] += 1
            relatives["taken"] += bool(_places(model, [item.id]) & yes)
    precision, recall = right / max(recognised, 1), right / max(written, 1)
    return Recognition(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(precision + recall, 1e-9),
        near=near / max(written, 1),
        written=written,
        found=recognised,
        by_wording={name: (by[name], of[name]) for name in WORDINGS},
        absent=absent,
        relatives=relatives,
    )


def _places(model: Model, ids: Iterable[str]) -> set[int]:
    return {model.ontology.index[id_] for id_ in ids if id_ in model.ontology.index}


def _is_near(model: Model, index: int, recognised: set[int]) -> bool:
    up, down = model.ontology.ancestors[index].tolist(), model.ontology.descendants[index].tolist()
    return bool(({*up, *down} - {0}) & recognised)


def losses(
    curated: Mapping[str, Mapping[str, float]],
    read: Mapping[str, Mapping[str, float]],
    truths: Sequence[Truth],
    resamples: int,
) -> tuple[Loss, ...]:
    """Return one row per condition: top-1/3/10 from curated terms, from the text, and the paired difference."""
    cluster = {truth.id: truth.publication or truth.id for truth in truths}
    table = []
    for condition, ranks in curated.items():
        full, text, loss = [], [], []
        for depth in AT:
            hits_text = {case: float(rank <= depth) for case, rank in read[condition].items()}
            hits_full = {case: float(rank <= depth) for case, rank in ranks.items()}
            change = difference(hits_text, hits_full, cluster, resamples=resamples)
            full.append(sum(hits_full.values()) / len(hits_full))
            text.append(sum(hits_text.values()) / len(hits_text))
            loss.append((change.difference, change.low, change.high))
        table.append(Loss(condition, tuple(full), tuple(text), tuple(loss)))
    return tuple(table)
