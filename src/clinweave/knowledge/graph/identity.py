"""Which identifiers name the same thing: joined by what sources state of identifiers, never by name alone.

A concept becomes another one only where a source states an equivalence (an xref) between two concepts of the same
family (disease, phenotype, gene, chemical), from one prefix to another of higher priority, and the statement points
at exactly one concept. Where a source links one disease or chemical to several (ORPHA:558 and ORPHA:284963 to Mondo's
Marfan syndrome), a link is taken as identity only if both ends also bear the very same name. Anything else stays
apart. `join` returns every merge with its reason, to trace a wrong one.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

# The first prefix of this list that a group of equal identifiers has is the one that the graph uses.
PRIORITY = (
    "MONDO", "HP", "HGNC", "CHEBI", "ICD10CM", "DOID", "OMIM", "OMIMPS", "ORPHA", "DECIPHER", "NCBIGene",
    "ENSEMBL", "UNIPROT", "DRUGBANK", "CHEMBL", "RXCUI", "UNII", "MESH", "NCIT", "SNOMEDCT", "UMLS", "MEDGEN",
)  # fmt: skip
_RANK = {prefix: rank for rank, prefix in enumerate(PRIORITY)}

_FAMILY = {
    "biolink:Disease": "disease",
    "biolink:DiseaseOrPhenotypicFeature": "disease",
    "biolink:PhenotypicFeature": "phenotype",
    "biolink:Gene": "gene",
    "biolink:ChemicalEntity": "chemical",
    "biolink:SmallMolecule": "chemical",
    "biolink:MolecularMixture": "chemical",
    "biolink:ChemicalMixture": "chemical",
    "biolink:Drug": "chemical",
    "biolink:Protein": "chemical",
}
# Codes classify patients' records; a code and a disease are never one thing, even where a source says xref.
_CODES = frozenset({"ICD10CM", "ICD10", "ICD9CM", "ICD11"})
# Two concepts that both name the same identifier of these vocabularies are the same thing, although no file lists
# that identifier as a concept of its own. Vocabularies that sources link loosely (UMLS, MESH, SNOMED CT) are not here.
_BRIDGES = frozenset({"OMIM", "ORPHA", "DOID", "HGNC", "NCBIGene", "ENSEMBL", "CHEBI", "DRUGBANK"})
# Where concepts of several families claim an identifier, it belongs to this one.
_HOME = {"OMIM": "disease", "OMIMPS": "disease", "ORPHA": "disease", "DOID": "disease", "DECIPHER": "disease"}

_SPELLINGS = {
    "orphanet": "ORPHA", "ordo": "ORPHA", "mim": "OMIM", "mesh": "MESH", "msh": "MESH", "hpo": "HP",
    "sctid": "SNOMEDCT", "snomed": "SNOMEDCT", "snomedct": "SNOMEDCT", "snomedct_us": "SNOMEDCT",
    "entrez": "NCBIGene", "ncbigene": "NCBIGene", "geneid": "NCBIGene", "db": "DRUGBANK", "icd10cm": "ICD10CM",
    "icd-10-cm": "ICD10CM", "uniprotkb": "UNIPROT", "chembl.compound": "CHEMBL",
}  # fmt: skip
_CURIE = re.compile(r"^[A-Za-z][\w.\-]*:\S+$")


@dataclass(frozen=True, slots=True)
class Node:
    """The fields of a concept record needed for merging: its stated equivalents."""

    id: str
    category: str
    source: str
    xrefs: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Merge:
    """One identifier that became another one, and the statement that made it so."""

    id: str
    canonical: str
    because: str
    source: str


def prefix_of(curie: str) -> str:
    """Return the prefix of a CURIE: "MONDO" of "MONDO:0007947"."""
    return curie.partition(":")[0]


def is_curie(text: str) -> bool:
    """Say whether text has the form prefix:local, without spaces."""
    return bool(_CURIE.match(text))


def spelt(curie: str) -> str:
    """Return a CURIE with the prefix spelt as in the graph: "Orphanet:558" -> "ORPHA:558"."""
    prefix, colon, local = curie.strip().partition(":")
    if not colon:
        return curie.strip()
    canonical = _SPELLINGS.get(prefix.lower())
    if canonical is None:
        canonical = next((name for name in PRIORITY if name.lower() == prefix.lower()), prefix)
    return f"{canonical}:{local}"


def rank(curie: str) -> tuple[int, str]:
    """Return the priority of a CURIE's prefix, lowest first; unlisted prefixes come last, by alphabet."""
    prefix = prefix_of(curie)
    return _RANK.get(prefix, len(_RANK)), prefix


def is_code(curie: str) -> bool:
    """Say whether an identifier is a code for records (ICD), which classifies things but names none."""
    return prefix_of(curie) in _CODES


def family(curie: str, category: str) -> str:
    """Return the family that a concept belongs to; only concepts of one family may be merged."""
    return "code" if is_code(curie) else _FAMILY.get(category, category)


Targets = dict[str, tuple[str, str]]  # candidate -> (reason, source)
_NAMED = frozenset({"disease", "chemical"})  # families whose names are distinct enough to confirm a link


def _folded(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


class _Claims:
    """Stated equivalences of identifiers within a family, and looser links."""

    def __init__(self, nodes: Iterable[Node]):
        self.family: dict[str, str] = {}
        self.source: dict[str, str] = {}
        self.xrefs: dict[str, list[tuple[str, str]]] = {}
        self.by: dict[tuple[str, str], dict[str, str]] = {}
        self.name: dict[str, str] = {}
        self.links: dict[str, dict[str, str]] = {}
        for node in nodes:
            kin = self.family.setdefault(node.id, family(node.id, node.category))
            self.name.setdefault(node.id, node.name)
            for link in (*node.xrefs, *node.related):
                self.links.setdefault(node.id, {}).setdefault(link, node.source)
                self.links.setdefault(link, {}).setdefault(node.id, node.source)
            for xref in node.xrefs:
                self.xrefs.setdefault(node.id, []).append((xref, node.source))
                self.by.setdefault((kin, xref), {}).setdefault(node.id, node.source)

    def of(self, kin: str, curie: str) -> Mapping[str, str]:
        return self.by.get((kin, curie), {})

    def alone(self, curie: str, xref: str) -> bool:
        """Say whether no other concept of the same prefix claims this xref (the one-to-one rule)."""
        prefix = prefix_of(curie)
        return all(
            other == curie or prefix_of(other) != prefix for other in self.of(self.family[curie], xref)
        )


def merge_identifiers(
    nodes: Iterable[Node], apart: Collection[tuple[str, str]] = ()
) -> tuple[dict[str, str], list[Merge]]:
    """Return (identifier -> canonical identifier, for merged ones only) and the merges with their reasons.

    The two identifiers of a pair in `apart` never become one, neither directly nor by way of a third. Identifiers are
    taken from the highest priority down; each looks only at prefixes above its own, so the outcome depends on no order
    of the input.
    """
    claims = _Claims(nodes)
    canonical: dict[str, str] = {}
    merges: list[Merge] = []
    guard = _Apart(apart)
    touched = claims.family.keys() & claims.links.keys()
    for curie in sorted(touched, key=lambda item: (rank(item), item)):
        targets = guard.allowed(curie, _leading(curie, _targets(curie, claims, canonical), claims, canonical))
        if len(targets) != 1 or "" in targets:
            targets = guard.allowed(curie, _namesakes(curie, claims, canonical))
        if len(targets) == 1:
            ((target, (because, source)),) = targets.items()
            canonical[curie] = target
            guard.merged(curie, target)
            merges.append(Merge(curie, target, because, source))
    return canonical, sorted(merges, key=lambda merge: (merge.canonical, merge.id))


def _leading(curie: str, targets: Targets, claims: _Claims, canonical: Mapping[str, str]) -> Targets:
    """Return the one target that the leading vocabulary names where databases disagree, else all targets.

    Mondo says that ORPHA:1 is MONDO:1, and another database that it is MONDO:2: Mondo knows its own terms best.
    """
    if len(targets) < 2 or len({source for _, source in targets.values()}) < 2:
        return targets
    claimants = [item for item in claims.of(claims.family[curie], curie) if rank(item) < rank(curie)]
    best = min(map(rank, [*claimants, *filter(None, targets)]))
    named = {canonical.get(item, item) for item in claimants if rank(item) == best}
    return {target: targets[target] for target in named & targets.keys()} if len(named) == 1 else targets


class _Apart:
    """Pairs that must stay apart, and the groups that have grown so far."""

    def __init__(self, pairs: Iterable[tuple[str, str]]):
        self._pairs: dict[str, set[str]] = {}
        for first, other in pairs:
            self._pairs.setdefault(first, set()).add(other)
            self._pairs.setdefault(other, set()).add(first)
        self._groups: dict[str, set[str]] = {}

    def allowed(self, curie: str, targets: Targets) -> Targets:
        """Return the targets whose group holds nothing that this identifier must stay apart from."""
        barred = self._pairs.get(curie)
        if not barred:
            return targets
        return {
            target: why
            for target, why in targets.items()
            if not barred & (self._groups.get(target, set()) | {target})
        }

    def merged(self, curie: str, target: str) -> None:
        """Note that an identifier has become another."""
        self._groups.setdefault(target, set()).add(curie)


def _targets(curie: str, claims: _Claims, canonical: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return candidate -> (reason, source); the candidate "" stands for a statement that is not one-to-one."""
    kin, own = claims.family[curie], rank(curie)
    claimed: dict[str, tuple[str, str]] = {}
    for claimant, source in sorted(claims.of(kin, curie).items()):
        if rank(claimant) < own:
            claimed.setdefault(canonical.get(claimant, claimant), (f"{claimant} lists {curie}", source))
    for xref, source in sorted(claims.xrefs.get(curie, ())):
        if claims.family.get(xref) == kin and rank(xref) < own:
            target = canonical.get(xref, xref) if claims.alone(curie, xref) else ""
            claimed.setdefault(target, (f"{curie} lists {xref}", source))
        elif xref not in claims.family and prefix_of(xref) in _BRIDGES:
            for claimant in sorted(claims.of(kin, xref)):
                if rank(claimant) < own:
                    target = canonical.get(claimant, claimant) if claims.alone(curie, xref) else ""
                    claimed.setdefault(target, (f"{curie} and {claimant} both list {xref}", source))
    return claimed


def _namesakes(curie: str, claims: _Claims, canonical: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return candidate -> (reason, source) for stated links of any strictness between equal names."""
    kin, own, name = claims.family[curie], rank(curie), _folded(claims.name[curie])
    same_named: dict[str, tuple[str, str]] = {}
    for other, source in sorted(claims.links[curie].items()) if kin in _NAMED and name else ():
        if claims.family.get(other) == kin and rank(other) < own and _folded(claims.name[other]) == name:
            target = canonical.get(other, other)
            same_named.setdefault(
                target, (f"{curie} and {other} are linked, and both are called {name!r}", source)
            )
    return same_named


def aliases(nodes: Iterable[Node]) -> list[tuple[str, str]]:
    """Return sorted (identifier, concept) pairs for identifiers that are not concepts themselves.

    An identifier with two pairs is ambiguous. Where concepts of several families claim an identifier that has a home
    (OMIM, ORPHA and the like name diseases), only the home family's claims remain.
    """
    families: dict[str, str] = {}
    claims: dict[str, set[str]] = {}
    for node in nodes:
        families[node.id] = family(node.id, node.category)
        for xref in node.xrefs:
            claims.setdefault(xref, set()).add(node.id)
    pairs = []
    for xref, claimants in claims.items():
        if xref in families:
            continue
        at_home = {item for item in claimants if families[item] == _HOME.get(prefix_of(xref))}
        pairs += [(xref, item) for item in at_home or claimants]
    return sorted(pairs)
