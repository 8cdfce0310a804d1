"""`clinweave compare`: your own model, benchmark and corpus, under the same conditions and statistics."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


class BadRows(StrEnum):
    """What happens to a bad row of a benchmark."""

    REFUSE = "refuse"
    LEAVE_OUT = "leave-out"


class Method(StrEnum):
    """How a model chooses an option."""

    AUTO = "auto"
    OPTION_TEXT = "option-text"
    LETTER = "letter"
    GENERATION = "generation"


@app.command()
def compare(  # noqa: PLR0917 - each parameter is one option
    bench: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="MIRAGE, MedQA, MedMCQA, PubMedQA, BiomixQA, JSON lines, or an lm-eval task (.yaml).",
        ),
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL|PATH",
            help="http(s)://host:port/v1#model, a .gguf file, a folder of weights, or smollm2; repeat it for several.",
            show_default="smollm2",
        ),
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Your texts (.txt, .md, .xml, MedRAG .jsonl; also .tar.gz, .zip)."),
    ] = None,
    conditions: Annotated[
        str, typer.Option(help="Conditions and controls, separated by commas.")
    ] = "base,text,graph,both",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Output folder.", show_default="runs/BENCH")
    ] = None,
    count: Annotated[
        int, typer.Option(min=0, help="Maximum number of questions, sampled with the seed; 0 for all.")
    ] = 0,
    budget: Annotated[int, typer.Option(min=1, help="Tokens of evidence in a prompt.")] = 400,
    method: Annotated[
        Method, typer.Option(help="How an option is chosen; auto: option-text, else generation.")
    ] = Method.AUTO,
    concurrency: Annotated[int, typer.Option(min=1, help="Concurrent requests, for a model server.")] = 1,
    allow_remote: Annotated[
        str, typer.Option(metavar="HOST", help="Host that may receive gated or pseudonymised evidence.")
    ] = "",
    max_tokens_total: Annotated[
        int, typer.Option(min=0, help="Stop after this many tokens, without splitting pairs; 0 for no limit.")
    ] = 0,
    reuse_unidentified: Annotated[
        bool,
        typer.Option(
            "--reuse-unidentified",
            help="Reuse scores of an address that does not state a digest of its weights, if it answers as before.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Random seed for sampling questions.")] = 0,
    databases: Annotated[
        str, typer.Option(help="Ids of databases for the graph, separated by commas.", show_default="all")
    ] = "",
    graph: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of a built graph, used instead of --databases."),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Download nothing; fail if something is missing.")
    ] = False,
    bad_rows: Annotated[
        BadRows,
        typer.Option(
            help="A bad row of the benchmark: refuse the file, or leave the row out, counted and named."
        ),
    ] = BadRows.REFUSE,
    dump_prompts: Annotated[
        bool, typer.Option("--dump-prompts", help="Write every prompt to a file.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print results.json only.")] = False,
) -> None:
    """Compare a model without and with text, graph and both on your benchmark. An interrupted run resumes."""
    from clinweave.cli.run import run_recipe
    from clinweave.evaluation import comparison_recipe
    from clinweave.evaluation.comparison import KnowledgeSettings, ModelSettings, NamedModel

    addresses = model or ["smollm2"]
    settings = ModelSettings(
        addresses[0],
        method.value,
        concurrency,
        max_tokens_total,
        allow_remote=allow_remote,
        reuse_unidentified=reuse_unidentified,
    )
    recipe = comparison_recipe(
        bench,
        model=settings,
        models=[
            NamedModel(**{**asdict(settings), "address": address}, name=name)
            for name, address in zip(_names(addresses), addresses, strict=True)
        ][1:],
        knowledge=KnowledgeSettings(databases=_listed(databases), graph=str(graph or ""), budget=budget),
        conditions=_listed(conditions),
        corpus=corpus,
        count=count,
        seed=seed,
        dump_prompts=dump_prompts,
        bad_rows=bad_rows.value,
    )
    run_recipe(recipe, out or Path("runs") / bench.stem, offline=offline, as_json=as_json)


def _names(addresses: Sequence[str]) -> list[str]:
    """Return a short name for each model: what follows # in an address, else the name of its file or folder."""
    names: list[str] = []
    for number, address in enumerate(addresses, 1):
        last = address.rpartition("#")[2].rstrip("/").rpartition("/")[2].rpartition(":")[2]
        last = re.sub(r"\.(gguf|json)$", "", last)
        name = re.sub(r"[^A-Za-z0-9.-]+", "-", last).strip("-.") or "model"
        names.append(f"{name}-{number}" if name in names else name)
    return names


def _listed(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
