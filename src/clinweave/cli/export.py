"""`clinweave export`: a trained model as safetensors and GGUF, with a card."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.console import Console

app = typer.Typer(add_completion=False)


class Form(StrEnum):
    """Number formats of the GGUF file."""

    F32 = "f32"
    F16 = "f16"
    Q8_0 = "q8_0"


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    model: Annotated[Path, typer.Argument(help="The folder of a trained stage.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder.")] = Path("export"),
    form: Annotated[Form, typer.Option(help="Number format of the GGUF file.")] = Form.Q8_0,
    title: Annotated[str, typer.Option(help="The model's name.")] = "clinweave model",
    allow_export: Annotated[
        bool,
        typer.Option("--allow-export", help="Include records of gated sources; your licence must allow it."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest.")] = False,
) -> None:
    """Export merged safetensors, a GGUF file with the chat template, and a model card.

    Both are loaded again and their replies compared.
    """
    from clinweave.training import export

    with Console(stderr=True).status("exporting"):
        artifact = export(model, out, kind=form.value, title=title, allow_export=allow_export)
    if as_json:
        typer.echo(json.dumps(artifact.manifest, ensure_ascii=False, indent=1))
        return
    parity = artifact.manifest["parity"]
    screen = Console()
    screen.print(f"Loaded again: {parity['same']} of {parity['probes']} probes with the same greedy reply, likelihoods "
                 f"within {parity['largest_difference']} nats a token")  # fmt: skip
    screen.print(f"Try: clinweave chat --model {out / 'model.gguf'}", soft_wrap=True, highlight=False)
