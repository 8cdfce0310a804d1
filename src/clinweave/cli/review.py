"""`clinweave review`: a blinded page for human raters, and what their ratings say."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.console import Console
from clinweave.core.typed import to_values

app = typer.Typer(add_completion=False, no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def make(  # noqa: PLR0917 - each parameter is one option
    items: Annotated[
        Path,
        typer.Argument(
            metavar="ITEMS",
            help='JSON lines {"id", "question", "answers": {"system": "text"}}, or a run\'s folder.',
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="PAGE.html", help="The page for the raters.")],
    criteria: Annotated[
        Path | None,
        typer.Option(metavar="FILE.toml", help="Criteria to rate.", show_default="correct, complete, harm"),
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="Items at most, sampled with the seed; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the order of answers.")] = 0,
    title: Annotated[str, typer.Option(help="Title of the page.")] = "Rate answers",
    as_json: AsJson = False,
) -> None:
    """Make a self-contained page without the systems' names, and the key that stays with you."""
    from clinweave.evaluation.review import DEFAULT_CRITERIA, make_page, read_criteria, read_items

    rows = read_items(items, count=count, seed=seed)
    asked = read_criteria(criteria) if criteria else DEFAULT_CRITERIA
    key = make_page(rows, out, title=title, criteria=asked, seed=seed)
    if as_json:
        typer.echo(json.dumps({"page": str(out), "key": str(key), "items": len(rows)}))
        return
    typer.echo(f"{out}: {len(rows)} items; send it to the raters.")
    typer.echo(f"{key}: which system wrote what; keep it from them.")


@app.command()
def read(
    ratings: Annotated[
        list[Path], typer.Argument(metavar="RATINGS.json...", help="Files that raters saved.")
    ],
    key: Annotated[Path, typer.Option(metavar="PAGE.key.json", help="The key written next to the page.")],
    out: Annotated[
        Path | None, typer.Option(metavar="PAGE.html", help="Write the results as a page.")
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Add them to this comparison's report when its recipe is run again."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read ratings back: means, differences between systems, weighted kappa and Krippendorff's alpha."""
    from clinweave.core.artifacts import write_json
    from clinweave.core.errors import UserError
    from clinweave.core.reports.blocks import write_report
    from clinweave.evaluation.review import RATINGS, read_ratings, review_report

    results = read_ratings(ratings, key)
    if run and not (run / "results.json").exists():
        raise UserError(f"{run} holds no finished run (results.json)")
    if run:
        write_json(run / RATINGS, to_values(results))
    report = review_report(results)
    if out:
        write_report(report, out)
    if as_json:
        typer.echo(json.dumps(to_values(results), indent=1, ensure_ascii=False))
        return
    from rich.markdown import Markdown

    from clinweave.core.reports.blocks import report_markdown

    Console().print(Markdown(report_markdown(report)))
