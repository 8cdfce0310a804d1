"""`clinweave serve token`: the tokens of users of a server."""

import json
from typing import Annotated

import typer

from clinweave.cli.console import Console

app = typer.Typer(help="Add, list and revoke the tokens of users.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name of the user, as the audit log shows it.")],
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE",
            help="patient-data: may send notes of patients and see private records. Repeatable.",
            show_default="none",
        ),
    ] = None,
    expires: Annotated[
        str, typer.Option(metavar="SPAN", help="When the token ends: 12h, 30d or never.")
    ] = "30d",
    as_json: AsJson = False,
) -> None:
    """Make a token for a user and show it once; only its hash is stored."""
    from clinweave.core.errors import UserError
    from clinweave.service import Role, token_store

    names = [item.value for item in Role]
    if unknown := [item for item in role or [] if item not in names]:
        raise UserError(f"--role {unknown[0]}: there is no such role; choose {' or '.join(names)}")
    store = token_store()
    token = store.add(name, [Role(item) for item in role or []], expires)
    stored = next(item for item in store.tokens() if item.name == name)
    if as_json:
        roles = [item.value for item in stored.roles]
        typer.echo(
            json.dumps({"name": name, "token": token, "expires": stored.expires or None, "roles": roles})
        )
        return
    typer.echo(token)
    console = Console(stderr=True)
    end = f"until {stored.expires}" if stored.expires else "without an end"
    console.print(f"Valid {end}. It is shown only now; give it to {name}.", markup=False, soft_wrap=True)


@app.command("list")
def list_tokens(as_json: AsJson = False) -> None:
    """Show who has a token, with roles and end."""
    from clinweave.service import token_store

    tokens = token_store().tokens()
    if as_json:
        rows = [
            {
                "name": item.name,
                "roles": [role.value for role in item.roles],
                "created": item.created,
                "expires": item.expires or None,
                "expired": item.expired(),
            }
            for item in tokens
        ]
        typer.echo(json.dumps(rows))
        return
    for item in tokens:
        end = "expired" if item.expired() else f"until {item.expires}" if item.expires else "no end"
        typer.echo(f"{item.name}\t{','.join(item.roles) or '-'}\t{end}")
    if not tokens:
        Console(stderr=True).print(
            "Nobody has a token: `clinweave serve token add NAME` makes one.", markup=False
        )


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="Name of the user.")],
    as_json: AsJson = False,
) -> None:
    """Remove the token of a user; a running server refuses it at once."""
    from clinweave.service import token_store

    token_store().revoke(name)
    typer.echo(json.dumps({"revoked": name}) if as_json else f"revoked the token of {name}")
