"""Orphadata's product 9 (epidemiology): how common a rare disorder is, one class a disorder.

en_product9_prev.xml states several estimates a disorder: point prevalence, prevalence at birth, incidence, or the
number of reported cases or families; worldwide, of a continent or of a country. The class of the broadest area of the
best kind counts; of several there, the middle one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import RowLog
from clinweave.databases.files import wrong
from clinweave.databases.orphanet import release
from clinweave.databases.prefixes import curie
from clinweave.databases.xmlsafe import elements

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

PREVALENCE_FILE = "en_product9_prev.xml"
_KIND = "Orphadata's product 9 (prevalence)"
PER_MILLION = {  # Orphanet's classes, as the geometric middle of their range
    "<1 / 1 000 000": 0.3,
    "1-9 / 1 000 000": 3.0,
    "1-9 / 100 000": 30.0,
    "1-5 / 10 000": 220.0,
    "6-9 / 10 000": 730.0,
    ">1 / 1000": 2000.0,
}
_CASES = "<1 / 1 000 000"  # a disorder of which single cases or families are counted
_KINDS = ("Point prevalence", "Prevalence at birth", "Lifetime Prevalence", "Annual incidence")
_AREAS = ("Worldwide", "Europe")


def read_prevalence(path: Path, log: RowLog) -> dict[str, str]:
    """Return the class of each disorder with an estimate, by ORPHA id.

    Raises `UserError` where the file is not Orphadata's table of prevalence.
    """
    classes: dict[str, str] = {}
    seen = False
    for row, disorder in elements(path, "JDBOR", "Disorder", _KIND):
        seen = seen or disorder.find("PrevalenceList") is not None
        code = (disorder.findtext("OrphaCode") or "").strip()
        if not code.isdecimal():
            log.drop(path.name, row, "no OrphaCode")
        elif class_ := _chosen(list(_estimates(disorder))):
            classes[curie("ORPHA", code)] = class_
    if not seen:
        wrong(path, _KIND, "it holds no estimates of prevalence")
    return classes


def prevalence_release(path: Path) -> str:
    """Return the date that the file states of itself."""
    return release(path, _KIND)


def _estimates(disorder: "Element") -> Iterator[tuple[int, int, str]]:
    """Yield (rank of the kind, rank of the area, class) of each estimate; lower ranks are better."""
    for item in disorder.iterfind("PrevalenceList/Prevalence"):
        kind, area = _text(item, "PrevalenceType/Name"), _text(item, "PrevalenceGeographic/Name")
        class_ = _text(item, "PrevalenceClass/Name")
        rank = _AREAS.index(area) if area in _AREAS else len(_AREAS)
        if kind in _KINDS and class_ in PER_MILLION:
            yield _KINDS.index(kind), rank, class_
        elif kind == "Cases/families":
            yield len(_KINDS), rank, _CASES


def _chosen(estimates: list[tuple[int, int, str]]) -> str:
    if not estimates:
        return ""
    best = min(estimate[:2] for estimate in estimates)
    order = list(PER_MILLION)
    classes = sorted((class_ for *rank, class_ in estimates if tuple(rank) == best), key=order.index)
    return classes[(len(classes) - 1) // 2]


def _text(element: "Element", path: str) -> str:
    return " ".join((element.findtext(path) or "").split())
