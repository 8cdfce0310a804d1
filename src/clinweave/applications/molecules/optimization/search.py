"""Run a search: method, starting molecules, oracle and budget."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from clinweave.applications.molecules.optimization.oracle import Oracle
from clinweave.applications.molecules.optimization.penalty import WEIGHT, LiabilityPenalty
from clinweave.applications.molecules.optimization.problem import Method, OptimizationTask, parse_start
from clinweave.applications.molecules.optimization.scoring import Scorer
from clinweave.applications.molecules.structure_filters import StructureFilter, Violation, open_filter
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.molecules.generator import Generator

Progress = Callable[[int, int, float], None]  # calls, budget, best score
MethodName = Literal["finetune", "graph-ga", "latent", "reinvent", "screen", "surrogate"]  # --method
# the same names -> module (of this package, or a full path), class, what it is; a test compares them
METHODS: dict[str, tuple[str, str, str]] = {
    "finetune": ("finetuning", "FineTuning", "the decoder is trained on the best so far (hill climbing)"),
    "graph-ga": ("genetic", "GraphGA", "genetic algorithm on graphs (Jensen 2019); learns nothing"),
    "latent": ("latent_search", "LatentSearch", "genetic search in the model's latent space"),
    "reinvent": ("reinvent", "Reinvent", "policy loop with augmented likelihood (Olivecrona 2017)"),
    "surrogate": (
        "surrogate_ga",
        "SurrogateSearch",
        "graph-ga proposes, a Gaussian process chooses what is scored",
    ),
    "screen": ("random_search", "RandomSearch", "no search: what the model draws, scored"),
}
DEFAULT_METHOD: MethodName = "surrogate"  # above all others at 500 calls: docs/molecules_optimize.md
WITHOUT_WEIGHTS = frozenset({"graph-ga", "surrogate"})
POOL = 100  # first molecules, drawn where none are given
STALLED = 40  # rounds in a row without a new molecule


@dataclass(frozen=True)
class Search:
    """What is asked for. `pool`: first molecules, else drawn from the model; `journal`: where calls are kept.

    `weights` is a model's folder, else the packaged one. `makeable` refuses structures that nobody would make without
    calling the scorer; None refuses nothing. What the start violates is allowed in all molecules of its search.
    `liability_weight`: standard deviations of the scores by which each structural liability, and unusual atoms, lower
    what the search sees of a score (the answer has the scorer's own); 0 prefers nothing.
    """

    scorer: Scorer
    budget: int = 10_000
    start: str = ""
    keep: str = ""
    method: str = DEFAULT_METHOD
    seed: int = 0
    pool: tuple[str, ...] = ()
    journal: Path | None = None
    weights: Path | None = None
    makeable: StructureFilter | None = field(default_factory=open_filter)
    liability_weight: float = WEIGHT


@dataclass(frozen=True)
class Outcome:
    """What a search did. `start` is canonical; `stopped` says why it ended before the budget, or ""."""

    search: Search
    oracle: Oracle
    start: str
    seconds: float  # CPU
    stopped: str = ""
    makeable: StructureFilter | None = None  # that of the search, with its counts and what the start excuses
    excused: tuple[Violation, ...] = ()


def optimise(search: Search, model: "Generator | None" = None, progress: Progress | None = None) -> Outcome:
    """Search until the budget is spent, or nothing new is found; resumes from an existing journal.

    Raises `UserError` for a start, a pattern, a method or a budget that cannot be, and where the scorer always fails.
    """
    if search.method not in METHODS:
        raise UserError(f"--method {search.method}: choose from {', '.join(METHODS)}")
    if search.budget < 1:
        raise UserError(f"--budget {search.budget}: at least one call is needed")
    start, keep = parse_start(search.start, search.keep)
    makeable, excused = _filter_for(search, start)
    about = {
        "start": start, "keep": search.keep, "method": search.method, "seed": search.seed,
        "makeable": makeable.identity if makeable else "", "liability_weight": search.liability_weight,
    }  # fmt: skip
    oracle = Oracle(search.scorer, search.budget, search.journal, about, keep, makeable)
    begun = time.process_time()
    if oracle.finished:
        return Outcome(search, oracle, start, 0.0, "", makeable, excused)
    if start:
        _check_start(oracle, start)
    pool, opened = _world(search, model)
    _check_pool(search, makeable)
    problem = OptimizationTask(
        start or None, keep, pool, opened, search.scorer.bounded, search.seed, makeable,
        LiabilityPenalty(search.liability_weight, start),
    )  # fmt: skip
    stopped = run(create_method(search.method, problem), oracle, progress)
    oracle.check()
    return Outcome(search, oracle, start, time.process_time() - begun, stopped, makeable, excused)


def _filter_for(search: Search, start: str) -> tuple[StructureFilter | None, tuple[Violation, ...]]:
    """Return a filter with counts of its own that allows what the start has, and what that is."""
    if search.makeable is None:
        return None, ()
    if not start:
        return search.makeable.excuse(()), ()
    from rdkit import Chem

    excused = tuple(search.makeable.violations(Chem.MolFromSmiles(start)))
    return search.makeable.excuse(excused), excused


def _check_pool(search: Search, makeable: StructureFilter | None) -> None:
    """Raise `UserError` where the filter refuses all of the given pool."""
    if makeable is None or not search.pool or search.start:
        return
    refused = [makeable.refuse(smiles) for smiles in search.pool]
    if all(refused):
        raise UserError(
            f"--pool: all of its {len(refused):,} molecules are refused ({'; '.join(makeable.describe())}); "
            "allow these rules with --allow, or use --no-filters"
        )


def run(method: Method, oracle: Oracle, progress: Progress | None = None) -> str:
    """Ask and tell until the budget is spent; return why it ended before, or ""."""
    quiet = 0
    while not oracle.finished:
        before = len(oracle.calls)
        answers = oracle(method.ask())
        method.tell(answers)
        quiet = 0 if any(answer.new for answer in answers) else quiet + 1
        if progress and len(oracle.calls) > before:
            best = oracle.ranked()
            progress(len(oracle.calls), oracle.budget, best[0].scored.value if best else float("nan"))
        if quiet >= STALLED:
            return f"nothing new in {STALLED} rounds, after {len(oracle.calls):,} calls"
    return ""


def create_method(name: str, problem: OptimizationTask) -> Method:
    """Return a method for a task."""
    module, kind, _ = METHODS[name]
    path = module if "." in module else f"{__package__}.{module}"
    method: Method = getattr(import_module(path), kind)(problem)
    return method


def _check_start(oracle: Oracle, start: str) -> None:
    """Score the start first: a scorer that cannot score it fails immediately."""
    answer = oracle([start])[0]
    if answer.fate == "failed":
        call = next(item for item in oracle.calls if item.smiles == answer.smiles)
        raise UserError(
            f"the scorer {oracle.scorer.name} cannot score the start {start}: {call.scored.problem}"
        )


def _world(search: Search, model: "Generator | None") -> "tuple[tuple[str, ...], Generator | None]":
    """Return the pool and the model."""
    if search.pool and search.method in WITHOUT_WEIGHTS:
        return search.pool, model
    from clinweave.applications.molecules.generation import GenerationRequest, generate
    from clinweave.applications.molecules.generator import open_model

    opened = model or open_model(search.weights)
    if search.pool:
        return search.pool, opened
    wish = GenerationRequest(distinct=True, makeable=search.makeable.excuse(()) if search.makeable else None)
    drawn = generate(POOL, None, wish, model=opened, seed=search.seed)
    return tuple(drawn.smiles), opened


def read_pool(path: Path, tell: Callable[[str], None] | None = None) -> tuple[str, ...]:
    """Return the molecules of a file that can be used, distinct, in order; `tell` is called with what cannot be used.

    Raises `UserError` if there are none.
    """
    from clinweave.applications.molecules.molecule import describe_unread, read_molecules

    rows = list(read_molecules(path))
    pool = tuple(dict.fromkeys(row.smiles for row in rows if row.smiles))
    if not pool:
        raise UserError(f"--pool {path}: no row holds a molecule")
    if tell and (unread := describe_unread(rows, path, "--pool")):
        tell(unread)
    return pool
