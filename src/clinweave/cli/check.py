"""`clinweave check`: compare everything that was built or fetched with the checksums recorded of it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from clinweave.core.artifacts import MANIFEST, damage, home, is_built, leftovers_below, read_manifest
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.core.filesystem import kind_of

app = typer.Typer(add_completion=False)


@app.command()
def command(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[DIR]...", help="Folders with built things; the home if none is given."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Read every file of graphs, indexes, collections, stores, models and fetched releases, and compare checksums.

    Exit code 1 if anything is damaged. Folders of versions that recorded no checksums are named "not recorded".
    """
    for folder in folders or ():
        if kind_of(folder) != "a folder":
            raise UserError(f"{folder} is not a folder")
    rows = [row for top in folders or [home()] for row in _built(top)]
    if not folders:
        rows += list(_fetched())
    left = [str(path) for top in folders or [home()] for path in leftovers_below(top)]
    if as_json:
        typer.echo(json.dumps({"checked": rows, "leftovers": left}, indent=1, ensure_ascii=False))
    else:
        for row in rows:
            typer.echo(f"{row['state']:<12}  {row['kind']:<12}  {row['path']}  {row['reason']}".rstrip())
        for path in left:
            typer.echo(f"{'leftover':<12}  {'':<12}  {path}  (the next build there removes it)")
        if not rows:
            typer.echo("nothing was built or fetched yet", err=True)
    if bad := sum(row["state"] == "damaged" for row in rows):
        raise ClinweaveError(f"{bad} of {len(rows)} are damaged: delete and build, or fetch, them again")


def _built(top: Path) -> Iterator[dict[str, str]]:
    for folder_name, names, files in os.walk(top):
        names[:] = sorted(name for name in names if not name.startswith("."))
        folder = Path(folder_name)
        if MANIFEST not in files or not is_built(folder):
            continue
        names.clear()
        try:
            manifest = read_manifest(folder) or {}
            reason = damage(folder, full=True)
        except UserError as error:
            manifest, reason = {}, str(error)
        state = "damaged" if reason else "good" if "contents" in manifest else "not recorded"
        yield {"kind": str(manifest.get("kind", "")), "path": folder_name, "state": state, "reason": reason}


def _fetched() -> Iterator[dict[str, str]]:
    from clinweave.resources import catalogue, folder, verify

    for item in catalogue().values():
        path = folder(item, home())
        if path.is_dir():
            bad = [
                f"{name}: {state}"
                for name, state in verify(item, home(), deep=True).items()
                if state != "good"
            ]
            state = "damaged" if bad else "good"
            yield {"kind": "release", "path": str(path), "state": state, "reason": "; ".join(bad)}
