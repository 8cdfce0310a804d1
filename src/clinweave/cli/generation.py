"""`clinweave molecules generate|evaluate|encode`: use the graph-to-sequence model."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.cli.structure_filters import (
    Allow,
    Filters,
    RefuseSmarts,
    chosen_filter,
    tell_controlled,
    tell_refusals,
)
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError
from clinweave.core.extras import needs_extra

if TYPE_CHECKING:
    from clinweave.applications.molecules import ReferenceSet
    from clinweave.applications.molecules.drugs import Match

Model = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of a trained model (default: the packaged small one)."),
]
Threads = Annotated[int, typer.Option(help="CPU threads; 0: PyTorch's default.")]
Device = Annotated[
    str,
    typer.Option(help="cpu or cuda; they give different molecules for the same seed."),
]
Seed = Annotated[int, typer.Option(help="Random seed.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@contextmanager
def _bar() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a callback that shows one progress bar per task on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        tasks: dict[str, Any] = {}

        def update(task: str, done: int, total: int) -> None:
            if task not in tasks:
                tasks[task] = progress.add_task(task, total=total)
            progress.update(tasks[task], completed=done, total=total)

        yield update


def _use(threads: int) -> None:
    if threads:
        import torch

        torch.set_num_threads(threads)


def generate(  # noqa: PLR0917 - each parameter is one option
    n: Annotated[int, typer.Option("--n", help="Number of valid molecules to generate.")],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Output file: .smi (one SMILES per line), or with properties .sdf, .csv, .tsv, .xlsx, .parquet.",
        ),
    ],
    condition: Annotated[
        str,
        typer.Option(
            metavar="NAME=VALUE,...",
            help="Wanted properties: weight, logp, tpsa, qed, rings, donors, acceptors. A value (logp=2.5) is aimed "
            "at; a window (logp=2-3, qed=0.6-) is kept.",
        ),
    ] = "",
    scaffold: Annotated[
        str | None, typer.Option(metavar="SMILES", help="Substructure that every molecule must contain.")
    ] = None,
    distinct: Annotated[bool, typer.Option(help="Leave out duplicates.")] = False,
    new: Annotated[
        list[str] | None,
        typer.Option(
            "--new-to",
            metavar="FILE|training|moses",
            help="Leave out molecules of this file or of the training set; may be repeated.",
        ),
    ] = None,
    refuse_known: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Share of the training set's molecules to leave out, by chance; 0: none, 1: as --new-to training.",
        ),
    ] = 0.6,  # novelty above 0.90 at hardly any distance: docs/molecules.md
    moses_rules: Annotated[
        bool,
        typer.Option(
            "--moses-filters", help="Also leave out molecules that fail the MOSES filters (MCF and PAINS)."
        ),
    ] = False,
    allow: Allow = None,
    filters: Filters = True,
    refuse_smarts: RefuseSmarts = None,
    source: Annotated[str, typer.Option(help="free (strings only) or latent.")] = "free",
    temperature: Annotated[
        float,
        typer.Option(
            help="Sampling temperature. Below 1: more likely, less diverse; above 1: more novel, less like MOSES."
        ),
    ] = 1.0,
    top_p: Annotated[
        float,
        typer.Option(
            min=0.01,
            max=1.0,
            help="Nucleus sampling: sample from the smallest token set with this total probability.",
        ),
    ] = 1.0,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="HTML report with drawings.")
    ] = None,
    model: Model = None,
    device: Device = "cpu",
    seed: Seed = 0,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Generate new molecules. All that are returned are valid; the raw validity rate is reported too."""
    with needs_extra("molecules"):
        from clinweave.applications.molecules import (
            GenerationRequest,
            moses_filters,
            named_drugs,
            new_to,
            open_model,
            parse_targets,
            write_generated,
        )
        from clinweave.applications.molecules import generate as draw
        from clinweave.applications.molecules.files import check_output
        from clinweave.applications.molecules.structure_filters import controlled_among

        check_output(out)
        _use(threads)
        targets, windows = parse_targets(condition)
        opened = open_model(model, device)
        with _bar() as update:
            reference = new_to(new or (), opened, home(), update, training_share=refuse_known, seed=seed)
            makeable = chosen_filter(allow, filters, refuse_smarts)
            passes = moses_filters(home()) if moses_rules else None
            wish = GenerationRequest(scaffold, distinct, reference, passes, makeable, windows)
            drawn = draw(
                n, targets, wish, model=opened, source=source, temperature=temperature, top_p=top_p, seed=seed,
                partial=True, progress=lambda done, total: update("molecules", done, total),
            )  # fmt: skip
            drugs = named_drugs(drawn.smiles, home(), lambda done, total: update("known drugs", done, total))
        write_generated(out, drawn.smiles, drugs or {})
        listed = controlled_among(drawn.smiles)
        if report:
            _write_report(
                report, f"{n:,} molecules {condition} {scaffold or ''}".strip(), drawn.smiles, drugs
            )
    table = drawn.table()
    if as_json:
        known_drugs = None if drugs is None else {smiles: match._asdict() for smiles, match in drugs.items()}
        answer = {
            "file": str(out), "condition": targets, "scaffold": scaffold, "new_to": new or [], "filters": filters,
            "moses_filters": moses_rules, "reference_rows": reference.rows, "reference_rows_unread": reference.unread,
            **table, "shortfall": drawn.shortfall, "known_drugs": known_drugs, "controlled": listed,
        }  # fmt: skip
        typer.echo(json.dumps(answer))
        return
    _tell(out, table, drawn.shortfall)
    tell_refusals(makeable.describe() if makeable else None)
    tell_controlled(listed)
    _tell_unread(reference)
    _tell_drugs(drugs)


def _write_report(
    report: Path, title: str, smiles: Sequence[str], drugs: "Mapping[str, Match] | None"
) -> None:
    from clinweave.applications.molecules import write_page

    write_page(report, title, smiles, names={text: match.name for text, match in (drugs or {}).items()})


def _tell(out: Path, table: dict[str, Any], shortfall: str) -> None:
    """Print what was drawn, and how much was refused and why."""
    dropped = {
        "known": table["known"],
        "with alerts": table["with_alerts"],
        "not makeable": table["not_makeable"],
        "without the scaffold": table["without_scaffold"],
        "outside the window": table["outside_window"],
        "charged, isotopic or in parts": table["outside"],
        "drawn before": table["repeats_left_out"],
    }
    reasons = ", ".join(f"{count:,} {why}" for why, count in dropped.items() if count) or "none"
    typer.echo(
        f"{table['delivered']:,} molecules in {out}: {table['unique']:.1%} distinct; of {table['raw']:,} strings drawn "
        f"{table['raw_validity']:.1%} were valid, and of these left out: {reasons}; "
        f"{table['delivered_per_cpu_second']:,.0f} per CPU second"
    )
    if shortfall:
        typer.echo(shortfall, err=True)
    if table["trained_on"] is not None:
        share = 1 - table["trained_on"] / max(table["delivered"], 1)
        typer.echo(f"{share:.1%} of what is delivered is not in the training set")


def _tell_unread(reference: "ReferenceSet") -> None:
    if reference.unread:
        typer.echo(
            f"{reference.unread:,} of {reference.rows:,} rows of --new-to contain no valid molecule "
            f"({reference.first_unread})",
            err=True,
        )


def _tell_drugs(drugs: "dict[str, Match] | None") -> None:
    if drugs is None:
        typer.echo("not looked up among known drugs: `clinweave fetch drug-names`", err=True)
        return
    for smiles, match in drugs.items():
        typer.echo(f"{smiles} is {match.name} ({match.id}, {match.how})")
    typer.echo(f"{len(drugs):,} of them known drugs")


def evaluate(  # noqa: PLR0917 - each parameter is one option
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Generated molecules, including invalid ones: .smi, .sdf, .csv, .tsv (.gz), .xlsx, .parquet.",
        ),
    ],
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of MOSES files (default: from `clinweave fetch moses chemnet`)."
        ),
    ] = None,
    chemnet: Annotated[Path | None, typer.Option(metavar="FILE.pt", help="ChemNet weights, for FCD.")] = None,
    limit: Annotated[int, typer.Option(help="Use only the first N molecules; 0: all.")] = 0,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="HTML report with drawings.")
    ] = None,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Compute all MOSES metrics of a generated set, with the FCD of as many real molecules as a reference."""
    with needs_extra("molecules"):
        from clinweave.applications.molecules.files import open_molecules
        from clinweave.applications.molecules.metrics import measure, open_against

        _use(threads)
        opened = open_molecules(file, first=True)
        lines = ["" if row.problem else row.cells[opened.structure].strip() for row in opened.rows]
        lines = lines[: limit or None]
        if not any(lines):
            raise UserError(f"{file} holds no molecules")
        with _bar() as update:
            result = measure(lines, open_against(reference, chemnet), progress=update)
        if report:
            from clinweave.applications.molecules import write_page

            write_page(report, file.name, lines, result)
    if as_json:
        typer.echo(json.dumps(result))
    else:
        _show(result)


def encode(  # noqa: PLR0917 - each parameter is one option
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Molecules: .smi, .sdf, .csv, .tsv (.gz), .xlsx or .parquet."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Row, SMILES, reason, latent: .parquet (as one list); .csv, .xlsx, .sdf ... (a column each).",
        ),
    ],
    strict: Annotated[
        bool, typer.Option(help="Refuse molecules outside the model's domain (default: warn).")
    ] = True,
    model: Model = None,
    device: Device = "cpu",
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Write the latent fingerprint of each molecule; every row gets a result, in order."""
    with needs_extra("molecules"):
        import numpy as np

        from clinweave.applications.molecules import open_model, read_molecules, write_latents
        from clinweave.applications.molecules.files import check_output

        check_output(out)
        _use(threads)
        opened = open_model(model, device)
        rows = list(read_molecules(file))
        if not rows:
            raise UserError(f"{file} holds no molecules")
        encoded = opened.encode([row.smiles or "" for row in rows], strict=strict)
        reasons = [row.reason or encoded.reasons[n] for n, row in enumerate(rows)]
        write_latents(out, rows, reasons, encoded.latents)
    refused = int((~np.isfinite(encoded.latents[:, 0])).sum())
    summary = {
        "file": str(out),
        "rows": len(rows),
        "refused": refused,
        "warned": sum(map(bool, reasons)) - refused,
    }
    typer.echo(
        json.dumps(summary)
        if as_json
        else "{rows} rows, {refused} refused, {warned} with a warning: {file}".format(**summary)
    )


def _show(result: Mapping[str, object]) -> None:
    from clinweave.applications.molecules.metrics import PUBLISHED

    table = Table("measure", "this set", *(f"{name}*" for name in PUBLISHED))
    for name, value in result.items():
        text = f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
        table.add_row(name, text, *(f"{row[name]:.4f}" if name in row else "" for row in PUBLISHED.values()))
    screen = Console()
    screen.print(table)
    screen.print("* published, 30,000 drawn. FCD falls with the sample's size: compare it with its floor.")
