"""The tools by name: built in, or published by installed packages under the entry point group `clinweave.tools`."""

from difflib import get_close_matches
from typing import Any

from clinweave.core.plugins import ExtensionPoint, PluginError
from clinweave.knowledge_base import KnowledgeBase
from clinweave.tools.base import JSON, Tool
from clinweave.tools.errors import ErrorKind, Suggestion, ToolError

AnyTool = Tool[Any, Any]

# name -> module of this package; its order is that of listings
_MODULES = (
    "link",
    "search",
    "concept",
    "paths",
    "ask",
    "diagnose",
    "code",
    "similar_molecules",
    "summarize",
    "deidentify",
    "query_records",
)

EXTENSIONS: ExtensionPoint[AnyTool] = ExtensionPoint(
    "clinweave.tools", "tool", {name: f"clinweave.tools.{name}:TOOL" for name in _MODULES}
)


def tool_names() -> tuple[str, ...]:
    """Return the names of all tools: the built-in ones, then those of installed packages, sorted."""
    return (*_MODULES, *sorted(EXTENSIONS.installed()))


def open_tool(name: str) -> AnyTool:
    """Return the tool of a name. Raises `ToolError` with the nearest name, `PluginError` for a broken package."""
    if name not in EXTENSIONS:
        nearest = tuple(Suggestion(item, item) for item in get_close_matches(name, tool_names(), n=3))
        known = ", ".join(tool_names())
        raise ToolError(
            ErrorKind.UNKNOWN_TOOL, f"there is no tool {name[:80]!r}; there are {known}", suggestions=nearest
        )
    tool = EXTENSIONS.load(name)
    if not isinstance(tool, Tool) or tool.name != name:
        raise PluginError(f"tool {name!r}: the entry point is not a clinweave.tools.Tool of that name")
    return tool


def all_tools() -> tuple[AnyTool, ...]:
    """Return all tools in the order of `tool_names`."""
    return tuple(open_tool(name) for name in tool_names())


def call_tool(base: KnowledgeBase, name: str, arguments: object) -> JSON:
    """Return the result of a tool as JSON values. Raises `ToolError` for all that clinweave itself reports."""
    return open_tool(name).call_json(base, arguments)
