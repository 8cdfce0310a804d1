"""The stages by name: each a file with `Config` and `run(config, inputs, out) -> Artifact`."""

import json
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import Artifact
from clinweave.core.errors import UserError
from clinweave.training import processes
from clinweave.training.settings import Inputs, Settings

STAGES = ("pretrain", "sft", "reward", "dpo", "ppo", "grpo")


def stage_config(name: str, values: Mapping[str, Any]) -> Settings:
    """Return a stage's settings; an unknown stage or key is a `UserError` that names the nearest one."""
    if name not in STAGES:
        raise UserError(f"there is no stage {name!r}{_nearest(name, STAGES)}")
    kind = import_module(f"clinweave.training.{name}").Config
    known = {one.name: one for one in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise UserError(f"stage {name}: unknown key {key!r}{_nearest(key, known)}")
        wanted = type(known[key].default)
        fits = isinstance(value, wanted) or (wanted is float and isinstance(value, int))
        if not fits or (isinstance(value, bool) and wanted is not bool):
            raise UserError(f"stage {name}, {key}: expected {wanted.__name__}, found {value!r}")
    made: Settings = kind(**{key: float(value) if isinstance(known[key].default, float) else value
                             for key, value in values.items()})  # fmt: skip
    return made


def run_stage(name: str, values: Mapping[str, Any], inputs: Inputs, out: Path) -> Artifact:
    """Run a stage by name into `out`."""
    config = stage_config(name, values)
    processes.check(config)
    if config.processes > 1 and not processes.inside():
        return processes.launch(name, config, inputs, out)
    made: Artifact = import_module(f"clinweave.training.{name}").run(config, inputs, out)
    return made


def _nearest(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"


def _inside(path: Path) -> None:
    """Run the stage that a file describes, as one of several processes."""
    given = json.loads(path.read_text("utf-8"))
    plain = given["inputs"]
    for name in ("data", "reward", "graph", "replay", "home"):
        plain[name] = Path(plain[name]) if plain[name] else None

    def told(done: int, total: int, logged: Mapping[str, Any]) -> None:
        numbers = {name: value for name, value in logged.items() if isinstance(value, int | float)}
        sys.stdout.write(f"{processes.TOLD}{json.dumps([done, total, numbers])}\n")
        sys.stdout.flush()

    inputs = Inputs(**plain)
    if processes.first():
        inputs = replace(inputs, told=told)
    run_stage(given["stage"], given["settings"], inputs, Path(given["out"]))


if __name__ == "__main__":
    _inside(Path(sys.argv[1]))
