"""`clinweave estimate`: memory and hours of training, before anything is fetched or loaded."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.evaluation.finetuning import FinetuningRecipe
    from clinweave.training import Settings

app = typer.Typer(add_completion=False)
_GB = 1e9


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    recipe: Annotated[
        Path | None,
        typer.Argument(
            help="A recipe with stages; without one, a single stage. `corpus`: jobs over a corpus."
        ),
    ] = None,
    model_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The base's config.json.", show_default="the base's own"),
    ] = None,
    stage: Annotated[str, typer.Option(help="The single stage.")] = "sft",
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A setting, such as lora_rank=0, or of the --job; repeat it."
        ),
    ] = None,
    gpus: Annotated[int, typer.Option(min=0, help="Devices; 0 leaves the settings as they are.")] = 0,
    memory: Annotated[
        float, typer.Option(min=0, help="GB of memory of one device, to check what fits.")
    ] = 0.0,
    tflops: Annotated[
        float,
        typer.Option(min=0, help="Sustained TFLOPS of one device; 0: measured here, times --share."),
    ] = 0.0,
    share: Annotated[
        float, typer.Option(min=0.01, max=1, help="Share of the measured peak that training sustains.")
    ] = 0.5,
    precision: Annotated[
        str,
        typer.Option(help="auto (the stage's own, else bfloat16 with --gpus, --tflops), float32, bfloat16."),
    ] = "auto",
    tokens: Annotated[
        float, typer.Option(min=0, help="Mean number of tokens per item; 0: max_length.")
    ] = 0.0,
    records: Annotated[int, typer.Option(min=0, help="corpus: how many records it has.")] = 0,
    sample: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="corpus: a file with records of it, as `clinweave batch` reads.",
            show_default="the knowledge base's own",
        ),
    ] = None,
    jobs: Annotated[
        list[str] | None,
        typer.Option("--job", help="corpus: a job to measure; may be repeated.", show_default="link, index"),
    ] = None,
    processors: Annotated[int, typer.Option(min=1, help="corpus: processors of one machine.")] = 32,
    hours: Annotated[float, typer.Option(min=0.01, help="corpus: hours until it is done.")] = 24.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Estimate memory and hours of training from config.json alone, or (`corpus`) of jobs over a corpus by a sample."""
    if recipe == Path("corpus"):
        from clinweave.cli.estimate_corpus import estimate_corpus

        estimate_corpus(records, sample, jobs or [], _settings(changes), (processors, hours), as_json=as_json)
        return
    from clinweave.training import matmul_flops, stage_config

    stages, base = _stages(recipe, stage, changes or [])
    shape = _shape(model_config, base)
    elsewhere = bool(gpus or tflops)  # a device that is not this one is meant
    usual = "bfloat16" if elsewhere else "float32"
    sustained: dict[str, float] = {}  # by number format
    rows = []
    for name, type_, values in stages:
        settings = stage_config(type_, values)
        if gpus:
            settings = replace(settings, processes=gpus)
        own = usual if settings.precision == "auto" else settings.precision
        kind = own if precision == "auto" else precision
        if kind not in sustained:
            sustained[kind] = tflops * 1e12 or matmul_flops(kind) * share
        rows.append(_row(name, type_, settings, shape, kind, sustained[kind], tokens))
    document = {"parameters": shape.parameters, "measured_here": not tflops,
                "sustained_tflops": {kind: round(flops / 1e12, 3) for kind, flops in sustained.items()},
                "stages": rows}  # fmt: skip
    if as_json:
        typer.echo(json.dumps(document, indent=1))
        return
    _print(document, memory)


def _settings(changes: list[str] | None) -> dict[str, Any]:
    from clinweave.cli.train import setting

    return dict(setting(change) for change in changes or [])


def _row(  # noqa: PLR0917
    name: str, type_: str, settings: "Settings", shape: Any, kind: str, sustained: float, tokens: float
) -> dict[str, Any]:
    from clinweave.training import estimate, work

    need = estimate(shape, settings, type_, kind)
    cost = work(shape, settings, type_, tokens or None)
    parts = {part: round(value / _GB, 2) for part, value in asdict(need).items()}
    return {
        "stage": name,
        "type": type_,
        "precision": kind,
        "devices": settings.processes,
        "sharded": settings.sharded,
        "gb": {**parts, "total": round(need.total / _GB, 2)},
        "tokens": cost.tokens if cost else None,
        "hours": round(cost.hours(sustained, settings.processes), 3) if cost else None,
    }


def _stages(
    recipe: Path | None, stage: str, changes: list[str]
) -> tuple[list[tuple[str, str, dict[str, Any]]], str]:
    from clinweave.evaluation import load_recipe

    values = _settings(changes)
    if recipe is None:
        return [(stage, stage, values)], "smollm2"
    chosen = cast("FinetuningRecipe", load_recipe(recipe))
    if chosen.kind != "finetuning":
        raise UserError(f"{recipe}: a recipe of kind {chosen.kind} has no training stages to estimate")
    return [
        (training_stage.name, training_stage.type, {**training_stage.settings, **values})
        for training_stage in chosen.stages
    ], chosen.base


def _shape(file: Path | None, base: str) -> Any:
    from clinweave.training import base_weights, shape_from, shape_of

    if file is None:
        return shape_of(base_weights(base, home()))
    try:
        return shape_from(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read as a config.json: {error}") from error


def _print(document: dict[str, Any], memory: float) -> None:
    from clinweave.training import NOT_ESTIMATED

    table = Table("stage", "devices", "weights", "training", "activations", "logits", "GB a device", "hours")
    for row in document["stages"]:
        gb = row["gb"]
        fits = "" if not memory else (" fits" if gb["total"] <= memory else f" over {memory:g}")
        table.add_row(
            row["stage"], f"{row['devices']}{' sharded' if row['sharded'] else ''}",
            *(f"{gb[part]:.1f}" for part in ("weights", "training", "activations", "logits")),
            f"{gb['total']:.1f}{fits}", "-" if row["hours"] is None else f"{row['hours']:.2f}",
        )  # fmt: skip
    screen = Console()
    screen.print(table)
    how = "measured here" if document["measured_here"] else "as given"
    rates = ", ".join(f"{kind} {rate:g}" for kind, rate in document["sustained_tflops"].items())
    screen.print(
        f"{document['parameters'] / 1e9:.3f} thousand million weights; TFLOP/s a device, {how}: {rates}.",
        markup=False,
    )
    if any(row["hours"] is None for row in document["stages"]):
        screen.print(f"No hours: {NOT_ESTIMATED}.", markup=False)
