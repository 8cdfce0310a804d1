"""Registry of stages: each is a module of this package with `Config` and `run(config, inputs, out) -> Artifact`.

A new stage is a module, its name in `StageName` and its row in `FACTS`.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args

from clinweave.core.artifacts import Artifact
from clinweave.core.errors import UserError
from clinweave.training import processes
from clinweave.training.settings import Inputs, Settings

StageName = Literal["pretrain", "sft", "reward", "dpo", "ppo", "grpo"]
STAGES: tuple[StageName, ...] = get_args(StageName)


@dataclass(frozen=True)
class StageFacts:
    """What the command line and the estimates of memory and time know of a stage without importing it."""

    items: str  # kind of items that it reads: text, instruction or preference
    sequences: int  # forward and backward passes over sequences for one item; 0: it writes replies
    # models in memory besides the trained one
    frozen: int = 0  # copies that do not learn, with all weights trained
    frozen_with_lora: int = 0
    learning: int = 0
    logits: int = 2  # copies of the logits: what the head gives, its gradient, and logarithms that are kept

    @property
    def writes_replies(self) -> bool:
        """Return whether the stage learns from replies that it writes: it needs a reward model and the graph."""
        return not self.sequences


FACTS: dict[StageName, StageFacts] = {
    "pretrain": StageFacts("text", 1),
    "sft": StageFacts("instruction", 1),
    "reward": StageFacts("preference", 2, logits=0),
    "dpo": StageFacts("preference", 2, frozen=1, logits=3),
    "ppo": StageFacts("instruction", 0, frozen=2, frozen_with_lora=1, learning=1),
    "grpo": StageFacts("instruction", 0, frozen=2, frozen_with_lora=1),
}


def stage_name(name: str) -> StageName:
    """Return the name of a stage; an unknown one is a `UserError` that names the nearest."""
    for stage in STAGES:
        if stage == name:
            return stage
    raise UserError(f"there is no stage {name!r}{_nearest(name, STAGES)}")


def stage_config(name: str, values: Mapping[str, Any]) -> Settings:
    """Return a stage's settings; an unknown stage or key is a `UserError` that names the nearest one."""
    kind = import_module(f"clinweave.training.{stage_name(name)}").Config
    known_fields = {field.name: field for field in fields(kind)}
    for key, value in values.items():
        if key not in known_fields:
            raise UserError(f"stage {name}: unknown key {key!r}{_nearest(key, known_fields)}")
        expected = type(known_fields[key].default)
        fits = isinstance(value, expected) or (expected is float and isinstance(value, int))
        if not fits or (isinstance(value, bool) and expected is not bool):
            raise UserError(f"stage {name}, {key}: expected {expected.__name__}, found {value!r}")
    config: Settings = kind(**{key: float(value) if isinstance(known_fields[key].default, float) else value
                             for key, value in values.items()})  # fmt: skip
    return config


def run_stage(name: str, values: Mapping[str, object], inputs: Inputs, out: Path) -> Artifact:
    """Run a stage by name into `out`."""
    config = stage_config(name, values)
    processes.check(config)
    if config.processes > 1 and not processes.inside():
        return processes.launch(name, config, inputs, out)
    artifact: Artifact = import_module(f"clinweave.training.{name}").run(config, inputs, out)
    return artifact


def _nearest(name: str, names: Iterable[str]) -> str:
    nearest = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"; did you mean {nearest[0]!r}?" if nearest else f"; known: {', '.join(names)}"


def _inside(path: Path) -> None:
    """Run the stage that a file describes, as one of several processes."""
    request = json.loads(path.read_text("utf-8"))
    plain = request["inputs"]
    for name in ("data", "reward", "graph", "replay", "home"):
        plain[name] = Path(plain[name]) if plain[name] else None

    def report(done: int, total: int, logged: Mapping[str, object]) -> None:
        numbers = {name: value for name, value in logged.items() if isinstance(value, int | float)}
        sys.stdout.write(f"{processes.TOLD}{json.dumps([done, total, numbers])}\n")
        sys.stdout.flush()

    inputs = Inputs(**plain)
    if processes.first():
        inputs = replace(inputs, progress=report)
    run_stage(request["stage"], request["settings"], inputs, Path(request["out"]))


if __name__ == "__main__":
    _inside(Path(sys.argv[1]))
