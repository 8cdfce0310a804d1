"""The tool `code`: ICD-10-CM codes for a clinical note."""

from dataclasses import dataclass
from typing import Annotated, Literal

from clinweave.applications.coding import Coding
from clinweave.knowledge_base import KnowledgeBase
from clinweave.tools.base import LONGEST_TEXT, Parameter, Tool


@dataclass(frozen=True, slots=True)
class CodeInput:
    """Arguments of `code`."""

    note: Annotated[str, Parameter("The note of one patient.", LONGEST_TEXT, required=True)]
    setting: Annotated[
        Literal["inpatient", "outpatient"],
        Parameter("Where the patient was seen: chooses the rule for uncertain diagnoses."),
    ]


def code(base: KnowledgeBase, arguments: CodeInput) -> Coding:
    """Return the codes that a note supports, and what was considered and not coded."""
    from dataclasses import replace

    coding = base.code(arguments.note, setting=arguments.setting)
    if coding.codes or coding.considered or coding.warnings:
        return coding
    return replace(coding, warnings=("the note names nothing that is coded",))


TOOL = Tool(
    "code",
    "Suggest ICD-10-CM codes",
    "Suggest billable ICD-10-CM codes for a clinical note, each with its sentences and the rules applied; support for "
    "coders, not for billing.",
    CodeInput,
    Coding,
    code,
)
