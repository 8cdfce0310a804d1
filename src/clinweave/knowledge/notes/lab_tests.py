"""The laboratory tests and vital signs that are read (laboratory_tests.tsv), and those that HPO names imply."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from math import inf
from typing import NamedTuple

from clinweave.knowledge.notes.person import Person

HIGH, LOW, POSITIVE = "high", "low", "positive"
_GROUP = re.compile(
    r"(?:(male|female|child)\s*)?(?:([\d.]*)-([\d.]*))?\s*:\s*(?:([\d.]+)~)?([\d.]*)-([\d.]*)(?:~([\d.]+))?"
)
_UP = "elevated|increased|high|raised|excess"
_DOWN = "reduced|decreased|low|lowered|diminished"
_DIRECTED = re.compile(rf"^(?:(?P<up>{_UP})|{_DOWN}) (?P<core>.+)$", re.IGNORECASE)
_PLACE = re.compile(
    r"^(?:circulating|serum|plasma|blood|total circulating|concentration of|level of)\s+", re.IGNORECASE
)
_MEASURE = re.compile(r"\s+(?:concentration|level|activity|count)s?$", re.IGNORECASE)
_INFANCY = 1.0  # years; a range from then on holds where a note gives no age
_SHORTEST = 4  # letters of a test that only an HPO name implies
# What HPO counts that no laboratory measures.
_NO_TEST = re.compile(
    r"rib|nipple|fetal|foetal|finger|toe|phalan|teeth|tooth|vessel|newborn|energy|physical|brain|muscle activity|"
    r"blood pressure|urine output|urine volume|activit(?:y|ies) of|in response|after|during|maternal",
    re.IGNORECASE,
)


_VAGUE = frozenset(
    {"blood", "blood cell", "blood cells", "cell", "cells", "protein", "proteins", "number", "iron", "zinc"}
)


class Limits(NamedTuple):
    """Values from `low` to `high` are normal; those below `lowest` are low, above `highest` high, others neither."""

    low: float
    high: float
    lowest: float
    highest: float


class Range(NamedTuple):
    """A reference range and whom it is for; ages in years, `until` exclusive."""

    sex: str
    since: float
    until: float
    limits: Limits


@dataclass(frozen=True, slots=True)
class LabTest:
    """One test: its findings by direction (`HIGH`, `LOW`, `POSITIVE`), units with factors, and ranges in `unit`."""

    findings: Mapping[str, str]  # HPO identifiers
    unit: str = ""
    factors: Mapping[str, float] = field(default_factory=dict)  # canonical unit -> factor to `unit`
    other_units: tuple[tuple[float, float], ...] = ()  # values that may be meant in a unit without a factor
    ranges: tuple[Range, ...] = ()
    plausible: tuple[float, float] = (-inf, inf)
    bare: bool = False
    treatment: tuple[str, ...] = ()
    grades: tuple[tuple[float, str], ...] = ()  # (values below, HPO identifier) of degrees of a low value

    def reference(self, person: Person) -> Limits | None:
        """Return the limits for a person in `unit`; None where none fit.

        Where age or sex are unknown, normal is what is normal for all, low or high what is so for all, from infancy on;
        there are no limits where an age has no range.
        """
        of_sex = [item for item in self.ranges if item.sex in {"", person.sex or item.sex}]
        if person.age is None:
            later = [item for item in of_sex if item.until > _INFANCY]
            fitting = [item.limits for item in later] if _covers(later) else []
        else:
            fitting = [item.limits for item in of_sex if item.since <= person.age < item.until]
        if not fitting:
            return None
        lows, highs, lowest, highest = zip(*fitting, strict=True)
        return Limits(max(lows), min(highs), min(lowest), max(highest))


def _covers(ranges: Sequence[Range]) -> bool:
    """Return whether ranges leave no age out from infancy on."""
    reached = _INFANCY
    for item in sorted(ranges, key=lambda item: item.since):
        if item.since > reached:
            return False
        reached = max(reached, item.until)
    return reached == inf


def canonical_unit(unit: str) -> str:
    """Return a unit in one spelling: "mg/dL", "mg per dl" and "mg / dl" are "mg/dl"."""
    lower = unit.replace("\u00b5", "u").replace("\u03bc", "u").replace("\u00b3", "3").lower()
    lower = re.sub(r"\s+per\s+", "/", lower)
    lower = re.sub(r"\s|\.$", "", lower)
    lower = lower.replace("litre", "l").replace("liter", "l").replace("\u00d7", "x")
    return _SPELLINGS.get(lower, lower)


# Spellings of a unit, the one used here first; all in lower case and without blanks.
_SPELLINGS = {
    other: row.split()[0]
    for row in (
        "/ul cells/mm3 /mm3 cells/ul /cumm cells/cumm /cmm /microl",
        "10^3/ul k/ul 10^3/mm3",
        "mm/h mm/hr mm/hour mm mm/1h mls/h ml/h",
        "/min beats/min beats/minute bpm breaths/min breaths/minute /minute cpm b/min",
        "degc \u00b0c \u00bac c celsius",
        "g/dl gm/dl gr/dl gm% g%",
        "mg/dl mg%",
        "miu/ml mui/ml",
        "u/l units/l unit/l",
        "ug/l mcg/l",
        "ug/dl mcg/dl",
        "ug/ml mcg/ml",
        "s sec secs second seconds",
        "mmol/l mmols/l",
        "g/24h g/24hours",
        "mg/24h mg/24hours",
        "ug/24h mcg/24h ug/24hours ug/d",
        "umol/24h umol/24hours umol/d",
        "g/day gm/day",
        "fl femtolitres femtoliters",
    )
    for other in row.split()[1:]
}


@lru_cache(maxsize=1)
def listed_tests() -> tuple[tuple[tuple[str, ...], LabTest], ...]:
    """Return (names, test) of laboratory_tests.tsv."""
    text = files("clinweave.knowledge.notes").joinpath("laboratory_tests.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(_row(dict(zip(rows[0], row, strict=True))) for row in rows[1:])


def _row(cells: Mapping[str, str]) -> tuple[tuple[str, ...], LabTest]:
    findings = {kind: cells[kind].split(" ")[0] for kind in (LOW, HIGH, POSITIVE) if cells[kind]}
    factors = {canonical_unit(cells["unit"]): 1.0}
    others: list[tuple[float, float]] = []
    for item in _items(cells["other units"]):
        unit, _, factor = item.rpartition("=")
        least, meant, most = factor.partition("?")
        if meant:
            others.append((float(least), float(most)))
        else:
            factors[canonical_unit(unit)] = float(factor)
    low, _, high = cells["plausible"].partition("-")
    plausible = (float(low or "-inf"), float(high or "inf"))
    ranges = tuple(_range(item) for item in cells["ranges"].split(";") if item.strip())
    grades = tuple(_grade(item) for item in _items(cells["grades"]))
    treatment = tuple(_items(cells["treatment"]))
    test = LabTest(
        findings,
        cells["unit"],
        factors,
        tuple(others),
        ranges,
        plausible,
        bool(cells["bare"]),
        treatment,
        grades,
    )
    return tuple(_items(cells["names"])), test


def _grade(text: str) -> tuple[float, str]:
    limit, _, finding = text.partition("=")
    return float(limit), finding.split(" ")[0]


def _range(text: str) -> Range:
    match = _GROUP.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"laboratory_tests.tsv: the range {text!r} is not of the form 'group years: low-high'"
        )
    group, since, until, lowest, low, high, highest = (item or "" for item in match.groups())
    limits = Limits(
        float(low or "-inf"),
        float(high or "inf"),
        float(lowest or low or "-inf"),
        float(highest or high or "inf"),
    )
    return Range("" if group == "child" else group, float(since or 0), float(until or "inf"), limits)


def _items(cell: str) -> list[str]:
    return [item.strip() for item in cell.split(",") if item.strip()]


def implied_tests(names: Iterable[tuple[str, str]]) -> dict[str, LabTest]:
    """Return the tests that HPO names imply: "Increased circulating X level" makes X a test; `names` are (name, id)."""
    findings: dict[str, dict[str, str]] = {}
    for name, curie in names:
        match = _DIRECTED.match(name)
        core = _core(match["core"]) if match else ""
        if match and core:
            findings.setdefault(core, {}).setdefault(HIGH if match["up"] else LOW, curie)
    return {core: LabTest(kinds) for core, kinds in findings.items()}


def _core(words: str) -> str:
    """Return what is measured, "" where the words name no measure of a laboratory."""
    core = _MEASURE.sub("", words)
    while (shorter := _PLACE.sub("", core)) != core:
        core = shorter
    measured = core != words or re.search(r"\b(?:urin\w*|csf|cerebrospinal)\b", words, re.IGNORECASE)
    vague = core.lower() in _VAGUE or len(core) < _SHORTEST
    return core if measured and not vague and not _NO_TEST.search(words) else ""
