"""`clinweave diagnose`: ranked, explained differentials from phenopackets, HPO terms or free text."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clinweave.cli.progress import spinner
from clinweave.core.artifacts import appearing, home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.diagnosis import Case, Diagnoser

app = typer.Typer(add_completion=False)
_DEPTH = 10  # ranks that a language model reads, with their reasons


@app.command()
def diagnose(  # noqa: PLR0917 - each parameter is one option
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[INPUT]",
            help="Phenopackets (JSON, YAML, JSON lines; .gz), or a folder, .zip or .tar.gz of them.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="RANKS.jsonl", help="Output file, one line per case.")
    ] = None,
    hpo_release: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder with hp.obo and phenotype.hpoa (default: the downloaded release)."
        ),
    ] = None,
    mondo: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Mondo, for equivalent and related diseases: auto, a mondo.json, or none."
        ),
    ] = "auto",
    disease_genes: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="HPO's table of genes and diseases, for diseases without findings of their own: auto, a "
            "genes_to_phenotype.txt or genes_to_disease.txt, or none.",
        ),
    ] = "auto",
    orphanet: Annotated[
        bool, typer.Option("--orphanet", help="Also rank diseases with an ORPHA id and no OMIM id.")
    ] = False,
    drop_own_publication: Annotated[
        bool,
        typer.Option(
            "--drop-own-publication",
            help="Drop annotations that cite the case's own paper, for every disease.",
        ),
    ] = False,
    top: Annotated[int, typer.Option(min=1, help="Number of ranks per case.")] = 100,
    reasons: Annotated[int, typer.Option(min=0, help="Number of ranks with reasons.")] = 5,
    hpo: Annotated[str, typer.Option(metavar="HP:...,HP:...", help="Observed findings of one patient.")] = "",
    absent: Annotated[str, typer.Option("--not", metavar="HP:...", help="Excluded findings.")] = "",
    age: Annotated[str, typer.Option(help="Age of the patient, as P3Y6M. Stored, not scored.")] = "",
    sex: Annotated[
        str, typer.Option(help="male or female; an X-linked disease counts less in a female.")
    ] = "",
    text: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A case report; findings are recognised in it.")
    ] = None,
    genes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="HGNC symbols with an optional score, or Exomiser's gene TSV."),
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            "--rerank",
            metavar="MODEL",
            help="Re-rank the first ten with a language model: smollm2, a .gguf file or an address. Off by default "
            "(no gain measured, see docs/diagnosis.md).",
        ),
    ] = "",
    weight: Annotated[
        float,
        typer.Option(
            "--rerank-weight", min=0, help="Weight of the model's opinion relative to the score, in nats."
        ),
    ] = 0.1,
    allow_remote: Annotated[
        str, typer.Option(metavar="HOST", help="Host that may receive the findings.")
    ] = "",
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write an HTML page.")] = None,
    pheval: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write PhEval's disease results there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Rank rare diseases by a patient's findings, with reasons.

    Of a phenopacket only subject and phenotypicFeatures are read (and the case's own PMID with
    --drop-own-publication). Each line is {"id", "ranking": [{"rank", "id", "members", "name", "score", "reasons"}],
    "none_fits", "next", "problems"}. For research, not for clinical decisions.
    """
    from clinweave.applications.diagnosis import gene_ranking

    skipped: list[str] = []
    cases = _cases(source, text, (hpo, absent, age, sex), drop_own_publication, skipped)
    diagnoser = _diagnoser(hpo_release, (mondo, disease_genes), orphanet)
    by_disease, symbols = _genes(genes) if genes else (None, {})
    reorder = _reorder(model, weight, allow_remote, reasons) if model else None
    counts = {"cases": 0, "with_problems": 0, "unranked": 0}
    lines: list[dict[str, Any]] = []
    with _output(out) as write, spinner(quiet=source is None) as set_status:
        for case in cases:
            set_status(f"ranking: {counts['cases']:,} cases")
            depth = max(reasons, _DEPTH) if reorder else reasons
            line = diagnoser.diagnose(case, top=top, explained=depth, weighted=by_disease)
            if reorder:
                line = reorder(line)
            if genes:
                line["genes"] = gene_ranking(line["ranking"], symbols)
            counts["cases"] += 1
            counts["with_problems"] += bool(line["problems"])
            counts["unranked"] += not line["ranking"]
            write(json.dumps(line, ensure_ascii=False) + "\n")
            if pheval:
                _pheval(line, pheval)
            if out is None or page:
                lines.append(line)
    for name in skipped:
        typer.echo(f"not read: {name}", err=True)
    if page:
        from clinweave.applications.diagnosis import write_page

        write_page(lines, dict(diagnoser.model.sources), page)
    _tell(lines if out is None else [], counts, out, as_json)


def _cases(
    source: Path | None, text: Path | None, terms: tuple[str, str, str, str], own: bool, skipped: list[str]
) -> "Iterable[Case]":
    from clinweave.applications.diagnosis import Case, read_cases

    sources = [source is not None, text is not None, bool(terms[0] or terms[1])]
    if sum(sources) != 1:
        raise UserError("give one of: INPUT, --text FILE, or --hpo (with --not)")
    if source is not None:
        return read_cases(source, publications=own, skipped=skipped)
    observed, absent, age, sex = terms
    if sex.upper() not in {"", "MALE", "FEMALE"}:
        raise UserError(f"--sex is {sex!r}; give male or female, or leave it out")
    if text is not None:
        return [_recognised(text, sex.upper(), age)]
    split = [tuple(term.strip() for term in text.split(",") if term.strip()) for text in (observed, absent)]
    return [Case("patient", split[0], split[1], sex.upper(), age)]


def _recognised(path: Path, sex: str, age: str) -> "Case":
    """Return the case that a text tells, as the linker finds and negates findings."""
    from clinweave.applications.diagnosis import from_mentions
    from clinweave.knowledge import Graph, Linker, unread_language, with_translations

    if not path.is_file():
        raise UserError(f"there is no text {path}")
    linker = with_translations(Linker.open(Graph.open(home() / "graph")), home())
    letter = path.read_text("utf-8")
    if unread := unread_language(letter, linker.languages):
        typer.echo(f"warning: {unread}", err=True)
    mentions = linker.link(letter, ["HP"])
    return from_mentions(path.stem, mentions, sex, age)


def _genes(path: Path) -> tuple[dict[str, float], dict[str, str]]:
    """Return what the genes add to each disease, and the symbol behind it, by the graph's relations."""
    from clinweave.applications.diagnosis import diseases_of, read_genes, weights
    from clinweave.databases import DATABASES, RowLog
    from clinweave.knowledge import Graph
    from clinweave.resources import located

    scores = read_genes(path)
    hgnc = DATABASES["hgnc"].read(located("hgnc", home()), RowLog(keep=0))
    pairs = Graph.open(home() / "graph").relations(predicate="biolink:gene_associated_with_condition")
    diseases = diseases_of(hgnc, pairs)
    for symbol in sorted(scores.keys() - diseases.keys()):
        typer.echo(f"{symbol}: no disease is known of it, or it is not an HGNC symbol", err=True)
    return weights(scores, diseases)


def _reorder(
    address: str, weight: float, allow_remote: str, reasons: int
) -> "Callable[[dict[str, Any]], dict[str, Any]]":
    """Return what re-ranks a line by the language model at `address`, keeping the reasons of the first ranks."""
    from clinweave.applications.diagnosis import guard_findings, reranked
    from clinweave.models import open_model

    model = open_model(address)
    guard_findings(model, allow_remote)

    def change(line: dict[str, Any]) -> dict[str, Any]:
        result = reranked(model, line, weight) if line["ranking"] else line
        selected = [
            {**entry, "reasons": entry["reasons"] if entry["rank"] <= reasons else []}
            for entry in result["ranking"]
        ]
        return {**result, "ranking": selected}

    return change


def _diagnoser(folder: Path | None, maps: tuple[str, str], orphanet: bool) -> "Diagnoser":
    from clinweave.applications.diagnosis import (
        Diagnoser,
        Release,
        fetched_genes,
        fetched_mondo,
        fetched_release,
        open_model,
        release_in,
    )
    from clinweave.cli.console import Console

    release = release_in(folder) if folder else fetched_release(home())
    mondo = _map(maps[0], fetched_mondo, "Mondo file", "a mondo.json")
    genes = _map(maps[1], fetched_genes, "table of genes", "a genes_to_phenotype.txt")
    if mondo is None and maps[0] == "auto":
        typer.echo(
            "without Mondo, related diseases are found by their names alone; run `clinweave fetch mondo`",
            err=True,
        )
    used = Release(release.ontology, release.annotations, mondo, genes)
    with Console(stderr=True).status("Opening the annotations (compiled on first use)"):
        return Diagnoser(open_model(used, home() / "diagnosis", orphanet=orphanet))


def _map(choice: str, fetched: "Callable[[Path], Path | None]", kind: str, example: str) -> Path | None:
    path = fetched(home()) if choice == "auto" else None if choice == "none" else Path(choice)
    if path is not None and not path.is_file():
        raise UserError(f"there is no {kind} {path}; give {example}, auto or none")
    return path


@contextmanager
def _output(out: Path | None) -> "Iterator[Callable[[str], object]]":
    """Yield what writes a line: to a file that appears whole or not at all, or nowhere."""
    if out is None:
        yield lambda _: None
        return
    with appearing(out, private=True) as work, work.open("w", encoding="utf-8") as stream:
        yield stream.write


def _pheval(line: dict[str, Any], folder: Path) -> None:
    from clinweave.applications.diagnosis import write_pheval

    write_pheval(line, folder)


def _tell(lines: list[dict[str, Any]], counts: dict[str, int], out: Path | None, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({**counts, "out": str(out)} if out else {**counts, "cases": lines}))
        return
    if out:
        typer.echo(
            "{cases} cases, {with_problems} with problems, {unranked} unranked".format(**counts), err=True
        )
    for line in lines:
        _show(line)


def _show(line: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    from clinweave.cli.console import Console

    screen = Console()
    table = Table(
        "rank", "disease", "id", "score", "findings for", "findings against", title=escape(line["id"])
    )
    for entry in line["ranking"][:10]:
        reasons = [reason for reason in entry["reasons"] if reason["finding"]]
        good = [f"{reason['name']} {reason['says']:+.1f}" for reason in reasons if reason["says"] > 0][:4]
        bad = [
            f"{reason['name']} {reason['says']:+.1f}" for reason in reversed(reasons) if reason["says"] < 0
        ][:3]
        name, ids = escape(entry["name"]), "\n".join(entry["members"])
        table.add_row(
            str(entry["rank"]),
            name,
            ids,
            f"{entry['score']:.1f}",
            escape("\n".join(good)),
            escape("\n".join(bad)),
        )
    screen.print(table)
    if line["none_fits"]:
        screen.print("No match: the findings support no disease better than chance.")
    if opinion := line.get("reranked"):
        argument = f": {escape(opinion['argument'])}" if opinion["argument"] else ""
        screen.print(
            f"Re-ranked by {escape(opinion['model'])}{argument}"
            if opinion["read"]
            else "The model's reply could not be parsed."
        )
    for reason in line["next"]:
        screen.print(
            f"Look for next: {escape(reason['name'])} ({reason['finding']}), {reason['bits']:.2f} bits expected"
        )
    for problem in line["problems"]:
        screen.print(f"Note: {escape(problem)}")
