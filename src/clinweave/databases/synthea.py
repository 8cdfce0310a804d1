"""Synthea's disease modules (https://github.com/synthetichealth/synthea), in a zip or wheel. Grade: synthetic.

Made to generate patients, not to teach medicine: nothing of them supports an answer. Kept is what a module
states: a drug or procedure ordered for a reason that names a condition. Where a module has one condition alone,
its symptoms, observations, reports and imaging are attributed to that condition too; of a module with several, nothing
is guessed. Procedures whose name says that they look for something are tests (`biolink:diagnoses`), others treat.
Names are matched to Mondo, HPO and the dictionary of drug names where these files are at hand, with the module's
code in `original_*`.
"""

import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clinweave.databases import lookup
from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed, read_all, recorded_release, wrong
from clinweave.databases.prefixes import curie
from clinweave.records import Concept, Grade, Relation, Source

_FILE, _KIND = "synthea.zip", "a zip of Synthea's modules"
_DISEASES, _FINDINGS, _DRUGS = "mondo.json", "hp.obo", "drug_ner_dictionary.pkl.bz2"
_MAX_BYTES = 8 << 20  # bytes of one module; the largest has about 1 MB
_PREFIX = {"SNOMED-CT": "SNOMEDCT", "RxNorm": "RXCUI", "LOINC": "LOINC"}
_KIND_OF_CODE = re.compile(r"\s*\((?:disorder|finding|procedure|situation|regime/therapy|qualifier value)\)$")
_TESTS = re.compile(
    r"screen|test|measure|imaging|x-?ray|ultraso|biops|scop|assess|evaluat|graph|gram\b|assay|count|"
    r"examination|monitoring|tomogra|resonance|spirometry",
    re.IGNORECASE,
)
_SEEN = ("Observation", "DiagnosticReport", "ImagingStudy", "MultiObservation")
Code = tuple[str, str]  # CURIE, name


@dataclass
class _Module:
    row: int
    states: dict[str, dict[str, Any]]
    conditions: dict[str, list[Code]] = field(default_factory=dict)  # state -> its codes


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "synthea")
    next(_modules(path, RowLog(keep=0)), None)
    return Source(
        id="synthea",
        name="Synthea modules (synthetic)",
        infores="infores:synthea",
        release=recorded_release(path),
        licence="Apache-2.0; names of SNOMED CT, RxNorm and LOINC carry their own terms",
        homepage="https://github.com/synthetichealth/synthea",
    )


def _modules(path: Path, log: RowLog) -> Iterator[_Module]:
    """Yield the modules in the order of their names (row = place in it); `UserError` if there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(read_all(path, _KIND))) as archive:
            infos = sorted(archive.infolist(), key=lambda info: info.filename)
            infos = [info for info in infos if re.search(r"(?:^|/)modules/.*\.json$", info.filename)]
            if not infos:
                wrong(path, _KIND, "it holds no modules/*.json")
            for row, info in enumerate(infos, 1):
                if info.file_size > _MAX_BYTES:
                    log.drop(path.name, row, "a module that is too large")
                    continue
                try:
                    states = json.loads(archive.read(info))["states"]
                    yield _Module(row, {k: v for k, v in states.items() if isinstance(v, dict)})
                except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                    log.drop(path.name, row, "not a module")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zipfile.LargeZipFile) as error:
        wrong(path, _KIND, f"it is no zip ({str(error)[:60]})")
    except Exception as error:  # zlib.error and what damaged headers make of the standard library
        if error.__class__.__name__ in ("error", "ValueError", "OverflowError", "OSError", "IndexError"):
            wrong(path, _KIND, f"its zip is damaged ({str(error)[:60]})")
        raise


def _codes(state: Mapping[str, object]) -> list[Code]:
    """Return (CURIE, name) of the codes of a state that can be read."""
    listed = state.get("codes") or [state.get("procedure_code") or {}]
    codes = []
    for code in listed if isinstance(listed, list) else ():
        if isinstance(code, dict) and code.get("system") in _PREFIX and isinstance(code.get("display"), str):
            name = _KIND_OF_CODE.sub("", code["display"].strip())
            if (id_ := curie(_PREFIX[code["system"]], str(code.get("code", "")))) and name:
                codes.append((id_, name))
    return codes


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "synthea")
    modules = list(_modules(path, log))
    terms = _Terms(files)
    attributes: dict[str, set[Code]] = defaultdict(set)
    for module in modules:
        for name, state in module.states.items():
            if state.get("type") == "ConditionOnset" and (codes := _codes(state)):
                module.conditions[name] = codes
                attributes[str(state.get("assign_to_attribute") or "")].update(codes)
    attributes.pop("", None)
    for module in modules:
        yield from _of_module(module, attributes, terms, path.name, log)
    for code, name in sorted({coding for module in modules for coding in _every_code(module.states)}):
        yield from terms.coded((code, name))


def _every_code(value: object) -> Iterator[Code]:
    """Yield (CURIE, name) of every drug and measurement that is coded anywhere in a module."""
    if isinstance(value, dict):
        if value.get("system") in ("RxNorm", "LOINC"):
            yield from _codes({"codes": [value]})
        for item in value.values():
            yield from _every_code(item)
    elif isinstance(value, list):
        for item in value:
            yield from _every_code(item)


def _of_module(
    module: _Module, attributes: Mapping[str, set[Code]], terms: "_Terms", file: str, log: RowLog
) -> Iterator[Record]:
    conditions = {code for codes in module.conditions.values() for code in codes}
    for state in module.states.values():
        kind, reason = state.get("type"), str(state.get("reason") or "")
        why = set(module.conditions.get(reason, ())) or attributes.get(reason, set())
        if kind in ("MedicationOrder", "Procedure") and reason:
            if not why:
                log.drop(file, module.row, "a reason that names no condition")
            for thing in _codes(state):
                for condition in sorted(why):
                    yield from terms.ordered(thing, condition)
        elif len(conditions) == 1 and kind == "Symptom" and isinstance(state.get("symptom"), str):
            yield from terms.symptom(state["symptom"], next(iter(conditions)))
        elif len(conditions) == 1 and kind in _SEEN:
            for thing in _codes(state):
                yield from terms.related(thing, "diagnoses", next(iter(conditions)), "ClinicalAttribute")


class _Terms:
    """Loaded vocabularies, and the records already yielded."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._diseases = lookup.diseases(files[_DISEASES]) if _DISEASES in files else {}
        self._findings = lookup.findings(files[_FINDINGS]) if _FINDINGS in files else {}
        self._drugs = lookup.drug_names(files[_DRUGS], fold=True) if _DRUGS in files else {}
        self._seen: set[object] = set()

    def ordered(self, thing: Code, condition: Code) -> Iterator[Record]:
        """Yield the records of a drug or procedure ordered for a condition."""
        if thing[0].startswith("RXCUI:"):
            yield from self.related(
                thing, "treats", condition, "Drug", self._drugs.get(ingredient(thing[1]), "")
            )
        else:
            predicate = "diagnoses" if _TESTS.search(thing[1]) else "treats"
            yield from self.related(thing, predicate, condition, "Procedure")

    def symptom(self, name: str, condition: Code) -> Iterator[Record]:
        """Yield a symptom of a condition."""
        own = f"SYNTHEA.SYMPTOM:{lookup.slug(name)}"
        finding = self._findings.get(lookup.folded(name), "")
        if lookup.slug(name) and not finding:
            yield from self._concept(own, name, "PhenotypicFeature")
        if lookup.slug(name):
            disease, stated = self._disease(condition)
            yield from self._concept(*condition, "Disease")
            yield from self._relation(
                disease, "has_phenotype", finding or own, stated, own if finding else ""
            )

    def coded(self, thing: Code) -> Iterator[Record]:
        """Yield a drug or measurement as a concept with its code; a drug with its ingredients."""
        if thing[0].startswith("LOINC:"):
            yield from self._concept(*thing, "ClinicalAttribute")
            return
        yield from self._concept(*thing, "Drug")
        if substance := self._drugs.get(ingredient(thing[1]), ""):
            yield from self._relation(thing[0], "has_part", substance, "", "")

    def related(
        self, thing: Code, predicate: str, condition: Code, category: str, concept: str = ""
    ) -> Iterator[Record]:
        """Yield the thing, the condition and the relation between them, each once."""
        if not concept:
            yield from self._concept(*thing, category)
        yield from self._concept(*condition, "Disease")
        disease, stated = self._disease(condition)
        yield from self._relation(
            concept or thing[0], predicate, disease, thing[0] if concept else "", stated
        )

    def _disease(self, condition: Code) -> tuple[str, str]:
        disease = self._diseases.get(lookup.folded(condition[1]), "")
        return (disease, condition[0]) if disease else (condition[0], "")

    def _concept(self, id_: str, name: str, category: str) -> Iterator[Concept]:
        if id_ not in self._seen and not (category == "Disease" and lookup.folded(name) in self._diseases):
            self._seen.add(id_)
            yield Concept(id_, f"biolink:{category}", name, "synthea")

    def _relation(
        self, subject: str, predicate: str, target: str, first: str, second: str
    ) -> Iterator[Relation]:
        key = subject, predicate, target, first, second
        if key not in self._seen:
            self._seen.add(key)
            yield Relation(
                subject, f"biolink:{predicate}", target, "synthea", grade=Grade.SYNTHETIC,
                knowledge_level="not_provided", agent_type="not_provided",
                original_subject=first, original_object=second,
            )  # fmt: skip


def ingredient(name: str) -> str:
    """Return the folded ingredient of a clinical drug's name, "" of a combination ("24 HR x 5 MG Tablet" -> "x")."""
    bare = re.sub(r"^\d+(?:\.\d+)? (?:HR|ML|ACTUAT) ", "", name)
    bare = re.sub(r"^[\w.]+ (?:MG|ML|HR|ACTUAT) ", "", bare)
    if " / " in name:
        return ""
    words = lookup.folded(re.split(r"\s\d", bare)[0])
    salts = (
        r" (?:hydrochloride|sodium|potassium|succinate|tartrate|sulfate|maleate|besylate|acetate|citrate)$"
    )
    return re.sub(salts, "", words)


SYNTHEA = Database("synthea", "SYNTHEA", (_FILE,), _source, _read, optional=(_DISEASES, _FINDINGS, _DRUGS))
