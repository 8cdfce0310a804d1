"""The compiled model: profiles of every candidate, related diseases, and the information content of each term."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from clinweave.applications.diagnosis.annotations import Annotations, Profile, profiles
from clinweave.applications.diagnosis.cardinal import ANALYTE, NAMED
from clinweave.applications.diagnosis.facts import ONSETS, Facts
from clinweave.applications.diagnosis.ontology import Ontology
from clinweave.applications.diagnosis.propagation import (
    CAP,
    FrequencyMatrix,
    carry_down,
    closure,
    direct,
    smoothed,
)
from clinweave.applications.diagnosis.related_diseases import RelatedDiseases

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]

_X_LINKED = frozenset({"HP:0001417", "HP:0001419", "HP:0001423"})  # X-linked, recessive, dominant
_BLOCK = 512  # candidates whose evidence over all terms is held at once


@dataclass(frozen=True)
class Settings:
    """The constants of the score, chosen on the development part (see docs/diagnosis.md)."""

    frequency_prior: float = (
        0.4  # frequency that counts of few patients shrink to: the mean where more than 20 are counted
    )
    strength: float = 2.0  # pseudo-patients behind it
    unstated: float = 0.5  # frequency of a finding whose row states none
    analyte: float = 0.6  # the same, of an abnormality of metabolism, stated or not
    named: float = 0.84  # the same, of a finding in the name of the disease
    cardinal: float = 0.93  # a finding at least this frequent defines the disease, as one in its name does
    cardinal_information: float = (
        6.0  # and an abnormal analyte of at least so much information (one disease in 400)
    )
    frequency_weight: float = 1.0  # exponent of a frequency: below 1, frequencies decide less
    noise: float = 0.1  # chance that a finding has nothing to do with the disease
    groups: float = 0.25  # share of the profile taken from wider Orphanet groups
    siblings: float = 0.25  # share taken from the siblings in the same series
    exact_term_bonus: float = (
        0.8  # bonus for a finding that the disease itself has, not only something near it
    )
    stated: float = 0.6  # bonus for a finding annotated in the very words
    breadth_penalty: float = 0.65  # weight of the penalty for broad profiles
    redundancy: float = 0.7  # how much findings that say the same share one vote
    excluded: float = 0.02  # weight of excluded findings
    excluded_cardinal: float = 0.5  # weight of excluded findings that define the disease
    documented: float = 0.1  # for each e-fold of patients in whom a disease was described
    age: float = 2.0  # against a disease whose earliest stated onset is after the patient's age
    sex: float = 1.0  # against a disease that is X-linked alone, in a female patient
    unannotated_penalty: float = (
        0.5  # against a disease of which nothing is annotated, beside the best one of its gene
    )


class Tables(NamedTuple):
    """Frequencies of findings by disease: propagated, as stated, mixed with those of related diseases, and defining.

    `cardinal` holds the findings that define a disease alone, propagated.
    """

    own: FrequencyMatrix
    stated: FrequencyMatrix
    mixed: FrequencyMatrix
    cardinal: FrequencyMatrix


@dataclass(frozen=True)
class Model:
    """A compiled release.

    `information[t]` is -ln of the share of candidates with t, `background[t]` its mean frequency,
    `weight[t]` is the chance of drawing t as a patient's finding, `spread[d]` the log of the mean evidence for d over
    findings so drawn.
    """

    ontology: Ontology
    annotations: Annotations
    related: tuple[RelatedDiseases, ...]
    tables: Tables
    information: "Floats"
    background: "Floats"
    weight: "Floats"
    spread: "Floats"
    settings: Settings
    sources: Mapping[str, str]
    facts: tuple[Facts, ...] = ()  # of each candidate

    @cached_property
    def ids(self) -> list[str]:
        """Return the first id of each candidate."""
        return [related.members[0] for related in self.related]

    @cached_property
    def documented(self) -> "Floats":
        """Return what each candidate gains by the number of patients that its rows count, in nats."""
        return documented(
            self.annotations, *member_rows(self.annotations, self.related), len(self.related), self.settings
        )

    @cached_property
    def x_linked(self) -> "npt.NDArray[np.bool_]":
        """Return which candidates are stated to be inherited X-linked and in no other way."""
        import numpy as np

        modes = dict(zip(self.annotations.diseases, self.annotations.inheritance, strict=True))
        stated = [
            {mode for id_ in related.members for mode in modes.get(id_, ())} for related in self.related
        ]
        return np.array([bool(each) and each <= _X_LINKED for each in stated], np.bool_)

    @cached_property
    def earliest(self) -> "Floats":
        """Return the age in years at which each candidate begins at the earliest, NaN where no onset is stated."""
        import numpy as np

        onsets = [entry.onset for entry in self.facts] or [()] * len(self.related)
        ages = [min((ONSETS[id_][0] for id_ in onset), default=float("nan")) for onset in onsets]
        return np.array(ages, np.float32)

    @cached_property
    def names(self) -> list[str]:
        """Return the name of each candidate, from its first member that has one."""
        names_of = dict(zip(self.annotations.diseases, self.annotations.names, strict=True))
        return [
            next(
                (names_of[id_] for id_ in related.members if id_ in names_of),
                related.name or related.members[0],
            )
            for related in self.related
        ]


def build_model(
    ontology: Ontology,
    annotations: Annotations,
    related: Sequence[RelatedDiseases],
    settings: Settings,
    sources: Mapping[str, str],
) -> Model:
    """Compile a release for scoring."""
    import numpy as np

    count = len(related)
    rows, owner = member_rows(annotations, related)
    profile = profiles(annotations, rows, owner)
    own, stated = own_tables(ontology, profile, settings, count)
    each = profiles(annotations)
    whole = closure(ontology, each, frequencies(each, settings), len(annotations.diseases))
    mixed = mix(own, matrix(whole), relatives(annotations, related), settings)
    annotated = np.unique(own.disease)
    n = max(len(annotated), 1)
    holders = np.diff(own.start)
    information = np.maximum(-np.log(np.maximum(holders, 1) / n), 0).astype(np.float32)
    weighted = np.r_[own.frequency**settings.frequency_weight, 0]
    sums = np.add.reduceat(weighted, np.minimum(own.start[:-1], len(own.frequency))) * (holders > 0)
    background = ((sums + 0.5) / (n + 1)).astype(np.float32)
    background[0] = 1.0  # every patient has an abnormality
    weight = np.diff(stated.start) + 0.5
    weight = (weight / weight.sum()).astype(np.float32)
    cardinal = cardinal_table(ontology, profile, information, settings, count)
    tables = Tables(own, stated, mixed, cardinal)
    spread = np.concatenate(
        [
            evidence(
                ontology,
                tables,
                background,
                settings,
                np.arange(low, min(low + _BLOCK, count), dtype=np.int32),
                weight,
            )[1]
            for low in range(0, count, _BLOCK)
        ]
        or [np.zeros(0, np.float32)]
    )
    return Model(
        ontology,
        annotations,
        tuple(related),
        tables,
        information,
        background,
        weight,
        spread,
        settings,
        dict(sources),
    )


def member_rows(annotations: Annotations, related: Sequence[RelatedDiseases]) -> "tuple[Ints, Ints]":
    """Return the rows of all members of all candidates, and the candidate each belongs to."""
    import numpy as np

    index_of = annotations.index_of
    rows, owner = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    for candidate, entry in enumerate(related):
        for id_ in entry.members:
            if id_ in index_of:
                selected = annotations.rows_of(index_of[id_])
                rows.append(selected)
                owner.append(np.full(len(selected), candidate, np.int32))
    return np.concatenate(rows), np.concatenate(owner)


def documented(
    annotations: Annotations, rows: "Ints", owner: "Ints", count: int, settings: Settings
) -> "Floats":
    """Return ln(1 + patients) of each candidate, times its weight; the patients are those of its best counted row.

    A disease of one family is less often what a further patient has than one described in hundreds.
    """
    import numpy as np

    patients = np.zeros(count, np.float32)
    np.maximum.at(patients, owner, annotations.total[rows].astype(np.float32))
    return np.asarray(settings.documented * np.log1p(patients), np.float32)


def relatives(annotations: Annotations, related: Sequence[RelatedDiseases]) -> "tuple[Any, Any]":
    """Return two sparse matrices, candidates by diseases: means over wider groups and over siblings."""
    import numpy as np
    from scipy import sparse

    index_of = annotations.index_of
    matrices = []
    for ids in ([entry.groups for entry in related], [entry.siblings for entry in related]):
        lists = [[index_of[id_] for id_ in group if id_ in index_of] for group in ids]
        counts = np.array([len(each) for each in lists], np.int64)
        columns = np.array([index for each in lists for index in each], np.int32)
        values = np.repeat(1 / np.maximum(counts, 1), counts).astype(np.float32)
        start = np.r_[0, np.cumsum(counts)]
        matrices.append(
            sparse.csr_matrix((values, columns, start), shape=(len(related), len(annotations.diseases)))
        )
    return matrices[0], matrices[1]


def matrix(table: FrequencyMatrix) -> "Any":
    """Return a closure as a sparse matrix, diseases by terms."""
    from scipy import sparse

    shape = (len(table.start) - 1, table.size)
    return sparse.csr_matrix((table.frequency, table.disease, table.start), shape=shape).T.tocsr()


def mix(
    own: FrequencyMatrix, whole: "Any", related: "tuple[Any, Any]", settings: Settings
) -> FrequencyMatrix:
    """Return own frequencies mixed with the means of the wider groups and the siblings, by the shares in the settings.

    `whole` has one row per annotated disease. A candidate without annotations takes all from its related diseases.
    """
    import numpy as np
    from scipy import sparse

    mine = matrix(own)
    groups, siblings = related
    shares = [
        np.where(np.diff(each.indptr) > 0, share, 0.0)
        for each, share in ((groups, settings.groups), (siblings, settings.siblings))
    ]
    left = 1 - shares[0] - shares[1]
    nothing = np.diff(mine.indptr) == 0
    scale = np.where(nothing & (left < 1), 1 / np.maximum(1 - left, 1e-9), 1.0)
    total = sparse.diags_array(left, dtype=np.float32) @ mine
    for share, each in zip(shares, related, strict=True):
        total = total + sparse.diags_array(share * scale, dtype=np.float32) @ (each @ whole)
    rows = total.T.tocsr()
    rows.sort_indices()
    frequency = np.minimum(rows.data, CAP).astype(np.float32)
    return FrequencyMatrix(rows.indptr.astype(np.int64), rows.indices.astype(np.int32), frequency, own.size)


def evidence(  # noqa: PLR0917 - what the score is made of
    ontology: Ontology,
    tables: Tables,
    background: "Floats",
    settings: Settings,
    disease: "Ints",
    weight: "Floats",
) -> "tuple[Floats, Floats]":
    """Return (terms by diseases, what each term says for each of the diseases) and their spread."""
    import numpy as np

    terms = len(ontology.ids)
    ratio = np.full((terms, len(disease)), np.log(settings.noise), np.float32)
    mixed = [_part(table, disease) for table in tables[:3]]
    term, column, frequency = mixed[2]
    ratio[term, column] = log_ratio(frequency, background[term], settings)
    carry_down(ontology, ratio)
    term, column, _ = mixed[0]
    ratio[term, column] += settings.exact_term_bonus
    spread = np.log(np.maximum(weight @ np.exp(ratio), 1e-9))
    term, column, _ = mixed[1]
    ratio[term, column] += settings.stated
    return ratio, spread.astype(np.float32)


def log_ratio(frequency: "Floats", background: "Floats | float", settings: Settings) -> "Floats":
    """Return ln of a finding's likelihood in a disease over that in all diseases, with some chance of noise."""
    import numpy as np

    ratio = frequency**settings.frequency_weight / background
    return np.asarray(np.log((1 - settings.noise) * ratio + settings.noise), np.float32)


def _part(table: FrequencyMatrix, disease: "Ints") -> "tuple[Ints, Ints, Floats]":
    """Return (terms, columns, frequencies) of the diseases (sorted indices)."""
    import numpy as np

    position = np.searchsorted(disease, table.disease)
    inside = disease[np.minimum(position, len(disease) - 1)] == table.disease
    entry = np.flatnonzero(inside)
    term = np.searchsorted(table.start, entry, side="right") - 1
    return term.astype(np.int32), position[entry].astype(np.int32), table.frequency[entry]


def frequencies(profile: Profile, settings: Settings) -> "Floats":
    """Return the smoothed frequencies of a profile, by the settings."""
    import numpy as np

    prior = np.array([settings.frequency_prior, settings.analyte, settings.named], np.float32)[profile.kind]
    unstated = np.array([settings.unstated, settings.analyte, settings.named], np.float32)[profile.kind]
    return smoothed(profile, prior, settings.strength, unstated)


def own_tables(
    ontology: Ontology, profile: Profile, settings: Settings, count: int
) -> tuple[FrequencyMatrix, FrequencyMatrix]:
    """Return the propagated and the stated frequencies of a profile."""
    shares = frequencies(profile, settings)
    return (
        closure(ontology, profile, shares, count),
        direct(profile, shares, len(ontology.ids), count),
    )


def cardinal_table(
    ontology: Ontology, profile: Profile, information: "Floats", settings: Settings, count: int
) -> FrequencyMatrix:
    """Return the propagated frequencies of the findings that define a disease.

    These are findings in its name, abnormal analytes of few diseases, and what nearly all counted patients have.
    """
    shares = frequencies(profile, settings)
    analyte = (profile.kind == ANALYTE) & (information[profile.term] >= settings.cardinal_information)
    chosen = (profile.kind == NAMED) | analyte | (shares >= settings.cardinal)
    return closure(ontology, Profile(*(column[chosen] for column in profile)), shares[chosen], count)
