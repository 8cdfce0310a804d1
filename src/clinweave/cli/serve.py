"""`clinweave serve`: pages, HTTP API and OpenAI's chat API for a knowledge base and a model."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clinweave.cli.answers import (
    KNOWLEDGE_HELP,
    MODEL_HELP,
    AllowRemote,
    AudienceName,
    Budget,
    Collections,
    GraphFolder,
    IndexFolder,
    Judge,
    MaxTokens,
    Records,
    Threads,
)
from clinweave.cli.console import Console, spinner
from clinweave.cli.serve_token import app as tokens

if TYPE_CHECKING:
    from clinweave.service import AccessRules

app = typer.Typer(add_completion=False)
app.add_typer(tokens, name="token")


@app.callback(invoke_without_command=True)
def command(  # noqa: PLR0917 - each parameter is one option
    context: typer.Context,
    model: Annotated[str, typer.Option(metavar="ADDRESS", help=MODEL_HELP)] = "auto",
    judge: Judge = "none",
    name: Annotated[
        str, typer.Option(help="Model name shown to clients.", show_default="the model's own")
    ] = "",
    knowledge: Annotated[
        str,
        typer.Option(
            metavar="NAMES",
            help=f"{KNOWLEDGE_HELP} With none, messages are passed to the model unchanged.",
            show_default="graph,text; none with a --model named",
        ),
    ] = "",
    audience: AudienceName = "",
    host: Annotated[
        str, typer.Option(help="Address to listen on; any other than this machine needs tokens.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: a free one.")] = 8000,
    token: Annotated[
        str,
        typer.Option(
            envvar="CLINWEAVE_TOKEN",
            help="One token for all users, with every role; prefer the environment variable.",
            show_default=False,
        ),
    ] = "",
    require_tokens: Annotated[
        bool,
        typer.Option("--require-tokens", help="Ask for a token on this machine, too (`serve token add`)."),
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Name under which clients reach this server, besides its own. Repeatable.",
            show_default="this machine's name and addresses",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate (PEM, with its chain): serve HTTPS.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Key of the certificate (PEM).")
    ] = None,
    audit_log: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Append a JSON line for each request: who, when, route, status and knowledge, never content.",
        ),
    ] = None,
    rate: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Maximum number of requests of a user in a minute; 0: no limit.",
            show_default="600, without tokens no limit",
        ),
    ] = None,
    warm_up: Annotated[
        bool,
        typer.Option(
            "--warm-up/--no-warm-up",
            help="Prepare differential, codes and similar drugs at start, in the background; else on first use.",
        ),
    ] = True,
    timeout: Annotated[int, typer.Option(min=1, help="Maximum number of seconds of a look-up.")] = 60,
    collection: Collections = None,
    graph: GraphFolder = None,
    index: IndexFolder = None,
    records: Records = None,
    budget: Budget = 192,
    max_tokens: MaxTokens = 512,
    threads: Threads = 0,
    max_bytes: Annotated[int, typer.Option(min=1024, help="Maximum size of a request, in bytes.")] = 1 << 20,
    max_queue: Annotated[
        int,
        typer.Option(
            min=0,
            help="Maximum number of running and waiting requests; more get status 429.",
            show_default="8, without a model 128",
        ),
    ] = 0,
    allow_remote: AllowRemote = "",
    runs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder whose runs the page Runs shows (outputs of `clinweave run`)."
        ),
    ] = None,
    properties: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="Property model for the page Molecules (`molecules properties train`); may be repeated.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the address as JSON.")] = False,
) -> None:
    """Start the server: pages to open, an HTTP API and OpenAI's chat API. Ctrl-C or SIGTERM ends it.

    With knowledge, a chat answers as `ask` does. Without options it answers this machine alone.
    """
    if context.invoked_subcommand is not None:
        return
    from clinweave.core.errors import UserError
    from clinweave.knowledge import parse_retrievers
    from clinweave.knowledge_base import NO_MODEL, KnowledgeBase
    from clinweave.models import AUTO
    from clinweave.service import ChatHandler, Listen, ServiceSettings, ServiceState, check, serve

    rules = access_rules(
        host, token, allow_host or [], rate, needed=require_tokens, secure=tls_cert is not None
    )
    check(host, rules)
    _check_folders(runs, properties or ())
    names = parse_retrievers(knowledge or ("graph,text" if model in {*NO_MODEL, AUTO} else "none"))
    with KnowledgeBase(
        model=model,
        audience=audience or None,
        graph=graph,
        index=index,
        collections=collection or (),
        threads=threads or None,
        judge=judge,
        records=records,
    ) as base:
        without_model = base.model_name in NO_MODEL
        if without_model and not names:
            raise UserError("there is nothing to serve: choose --knowledge graph,text or a --model")
        with spinner(quiet=as_json) as say:
            base.open_parts(names, progress=say)
        title = name or ("clinweave" if base.model is None else Path(base.model.name).name)
        handler = ChatHandler(base, name=title, retrievers=names, budget=budget, allow_remote=allow_remote)
        parts = {"model": title, "knowledge": ",".join(names) or "none", "language_model": base.model_name}
        limits = ServiceSettings(
            max_bytes=max_bytes,
            max_tokens=max_tokens,
            max_queue=max_queue or 8,
            max_lookups=max_queue if max_queue and without_model else 128,
            lookup_seconds=timeout,
            warm_up=warm_up,
            runs=runs,
            property_models=tuple(properties or ()),
        )
        state = ServiceState.create(handler, limits, rules=rules, audit_log=audit_log)
        listen = Listen(host, port, tls_cert, tls_key)
        serve(state, listen, lambda address: _announce(address, parts, as_json))


def _check_folders(runs: Path | None, properties: Sequence[Path]) -> None:
    """Raise `UserError` for a folder that is missing."""
    from clinweave.core.errors import UserError

    for option, folder in (("--runs", runs), *(("--properties", item) for item in properties)):
        if folder is not None and not folder.is_dir():
            raise UserError(f"{option} {folder}: there is no such folder")


def access_rules(
    host: str, token: str, hosts: list[str], rate: int | None, *, needed: bool, secure: bool
) -> "AccessRules":
    """Return the access rules: tokens are needed beyond this machine, or where they are asked for."""
    from clinweave.core.access_policy import loopback
    from clinweave.service import AccessRules, token_store

    needed = needed or bool(token) or not loopback(host)
    if needed and not secure and not loopback(host):
        Console(stderr=True).print(
            "warning: tokens and answers cross the network unencrypted: give --tls-cert and --tls-key, or put a "
            "server with TLS before this one",
            markup=False,
        )
    return AccessRules(
        shared_token=token,
        tokens=token_store() if needed else None,
        tokens_needed=needed,
        hosts=tuple(hosts),
        per_minute=rate if rate is not None else 600 if needed else 0,
        secure_cookies=secure,
    )


def _announce(address: str, parts: dict[str, str], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"address": f"{address}/v1", "page": f"{address}/", **parts}))
        return
    console = Console()
    console.print(f"Open {address}/ in a browser.", markup=False, soft_wrap=True)
    details = f"(language model {parts['language_model']}, knowledge {parts['knowledge']})"
    console.print(f"OpenAI clients: {address}/v1#{parts['model']} {details}", markup=False, soft_wrap=True)
    console.print("For research, not for clinical decisions. Ctrl-C ends.", markup=False)
