"""`clinweave molecules train|generate|evaluate|encode`: the graph-to-sequence model."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from clinweave.artifacts import home
from clinweave.cli.extras import needs_molecules
from clinweave.errors import UserError

if TYPE_CHECKING:
    from clinweave.molecules.drugs.known import Match

Model = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A trained model; else the small one that comes with clinweave."),
]
Threads = Annotated[int, typer.Option(help="CPU threads; 0 is torch's own choice.")]
Seed = Annotated[int, typer.Option(help="Of the random draws.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on standard error for each thing told of."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield told


def _use(threads: int) -> None:
    if threads:
        import torch

        torch.set_num_threads(threads)


def train(  # noqa: PLR0917 - each parameter is one option
    data: Annotated[Path, typer.Option(metavar="FILE", help="SMILES to learn from: .smi, or a table (.gz).")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the model goes.")],
    size: Annotated[
        str, typer.Option(help="small (2 M parameters), base (59 M, for a GPU) or tiny.")
    ] = "small",
    molecules: Annotated[int, typer.Option(help="Molecules to see, over all epochs.")] = 3_000_000,
    seconds: Annotated[float, typer.Option(help="Stop after so many CPU seconds; 0: never.")] = 0.0,
    start: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on from the weights of this model.")
    ] = None,
    tokens: Annotated[str, typer.Option(help="smiles or selfies.")] = "smiles",
    graphs: Annotated[
        int, typer.Option(help="Prepare graphs and properties for so many molecules (1 ms each); 0: all.")
    ] = 0,
    qed_share: Annotated[
        float, typer.Option(help="Share of these whose QED is computed, the slowest part.")
    ] = 1.0,
    features: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where prepared features are kept.")
    ] = None,
    workers: Annotated[int, typer.Option(help="Processes that prepare features.")] = 1,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, such as batch=128.")
    ] = None,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Train a graph-to-sequence model. Features are prepared once; a killed run goes on where it stood.

    Several processes: `torchrun --nproc-per-node N -m clinweave molecules train ...`.
    """
    with needs_molecules():
        from clinweave.molecules import Trainer, schedule_of, shape_named
        from clinweave.molecules.finishing import finish

        _use(threads)
        schedule = schedule_of(changes or [], molecules=molecules)
        where = features or home() / "molecules" / f"{data.name.partition('.')[0]}-{tokens}"
        with _bar() as told:
            _prepare(data, where, workers, told, kind=tokens, graphs=graphs or None, qed_share=qed_share)
            trainer = Trainer(shape_named(size), schedule, where, out, start)

            def step(seen: int, total: int, found: Any) -> None:
                told(f"training, {found['nats']:.1f} nats a molecule", seen, total)

            history = trainer.run(step, seconds or float("inf"))
        if trainer.rank == 0:
            said = f"clinweave molecules train --data {data.name} --out DIR --size {size} --molecules {molecules}"
            said += f" --tokens {tokens} --graphs {graphs} --qed-share {qed_share}"
            said += "".join(f" --set {change}" for change in changes or [])
            finish(out, where, command=said, data=data.name, licence="that of the data")
    last = history[-1]
    typer.echo(
        json.dumps({"model": str(out), **last})
        if as_json
        else f"{last['molecules']:,.0f} molecules seen: {out}"
    )


def _prepare(
    data: Path, where: Path, workers: int, told: Callable[[str, int, int], None], **plan: Any
) -> None:
    from clinweave.molecules import build_cache, read_smiles

    smiles = read_smiles(data)
    if len(smiles) < 1000:
        raise UserError(f"{data} holds {len(smiles)} molecules: at least 1,000 are needed to learn from")
    build_cache(
        smiles, data, where, workers=workers, said=lambda done, total: told("features", done, total), **plan
    )


def generate(  # noqa: PLR0917 - each parameter is one option
    n: Annotated[int, typer.Option("--n", help="How many valid molecules to deliver.")],
    out: Annotated[Path, typer.Option(metavar="FILE.smi", help="One SMILES a line.")],
    condition: Annotated[
        str,
        typer.Option(metavar="NAME=VALUE,...", help="Of weight, logp, tpsa, qed, rings, donors, acceptors."),
    ] = "",
    scaffold: Annotated[
        str | None, typer.Option(metavar="SMILES", help="What every molecule must hold.")
    ] = None,
    distinct: Annotated[bool, typer.Option(help="Leave out repeats.")] = False,
    novel: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Leave out the molecules of this file (canonical SMILES)."),
    ] = None,
    source: Annotated[str, typer.Option(help="free (the string-only mode) or latent.")] = "free",
    temperature: Annotated[float, typer.Option(help="Below 1: likelier and less varied.")] = 1.0,
    report: Annotated[Path | None, typer.Option(metavar="FILE.html", help="A page with drawings.")] = None,
    model: Model = None,
    seed: Seed = 0,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Draw new molecules. All that is delivered is valid and counted; the raw rate is told as well."""
    with needs_molecules():
        from clinweave.molecules import generate as draw
        from clinweave.molecules import named_drugs, open_model, parse_condition, read_smiles
        from clinweave.molecules.metrics import Known

        _use(threads)
        wanted = parse_condition(condition)
        opened = open_model(model)
        known: Any = Known(read_smiles(novel)) if novel else ()
        with _bar() as told:
            drawn = draw(
                n, wanted, scaffold, model=opened, source=source, temperature=temperature, distinct=distinct,
                known=known, seed=seed, told=lambda done, total: told("molecules", done, total),
            )  # fmt: skip
            drugs = named_drugs(drawn.smiles, home(), lambda done, total: told("known drugs", done, total))
        out.parent.mkdir(parents=True, exist_ok=True)
        names = {one: f" {match.name}" for one, match in (drugs or {}).items()}
        out.write_text("".join(f"{one}{names.get(one, '')}\n" for one in drawn.smiles), "utf-8")
        if report:
            from clinweave.molecules.report import write_report

            write_report(report, f"{n:,} molecules {condition} {scaffold or ''}".strip(), drawn.smiles)
    table = drawn.table()
    if as_json:
        known_drugs = None if drugs is None else {one: match._asdict() for one, match in drugs.items()}
        typer.echo(
            json.dumps(
                {
                    "file": str(out),
                    "condition": wanted,
                    "scaffold": scaffold,
                    **table,
                    "known_drugs": known_drugs,
                }
            )
        )
        return
    typer.echo(
        f"{table['delivered']:,} molecules in {out}: {table['unique']:.1%} distinct; of {table['raw']:,} strings drawn "
        f"{table['raw_validity']:.1%} were valid, {table['without_scaffold']:,} lacked the scaffold, "
        f"{table['known']:,} were known; {table['delivered_per_cpu_second']:,.0f} a CPU second"
    )
    _tell_drugs(drugs)


def _tell_drugs(drugs: "dict[str, Match] | None") -> None:
    if drugs is None:
        typer.echo("not looked up among known drugs: `clinweave fetch drug-names`", err=True)
        return
    for one, match in drugs.items():
        typer.echo(f"{one} is {match.name} ({match.id}, {match.how})")
    typer.echo(f"{len(drugs):,} of them known drugs")


def evaluate(  # noqa: PLR0917 - each parameter is one option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Generated SMILES, one a line, as drawn.")],
    reference: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="MOSES' files; else those of `clinweave fetch moses chemnet`."),
    ] = None,
    chemnet: Annotated[Path | None, typer.Option(metavar="FILE.pt", help="ChemNet weights, for FCD.")] = None,
    limit: Annotated[int, typer.Option(help="Measure the first so many; 0: all.")] = 0,
    report: Annotated[Path | None, typer.Option(metavar="FILE.html", help="A page with drawings.")] = None,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Measure a generated set by all MOSES metrics, FCD beside the floor of its sample size."""
    with needs_molecules():
        from clinweave.molecules.metrics import measure, open_against

        _use(threads)
        if not file.is_file():
            raise UserError(f"there is no file {file}")
        lines = [(line.split() or [""])[0] for line in file.read_text("utf-8-sig").splitlines()]
        lines = lines[: limit or None]
        if not any(lines):
            raise UserError(f"{file} holds no molecules")
        with _bar() as told:
            found = measure(lines, open_against(reference, chemnet), told=told)
        if report:
            from clinweave.molecules.report import write_report

            write_report(report, file.name, lines, found)
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _show(found)


def encode(  # noqa: PLR0917 - each parameter is one option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="SMILES: .smi, or a table with a header.")],
    out: Annotated[Path, typer.Option(metavar="FILE.parquet", help="Row, SMILES, reason, latent.")],
    strict: Annotated[bool, typer.Option(help="Refuse what the model has never seen, or warn.")] = True,
    model: Model = None,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Write the latent fingerprint of each molecule: every row is answered, in order."""
    with needs_molecules():
        import numpy as np
        import pyarrow as pa
        import pyarrow.parquet as pq

        from clinweave.molecules import open_model, read_molecules

        _use(threads)
        opened = open_model(model)
        rows = list(read_molecules(file))
        found = opened.encode([row.smiles or "" for row in rows], strict=strict)
        reasons = [row.reason or found.reasons[n] for n, row in enumerate(rows)]
        given = np.isfinite(found.latents[:, 0])
        latents = [one.tolist() if there else None for one, there in zip(found.latents, given, strict=True)]
        table = pa.table({
            "row": [row.row for row in rows],
            "smiles": [row.smiles for row in rows],
            "reason": reasons,
            "latent": pa.array(latents, pa.list_(pa.float32())),
        })  # fmt: skip
        pq.write_table(table, out)
    refused = sum(one is None for one in latents)
    told = {
        "file": str(out),
        "rows": len(rows),
        "refused": refused,
        "warned": sum(map(bool, reasons)) - refused,
    }
    typer.echo(
        json.dumps(told)
        if as_json
        else "{rows} rows, {refused} refused, {warned} with a warning: {file}".format(**told)
    )


def _show(found: dict[str, Any]) -> None:
    from clinweave.molecules.metrics import PUBLISHED

    table = Table("measure", "this set", *(f"{name}*" for name in PUBLISHED))
    for name, value in found.items():
        text = f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
        table.add_row(name, text, *(f"{row[name]:.4f}" if name in row else "" for row in PUBLISHED.values()))
    screen = Console()
    screen.print(table)
    screen.print("* published, 30,000 drawn. FCD falls with the sample's size: read it beside its floor.")
