"""Run a stage on several devices through accelerate, one process per device; the first writes the result.

`processes` and `sharded` are settings like any other: a recipe needs no launcher. A stage that was started by
`torchrun` or `accelerate launch` finds itself inside and starts nothing more.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import Artifact, digest, read_manifest
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.training.settings import Inputs, Settings, silent

_SHARDED = Path(__file__).parent / "accelerate" / "sharded.yaml"
_STARTED = "CLINWEAVE_STAGE"  # set in the processes that `launch` starts: they never start more
TOLD = "clinweave-step "  # begins a line that tells of progress
_LAUNCHER = "torch/distributed/elastic"  # from here on the launcher speaks of itself
_LAST = 30  # lines of a failed run's output that are shown


def inside() -> bool:
    """Tell whether this process is one of several that train together."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def first() -> bool:
    """Tell whether this process writes the result; it does where it is alone."""
    return int(os.environ.get("RANK", "0")) == 0


def check(settings: Settings) -> None:
    """Raise `UserError` where the settings do not fit the processes that there are, or one another."""
    world_size = int(os.environ.get("WORLD_SIZE", "1"))
    if inside() and settings.processes != world_size:
        raise UserError(f"{world_size} processes were started and the setting says {settings.processes}: "
                        f"--set processes={world_size}")  # fmt: skip
    if settings.sharded and settings.processes < 2:
        raise UserError("sharded = true spreads a model over devices: set processes to their number")
    if settings.sharded and settings.quantise:
        raise UserError(
            'weights in 4 bits are not spread over devices here: sharded = false, or quantise = ""'
        )
    if settings.quantise not in {"", "nf4"}:
        raise UserError(f"quantise is {settings.quantise!r}: choose nf4, or nothing")
    if settings.quantise and not settings.lora_rank:
        raise UserError("weights in 4 bits cannot be trained themselves: set lora_rank, such as 16")
    if settings.sharded and not _accelerated():
        raise UserError(
            "sharded = true needs GPUs or other accelerators: accelerate keeps the whole model in every process of a "
            "CPU; set sharded = false for a dry run here"
        )


def _accelerated() -> bool:
    try:
        import torch
    except ImportError:  # the stage itself says what to install
        return True
    return bool(torch.accelerator.is_available())


def launch(stage: str, settings: Settings, inputs: Inputs, out: Path) -> Artifact:
    """Run a stage in `settings.processes` processes and return its result; progress is reported as usual."""
    if os.environ.get(_STARTED):
        raise ClinweaveError(
            f"{stage}: the launcher started one process where {settings.processes} were asked for"
        )
    before = read_manifest(out)
    plain = asdict(replace(inputs, progress=silent))
    del plain["progress"]
    request = {"stage": stage, "settings": asdict(settings), "inputs": plain, "out": str(out.absolute())}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stage.json"
        path.write_text(json.dumps(request, default=str), "utf-8")
        command = _command(settings, path)
        started = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, _STARTED: stage},
        )
        last_lines: list[str] = []
        reported = False
        try:
            for line in started.stdout or ():
                if line.startswith(TOLD):
                    inputs.progress(*json.loads(line.removeprefix(TOLD)))
                elif not (reported := reported or _LAUNCHER in line):
                    last_lines = [*last_lines[-_LAST:], line]
            code = started.wait()
        except BaseException:
            started.terminate()
            started.wait()
            raise
    manifest = read_manifest(out)
    if code or manifest is None:
        raise ClinweaveError(f"{stage}: the {settings.processes} processes failed:\n{''.join(last_lines)}")
    return Artifact(out, manifest, fresh=before is None or before.get("key") != manifest.get("key"))


def _command(settings: Settings, path: Path) -> list[str]:
    """Return the launcher's command: torchrun's, or accelerate's where the model is to be spread."""
    number = str(settings.processes)
    if settings.sharded:
        launcher = ["accelerate.commands.launch", "--config_file", str(_SHARDED), "--num_processes", number]
    else:
        launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node", number]
    return [sys.executable, "-m", *launcher, "-m", "clinweave.training.stages", str(path)]


def run_apart(  # noqa: PLR0917
    kind: str,
    version: int,
    inputs: Mapping[str, str],
    plain: Mapping[str, Any],
    out: Path,
    build: Callable[[Path], Mapping[str, object]],
) -> Artifact:
    """Take part in a stage whose result the first process writes."""
    manifest = read_manifest(out)
    if manifest and manifest.get("key") == digest([kind, version, dict(inputs), dict(plain)]):
        return Artifact(out, manifest, fresh=False)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
    return Artifact(out, {}, fresh=True)
