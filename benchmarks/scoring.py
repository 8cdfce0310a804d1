"""Speed and agreement of likelihood scoring: `python benchmarks/scoring.py --data FILE ... [--model FILE.gguf ...]`.

FILE is a benchmark that `clinweave compare` reads (MedQA, MIRAGE, PubMedQA, ...). An item is what a comparison scores:
the prompt, with the item's own abstract as evidence where it has one, and the options. Engines take turns on the same
items after a warm-up round. Printed: prompt tokens per CPU second of one thread (median, least and most of the rounds;
the options' cost counts, their tokens do not) and the ratio to the fastest engine of the same round. Other work on the
machine disturbs CPU seconds less than time, and ratios less than either. "prompt only" leaves the options out, so it is
an upper bound for that engine. Items are scored one a call, as a comparison does, unless a row says otherwise. Then
the agreement with float32 on the same items.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from clinweave.core import artifacts
from clinweave.datasets import read_benchmark
from clinweave.models import Message, open_model
from clinweave.models.conversion import converted
from clinweave.models.packing import Item
from clinweave.models.scoring_engines import EngineChooser
from clinweave.models.torch_scorer import TorchScorer, load

SYSTEM = "You answer medical questions. Reply with the name of the answer only."  # as in a comparison
Scored = list[list[float]]


@dataclass
class Engine:
    """One engine: `work` scores items, or reads their prompts only and returns nothing."""

    label: str
    work: Callable[[Sequence[Item]], Scored | None]
    rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    scores: Scored = field(default_factory=list)


def questions(files: Sequence[str], count: int, seed: int) -> list[tuple[list[Message], list[str]]]:
    """Return `count` items of each file, drawn with the seed, those of all files mixed."""
    rng = random.Random(seed)
    drawn = []
    for file in files:
        known = read_benchmark(Path(file))
        for item in rng.sample(known, min(count, len(known))):
            evidence = "Facts:\n" + "\n".join(item.context) + "\n\n" if item.context else ""
            messages: list[Message] = [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": f"{evidence}Question: {item.question}"},
            ]
            drawn.append((messages, list(dict.fromkeys(item.options))))
    rng.shuffle(drawn)
    return drawn


def openvino(path: str, model: Any) -> Engine | None:
    """Return the prompt speed of OpenVINO GenAI on the same file, where it is installed."""
    try:
        import openvino_genai
    except ImportError:
        print("openvino-genai is not installed (bench extra): left out", file=sys.stderr)
        return None
    settings = {"INFERENCE_NUM_THREADS": 1, "ATTENTION_BACKEND": "SDPA"}
    pipeline = openvino_genai.LLMPipeline(path, "CPU", **settings)
    tokenizer = pipeline.get_tokenizer()

    def prompts(items: Sequence[Item]) -> None:
        for item in items:
            text = texts.get(tuple(item.prompt), "a " * len(item.prompt))
            known = tokenizer.encode(text, add_special_tokens=False)
            pipeline.generate(known, max_new_tokens=1)

    texts = model.texts
    return Engine(f"openvino-genai {openvino_genai.__version__.split('-')[0]}, prompt only", prompts)


def engines(opened: Any, home: Path) -> list[Engine]:
    """Return the engines that can score a file here, open."""
    embedded, header = opened._engine, opened._header

    def prompts(items: Sequence[Item]) -> None:
        for item in items:
            embedded.forced(item.prompt, item.prompt[:1])

    chooser = EngineChooser(header, embedded, threads=1, home=home)
    result = []
    for name in chooser.candidates():
        chosen = opened.scoring_engine()
        engine = chosen if chosen.name.split()[0] == name else chooser.open(name)
        result.append(
            Engine(engine.name, lambda items, engine=engine: [engine.score([item])[0] for item in items])
        )
        if isinstance(engine, TorchScorer):
            result.append(Engine(f"{engine.name}, several items a call", engine.score))
    result.append(Engine(f"xllamacpp {embedded.version}, prompt only", prompts))
    return result


def take_turns(found: list[Engine], items: Sequence[Item], rounds: int) -> None:
    """Let each engine work through each part of the items in turn.

    The last item, shortened, warms up: no prompt is seen twice, as an engine may keep what it computed.
    """
    size = -(-len(items) // rounds)
    parts = [items[low : low + size] for low in range(0, len(items), size)]
    warm_up = [Item(items[-1].prompt[-64:], items[-1].options)]
    for number, part in enumerate([warm_up, *parts]):
        tokens = sum(len(item.prompt) for item in part)
        for engine in found:
            begun = time.process_time()
            scores = engine.work(part)
            rate = tokens / (time.process_time() - begun)
            if number:
                engine.rates.append(rate)
                engine.scores += scores or []
            print(f"  round {number}: {engine.label}: {rate:.0f}", file=sys.stderr, flush=True)
        if number:
            fastest = max(engine.rates[-1] for engine in found)
            for engine in found:
                engine.ratios.append(engine.rates[-1] / fastest)


def in_float32(folder: Path, items: Sequence[Item]) -> tuple[Scored, float]:
    """Return the scores in float32 of the same bfloat16 weights, and the prompt tokens per CPU second.

    Each matrix is widened when it is used, so that the 1.5B model takes 4 GB and not 8.
    """
    import torch

    model = load(folder, "bfloat16", threads=1)
    for module in model.modules():
        if isinstance(module, torch.nn.Linear):
            module.forward = lambda rows, own=module: torch.nn.functional.linear(
                rows.float(), own.weight.float(), None if own.bias is None else own.bias.float()
            )
        elif isinstance(module, torch.nn.Embedding):
            module.register_forward_hook(lambda *call: call[-1].float())
        elif next(module.parameters(recurse=False), None) is not None:
            module.float()
    scorer = TorchScorer(model, precision="float32")
    begun = time.process_time()
    scores = scorer.score(items)
    return scores, sum(len(item.prompt) for item in items) / (time.process_time() - begun)


def agreement(scores: Scored, exact: Scored, items: Sequence[Item]) -> dict[str, float]:
    """Return differences in nats per token, and how many items the two would choose the same option for."""
    gaps, same = [], 0
    for item, ours, theirs in zip(items, scores, exact, strict=True):
        lengths = [len(option) for option in item.options]
        gaps += [abs(entry - other) / size for entry, other, size in zip(ours, theirs, lengths, strict=True)]
        same += int(np.argmax(np.divide(ours, lengths)) == np.argmax(np.divide(theirs, lengths)))
    return {
        "mean": float(np.mean(gaps)),
        "p95": float(np.quantile(gaps, 0.95)),
        "largest": float(max(gaps)),
        "same_choice": same,
        "items": len(items),
    }


def measure(path: str, given: argparse.Namespace) -> dict[str, Any]:
    """Measure one file."""
    home = given.home or artifacts.home()
    opened = open_model(path, threads=1, context=4096, home=home)
    asked = questions(given.data, given.items, given.seed)
    items = [opened._item(messages, options) for messages, options in asked]
    opened.texts = {
        tuple(item.prompt): opened._engine.rendered(messages)
        for item, (messages, _) in zip(items, asked, strict=True)
    }
    chosen = opened.scoring_engine().name
    result = engines(opened, home)
    if (peer := openvino(str(opened._header.path), opened)) is not None:
        result.append(peer)
    take_turns(result, items, given.rounds)
    labels = [(engine.label, engine.rates, engine.ratios, engine.scores) for engine in result]
    result.clear()  # the float32 reference needs their memory
    opened.close()
    exact, rate = in_float32(converted(opened._header.path, home), items)
    lengths = sorted(len(item.prompt) for item in items)
    return {
        "model": opened._header.name,
        "items": len(items),
        "prompt_tokens": {"least": lengths[0], "median": lengths[len(lengths) // 2], "most": lengths[-1]},
        "chosen": chosen,
        "float32_reference_rate": rate,
        "engines": [
            {
                "engine": label,
                "rate": statistics.median(rates),
                "least": min(rates),
                "most": max(rates),
                "ratio_to_fastest": statistics.median(ratios),
                **({"agreement": agreement(scores, exact, items)} if scores else {}),
            }
            for label, rates, ratios, scores in labels
        ],
    }


def show(found: dict[str, Any]) -> None:
    """Print one file's tables."""
    size = found["prompt_tokens"]
    print(
        f"\n{found['model']}: {found['items']} items, prompts of {size['least']} to {size['most']} tokens "
        f"(median {size['median']}); chosen here: {found['chosen']}"
    )
    print(
        f"{'engine':48}{'tokens/CPU s':>13}{'least':>7}{'most':>7}{'ratio':>7}{'mean':>8}{'p95':>7}{'max':>7}"
        f"{'same':>9}"
    )
    for row in found["engines"]:
        line = f"{row['engine']:48}{row['rate']:13.0f}{row['least']:7.0f}{row['most']:7.0f}"
        line += f"{row['ratio_to_fastest']:7.2f}"
        if near := row.get("agreement"):
            line += f"{near['mean']:8.3f}{near['p95']:7.3f}{near['largest']:7.3f}"
            line += f"{near['same_choice']:6}/{near['items']}"
        print(line)
    print(
        "mean, p95, max: difference from float32 in nats per token; same: items with the same option chosen"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", action="append", required=True, help="a benchmark file; may be repeated")
    parser.add_argument("--model", action="append", help="a GGUF file or name (default: smollm2)")
    parser.add_argument("--items", type=int, default=8, help="items drawn from each file")
    parser.add_argument("--rounds", type=int, default=4, help="parts that the items are dealt into")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--home", type=Path, help="where converted weights are kept (default: the clinweave home)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args()
    results = []
    for path in given.model or ["smollm2"]:
        results.append(measure(path, given))
        if not given.json:
            show(results[-1])
    if given.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
