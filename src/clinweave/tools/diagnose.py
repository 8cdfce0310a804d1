"""The tool `diagnose`: rare diseases ranked by a patient's findings."""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Literal

from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Mention
from clinweave.tools.base import LONGEST_TEXT, Parameter, Tool
from clinweave.tools.errors import ErrorKind, Suggestion, ToolError

if TYPE_CHECKING:
    from clinweave.applications.diagnosis import DiagnosisResult, Ontology, RankedDisease


@dataclass(frozen=True, slots=True)
class DiagnoseInput:
    """Arguments of `diagnose`; at least one observed finding, or a text with one, is needed."""

    observed: Annotated[
        tuple[str, ...], Parameter("Findings of the patient, as HPO identifiers or names.", max_items=100)
    ] = ()
    excluded: Annotated[
        tuple[str, ...],
        Parameter("Findings that were looked for and are absent, likewise.", max_items=100),
    ] = ()
    text: Annotated[str, Parameter("A letter or note of one patient, read for findings.", LONGEST_TEXT)] = ""
    sex: Annotated[Literal["", "male", "female"], Parameter("Sex of the patient, if stated.")] = ""
    age: Annotated[str, Parameter("Age of the patient, as 16y, 5 months or P3Y6M.", max_length=40)] = ""
    limit: Annotated[int, Parameter("Maximum number of diseases.", maximum=100)] = 10


@dataclass(frozen=True, slots=True)
class TermView:
    """An HPO term."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ReasonView:
    """What one finding adds to a score, in natural units, and the nearest annotation of the disease."""

    finding: str
    name: str
    contribution: float
    annotated: str
    frequency: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiseaseView:
    """One rank. `share` is the share of belief among all ranked diseases, 0 to 1."""

    rank: int
    id: str
    name: str
    members: tuple[str, ...]
    share: float
    score: float
    genes: tuple[str, ...]
    inheritance: tuple[str, ...]
    onset: tuple[str, ...]
    mondo: str
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True)
class NextView:
    """A finding that would separate the first diseases, with the information expected of it in bits."""

    id: str
    name: str
    bits: float


@dataclass(frozen=True, slots=True)
class DiagnoseResult:
    """Ranked diseases. `no_match`: the findings support no disease better than chance.

    `none_of_these` is the share of belief in a disease that is not listed. For research, not for clinical decisions.
    """

    ranking: tuple[DiseaseView, ...]
    no_match: bool
    none_of_these: float
    observed: tuple[TermView, ...]
    excluded: tuple[TermView, ...]
    mentions: tuple[Mention, ...]  # read in the text
    next_findings: tuple[NextView, ...]
    notes: tuple[str, ...]


def diagnose(base: KnowledgeBase, arguments: DiagnoseInput) -> DiagnoseResult:
    """Return the differential. Raises `ToolError` for an unknown finding and where nothing can be ranked."""
    if not (arguments.observed or arguments.excluded or arguments.text.strip()):
        raise ToolError(ErrorKind.INVALID_ARGUMENTS, "give observed findings or a text", argument="observed")
    ontology = base.diagnoser().model.ontology
    for name in ("observed", "excluded"):
        _check_identifiers(getattr(arguments, name), ontology, name)
    line = base.diagnose(
        arguments.observed,
        excluded=arguments.excluded,
        text=arguments.text if arguments.text.strip() else "",
        sex=arguments.sex,
        age=arguments.age,
        limit=arguments.limit,
    )
    if not line["ranking"]:
        problems = "; ".join(line["problems"][:5]) or "there is no observed finding"
        raise ToolError(
            ErrorKind.INVALID_REQUEST, f"nothing can be ranked: {problems}; give observed findings"
        )
    return _result(line)


def _check_identifiers(items: tuple[str, ...], ontology: "Ontology", argument: str) -> None:
    """Raise `ToolError` for an HPO identifier that is no phenotypic abnormality; names are checked by the reader."""
    for item in items:
        id_ = item.strip().upper().replace("_", ":")
        if not id_.startswith("HP:") or ontology.place(id_) is not None:
            continue
        if id_ in ontology.outside:
            message = f"{item!r} is a term of HPO and no finding"
        else:
            message = f"{item!r} is no identifier of HPO {ontology.release}"
        alike = get_close_matches(id_, [other for other in ontology.ids if other[:7] == id_[:7]], n=3)
        names = [ontology.names[ontology.index[other]] for other in alike]
        raise ToolError(
            ErrorKind.UNKNOWN_IDENTIFIER,
            message,
            argument=argument,
            suggestions=tuple(map(Suggestion, alike, names)),
        )


def _result(line: "DiagnosisResult") -> DiagnoseResult:
    marks = line["read"]["marks"] if "read" in line else []
    names = Mention.__dataclass_fields__
    return DiagnoseResult(
        ranking=tuple(map(_disease, line["ranking"])),
        no_match=line["none_fits"],
        none_of_these=float(line["none_of_these"] or 0.0),
        observed=tuple(TermView(item["id"], item["name"]) for item in line["observed"]),
        excluded=tuple(TermView(item["id"], item["name"]) for item in line["excluded"]),
        mentions=tuple(Mention(**{key: mark[key] for key in mark if key in names}) for mark in marks),
        next_findings=tuple(
            NextView(item["finding"], item["name"], float(item["bits"])) for item in line["next"]
        ),
        notes=tuple(line["problems"]),
    )


def _disease(entry: "RankedDisease") -> DiseaseView:
    return DiseaseView(
        rank=entry["rank"],
        id=entry["id"],
        name=entry["name"],
        members=tuple(entry["members"]),
        share=float(entry.get("share", 0.0)),
        score=float(entry["score"]),
        genes=tuple(entry["genes"]),
        inheritance=tuple(entry["inheritance"]),
        onset=tuple(entry["onset"]),
        mondo=entry["mondo"],
        reasons=tuple(
            ReasonView(
                finding=reason["finding"],
                name=reason["name"],
                contribution=float(reason["says"]),
                annotated=reason.get("annotated", ""),
                frequency=reason.get("frequency", ""),
                sources=tuple(reason.get("sources", [])),
            )
            for reason in entry.get("reasons", [])
        ),
    )


TOOL = Tool(
    "diagnose",
    "Rank rare diseases",
    "Rank rare diseases by a patient's findings, with the reasons for every rank and the findings to look for next. "
    "For research, not for clinical decisions.",
    DiagnoseInput,
    DiagnoseResult,
    diagnose,
)
