"""`clinweave molecules similar` and `known`: neighbours of a drug by structure, and the drug that a structure is."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.core.artifacts import home
from clinweave.core.extras import needs_extra

if TYPE_CHECKING:
    from clinweave.applications.molecules import KnownDrugs
    from clinweave.knowledge import Graph

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class By(StrEnum):
    """What is compared."""

    MORGAN = "morgan"
    LATENT = "latent"


TITLES = {
    By.MORGAN: "Tanimoto of Morgan fingerprints (radius 2, 2,048 bits), computed. Unrelated drugs: 0.1 to 0.2.",
    By.LATENT: "Cosine of the learned latents, computed. What a value means depends on the model.",
}


def similar(
    drug: Annotated[str, typer.Argument(help="A drug's name or identifier (DRUGBANK:DB00945), or a SMILES.")],
    top: Annotated[int, typer.Option(min=1, help="Number of neighbours.")] = 10,
    similarity: Annotated[
        By, typer.Option(help="Morgan fingerprints (Tanimoto), or the learned latent (cosine).")
    ] = By.MORGAN,
    checkpoint: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Molecule model for the latent (default: the packaged one)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the known drugs most similar in structure (computed; says nothing about effect or safety)."""
    with needs_extra("molecules"):
        from clinweave.applications.molecules import similar_drugs

        drugs = _drugs()
        result = similar_drugs(
            drugs,
            drug,
            _graph(),
            lambda smiles: (
                drugs.similar_by_latent(smiles, home(), top, checkpoint)
                if similarity == By.LATENT
                else drugs.similar(smiles, top)
            ),
        )
    query, same, similar_molecules = result.query, result.same, result.similar
    if as_json:
        results = [{"rank": rank, **hit._asdict()} for rank, hit in enumerate(similar_molecules, 1)]
        typer.echo(
            json.dumps(
                {
                    "id": query.id,
                    "name": query.name,
                    "smiles": query.smiles,
                    "same": [hit._asdict() for hit in same],
                    "similar": results,
                }
            )
        )
        return
    table = Table(
        "",
        "drug",
        "id",
        "similarity",
        "structure",
        title=escape(f"Similar in structure to {query.name or query.smiles}"),
    )
    for rank, hit in enumerate(similar_molecules, 1):
        table.add_row(str(rank), escape(hit.name), hit.id, f"{hit.similarity:.2f}", escape(hit.smiles))
    Console().print(table)
    for match in same:
        typer.echo(f"{match.how}: {match.name} ({match.id})")
    typer.echo(TITLES[similarity])


def known(
    table: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Molecules: .csv, .tsv, .smi, .sdf (.gz), .xlsx or .parquet."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Output: the input with the drug's name (.csv, .sdf, .xlsx ...).",
        ),
    ],
    smiles_column: Annotated[str, typer.Option(metavar="NAME", help="Name of the SMILES column.")] = "",
    as_json: AsJson = False,
) -> None:
    """Look up molecules among known drugs, as a whole or by component."""
    from clinweave.applications.molecules.drugs import answer_known

    with needs_extra("molecules"):
        summary = answer_known(_drugs(), table, out, smiles_column)
    if as_json:
        typer.echo(json.dumps(summary))
        return
    typer.echo(
        "{rows} rows: {same} are known drugs, {salt} salts of one, {skeleton} share a drug's skeleton, {component} "
        "have one as a component, {refused} refused".format(**summary)
    )
    typer.echo(str(out))


def _drugs() -> "KnownDrugs":
    from clinweave.applications.molecules import KnownDrugs

    return KnownDrugs.open(home())


def _graph() -> "Graph | None":
    """Return the graph, or None where none was built."""
    from clinweave.core.artifacts import read_manifest
    from clinweave.knowledge import Graph

    folder = home() / "graph"
    return Graph.open(folder) if read_manifest(folder) is not None else None
