"""Studies from Python: `compare` a model with and without knowledge, `run` a recipe."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from clinweave.core.artifacts import claim, home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.evaluation.comparison import (
        ComparisonRecipe,
        ComparisonResults,
        KnowledgeSettings,
        ModelSettings,
        NamedModel,
    )
    from clinweave.evaluation.runner import Progress

CONDITIONS = ("base", "text", "graph", "both")


def run(
    recipe: Path | str,
    *,
    out: Path | None = None,
    changes: Sequence[str] = (),
    progress: "Progress | None" = None,
) -> Any:
    """Run a recipe into `out` (default: runs/NAME) and return its typed results; finished steps are reused.

    `changes` are overrides as of `--set`, such as "tasks.0.per_kind=2". Nothing is downloaded: `clinweave fetch` and
    `clinweave run` do that. Raises `UserError` naming the file and key at fault.
    """
    from clinweave.evaluation.recipe import load_recipe
    from clinweave.evaluation.runner import Runner, run_study
    from clinweave.evaluation.studies import open_study

    loaded = load_recipe(Path(recipe), list(changes))
    out = out or Path("runs") / loaded.name
    claim(out)
    runner = Runner(out, home(), progress) if progress else Runner(out, home())
    return run_study(open_study(loaded, runner), runner)


def compare(
    bench: Path | str,
    *,
    model: str = "smollm2",
    corpus: Path | str | None = None,
    graph: Path | str | None = None,
    conditions: Sequence[str] = CONDITIONS,
    count: int = 0,
    budget: int = 400,
    seed: int = 0,
    out: Path | None = None,
) -> "ComparisonResults":
    """Compare a model with and without knowledge on a benchmark file and return the results.

    Every condition answers the same questions; `results.comparisons` holds the paired differences with 95 % intervals.
    `count` samples that many questions with `seed` (0: all), `budget` is the tokens of evidence in a prompt, `out`
    the folder of report and results (default: runs/BENCH). Nothing is downloaded; an interrupted comparison resumes.
    Raises `UserError` for a benchmark, corpus or graph that cannot be read.
    """
    from clinweave.evaluation.comparison import KnowledgeSettings, ModelSettings
    from clinweave.evaluation.runner import Runner, run_study
    from clinweave.evaluation.studies import open_study

    settings = KnowledgeSettings(graph=str(graph or ""), budget=budget)
    recipe = comparison_recipe(
        Path(bench),
        model=ModelSettings(model),
        knowledge=settings,
        conditions=conditions,
        corpus=Path(corpus) if corpus else None,
        count=count,
        seed=seed,
    )
    out = out or Path("runs") / recipe.name
    claim(out)
    runner = Runner(out, home())
    results: ComparisonResults = run_study(open_study(recipe, runner), runner)
    return results


def comparison_recipe(
    bench: Path,
    *,
    model: "ModelSettings",
    knowledge: "KnowledgeSettings",
    conditions: Sequence[str] = CONDITIONS,
    corpus: Path | None = None,
    count: int = 0,
    seed: int = 0,
    dump_prompts: bool = False,
    models: "Sequence[NamedModel]" = (),
    bad_rows: Literal["refuse", "leave-out"] = "refuse",
) -> "ComparisonRecipe":
    """Return the recipe of a comparison on one benchmark file, after reading the inputs once.

    `conditions` may name controls too; further `models` answer the same questions; `bad_rows` says what happens to a
    bad row of the benchmark. Raises `UserError` for an unknown
    condition, an input that cannot be read, or a graph given together with databases to build one from.
    """
    from dataclasses import replace

    from clinweave.evaluation.comparison import CONTROLS, ComparisonRecipe, TaskSettings, check

    _check_inputs(bench, corpus, knowledge, [] if bad_rows == "leave-out" else None)
    recipe = ComparisonRecipe(
        name=bench.stem,
        title=f"{bench.name}: what do a text index and a knowledge graph add?",
        seed=seed,
        dump_prompts=dump_prompts,
        model=model,
        models=tuple(models),
        knowledge=replace(
            knowledge,
            graph=str(Path(knowledge.graph).resolve()) if knowledge.graph else "",
            conditions=tuple(name for name in conditions if name not in CONTROLS),
            controls=tuple(name for name in conditions if name in CONTROLS),
        ),
        tasks=(
            TaskSettings(
                type="benchmark",
                path=str(bench.resolve()),
                corpus=str(corpus.resolve()) if corpus else "",
                count=count,
                bad_rows=bad_rows,
            ),
        ),
    )
    return check(recipe, "--conditions")


def _check_inputs(
    bench: Path, corpus: Path | None, knowledge: "KnowledgeSettings", left_out: list[str] | None
) -> None:
    """Read the benchmark before anything is downloaded. Raises `UserError` if an input is unusable."""
    from clinweave.datasets import read_benchmark
    from clinweave.knowledge import Graph

    for path in filter(None, (bench, corpus)):
        if not path.exists():
            raise UserError(f"there is no {path}")
    read_benchmark(bench, left_out)
    if knowledge.graph and knowledge.databases:
        raise UserError("give --graph (a graph that was built) or --databases (of one to build), not both")
    if knowledge.graph:
        Graph.open(Path(knowledge.graph))
