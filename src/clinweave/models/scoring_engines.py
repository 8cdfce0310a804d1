"""Scoring engines of a GGUF file, and the choice of the fastest one by measurement.

The choice is made once per machine, model and set of versions, and stored under the clinweave home. `describe()` of a
model names the engine, so scores of two engines have different cache keys and are never mixed.
"""

import importlib.util
import json
import logging
import os
import platform
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Protocol

import numpy as np

from clinweave.core import configuration
from clinweave.core.artifacts import digest, write_json
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.models.conversion import converted, too_large
from clinweave.models.engine import Engine
from clinweave.models.header import Header
from clinweave.models.packing import Item

SCORERS = ("auto", "core", "torch", "numpy", "xllamacpp")
VERSION = 1  # raise it when an engine's speed changes
_LARGEST = 2_500_000_000  # bytes of float32 weights that the NumPy scorer may hold
_SMALLEST = 50_000_000  # weights; below, an item takes less time than the measurement is worth
_PROMPT, _OPTIONS, _OPTION = 256, 4, 5  # tokens of a calibration item
_NORMAL = 1  # token type of an ordinary token in GGUF files
_LOGGER = logging.getLogger(__name__)


class ScoringEngine(Protocol):
    """Scores token ids."""

    @property
    def name(self) -> str:
        """Return the engine with what changes its scores (version, number format), for the run record."""
        ...

    def score(self, items: Sequence[Item]) -> list[list[float]]:
        """Return, for each item, the log-likelihood in nats of each option's tokens after the prompt's."""
        ...

    def close(self) -> None:
        """Release memory and threads."""
        ...


class NumpyEngine:
    """The NumPy scorer, in float32."""

    def __init__(self, header: Header, threads: int) -> None:
        from clinweave.models.kernels import kernels
        from clinweave.models.llama import Llama

        self._llama = Llama(header, threads=threads)
        self.name = f"numpy float32 ({kernels()})"

    def score(self, items: Sequence[Item]) -> list[list[float]]:
        """Score one item after another; what a prompt shares with earlier ones is not computed again."""
        return [self._llama.score(item.prompt, item.options) for item in items]

    def close(self) -> None:
        """Stop the threads."""
        self._llama.close()


class ForcedEngine:
    """The embedded llama.cpp, forced along each option. Works for every file."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = f"xllamacpp {engine.version}"

    def score(self, items: Sequence[Item]) -> list[list[float]]:
        """Score one option after another; the engine keeps the prompt's keys and values."""
        return [
            [self._engine.forced(item.prompt, option).logprob for option in item.options] for item in items
        ]

    def close(self) -> None:
        """Leave the engine to its owner."""


class EngineChooser:
    """Opens the scoring engine of one GGUF file."""

    def __init__(self, header: Header, engine: Engine, *, threads: int, home: Path) -> None:
        self._header, self._engine, self._threads, self._home = header, engine, threads, home

    def open(self, scorer: str) -> ScoringEngine:
        """Return the engine that `scorer` names; "auto" takes the one measured fastest, "core" needs no extra."""
        if scorer == "auto":
            return self._fastest()
        if scorer == "core":
            scorer = "xllamacpp" if numpy_cannot(self._header) else "numpy"
        return self._openers()[scorer]()

    def _openers(self) -> dict[str, Callable[[], ScoringEngine]]:
        return {
            "torch": self._torch,
            "numpy": lambda: NumpyEngine(self._header, self._threads),
            "xllamacpp": lambda: ForcedEngine(self._engine),
        }

    def _torch(self) -> ScoringEngine:
        from clinweave.models.torch_scorer import TorchScorer, load, prepacked

        model = load(converted(self._header.path, self._home), threads=self._threads)
        return TorchScorer(prepacked(model))

    def candidates(self) -> list[str]:
        """Return the engines that can score this file here, likely the fastest first."""
        names = ["numpy"] if not numpy_cannot(self._header) else []
        parameters = self._header.parameters()
        if parameters < _SMALLEST and names:
            return names
        if _installed("torch") and _installed("transformers") and not too_large(parameters, self._home):
            names = ["torch", *names]
        return [*names, "xllamacpp"]

    def _fastest(self) -> ScoringEngine:
        names = self.candidates()
        if len(names) == 1:
            return self._openers()[names[0]]()
        file = self._home / "scoring-engines" / f"{self._key(names)}.json"
        stored = _stored(file)
        if stored in names:
            return self._openers()[stored]()
        _LOGGER.warning(
            "Measuring which of %s scores %s fastest (once) ...", ", ".join(names), self._header.path.name
        )
        rates, best = self._measured(names)
        chosen = max(rates, key=lambda name: rates[name])
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(
            file,
            {
                "chosen": chosen,
                "tokens_per_cpu_second": {name: round(rate, 1) for name, rate in rates.items()},
                "model": self._header.name,
                "machine": machine(),
                "threads": self._threads,
            },
        )
        return best

    def _key(self, names: Sequence[str]) -> str:
        """Return the cache key of the choice: machine, versions, and the shapes and formats of the tensors."""
        tensors = sorted((tensor.name, tensor.shape, tensor.kind) for tensor in self._header.tensors.values())
        versions = {name: _version(name) for name in ("torch", "transformers", "xllamacpp", "numpy")}
        return digest([VERSION, list(names), versions, machine(), self._threads, tensors])

    def _measured(self, names: Sequence[str]) -> tuple[dict[str, float], ScoringEngine]:
        """Return the tokens per CPU second of each engine, and the fastest one, open.

        Raises the last error if no engine works.
        """
        warm_up, timed = self._items(2)
        rates: dict[str, float] = {}
        best: ScoringEngine | None = None
        failure: ClinweaveError | None = None
        for name in names:
            try:
                engine = self._openers()[name]()
            except ClinweaveError as error:
                _LOGGER.warning("%s cannot score %s: %s", name, self._header.path.name, error)
                failure = error
                continue
            rate = _rate(engine, warm_up)
            if rate > max(rates.values(), default=0.0) / 3:  # else the first item has settled it
                rate = _rate(engine, timed)
            slower: ScoringEngine | None = engine
            if best is None or rate > max(rates.values()):
                slower, best = best, engine
            if slower is not None:
                slower.close()
            rates[name] = rate
        if best is None:
            raise failure or UserError(f"No engine can score {self._header.path}.")
        return rates, best

    def _items(self, count: int) -> list[Item]:
        """Return items of random tokens: how fast an engine is does not depend on which ones."""
        kinds = self._header.keys.get("tokenizer.ggml.token_type", [])
        words = [position for position, kind in enumerate(kinds) if kind == _NORMAL] or list(range(100))
        rng = np.random.default_rng(0)
        room = self._engine.context - _OPTION
        return [
            Item(
                rng.choice(words, min(_PROMPT, room)).tolist(),
                rng.choice(words, (_OPTIONS, _OPTION)).tolist(),
            )
            for _ in range(count)
        ]


def checked_scorer(scorer: str | None, header: Header) -> str:
    """Return the scorer asked for by the caller or the setting `scorer`.

    Raises `UserError` where it cannot score this file.
    """
    setting = configuration.values()["scorer"]
    name = scorer or setting.value
    if name not in SCORERS:
        where = "" if scorer else f" ({setting.origin})"
        raise UserError(f"Unknown scorer {name!r}{where}; use {', '.join(SCORERS)}.")
    if name == "numpy" and (reason := _unsupported(header)):
        raise UserError(f"{header.path}: the NumPy scorer does not know {reason}; use scorer xllamacpp.")
    return name


def numpy_cannot(header: Header) -> str:
    """Return why the NumPy scorer is not used for a file unless asked for, or ""."""
    size = 4 * header.parameters()
    return _unsupported(header) or (f"{size / 1e9:.1f} GB in float32" if size > _LARGEST else "")


def machine() -> dict[str, object]:
    """Return what identifies this kind of machine: the processor's name, its instruction sets (a hash) and cores."""
    name, flags = platform.processor() or platform.machine(), ""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            name = value.strip()
        if key.strip() in {"flags", "Features"}:
            flags = digest(sorted(value.split()))
    return {"processor": name, "instructions": flags, "cores": os.cpu_count() or 1}


def _unsupported(header: Header) -> str:
    from clinweave.models.llama import unsupported

    return unsupported(header)


def _rate(engine: ScoringEngine, item: Item) -> float:
    """Return prompt and option tokens per CPU second."""
    begun = time.process_time()
    engine.score([item])
    tokens = len(item.prompt) + sum(len(option) for option in item.options)
    return tokens / max(time.process_time() - begun, 1e-6)


def _stored(file: Path) -> str:
    """Return the engine stored as chosen, or "" without a readable file."""
    try:
        record = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    return str(record.get("chosen", "")) if isinstance(record, dict) else ""


def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
