"""HPO annotations as arrays: one row a statement, kept with its counts and publications so that some can be dropped."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from clinweave.applications.diagnosis.cardinal import kinds
from clinweave.applications.diagnosis.ontology import Ontology
from clinweave.records import Concept, Relation

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]
    Mask = npt.NDArray[np.bool_]

CLASSES = {  # HPO's classes of frequency, as the middle of their range
    "HP:0040280": 1.0,
    "HP:0040281": 0.9,
    "HP:0040282": 0.545,
    "HP:0040283": 0.17,
    "HP:0040284": 0.025,
    "HP:0040285": 0.0,
}
_CLASS_PATIENTS = 10  # a class or percentage weighs as much as so many patients
_COUNTS = re.compile(r"(\d+)\s*/\s*(\d+)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_INHERITANCE = "biolink:has_mode_of_inheritance"
_COURSE = "biolink:has_attribute"  # onset, pace, age of death


class Frequency(NamedTuple):
    """The frequency stated in a row: `affected` of `total` patients, or a `share` (NaN if not given)."""

    affected: int
    total: int
    share: float


def frequency(text: str) -> Frequency:
    """Return the frequency of an annotation: "3/7", "45%" or a class of HPO; unreadable text says nothing."""
    if match := _COUNTS.fullmatch(text):
        count, total = int(match[1]), int(match[2])
        return Frequency(count, total, float("nan")) if 0 < total >= count else Frequency(0, 0, float("nan"))
    if match := _PERCENT.fullmatch(text):
        return Frequency(0, 0, min(float(match[1]) / 100, 1.0))
    return Frequency(0, 0, CLASSES.get(text, float("nan")))


@dataclass(frozen=True)
class Annotations:
    """Rows of findings (arrays of one length) and facts on each disease.

    `disease` and `term` are places; `count`/`total` patients or `share`, else unknown; `negated` rows say NOT.
    `kind` says how common the finding is by what it is (see `cardinal`). `references[row]` is the text of the row's
    sources, ";" between them.
    """

    diseases: tuple[str, ...]
    names: tuple[str, ...]
    inheritance: tuple[tuple[str, ...], ...]
    disease: "Ints"
    term: "Ints"
    count: "Ints"
    total: "Ints"
    share: "Floats"
    negated: "Mask"
    kind: "Ints"
    references: tuple[str, ...]
    onset: tuple[str, ...]
    sex: tuple[str, ...]
    release: str = ""
    course: tuple[tuple[str, ...], ...] = ()  # of each disease: HPO ids of its onset and clinical course

    @cached_property
    def index_of(self) -> dict[str, int]:
        """Return the place of each disease id."""
        return {id_: index for index, id_ in enumerate(self.diseases)}

    def rows_of(self, disease: int) -> "Ints":
        """Return the rows of one disease; rows are sorted by disease."""
        import numpy as np

        ends = np.array(
            [disease, disease + 1], self.disease.dtype
        )  # of another type, all rows would be copied
        low, high = np.searchsorted(self.disease, ends)
        return np.arange(low, high, dtype=np.int32)


class Profile(NamedTuple):
    """Findings of diseases, one entry a pair: places, frequency (NaN if not stated), patients behind it, kind."""

    disease: "Ints"
    term: "Ints"
    frequency: "Floats"
    patients: "Floats"
    kind: "Ints"


def build_annotations(records: Iterable[object], ontology: Ontology, release: str = "") -> Annotations:
    """Return the findings below the ontology's root from the records of the HPOA reader, sorted by disease."""
    import numpy as np

    names: dict[str, str] = {}
    inheritance: dict[str, set[str]] = {}
    course: dict[str, set[str]] = {}
    rows: list[tuple[str, int, Frequency, bool, str, str, str]] = []
    for record in records:
        if isinstance(record, Concept):
            names[record.id] = record.name
        elif isinstance(record, Relation):
            if record.predicate == _INHERITANCE:
                inheritance.setdefault(record.subject, set()).add(record.object)
            elif record.predicate == _COURSE and not record.negated:
                course.setdefault(record.subject, set()).add(record.object)
            elif record.predicate == "biolink:has_phenotype" and record.object in ontology.index:
                share = frequency(record.frequency)
                sources = ";".join(record.publications)
                term = ontology.index[record.object]
                rows.append((record.subject, term, share, record.negated, sources, record.onset, record.sex))
    rows.sort(key=lambda row: (row[0], row[1]))
    diseases = tuple(sorted(names.keys() | {row[0] for row in rows}))
    index_of = {id_: term for term, id_ in enumerate(diseases)}
    return Annotations(
        diseases=diseases,
        names=tuple(names.get(id_, id_) for id_ in diseases),
        inheritance=tuple(tuple(sorted(inheritance.get(id_, ()))) for id_ in diseases),
        disease=np.array([index_of[row[0]] for row in rows], np.int32),
        term=np.array([row[1] for row in rows], np.int32),
        count=np.array([row[2].affected for row in rows], np.int32),
        total=np.array([row[2].total for row in rows], np.int32),
        share=np.array([row[2].share for row in rows], np.float32),
        negated=np.array([row[3] for row in rows], np.bool_),
        kind=np.array(kinds(ontology, ((names.get(row[0], ""), row[1]) for row in rows)), np.int32),
        references=tuple(row[4] for row in rows),
        onset=tuple(row[5] for row in rows),
        sex=tuple(row[6] for row in rows),
        release=release,
        course=tuple(tuple(sorted(course.get(id_, ()))) for id_ in diseases),
    )


def profiles(rows: Annotations, chosen: "Ints | None" = None, disease: "Ints | None" = None) -> Profile:
    """Return one entry for each disease and finding of the chosen rows (all by default).

    Counts are summed; a class or percentage counts as ten more patients. A finding that any row negates, or
    that no patient had, is left out. `disease` replaces the rows' own diseases, to merge several into one.
    """
    import numpy as np

    selected = np.arange(len(rows.disease), dtype=np.int32) if chosen is None else chosen
    owner = rows.disease[selected] if disease is None else disease
    size = int(rows.term.max(initial=0)) + 1
    keys, where = np.unique(owner.astype(np.int64) * size + rows.term[selected], return_inverse=True)

    def total(values: "npt.NDArray[Any]") -> "npt.NDArray[np.float64]":
        return np.bincount(where, weights=values, minlength=len(keys)).astype(np.float64)

    stated = ~np.isnan(rows.share[selected])
    count, patients = total(rows.count[selected]), total(rows.total[selected])
    classes, shares = total(stated), total(np.where(stated, rows.share[selected], 0.0))
    weight = patients + _CLASS_PATIENTS * classes
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(weight > 0, (count + _CLASS_PATIENTS * shares) / weight, np.nan)
    weight = np.where(classes > 0, patients + _CLASS_PATIENTS, patients)
    kind = np.zeros(len(keys), np.int32)
    np.maximum.at(kind, where, rows.kind[selected])
    keep = (total(rows.negated[selected]) == 0) & ~(share <= 0)
    return Profile(
        (keys // size).astype(np.int32)[keep],
        (keys % size).astype(np.int32)[keep],
        share.astype(np.float32)[keep],
        weight.astype(np.float32)[keep],
        kind[keep],
    )
