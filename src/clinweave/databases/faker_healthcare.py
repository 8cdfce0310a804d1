"""Lists of 158 common diseases with symptoms and drugs, from faker-healthcare-provider. Grade: synthetic.

The package's author wrote them for test data, cites nothing, and says that they are not for diagnosis or treatment. So
nothing of them supports an answer. The Python file is read as literals and never run. Names are matched to Mondo, HPO
and the dictionary of drug names where these files are at hand, and kept in `original_*`; the ICD-10 code is a looser
link. What matches nothing keeps an identifier of its own.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from clinweave.databases import lookup
from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed, read_all, recorded_release, wrong
from clinweave.databases.prefixes import curie
from clinweave.records import Concept, Grade, Relation, Source

_FILE, _KIND = "disease_correlations.py", "faker-healthcare-provider's table of diseases"
_TABLE = "DISEASE_CORRELATIONS"
_DISEASES, _FINDINGS, _DRUGS = "mondo.json", "hp.obo", "drug_ner_dictionary.pkl.bz2"


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "faker_healthcare")
    _table(path)
    return Source(
        id="faker_healthcare",
        name="faker-healthcare-provider (synthetic)",
        infores="infores:faker-healthcare-provider",
        release=recorded_release(path),
        licence="MIT; for testing and development, not for diagnosis or treatment",
        homepage="https://github.com/rodrigobnogueira/faker-healthcare-provider",
    )


def _table(path: Path) -> dict[Any, Any]:
    try:
        tree = ast.parse(read_all(path, _KIND))
        for node in tree.body:
            names = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
            value = getattr(node, "value", None)
            if value is not None and any(getattr(name, "id", "") == _TABLE for name in names):
                parsed = ast.literal_eval(value)
                if isinstance(parsed, dict) and parsed:
                    return parsed
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError) as error:
        wrong(path, _KIND, f"it is no Python with literals ({str(error)[:60]})")
    return wrong(path, _KIND, f"it holds no {_TABLE}")


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "faker_healthcare")
    diseases = _Names(files.get(_DISEASES), lookup.diseases, "DISEASE", "Disease")
    findings = _Names(files.get(_FINDINGS), lookup.findings, "SYMPTOM", "PhenotypicFeature")
    drugs = _Names(files.get(_DRUGS), lambda file: lookup.drug_names(file, fold=True), "DRUG", "Drug")
    for row, (name, entry) in enumerate(_table(path).items(), 1):
        try:
            code = curie("ICD10CM", entry["icd10"])
            symptoms, medications = list(map(str, entry["symptoms"])), list(map(str, entry["medications"]))
        except (TypeError, KeyError, AttributeError):
            log.drop(path.name, row, "not a disease with symptoms and medications")
            continue
        if not isinstance(name, str) or not lookup.slug(name):
            log.drop(path.name, row, "a disease without a name")
            continue
        disease, own = diseases.id(name)
        yield from diseases.concept(name, (code,) if code else ())
        for predicate, names, table in (
            ("has_phenotype", symptoms, findings),
            ("treats", medications, drugs),
        ):
            for text in dict.fromkeys(filter(lookup.slug, names)):
                target, stated = table.id(text)
                yield from table.concept(text)
                ends = (disease, target) if predicate == "has_phenotype" else (target, disease)
                origins = (own, stated) if predicate == "has_phenotype" else (stated, own)
                yield _synthetic(ends, origins, predicate)


class _Names:
    """Names of one kind, matched to a vocabulary where its file is at hand."""

    def __init__(
        self, path: Path | None, read: Callable[[Path], dict[str, str]], kind: str, category: str
    ) -> None:
        self._ids = read(path) if path else {}
        self._kind, self._category = kind, category
        self._emitted: set[str] = set()

    def id(self, name: str) -> tuple[str, str]:
        """Return (id, the list's own id where that is another one)."""
        own = f"FAKER.{self._kind}:{lookup.slug(name)}"
        folded = lookup.folded(name)
        singular = folded.removesuffix("s")
        matched = self._ids.get(folded) or self._ids.get(singular) or own
        return matched, own if matched != own else ""

    def concept(self, name: str, related: tuple[str, ...] = ()) -> Iterator[Concept]:
        """Yield the concept once, where the name matched nothing."""
        id_, matched = self.id(name)
        if not matched and id_ not in self._emitted:
            self._emitted.add(id_)
            yield Concept(id_, f"biolink:{self._category}", name, "faker_healthcare", related=related)


def _synthetic(ends: tuple[str, str], origins: tuple[str, str], predicate: str) -> Relation:
    return Relation(
        ends[0],
        f"biolink:{predicate}",
        ends[1],
        "faker_healthcare",
        grade=Grade.SYNTHETIC,
        knowledge_level="not_provided",
        agent_type="not_provided",
        original_subject=origins[0],
        original_object=origins[1],
    )


FAKER_HEALTHCARE = Database(
    "faker_healthcare", "FAKER", (_FILE,), _source, _read, optional=(_DISEASES, _FINDINGS, _DRUGS)
)
