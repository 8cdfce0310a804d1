"""Cases from GA4GH phenopackets (v2; v1 is recognised) or plain lines of findings; the label is never looked at.

Of a packet only subject, age, sex and phenotypicFeatures are read; `id` is copied to the output and read for nothing
else. With `publications` the PMIDs of metaData.externalReferences are read too, so that their rows can be dropped.
Field names may be in snake case. Schema: https://phenopacket-schema.readthedocs.io/en/latest/
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis.case_files import field, read_packets
from clinweave.core.errors import UserError

_SEXES = {"MALE": "MALE", "FEMALE": "FEMALE", "M": "MALE", "F": "FEMALE", "1": "FEMALE", "2": "MALE"}
_NO_SEX = frozenset({"", "0", "3", "UNKNOWN_SEX", "OTHER_SEX", "UNKNOWN", "OTHER"})
_YES = frozenset({"true", "1"})
_NO = frozenset({"false", "0", "none"})


@dataclass(frozen=True)
class Case:
    """A patient's findings by HPO id. `problems` says what could not be read; `publications` is empty unless asked."""

    id: str
    observed: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    sex: str = ""
    age: str = ""  # ISO 8601 duration, such as P3Y6M
    publications: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def read_cases(path: Path, *, publications: bool = False, skipped: list[str] | None = None) -> Iterator[Case]:
    """Yield the cases of a file, a folder or an archive (`read_packets`), in order; no case is lost without a word.

    What cannot be read is a case with problems and no findings; files of other kinds are named in `skipped`. Raises
    `UserError` where no such path, the archive is broken, nothing in it looks like a case, or the only case of
    a single file cannot be read.
    """
    packets = read_packets(path, skipped)
    leading = list(islice(packets, 2))
    if len(leading) == 1 and leading[0].problem and path.is_file():
        raise UserError(f"{leading[0].location}: {leading[0].problem}")
    for count, item in enumerate(chain(leading, packets), 1):
        name = f"case-{count}"
        if item.problem:
            yield Case(name, problems=(f"{item.location}: {item.problem}",))
            continue
        case = packet(item.value, name, publications=publications)
        yield replace(case, problems=(*item.notes, *case.problems)) if item.notes else case


def packet(value: Any, name: str = "case-1", *, publications: bool = False) -> Case:
    """Return the case of a parsed phenopacket, or of {"id", "observed", "excluded", "age", "sex", "pmid"}."""
    if not isinstance(value, dict):
        return Case(name, problems=("not an object; expected a phenopacket",))
    id_ = value.get("id")
    id_ = str(id_) if isinstance(id_, str | int) and not isinstance(id_, bool) and str(id_) else name
    cited = _publications(value) if publications else ()
    problems: list[str] = []
    features = field(value, "phenotypicFeatures")
    if features is None and (
        isinstance(value.get("observed"), list) or isinstance(value.get("excluded"), list)
    ):
        return Case(
            id_,
            _texts(value, "observed", problems),
            _texts(value, "excluded", problems),
            _sex(value.get("sex"), problems),
            value["age"] if isinstance(value.get("age"), str) else "",
            cited,
            tuple(problems),
        )
    observed, excluded = _findings(features, problems)
    subject = value.get("subject")
    subject = subject if isinstance(subject, dict) else {}
    sex = _sex(subject.get("sex"), problems)
    return Case(id_, observed, excluded, sex, _age(subject), cited, tuple(problems))


def _findings(features: Any, problems: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    observed: list[str] = []
    excluded: list[str] = []
    if not isinstance(features, list):
        problems.append("no list phenotypicFeatures")
        return (), ()
    for index, feature in enumerate(features):
        type_ = feature.get("type") if isinstance(feature, dict) else None
        id_ = type_.get("id") if isinstance(type_, dict) else None
        if not isinstance(id_, str) or not id_.strip():
            problems.append(f"phenotypicFeatures[{index}] has no type.id and was ignored")
            continue
        stated = [feature[name] for name in ("excluded", "negated") if name in feature]
        values = {_truth(value) for value in stated}
        if "negated" in feature:
            problems.append("phenopacket of version 1: `negated` was read as `excluded`")
        if None in values or len(values) > 1:
            problems.append(
                f"phenotypicFeatures[{index}] ({id_}): excluded is neither true nor false; it was ignored"
            )
            continue
        (excluded if True in values else observed).append(id_)
    return tuple(observed), tuple(excluded)


def _truth(value: Any) -> bool | None:
    """Return what a flag says: true, false (null counts as false, as in protobuf), or None where it says neither."""
    text = str(value).strip().lower()
    return True if text in _YES else False if text in _NO else None


def _age(subject: dict[str, Any]) -> str:
    """Return the ISO 8601 age at the last encounter (v2) or at collection (v1), or ""."""
    for key in ("timeAtLastEncounter", "ageAtCollection"):
        value = field(subject, key)
        value = value.get("age", value) if isinstance(value, dict) else value
        value = value.get("iso8601duration", value.get("age")) if isinstance(value, dict) else value
        if isinstance(value, str):
            return value
    return ""


def _publications(value: dict[str, Any]) -> tuple[str, ...]:
    pmid = value.get("pmid")
    ids = [pmid] if isinstance(pmid, str) else []
    references = field(field(value, "metaData"), "externalReferences")
    listed = (
        [item.get("id") for item in references if isinstance(item, dict)]
        if isinstance(references, list)
        else []
    )
    ids += [item for item in listed if isinstance(item, str) and item.upper().startswith("PMID:")]
    return tuple(dict.fromkeys(f"PMID:{text.split(':')[-1].strip()}" for text in ids))


def _texts(value: dict[str, Any], name: str, problems: list[str]) -> tuple[str, ...]:
    """Return the identifiers of a plain list; what is none is left out and said."""
    listed = value.get(name)
    if listed is not None and not isinstance(listed, list):
        problems.append(f"{name} is not a list and was ignored")
    items = listed if isinstance(listed, list) else []
    for index, item in enumerate(items):
        if not isinstance(item, str):
            problems.append(f"{name}[{index}] is not text and was ignored")
    return tuple(item for item in items if isinstance(item, str))


def _sex(value: Any, problems: list[str]) -> str:
    """Return MALE, FEMALE or ""; numbers are those of the schema (1 female, 2 male)."""
    text = "" if value is None else str(value).strip().upper()
    if text not in _SEXES and text not in _NO_SEX:
        problems.append("the sex is neither MALE nor FEMALE and was ignored")
    return _SEXES.get(text, "")
