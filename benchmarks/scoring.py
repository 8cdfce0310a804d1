"""Speed of likelihood scoring beside its peers, in one run: `python benchmarks/scoring.py [--model FILE.gguf]`.

An item is a context of about 160 tokens, all new, and four short options. Engines take turns after a warm-up, and the
median of the rounds is printed: tokens a second, tokens a second of processor time (which another program on the
machine disturbs less), and the ratio to the embedded engine's prompt speed on the same file. torch is measured where
it is installed.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clinweave.models import Message, open_model
from clinweave.models.kernels import kernels

WORDS = [
    *(
        "arachnodactyly",
        "seizure",
        "ataxia",
        "hepatomegaly",
        "nystagmus",
        "scoliosis",
        "short",
        "stature",
        "hearing",
    ),
    *(
        "loss",
        "cataract",
        "fever",
        "of",
        "the",
        "with",
        "and",
        "in",
        "early",
        "onset",
        "frequent",
        "rare",
        "disease",
    ),
    *("patient", "gene", "dominant", "recessive", "muscle", "weakness", "renal", "cyst"),
]


def items(count: int, seed: int) -> list[tuple[list[Message], list[str]]]:
    """Return items of random words, so that nothing is shared between contexts but the template's beginning."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        text = " ".join(rng.choices(WORDS, k=85))
        options = [" ".join(rng.choices(WORDS, k=2)) for _ in range(4)]
        found.append(([Message(role="user", content=text)], options))
    return found


def peers(path: str, threads: int) -> dict[str, tuple[Callable[[list[Any]], int], Callable[[], None]]]:
    """Return, by label, a function that works through items and returns the tokens done, and one that forgets."""
    ours = open_model(path, threads=threads)
    engine = open_model(path, threads=threads, scorer="xllamacpp")

    def scored(model: Any) -> Callable[[list[Any]], int]:
        def work(batch: list[Any]) -> int:
            done = 0
            for messages, options in batch:
                done += sum(len(option.tokens) for option in model.score(messages, options))
                done += model.count_tokens(messages)
            return done

        return work

    def prompts(batch: list[Any]) -> int:
        return sum(engine.generate(messages, max_tokens=1).prompt_tokens for messages, _ in batch)

    found = {
        "xllamacpp, prompt alone": (prompts, lambda: None),
        "xllamacpp, items scored": (scored(engine), lambda: None),
        "clinweave, items scored": (scored(ours), ours._weights().forget),
    }
    try:
        import torch
        from transformers import AutoModelForCausalLM
    except ImportError:
        return found
    torch.set_num_threads(threads)
    name = Path(path)
    model = (
        AutoModelForCausalLM.from_pretrained(name.parent, gguf_file=name.name, dtype=torch.float32)
        .eval()
        .model
    )

    def hidden(batch: list[Any]) -> int:
        done = 0
        for low in range(0, len(batch), 4):
            rows = [ours._prompt(messages) for messages, _ in batch[low : low + 4]]
            length = min(len(row) for row in rows)
            with torch.inference_mode():
                model(torch.tensor([row[:length] for row in rows]))
            done += length * len(rows)
        return done

    found["torch float32, prompt alone, batches of 4"] = (hidden, lambda: None)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="a GGUF file (the fetched SmolLM2 unless told)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--items", type=int, default=4, help="items in a round")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    begun = time.perf_counter()
    path = given.model or str(open_model("smollm2", threads=1)._header.path)
    engines = peers(path, given.threads)
    print(
        f"loaded in {time.perf_counter() - begun:.1f} s; OpenBLAS kernels {kernels()}; {given.threads} threads"
    )
    wall: dict[str, list[float]] = {label: [] for label in engines}
    processor: dict[str, list[float]] = {label: [] for label in engines}
    for number in range(given.rounds + 1):  # the first round warms up
        for label, (work, forget) in engines.items():
            forget()
            batch = items(given.items, number)
            start, busy = time.perf_counter(), time.process_time()
            done = work(batch)
            if number:
                wall[label].append(done / (time.perf_counter() - start))
                processor[label].append(done / (time.process_time() - busy))
    anchor = statistics.median(wall["xllamacpp, prompt alone"])
    print(f"{'engine':44}{'tokens/s':>10}{'best':>8}{'tokens/cpu-s':>14}{'ratio':>8}")
    for label in engines:
        middle = statistics.median(wall[label])
        each = statistics.median(processor[label])
        print(f"{label:44}{middle:10.0f}{max(wall[label]):8.0f}{each:14.0f}{middle / anchor:8.2f}")


if __name__ == "__main__":
    main()
