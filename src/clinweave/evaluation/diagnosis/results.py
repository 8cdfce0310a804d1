"""Results of a study of diagnosis. Shares are fractions of cases at top-1, top-3 and top-10 in this order."""

from dataclasses import dataclass
from typing import Literal

Interval = tuple[float, float]
Estimate = tuple[float, float, float]  # value, low and high end of its 95 % interval


@dataclass(frozen=True)
class Over:
    """A paired difference from the baseline in fractions, with its 95 % interval by publication."""

    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class RankRow:
    """One condition on one part of the cases; `over` is empty for the baseline itself."""

    part: str
    condition: str
    cases: int
    diseases: int
    micro: tuple[float, ...]  # every case has the same weight
    macro: tuple[float, ...]  # every disease has the same weight
    credited: tuple[float, ...]  # with credit for small Mondo classes above the true disease
    intervals: tuple[Interval, ...]
    over: tuple[Over, ...] = ()


@dataclass(frozen=True)
class ProtocolResult:
    """All conditions under one protocol; `newer` names sources newer than its release."""

    title: str
    leave_out: str
    dated: bool
    newer: tuple[str, ...]
    rows: tuple[RankRow, ...]
    milliseconds: dict[str, float]


@dataclass(frozen=True)
class GeneLevel:
    """Rank of the causal gene among sampled others."""

    rows: tuple[RankRow, ...]
    cases: int
    unmapped: int
    genes: int
    decoys: int
    sources: dict[str, str]


@dataclass(frozen=True)
class CurvePoint:
    """One condition at one level of changed findings."""

    condition: str
    kind: str
    level: float
    top1: Estimate
    top10: Estimate
    over1: Estimate | None = None
    over10: Estimate | None = None

    def top(self, depth: int) -> Estimate:
        """Return the share at a depth (1 or 10) with its interval."""
        return self.top1 if depth == 1 else self.top10


@dataclass(frozen=True)
class Robustness:
    """How ranks fall when findings are wrong, vaguer or missing."""

    rows: tuple[CurvePoint, ...]
    cases: int
    diseases: int


@dataclass(frozen=True)
class Recognition:
    """Recognition of the findings written in case texts, per document and exact id."""

    precision: float
    recall: float
    f1: float
    near: float  # share met by the term, an ancestor or a descendant
    written: int
    found: int
    by_wording: dict[str, tuple[int, int]]  # wording -> recognised, written
    absent: dict[str, int]
    relatives: dict[str, int]


@dataclass(frozen=True)
class Loss:
    """Shares from curated terms, from the text, and the paired difference."""

    condition: str
    curated: tuple[float, ...]
    text: tuple[float, ...]
    loss: tuple[Estimate, ...]


@dataclass(frozen=True)
class FreeText:
    """What it costs to recognise findings in a text in place of taking curated terms."""

    cases: int
    recognition: Recognition
    losses: tuple[Loss, ...]
    example: str


@dataclass(frozen=True)
class Peer:
    """Another program on the same cases."""

    name: str
    milliseconds: float
    micro: tuple[float, ...]
    over: tuple[Estimate, ...] = ()


@dataclass(frozen=True)
class Peers:
    """Other programs, each in an environment of its own; `skipped` says why one was not run."""

    rows: tuple[Peer, ...]
    cases: int
    seed: int
    protocol: str
    skipped: dict[str, str]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class MondoCredit:
    """What credit for Mondo classes is worth by itself: the same ten classes named for every case."""

    limit: int
    limited: tuple[float, ...]
    unlimited: tuple[float, ...]


@dataclass(frozen=True)
class StudySetting:
    """Under which protocol a study was run."""

    title: str
    leave_out: str


@dataclass(frozen=True, kw_only=True)
class DiagnosisResults:
    """Results of a study of diagnosis; a study that the recipe does not name is null."""

    kind: Literal["diagnosis"] = "diagnosis"
    clinweave: str
    title: str
    protocols: tuple[ProtocolResult, ...]
    mondo_credit: MondoCredit | None = None
    genes: GeneLevel | None = None
    robustness: Robustness | None = None
    free_text: FreeText | None = None
    peers: Peers | None = None
    settings: dict[str, StudySetting]
    seconds: dict[str, float]


RESULTS = DiagnosisResults
