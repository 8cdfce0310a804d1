"""`clinweave train`: one training stage, or one item of it as the model sees it."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from clinweave.cli.console import Console
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError
from clinweave.training import StageName

app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    stage: Annotated[StageName, typer.Argument(help="Which stage.")],
    data: Annotated[
        Path,
        typer.Option(metavar="PATH", help="Folder of a built data set, or a file in any supported format."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder for the weights.")] = Path("model"),
    base: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Base model: smollm2, a .gguf file, or a folder of weights (also of an earlier stage).",
        ),
    ] = "smollm2",
    reward: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The trained reward model, for ppo and grpo.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="General items to mix in (--set replay=0.2).")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, such as steps=200.")
    ] = None,
    show_example: Annotated[
        bool,
        typer.Option(
            "--show-example", help="Print one item with the tokens that the loss counts in [[ ]], and exit."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest.")] = False,
) -> None:
    """Train one stage. An interrupted run resumes from its last checkpoint. `--set processes=N` uses N devices."""
    from clinweave.training import FACTS, Inputs, run_stage, show_first, stage_config

    values = dict(setting(change) for change in changes or [])
    facts = FACTS[stage]
    stage_config(stage, values)
    screen = Console(stderr=True)
    with screen.status(f"{stage}: loading") as status:
        inputs = Inputs(
            base=base,
            data=data,
            reward=reward,
            replay=replay,
            graph=home() / "graph" if facts.writes_replies else None,
            home=home(),
            progress=lambda done, total, logged: status.update(
                f"{stage}: step {done} of {total} {_logged(logged)}"
            ),
        )
        if show_example:
            preview = show_first(inputs, facts.items, str(values.get("turns", "all")))
        else:
            artifact = run_stage(stage, values, inputs, out)
    if show_example:
        typer.echo(json.dumps({"example": preview}, ensure_ascii=False) if as_json else preview)
    elif as_json:
        typer.echo(json.dumps(artifact.manifest, ensure_ascii=False, indent=1))
    else:
        _print(artifact.path, artifact.manifest)


def setting(change: str) -> tuple[str, Any]:
    """Return key and value of `key=value`, read as TOML; what is no TOML is a text."""
    key, sign, text = change.partition("=")
    if not sign or not key:
        raise UserError(f"--set {change}: expected key=value, such as steps=200")
    try:
        return key, tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return key, text


def _logged(logged: Any) -> str:
    return ", ".join(
        f"{key} {logged[key]:.3f}" for key in ("loss", "reward") if isinstance(logged.get(key), float)
    )


def _print(path: Path, manifest: dict[str, Any]) -> None:
    screen = Console()
    screen.print(f"{manifest['kind']}: {manifest['steps']} steps, {manifest.get('items')} items, "
                 f"{manifest['seconds']:.0f} s, {manifest['precision']['name']} "
                 f"({manifest['precision']['reason']})", markup=False)  # fmt: skip
    if manifest.get("loss"):
        screen.print(f"loss {manifest['loss']['first']:.3f} to {manifest['loss']['last']:.3f}")
    held_out = manifest.get("held_out")
    if held_out and held_out["pairs"]:
        screen.print(f"held-out pairs {held_out['pairs']}: accuracy {held_out['accuracy']:.0%}")
    for problem in held_out["suspect"] if held_out else ():
        screen.print(f"suspect data: {problem}", markup=False)
    screen.print(f"Weights: {path}", soft_wrap=True, highlight=False)
