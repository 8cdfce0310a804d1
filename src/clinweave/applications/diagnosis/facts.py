"""What is stated of a disease besides its findings: genes, inheritance, onset, prevalence and its Mondo class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinweave.applications.diagnosis.annotations import Annotations
from clinweave.applications.diagnosis.related_diseases import Links, RelatedDiseases

ONSETS = {  # HPO's terms of onset: from which to which age in years
    "HP:0030674": (0.0, 0.0),  # antenatal
    "HP:0034199": (0.0, 0.0),  # late first trimester
    "HP:0034198": (0.0, 0.0),  # second trimester
    "HP:0034197": (0.0, 0.0),  # third trimester
    "HP:0011460": (0.0, 0.0),  # embryonal
    "HP:0011461": (0.0, 0.0),  # fetal
    "HP:0003577": (0.0, 0.0),  # congenital
    "HP:0003623": (0.0, 0.08),  # neonatal
    "HP:0003593": (0.08, 1.0),  # infantile
    "HP:0410280": (0.0, 16.0),  # paediatric
    "HP:0011463": (1.0, 5.0),  # childhood
    "HP:0003621": (5.0, 16.0),  # juvenile
    "HP:0003581": (16.0, 120.0),  # adult
    "HP:0011462": (16.0, 40.0),  # young adult
    "HP:0025708": (16.0, 19.0),  # early young adult
    "HP:0025709": (19.0, 25.0),  # intermediate young adult
    "HP:0025710": (25.0, 40.0),  # late young adult
    "HP:0003596": (40.0, 60.0),  # middle age
    "HP:0003584": (60.0, 120.0),  # late
}
_PAGES = {
    "OMIM": "https://omim.org/entry/{}",
    "ORPHA": "https://www.orpha.net/en/disease/detail/{}",
    "MONDO": "https://monarchinitiative.org/MONDO:{}",
    "HP": "https://hpo.jax.org/browse/term/HP:{}",
}


@dataclass(frozen=True)
class Facts:
    """Of one candidate: gene symbols, HPO ids of inheritance and onset, Orphanet's prevalence class, Mondo id."""

    genes: tuple[str, ...] = ()
    inheritance: tuple[str, ...] = ()
    onset: tuple[str, ...] = ()
    prevalence: str = ""
    mondo: str = ""


def page_of(id_: str) -> str:
    """Return the web page of an OMIM, ORPHA, MONDO or HP id, or "" for another."""
    prefix, _, number = id_.partition(":")
    return _PAGES[prefix].format(number) if prefix in _PAGES else ""


def facts_of(
    related: Sequence[RelatedDiseases],
    annotations: Annotations,
    links: Links,
    genes: Mapping[str, frozenset[str]],
    prevalence: Mapping[str, str],
) -> tuple[Facts, ...]:
    """Return the facts of each candidate, over all of its ids. `prevalence` maps ORPHA ids to Orphanet's classes."""
    inheritance = dict(zip(annotations.diseases, annotations.inheritance, strict=True))
    course = dict(zip(annotations.diseases, annotations.course, strict=True))
    classes = {
        id_: class_ for class_, ids in links.members.items() for id_ in ids if class_.startswith("MONDO:")
    }
    return tuple(
        Facts(
            _merged(genes, entry.members),
            _merged(inheritance, entry.members),
            tuple(id_ for id_ in ONSETS if id_ in _merged(course, entry.members)),
            next((prevalence[id_] for id_ in entry.members if id_ in prevalence), ""),
            next((classes[id_] for id_ in entry.members if id_ in classes), ""),
        )
        for entry in related
    )


def _merged(values: Mapping[str, object], ids: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({str(item) for id_ in ids for item in _items(values.get(id_))}))


def _items(value: object) -> Sequence[object]:
    return list(value) if isinstance(value, (tuple, frozenset)) else []
