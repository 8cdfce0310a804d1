"""Does the reward model's held-out accuracy give a mislabelled preference file away? Clean pairs beside turned ones.

    python benchmarks/poisoned_preferences.py DATA [--steps 60] [--shares 0 0.5] [--out runs/poisoned]

DATA is a folder of `clinweave data build`. Base, settings and held-out pairs (of other diseases, never turned) are the
same; only the training pairs differ: a share of them has the better and the worse reply exchanged.
"""

import argparse
import json
import sys
from pathlib import Path

from clinweave.core.artifacts import home
from clinweave.datasets import poisoned, read_examples, write_examples
from clinweave.training import Inputs, run_stage

TRAIN, HELD = "preference.train.jsonl", ("preference.validation.jsonl", "preference.held-out-diseases.jsonl")


def turned(data: Path, share: float, out: Path) -> Path:
    """Return a folder with `share` of the training pairs turned round and the held-out pairs as they are."""
    out.mkdir(parents=True, exist_ok=True)
    write_examples(poisoned(list(read_examples(data / TRAIN)), share), out / TRAIN)
    for name in HELD:
        if (data / name).is_file():
            (out / name).write_bytes((data / name).read_bytes())
    return out


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("data", type=Path)
    asked.add_argument("--base", default="smollm2")
    asked.add_argument("--steps", type=int, default=60)
    asked.add_argument("--batch", type=int, default=4)
    asked.add_argument("--max-length", type=int, default=320)
    asked.add_argument("--held-out", type=int, default=240)
    asked.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.5])
    asked.add_argument("--out", type=Path, default=Path("runs/poisoned"))
    given = asked.parse_args()
    values = {"steps": given.steps, "batch": given.batch, "max_length": given.max_length, "learning_rate": 3e-4,
              "held_out": given.held_out, "threads": 1, "save_every": 10}  # fmt: skip
    result = {}
    for share in given.shares:
        name = f"{share:.0%}"
        data = turned(given.data, share, given.out / f"data-{name}")

        def told(done: int, total: int, logged: object, name: str = name) -> None:
            print(f"{name} turned: step {done} of {total} {logged}", file=sys.stderr, flush=True)

        inputs = Inputs(base=given.base, data=data, home=home(), progress=told)
        built = run_stage("reward", values, inputs, given.out / f"reward-{name}").manifest
        held = built["held_out"]
        result[name] = {"held_out": held, "loss": built["loss"], "seconds": built["seconds"]}
        low, high = held["interval"]
        print(f"{name} of the training pairs turned: held-out accuracy {held['accuracy']:.1%} "
              f"({low:.1%} to {high:.1%}) of {held['pairs']} pairs, "
              f"loss {built['loss']['first']:.3f} to {built['loss']['last']:.3f}, "
              f"suspect: {'; '.join(held['suspect']) or 'nothing'}", flush=True)  # fmt: skip
    (given.out / "results.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
