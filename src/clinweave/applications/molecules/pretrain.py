"""Complete pre-training, from SMILES to a packaged model; finished steps are skipped."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from clinweave.applications.molecules.cache import build_cache
from clinweave.applications.molecules.packaging import finish
from clinweave.applications.molecules.settings import schedule_of, shape_named
from clinweave.applications.molecules.training import Trainer
from clinweave.applications.molecules.training_set import LEFT_OUT, read_training_set, write_left_out
from clinweave.core.errors import UserError

MIN_MOLECULES = 1000  # molecules to learn from
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PretrainingConfig:
    """What is learned, and how: the options of `clinweave molecules train`."""

    data: Path
    size: str = "small"
    molecules: int = 3_000_000  # seen, over all epochs
    tokens: str = "smiles"
    graphs: int = 0  # 0: all
    qed_share: float = 1.0
    changes: tuple[str, ...] = ()
    start: Path | None = None
    workers: int = 1

    def command(self) -> str:
        """Return the command that does the same."""
        text = f"clinweave molecules train --data {self.data.name} --out DIR --size {self.size}"
        text += f" --molecules {self.molecules} --tokens {self.tokens} --graphs {self.graphs}"
        return (
            text + f" --qed-share {self.qed_share}" + "".join(f" --set {change}" for change in self.changes)
        )


def train_model(
    lesson: PretrainingConfig,
    features: Path,
    out: Path,
    progress: Progress,
    seconds: float = float("inf"),
    *,
    tell: Callable[[str], None] | None = None,
) -> list[dict[str, float]]:
    """Prepare features, train to the end of the schedule or for so many CPU seconds, finish; return the history.

    `tell` is called with what was left out of the data; the model's folder lists it. Of several processes (torchrun)
    the first one writes.
    """
    schedule = schedule_of(lesson.changes, molecules=lesson.molecules)
    data = read_training_set(lesson.data, features)
    smiles = data.smiles
    message = data.describe(out / LEFT_OUT)
    if len(smiles) < MIN_MOLECULES:
        raise UserError(
            f"{lesson.data} holds {len(smiles):,} molecules: at least {MIN_MOLECULES:,} are needed to learn from"
            + (f"; {data.describe(features / LEFT_OUT)}" if message else "")
        )
    if message and os.environ.get("RANK", "0") == "0":
        out.mkdir(parents=True, exist_ok=True)
        write_left_out(out / LEFT_OUT, data.left_out, data.digest)
        if tell:
            tell(message)
    build_cache(
        smiles, lesson.data, features, workers=lesson.workers, kind=lesson.tokens, graphs=lesson.graphs or None,
        qed_share=lesson.qed_share, progress=lambda done, total: progress("features", done, total),
    )  # fmt: skip
    trainer = Trainer(shape_named(lesson.size), schedule, features, out, lesson.start)

    def step(seen: int, total: int, values: Mapping[str, float]) -> None:
        progress(f"training, {values['nats']:.1f} nats a molecule", seen, total)

    history = trainer.run(step, seconds)
    if trainer.rank == 0:
        finish(
            out, features, command=lesson.command(), data=lesson.data.name, licence="that of the data",
            left_out=len(data.left_out),
        )  # fmt: skip
    return history
