"""Equivalent disease ids and related diseases: from Mondo, or from equal names alone; and by gene."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from clinweave.records import Concept, Relation

_STEPS = 3  # levels of Mondo searched upwards for related diseases
_MANY = 60  # a class above more annotated diseases than this is too general
_WORD = re.compile(r"[a-z0-9]+")
_SERIES = re.compile(r"\b(?:type\s*)?(?:\d+[a-z]*|[ivx]+[a-z]?)$")


@dataclass(frozen=True)
class Links:
    """`members` maps a class to its OMIM and ORPHA ids, `parents` a class to the classes above it."""

    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""
    release: str = ""
    names: Mapping[str, str] = field(default_factory=dict)  # of the classes


@dataclass(frozen=True)
class RelatedDiseases:
    """Of each candidate: the ids it is known by, the wider Orphanet groups above it, and its siblings' ids.

    Where nothing is annotated of it, `genes` are annotated candidates of the same gene, which may stand in for it, and
    `name` is what it is called elsewhere.
    """

    members: tuple[str, ...]
    groups: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()
    genes: tuple[str, ...] = ()
    name: str = ""


def from_mondo(records: Iterable[object], release: str = "") -> Links:
    """Return the one-to-one OMIM and ORPHA ids and the is_a of Mondo's reader."""
    members: dict[str, tuple[str, ...]] = {}
    parents: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for record in records:
        if isinstance(record, Concept):
            names[record.id] = record.name
            if ids := tuple(xref for xref in record.xrefs if xref.startswith(("OMIM:", "ORPHA:"))):
                members[record.id] = ids
        elif isinstance(record, Relation) and record.predicate == "biolink:subclass_of":
            parents.setdefault(record.subject, []).append(record.object)
    return Links(members, {id_: tuple(above) for id_, above in parents.items()}, "mondo", release, names)


def genes_from(records: Iterable[object]) -> dict[str, frozenset[str]]:
    """Return disease id -> symbols of its genes, from the records of HPO's table of genes and diseases."""
    symbols: dict[str, str] = {}
    genes_of: dict[str, set[str]] = {}
    for record in records:
        if isinstance(record, Concept):
            symbols[record.id] = record.name
        elif isinstance(record, Relation) and record.predicate == "biolink:gene_associated_with_condition":
            genes_of.setdefault(record.object, set()).add(symbols.get(record.subject, record.subject))
    return {id_: frozenset(genes) for id_, genes in genes_of.items()}


def from_names(names: Mapping[str, str], release: str = "") -> Links:
    """Return classes of equal names (words in any order) and series ("... 4", "... type II"), as names tell them."""
    members: dict[str, list[str]] = {}
    parents: dict[str, tuple[str, ...]] = {}
    for id_ in sorted(names):
        members.setdefault("name " + " ".join(sorted(_WORD.findall(names[id_].lower()))), []).append(id_)
    for class_, ids in members.items():
        parents[class_] = ("series " + series(names[ids[0]]),)
    return Links({class_: tuple(ids) for class_, ids in members.items()}, parents, "names", release)


def series(name: str) -> str:
    """Return a name without what tells the members of a series apart."""
    return _SERIES.sub("", name.lower().split(";")[0].split(",")[0].strip()).strip()


def related_diseases(
    links: Links,
    annotated: frozenset[str],
    genes: Mapping[str, frozenset[str]] | None = None,
    *,
    related_only: bool = True,
    orphanet: bool = False,
) -> list[RelatedDiseases]:
    """Return the candidates, sorted by their first id: every OMIM id that is annotated itself or by an equivalent.

    An ORPHA id joins the OMIM id of its class; a class with several OMIM ids gives one candidate each. `related_only`
    adds the OMIM ids without annotations that have related diseases, and those of `genes` (disease id -> symbols) that
    share a gene with an annotated candidate: a disease newer than the release can then be found. `orphanet` adds the
    ORPHA ids that no OMIM id shares and below which `links` has no OMIM id: diseases that Orphanet alone names.
    """
    family = _Family(links, annotated)
    related: dict[str, RelatedDiseases] = {}
    for class_, ids in links.members.items():
        shared = tuple(id_ for id_ in ids if id_.startswith("ORPHA:"))
        for id_ in ids:
            if id_.startswith("OMIM:"):
                relatives = family.relatives((id_, *shared), class_)
                if annotated & {id_, *shared} or (related_only and (relatives.groups or relatives.siblings)):
                    related[id_] = relatives
    for id_ in annotated - related.keys():
        if id_.startswith("OMIM:"):
            related[id_] = RelatedDiseases((id_,))
    if orphanet:
        taken = {id_ for entry in related.values() for id_ in entry.members}
        related |= {
            id_: RelatedDiseases((id_,))
            for id_ in sorted(annotated - taken - family.wide)
            if id_.startswith("ORPHA:")
        }
    _stand_in(related, annotated, genes or {})
    classes = {id_: class_ for class_, ids in links.members.items() for id_ in ids}
    for id_, entry in related.items():
        if not annotated & set(entry.members):
            name = links.names.get(classes.get(id_, ""), "")
            related[id_] = replace(entry, name=name or _of_genes(id_, (genes or {}).get(id_, frozenset())))
    return [related[id_] for id_ in sorted(related)]


def _stand_in(
    related: dict[str, RelatedDiseases], annotated: frozenset[str], genes: Mapping[str, frozenset[str]]
) -> None:
    """Give candidates of which nothing is annotated, old and new, the annotated ones of the same gene."""
    by_gene: dict[str, set[str]] = {}
    for first, entry in related.items():
        if annotated & set(entry.members):
            for symbol in {symbol for id_ in entry.members for symbol in genes.get(id_, ())}:
                by_gene.setdefault(symbol, set()).add(first)
    for id_ in sorted(genes):
        present = related.get(id_)
        if not id_.startswith("OMIM:") or (present and annotated & set(present.members)):
            continue
        if near := {first for symbol in genes[id_] for first in by_gene.get(symbol, ())}:
            related[id_] = replace(present or RelatedDiseases((id_,)), genes=tuple(sorted(near)))


def _of_genes(id_: str, symbols: frozenset[str]) -> str:
    return f"{id_}, a disease of {', '.join(sorted(symbols))}" if symbols else id_


class _Family:
    def __init__(self, links: Links, annotated: frozenset[str]) -> None:
        self.links, self.annotated = links, annotated
        self.children: dict[str, list[str]] = {}
        for class_, above in sorted(links.parents.items()):
            for parent in above:
                self.children.setdefault(parent, []).append(class_)
        self.inside: dict[str, tuple[str, ...]] = {}

    @property
    def wide(self) -> frozenset[str]:
        """Return the ORPHA ids of classes that have an OMIM id below them: groups, not diseases."""
        above, waiting = set[str](), list[str]()
        for class_, ids in self.links.members.items():
            if any(id_.startswith("OMIM:") for id_ in ids):
                waiting += self.links.parents.get(class_, ())
        while waiting:
            if (ancestor := waiting.pop()) not in above:
                above.add(ancestor)
                waiting += self.links.parents.get(ancestor, ())
        return frozenset(id_ for ancestor in above for id_ in self.links.members.get(ancestor, ()))

    def relatives(self, members: tuple[str, ...], class_: str) -> RelatedDiseases:
        """Return the groups within three steps, and the siblings below the smallest class that has any."""
        above = self._above(class_)
        groups = [
            id_
            for parent in above
            if len(self._below(parent)) <= _MANY
            for id_ in self.links.members.get(parent, ())
            if id_.startswith("ORPHA:") and id_ in self.annotated
        ]
        best: tuple[str, ...] = ()
        for parent in above:
            below = self._below(parent)
            if 2 <= len(below) <= _MANY and (not best or len(below) < len(best)):
                best = below
        siblings = tuple(id_ for id_ in best if id_ not in members)
        return RelatedDiseases(members, tuple(sorted(set(groups) - set(members))), siblings)

    def _above(self, class_: str) -> list[str]:
        seen: list[str] = []
        level = [class_]
        for _ in range(_STEPS):
            level = sorted(
                {up for ancestor in level for up in self.links.parents.get(ancestor, ())} - set(seen)
            )
            seen += level
        return seen

    def _below(self, class_: str) -> tuple[str, ...]:
        """Return the annotated OMIM ids at or below a class, sorted."""
        if class_ not in self.inside:
            seen, waiting = {class_}, [class_]
            while waiting:
                for child in self.children.get(waiting.pop(), ()):
                    if child not in seen:
                        seen.add(child)
                        waiting.append(child)
            self.inside[class_] = tuple(
                sorted(
                    id_
                    for descendant in seen
                    for id_ in self.links.members.get(descendant, ())
                    if id_.startswith("OMIM:") and id_ in self.annotated
                )
            )
        return self.inside[class_]
