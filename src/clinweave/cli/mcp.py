"""`clinweave mcp`: the tools for agents, over standard input and output or over HTTP."""

import json
from typing import Annotated

import typer

from clinweave.cli.answers import (
    MODEL_HELP,
    AudienceName,
    Collections,
    GraphFolder,
    IndexFolder,
    Records,
)
from clinweave.cli.console import Console
from clinweave.cli.serve import access_rules
from clinweave.core.extras import needs_extra

app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    http: Annotated[
        bool, typer.Option("--http", help="Serve streamable HTTP instead of standard input and output.")
    ] = False,
    host: Annotated[
        str,
        typer.Option(help="With --http: address to listen on; any other than this machine needs tokens."),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --http: port; 0: a free one.")] = 8001,
    token: Annotated[
        str,
        typer.Option(
            envvar="CLINWEAVE_TOKEN",
            help="With --http: one token for all users, with every role; prefer the environment variable.",
            show_default=False,
        ),
    ] = "",
    require_tokens: Annotated[
        bool,
        typer.Option("--require-tokens", help="With --http: ask for a token on this machine, too."),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="With --http: name under which clients reach this server. Repeatable.",
            show_default="this machine's name and addresses",
        ),
    ] = None,
    tool: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Offer only this tool; may be repeated.", show_default="all"),
    ] = None,
    model: Annotated[
        str, typer.Option(metavar="ADDRESS", help=f"Model of the tool ask: {MODEL_HELP}")
    ] = "none",
    audience: AudienceName = "",
    collection: Collections = None,
    graph: GraphFolder = None,
    index: IndexFolder = None,
    records: Records = None,
    allow_restricted: Annotated[
        bool,
        typer.Option(
            "--allow-restricted",
            help="Also send gated and private records; the client may pass them to a model elsewhere.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --http: print the address as JSON.")] = False,
) -> None:
    """Serve read-only tools to agents by the Model Context Protocol (extra mcp).

    A client starts `clinweave mcp` itself and talks over standard input and output; --http listens instead, with the
    tokens of `clinweave serve token` where they are needed.
    """
    from clinweave.knowledge_base import KnowledgeBase
    from clinweave.tools import open_tool, tool_names

    tools = [open_tool(name) for name in dict.fromkeys(tool or tool_names())]
    with needs_extra("mcp"):
        from clinweave.service.mcp import mcp_server, serve_http, serve_stdio

    rules = (
        access_rules(host, token, allow_host or [], None, needed=require_tokens, secure=False)
        if http
        else None
    )

    def ready(address: str) -> None:
        if as_json:
            typer.echo(json.dumps({"address": address, "tools": [item.name for item in tools]}))
            return
        Console().print(f"MCP clients: {address} (Ctrl-C ends)", markup=False, soft_wrap=True)

    with KnowledgeBase(
        model=model,
        audience=audience or None,
        graph=graph,
        index=index,
        collections=collection or (),
        records=records,
    ) as base:
        server = mcp_server(base, tools, restricted=allow_restricted)
        if http:
            serve_http(server, host, port, rules, ready)
        else:
            serve_stdio(server)
