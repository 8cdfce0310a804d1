"""Read-only tools over a knowledge base: one definition each for Python, the HTTP API, MCP and the agent."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.tools.ask import AskInput as AskInput
    from clinweave.tools.ask import AskResult as AskResult
    from clinweave.tools.ask import answer_view as answer_view
    from clinweave.tools.ask import ask_base as ask_base
    from clinweave.tools.base import JSON as JSON
    from clinweave.tools.base import LONGEST_QUESTION as LONGEST_QUESTION
    from clinweave.tools.base import MAX_ITEMS as MAX_ITEMS
    from clinweave.tools.base import Parameter as Parameter
    from clinweave.tools.base import Tool as Tool
    from clinweave.tools.errors import ErrorDocument as ErrorDocument
    from clinweave.tools.errors import ErrorKind as ErrorKind
    from clinweave.tools.errors import Suggestion as Suggestion
    from clinweave.tools.errors import ToolError as ToolError
    from clinweave.tools.errors import typed_errors as typed_errors
    from clinweave.tools.registry import AnyTool as AnyTool
    from clinweave.tools.registry import all_tools as all_tools
    from clinweave.tools.registry import call_tool as call_tool
    from clinweave.tools.registry import open_tool as open_tool
    from clinweave.tools.registry import tool_names as tool_names
    from clinweave.tools.relations import RelationView as RelationView
    from clinweave.tools.relations import relation_views as relation_views

__getattr__, __dir__ = attach(
    __name__,
    {
        "AskInput": "ask",
        "AskResult": "ask",
        "JSON": "base",
        "LONGEST_QUESTION": "base",
        "MAX_ITEMS": "base",
        "Parameter": "base",
        "Tool": "base",
        "ErrorDocument": "errors",
        "ErrorKind": "errors",
        "Suggestion": "errors",
        "ToolError": "errors",
        "typed_errors": "errors",
        "AnyTool": "registry",
        "RelationView": "relations",
        "all_tools": "registry",
        "ask_base": "ask",
        "answer_view": "ask",
        "call_tool": "registry",
        "open_tool": "registry",
        "relation_views": "relations",
        "tool_names": "registry",
    },
)
