"""MCP server (Model Context Protocol): the tools of `clinweave.tools` for agents. Needs the extra `mcp`."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.mcp.server import mcp_server as mcp_server
    from clinweave.service.mcp.serving import serve_http as serve_http
    from clinweave.service.mcp.serving import serve_stdio as serve_stdio

__getattr__, __dir__ = attach(
    __name__, {"mcp_server": "server", "serve_http": "serving", "serve_stdio": "serving"}
)
