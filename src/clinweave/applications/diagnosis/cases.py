"""Cases from GA4GH phenopackets (v2; v1 is recognised), linked texts or plain lines of findings.

The label is never looked at. Of a packet only subject, age, sex and phenotypicFeatures are read; `id` is copied to the
output and read for nothing
else. With `publications` the PMIDs of metaData.externalReferences are read too, to drop their rows.
Field names may be in snake case. Schema: https://phenopacket-schema.readthedocs.io/en/latest/
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis.ages import read_age
from clinweave.applications.diagnosis.case_files import field, read_packets
from clinweave.applications.diagnosis.ontology import Ontology
from clinweave.core.errors import UserError
from clinweave.records import Mention

_SEXES = {"MALE": "MALE", "FEMALE": "FEMALE", "M": "MALE", "F": "FEMALE", "1": "FEMALE", "2": "MALE"}
_NO_SEX = frozenset({"", "0", "3", "UNKNOWN_SEX", "OTHER_SEX", "UNKNOWN", "OTHER"})
_MENTION = tuple(item.name for item in fields(Mention))
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
    """Return the case of a parsed phenopacket, or of {"id", "observed", "excluded", "age", "sex", "pmid"}.

    Also of {"id", "mentions"}, a line of `clinweave link`; only its mentions of HPO terms count.
    """
    if not isinstance(value, dict):
        return Case(name, problems=("not an object; expected a phenopacket",))
    if isinstance(value.get("mentions"), list):
        return _linked(value, name)
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
            _age_of(value.get("age"), problems),
            cited,
            tuple(problems),
        )
    observed, excluded = _findings(features, problems)
    subject = value.get("subject")
    subject = subject if isinstance(subject, dict) else {}
    sex = _sex(subject.get("sex"), problems)
    age = _age_of(_age(subject), problems)
    return Case(id_, observed, excluded, sex, age, cited, tuple(problems))


def from_mentions(id_: str, mentions: Sequence[Mention], sex: str = "", age: str = "") -> Case:
    """Return the case described by a text: present and past findings are observed, denied ones excluded.

    Findings of relatives and findings that are only suspected or feared are left out, and listed among its problems.
    """
    mine = [mention for mention in mentions if not mention.experiencer]
    yes = dict.fromkeys(mention.id for mention in mine if mention.of_patient)
    no = dict.fromkeys(mention.id for mention in mine if mention.status == "absent" and mention.id not in yes)
    others: dict[str, tuple[str, str]] = {}
    for mention in mentions:
        if mention.id in yes or mention.id in no or (mention.id in others and mention.status == "absent"):
            continue  # absent in other relatives
        others[mention.id] = (mention.name, _why_left_out(mention))
    problems = [f"{other} ({name}) is {why} and was left out" for other, (name, why) in others.items()]
    return Case(id_, tuple(yes), tuple(no), sex, age, problems=tuple(problems))


def _why_left_out(mention: Mention) -> str:
    if not mention.experiencer:
        return mention.status
    return "absent in relatives" if mention.status == "absent" else "reported for a relative"


def _linked(value: dict[str, Any], name: str) -> Case:
    """Return the case of a line of `clinweave link`: its HPO mentions."""
    id_ = value.get("id")
    named = str(id_) if isinstance(id_, str | int) and not isinstance(id_, bool) and str(id_) else name
    mentions: list[Mention] = []
    problems: list[str] = []
    for index, item in enumerate(value["mentions"]):
        try:
            mention = Mention(**{key: item[key] for key in _MENTION if key in item})
        except (TypeError, ValueError, KeyError) as error:
            problems.append(f"mentions[{index}] is no mention and was ignored ({error})")
            continue
        if mention.id.startswith("HP:"):
            mentions.append(mention)
    case = from_mentions(named, mentions)
    return replace(case, problems=(*problems, *case.problems))


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


def _truth(value: object) -> bool | None:
    """Return what a flag says: true, false (null counts as false, as in protobuf), or None where it says neither."""
    text = str(value).strip().lower()
    return True if text in _YES else False if text in _NO else None


def _age(subject: Mapping[str, object]) -> str:
    """Return the ISO 8601 age at the last encounter (v2) or at collection (v1), or ""."""
    for key in ("timeAtLastEncounter", "ageAtCollection"):
        value = field(subject, key)
        value = value.get("age", value) if isinstance(value, dict) else value
        value = value.get("iso8601duration", value.get("age")) if isinstance(value, dict) else value
        if isinstance(value, str):
            return value
    return ""


def _age_of(value: object, problems: list[str]) -> str:
    """Return an age as an ISO 8601 duration; one that cannot be read is left out and reported."""
    try:
        return read_age("" if value is None else str(value))
    except UserError:
        problems.append("the age cannot be read and was ignored; write it as P3Y6M, 3y6m or '5 months'")
        return ""


def _publications(value: Mapping[str, object]) -> tuple[str, ...]:
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


def _texts(value: Mapping[str, object], name: str, problems: list[str]) -> tuple[str, ...]:
    """Return the identifiers of a plain list; what is none is left out and said."""
    listed = value.get(name)
    if listed is not None and not isinstance(listed, list):
        problems.append(f"{name} is not a list and was ignored")
    items = listed if isinstance(listed, list) else []
    for index, item in enumerate(items):
        if not isinstance(item, str):
            problems.append(f"{name}[{index}] is not text and was ignored")
    return tuple(item for item in items if isinstance(item, str))


def _sex(value: object, problems: list[str]) -> str:
    """Return MALE, FEMALE or ""; numbers are those of the schema (1 female, 2 male)."""
    text = "" if value is None else str(value).strip().upper()
    if text not in _SEXES and text not in _NO_SEX:
        problems.append("the sex is neither MALE nor FEMALE and was ignored")
    return _SEXES.get(text, "")


def corrected(
    case: Case, ontology: Ontology, observed: Sequence[str], excluded: Sequence[str], ignored: Sequence[str]
) -> Case:
    """Return a case with findings set by hand, which overrule what it said of them.

    An `observed` finding is no longer excluded, nor is a class of it. Of an `excluded` finding neither it nor any kind
    of it stays observed. An `ignored` one is taken out of both lists.
    """
    if not (observed or excluded or ignored):
        return case
    above = _related(ontology, observed, ontology.ancestors)
    below = _related(ontology, excluded, ontology.descendants)
    ignored_places = {ontology.place(id_) for id_ in ignored}

    def kept(ids: Sequence[str], dropped: set[int | None]) -> list[str]:
        return [id_ for id_ in ids if (place := ontology.place(id_)) is None or place not in dropped]

    yes = [*observed, *kept(case.observed, below | ignored_places)]
    no = [*excluded, *kept(case.excluded, above | ignored_places)]
    return replace(case, observed=tuple(dict.fromkeys(yes)), excluded=tuple(dict.fromkeys(no)))


def _related(ontology: Ontology, ids: Sequence[str], places: Sequence[Any]) -> set[int | None]:
    known = [place for id_ in ids if (place := ontology.place(id_)) is not None]
    return {int(place) for index in known for place in places[index]}
