"""`clinweave diagnose`: ranked, explained differentials from phenopackets, HPO terms or free text."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clinweave.cli.console import spinner
from clinweave.cli.diagnose_input import Given, cases
from clinweave.cli.diagnose_output import Targets, tell, unranked, write_lines
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.diagnosis import Case, Diagnoser, DiagnosisResult, Letter

app = typer.Typer(add_completion=False)


@app.command()
def diagnose(  # noqa: PLR0917 - each parameter is one option
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[INPUT]",
            help="Phenopackets or lines of `clinweave link` (JSON, YAML, JSON lines; .gz), or a folder, .zip or "
            ".tar.gz of them.",
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
    hpo: Annotated[
        str,
        typer.Option(
            metavar="HP:...,HP:...",
            help="Observed findings of one patient, as HPO ids or names; added to a text or a file of one case, which "
            "they overrule.",
        ),
    ] = "",
    absent: Annotated[
        str,
        typer.Option(
            "--excluded",
            "--not",
            metavar="HP:...",
            help="Excluded findings, likewise; they overrule a text too.",
        ),
    ] = "",
    ignored: Annotated[
        str, typer.Option("--ignore", metavar="HP:...", help="Findings of a text or file to leave out.")
    ] = "",
    age: Annotated[str, typer.Option(help="Age of the patient, as 16y, '5 months' or P3Y6M.")] = "",
    sex: Annotated[
        str, typer.Option(help="male or female; an X-linked disease counts less in a female.")
    ] = "",
    text: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A letter or note of one patient; findings are recognised in it."),
    ] = None,
    marked: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the text with the findings that were read in it."),
    ] = None,
    phenopacket: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Write the findings as GA4GH phenopackets (.json, .yaml; several: .jsonl, .yaml).",
        ),
    ] = None,
    prior: Annotated[
        str,
        typer.Option(
            help="Belief before the findings: uniform, as among published cases, or prevalence (Orphanet's classes, "
            "with --prevalence), as in a clinic."
        ),
    ] = "uniform",
    prevalence: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Orphadata's en_product9_prev.xml, plain or .gz."),
    ] = None,
    genes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="HGNC symbols with an optional score, or Exomiser's gene TSV."),
    ] = None,
    page: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write an HTML page.")] = None,
    pheval: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write PhEval's disease results there.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Rank rare diseases by a patient's findings, with reasons.

    Of a phenopacket only subject and phenotypicFeatures are read (and the case's own PMID with
    --drop-own-publication). Each line is {"id", "ranking": [{"rank", "id", "members", "name", "score", "share",
    "genes", "inheritance", "onset", "prevalence", "mondo", "links", "reasons"}], "none_fits", "none_of_these", "prior",
    "observed", "excluded", "next", "problems"}, of a letter also "read". For research, not for clinical decisions.
    """
    from clinweave.applications.diagnosis import gene_ranking

    given = Given(source, text, hpo, absent, ignored, age, sex)
    targets = Targets(out, page, pheval, marked, phenopacket)
    given.check()
    targets.check(text)
    diagnoser = _diagnoser(hpo_release, (mondo, disease_genes), (prior, prevalence), orphanet)
    by_disease, symbols = _genes(genes) if genes else (None, {})

    def ranked(case: "Case", letter: "Letter | None") -> "DiagnosisResult":
        line = diagnoser.diagnose(case, top=top, explained=reasons, weighted=by_disease)
        if given.single and not line["ranking"]:
            raise UserError(unranked(line, genes, read=letter is not None))
        return {**line, "genes": gene_ranking(line["ranking"], symbols)} if genes else line

    skipped: list[str] = []
    items = cases(given, diagnoser.model.ontology, publications=drop_own_publication, skipped=skipped)
    with spinner(quiet=source is None) as set_status:
        counts, lines = write_lines(items, ranked, diagnoser.model, targets, set_status)
    for name in skipped:
        typer.echo(f"not read: {name}", err=True)
    tell(lines if out is None else [], counts, out, as_json)


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


def _diagnoser(
    folder: Path | None, maps: tuple[str, str], prior: tuple[str, Path | None], orphanet: bool
) -> "Diagnoser":
    from clinweave.applications.diagnosis import (
        PRIORS,
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
    belief, prevalence = prior
    if belief not in PRIORS:
        raise UserError(f"--prior is {belief!r}; give one of {', '.join(PRIORS)}")
    if prevalence is not None and not prevalence.is_file():
        raise UserError(
            f"there is no table of prevalence {prevalence}; give Orphadata's en_product9_prev.xml"
        )
    used = Release(release.ontology, release.annotations, mondo, genes, prevalence)
    with Console(stderr=True).status("Opening the annotations (compiled on first use)"):
        return Diagnoser(open_model(used, home() / "diagnosis", orphanet=orphanet), belief)


def _map(choice: str, fetched: "Callable[[Path], Path | None]", kind: str, example: str) -> Path | None:
    path = fetched(home()) if choice == "auto" else None if choice == "none" else Path(choice)
    if path is not None and not path.is_file():
        raise UserError(f"there is no {kind} {path}; give {example}, auto or none")
    return path
