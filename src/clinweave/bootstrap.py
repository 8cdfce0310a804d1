"""Set clinweave up: download the default databases, build the graph and the text index. Nothing is compared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinweave.core.artifacts import Artifact, read_manifest, sha256
from clinweave.core.artifacts import home as default_home
from clinweave.core.errors import OutdatedError, UserError
from clinweave.resources import Resource, catalogue, download_size, fetch, room_for, verify

BUILT = 480_000_000  # bytes of graph, linker vocabulary and text index of the default databases, measured
Status = Callable[[str], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SetupPlan:
    """What `set_up` will do: the releases it needs, those that are not complete, and bytes to download and to store."""

    home: Path
    resources: tuple[Resource, ...]
    missing: tuple[str, ...]
    download: int
    disk: int


@dataclass(frozen=True)
class SetupResult:
    """What was set up. `graph.fresh` and `index.fresh` say whether this call built them."""

    home: Path
    graph: Artifact
    index: Artifact


def plan_setup(home: Path | None = None, models: Sequence[str] = ()) -> SetupPlan:
    """Return what setting up in `home` takes; `models` are names of models to download as well. Changes nothing.

    Raises `UserError` for an unknown model.
    """
    from clinweave.databases import DEFAULT

    folder = home or default_home()
    databases = [item for item in catalogue().values() if set(DEFAULT) & set(item.databases)]
    chosen = (*databases, *map(_weights, models))
    missing = tuple(item.id for item in chosen if set(verify(item, folder, deep=False).values()) != {"good"})
    built = 0 if read_manifest(folder / "graph") and read_manifest(folder / "index") else BUILT
    files = sum(item.size for item in chosen if item.id in missing)
    return SetupPlan(folder, chosen, missing, download_size(missing, folder), files + built)


def set_up(
    home: Path | None = None,
    models: Sequence[str] = (),
    *,
    status: Status = lambda _: None,
    progress: Progress | None = None,
) -> SetupResult:
    """Download what is missing in `home`, build the graph, build the index. Finished steps are kept and not repeated.

    `status` is called with each step, `progress` as by `fetch`. Raises `ClinweaveError` where a download fails or the
    disk is too small, and `UserError` where the folder holds a graph of other databases, which is left as it is.
    """
    plan = plan_setup(home, models)
    download_missing(plan, progress=progress)
    return build_all(plan, status=status)


def download_missing(
    plan: SetupPlan,
    *,
    progress: Progress | None = None,
    source_dir: Path | None = None,
    offline: bool = False,
) -> None:
    """Download what a plan lacks. Raises `ClinweaveError` where that fails or the disk is too small for all of it."""
    if plan.disk:
        plan.home.mkdir(parents=True, exist_ok=True)
        room_for("the setup", plan.disk, plan.home)
    if plan.missing:
        fetch(plan.missing, home=plan.home, progress=progress, source_dir=source_dir, offline=offline)


def build_all(plan: SetupPlan, *, status: Status = lambda _: None) -> SetupResult:
    """Build the graph and the text index of a plan. Raises as `set_up` does."""
    from clinweave.databases import DEFAULT
    from clinweave.knowledge import Graph, Linker, build_graph, build_home_index, graph_inputs

    status("building the knowledge graph")
    files = graph_inputs(DEFAULT, (), plan.home)
    folder = plan.home / "graph"
    try:
        graph = build_graph(files, folder, progress=status, replace=_has_these_files(folder, files))
    except OutdatedError as error:
        raise UserError(
            f"{folder} was built from other databases and was not changed: use it as it is, replace it "
            "with `clinweave graph build`, or set up another folder with CLINWEAVE_HOME"
        ) from error
    status("building the vocabulary of the linker")
    opened = Graph.open(graph.path)
    linker = Linker.open(opened)
    status("building the text index")
    return SetupResult(plan.home, graph, build_home_index(opened, linker, plan.home))


def _has_these_files(graph: Path, files: Mapping[str, Mapping[str, Path]]) -> bool:
    """Say whether a graph was built from exactly these files: then building it again loses nothing."""
    manifest = read_manifest(graph)
    expected = {
        f"{name}/{file}": sha256(path) for name, parts in files.items() for file, path in parts.items()
    }
    return manifest is not None and manifest.get("inputs") == expected


def _weights(model: str) -> Resource:
    """Return the resource of a model. Raises `UserError` where the catalogue has none of that name."""
    from clinweave.core.typed import nearest
    from clinweave.models import FETCHED

    if model not in FETCHED:
        raise UserError(f"there is no model {model!r} to download{nearest(model, FETCHED)}")
    return catalogue()[FETCHED[model]]
