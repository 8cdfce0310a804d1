"""`clinweave molecules`: generate, optimise and search molecules, predict their properties."""

import typer

from clinweave.cli import analogues, generation, molecules_train, optimizing, properties, similar

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(molecules_train.train)
app.command()(generation.generate)
app.command()(generation.evaluate)
app.command()(generation.encode)
app.command()(optimizing.optimize)
app.command()(analogues.analogues)
app.add_typer(properties.app, name="properties")
app.command()(similar.similar)
app.command()(similar.known)


@app.callback()
def _root() -> None:
    """Generate, optimise and search molecules, predict their properties. For research, not for clinical decisions."""
