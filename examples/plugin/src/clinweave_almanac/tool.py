"""A tool: the year in which a disease was first described, for programs, HTTP, MCP and the agent."""

from dataclasses import dataclass
from typing import Annotated

from clinweave.knowledge_base import KnowledgeBase
from clinweave.tools import ErrorKind, Parameter, Suggestion, Tool, ToolError

YEARS = {"alpha syndrome": 1931, "beta syndrome": 1950}


@dataclass(frozen=True, slots=True)
class FirstDescribedInput:
    """Arguments of `first_described`."""

    disease: Annotated[str, Parameter("The name of a disease.", required=True)]


@dataclass(frozen=True, slots=True)
class FirstDescribedResult:
    """The year of the first description."""

    disease: str
    year: int


def first_described(base: KnowledgeBase, arguments: FirstDescribedInput) -> FirstDescribedResult:
    """Return the year. Raises `ToolError` for a disease that the almanac does not have."""
    name = arguments.disease.strip().lower()
    if name not in YEARS:
        near = tuple(Suggestion(item, item) for item in YEARS)
        raise ToolError(ErrorKind.UNKNOWN_NAME, "the almanac does not have this disease", suggestions=near)
    return FirstDescribedResult(name, YEARS[name])


TOOL = Tool(
    "first_described",
    "Find the first description",
    "Say in which year a disease was first described.",
    FirstDescribedInput,
    FirstDescribedResult,
    first_described,
)
