"""Training loop: batches, optimiser steps, weight averaging, checkpoints; an interrupted run resumes.

The rate rises, stays, and falls in the last share of the schedule: a run can be lengthened later from a state
of its level part, and shortened by naming fewer molecules. Several processes (torchrun) share each step. On a GPU,
transformers are trained in bfloat16 where autocast sees fit, and other processes make the batches.
"""

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from clinweave.applications.molecules.batches import (
    FREE,
    SCAFFOLD,
    WHOLE,
    Batch,
    Position,
    fixed_batches,
    to_device,
)
from clinweave.applications.molecules.cache import FULL, STRINGS, read_shard, shards
from clinweave.applications.molecules.checkpoints import open_checkpoint, save_checkpoint
from clinweave.applications.molecules.decoder import TransformerDecoder
from clinweave.applications.molecules.loading import Source, load
from clinweave.applications.molecules.network import Network, parameter_count
from clinweave.applications.molecules.settings import Schedule, Shape
from clinweave.applications.molecules.tokens import open_tokens
from clinweave.core.artifacts import appearing
from clinweave.core.errors import UserError

Progress = Callable[[int, int, Mapping[str, float]], None]  # molecules seen, of how many, what was measured
TELL = 0.2  # seconds between two reports of progress: each waits for the GPU
STATE, HISTORY = "state.pt", "history.jsonl"


class Trainer:
    """One run in one process."""

    def __init__(
        self,
        shape: Shape,
        schedule: Schedule,
        cache: Path,
        out: Path,
        start: Path | None = None,
        *,
        loaders: int | None = None,
    ) -> None:
        """Start, or go on from the state in `out`. `loaders`: processes that make batches (None: 4 for a GPU, else
        0)."""
        if not shards(cache):
            raise UserError(f"{cache} holds no features: run `clinweave molecules train --data FILE`")
        torch.manual_seed(schedule.seed)
        self.schedule, self.cache, self.out = schedule, cache, out
        self.tokens = open_tokens(cache)
        self.network = Network(shape) if start is None else open_checkpoint(start).network
        if len(self.tokens) > self.network.shape.vocabulary:
            raise UserError(
                f"the features use {len(self.tokens)} tokens, the model knows {self.network.shape.vocabulary}"
            )
        self.rank, self.world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        local = int(os.environ.get("LOCAL_RANK", self.rank))
        self.device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
        self.network.to(self.device)
        on_gpu = self.device.type == "cuda"
        self.loaders = (4 if on_gpu else 0) if loaders is None else loaders
        self.clock = time.perf_counter if on_gpu else time.process_time
        self.half = on_gpu and isinstance(self.network.decoder, TransformerDecoder)
        if on_gpu:
            torch.set_float32_matmul_precision("high")
        self.mean = {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}
        self.optimizer = _optimizer(self.network, schedule)
        self.positions = {FULL: Position(), STRINGS: Position()}
        self.seen, self.seconds = 0, 0.0
        self._resume()

    def run(self, progress: Progress | None = None, seconds: float = math.inf) -> list[dict[str, float]]:
        """Train to the end of the schedule, or for so many seconds (of CPU; with a GPU, of the clock); return the
        history."""
        torch.set_flush_denormal(True)
        wrapped = self._shared()
        begun = started = self.clock()
        reported, last_save, sums = 0.0, self.seen, self._nothing()
        source = Source(self.cache, self.schedule, self.positions, self.rank, self.world)
        batches = load(source, self.loaders)
        while self.seen < self.schedule.molecules and self.clock() - begun < seconds:
            batch, self.positions = next(batches)
            sums += self._step(wrapped, to_device(batch, self.device))
            self.seen += len(batch.ids) * self.world
            if progress and time.perf_counter() - reported > TELL:
                reported = time.perf_counter()
                progress(self.seen, self.schedule.molecules, {"nats": float(sums[0] / sums[2])})
            if self.seen - last_save >= self.schedule.save_every:
                self._save(sums, self.clock() - started)
                started, last_save, sums = self.clock(), self.seen, self._nothing()
        if self.seen > last_save:
            self._save(sums, self.clock() - started)
        return read_history(self.out)

    def _nothing(self) -> Tensor:
        # nats of strings, of latents; molecules
        return torch.zeros(3, dtype=torch.float64, device=self.device)

    def _step(self, network: nn.Module, batch: Batch) -> Tensor:
        rate = self.schedule.learning_rate * rate_at(self.seen, self.schedule)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        beta = self.schedule.beta * min(1.0, self.seen / max(self.schedule.beta_warmup, 1))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            losses = network(batch)
        tokens = (batch.ids >= 0).sum()
        ((losses.string.sum() + beta * losses.divergence.sum()) / tokens).backward()
        nn.utils.clip_grad_norm_(network.parameters(), self.schedule.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self._average()
        parts = (
            losses.string.detach().sum(),
            losses.divergence.detach().sum(),
            tokens.new_tensor(len(batch.ids)),
        )
        return torch.stack([part.double() for part in parts])

    def _average(self) -> None:
        steps = self.seen / (self.schedule.batch * self.world)
        keep = min(self.schedule.average, (1 + steps) / (10 + steps))
        state = self.network.state_dict()
        names = list(self.mean)
        torch._foreach_lerp_([self.mean[n] for n in names], [state[n] for n in names], 1 - keep)

    def _device_name(self) -> str:
        return torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "CPU"

    def _shared(self) -> nn.Module:
        if self.world == 1:
            return self.network
        import torch.distributed as dist

        if not dist.is_initialized():
            dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        # a batch without graphs gives the encoder no gradient
        return nn.parallel.DistributedDataParallel(self.network, find_unused_parameters=True)

    def averaged(self) -> Network:
        """Return a network with the running mean of the weights."""
        network = Network(self.network.shape)
        network.load_state_dict(self.mean)
        network.to(self.device).eval()
        return network

    def _save(self, sums: Tensor, seconds: float) -> None:
        self.seconds += seconds
        if self.rank:
            return
        self.out.mkdir(parents=True, exist_ok=True)
        network = self.averaged()
        row = {
            "molecules": self.seen,
            "seconds": round(self.seconds, 1),
            "device": self._device_name(),
            "rate": self.schedule.learning_rate * rate_at(self.seen, self.schedule),
            "train_nats": float(sums[0] / sums[2]),
            **held_out(network, self.cache),
        }
        trained = {**row, "schedule": asdict(self.schedule), "parameters": parameter_count(network)}
        save_checkpoint(self.out, network, self.tokens, {"training": trained})
        with (self.out / HISTORY).open("a", encoding="utf-8") as stream_:
            stream_.write(json.dumps(row) + "\n")
        state = {
            "network": self.network.state_dict(),
            "mean": self.mean,
            "optimizer": self.optimizer.state_dict(),
            "positions": {kind: asdict(position) for kind, position in self.positions.items()},
            "seen": self.seen,
            "seconds": self.seconds,
            "random": torch.get_rng_state(),
        }
        with appearing(self.out / STATE) as work:
            torch.save(state, work)

    def _resume(self) -> None:
        path = self.out / STATE
        if not path.is_file():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.mean, self.seen, self.seconds = state["mean"], state["seen"], state["seconds"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.positions = {
            kind: Position(**{**saved, "done": tuple(saved["done"])})
            for kind, saved in state["positions"].items()
        }
        torch.set_rng_state(state["random"].cpu())


def rate_at(seen: int, schedule: Schedule) -> float:
    """Return the share of the full learning rate after so many molecules."""
    if seen < schedule.warmup:
        return (seen + schedule.batch) / (schedule.warmup + schedule.batch)
    left = (schedule.molecules - seen) / max(schedule.molecules * schedule.decay, 1)
    return max(0.0, min(1.0, left))


def _optimizer(network: nn.Module, schedule: Schedule) -> torch.optim.Optimizer:
    matrices = [parameter for parameter in network.parameters() if parameter.dim() > 1]
    others = [parameter for parameter in network.parameters() if parameter.dim() < 2]
    groups = [
        {"params": matrices, "weight_decay": schedule.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=schedule.learning_rate, betas=(0.9, 0.98), fused=True)


@torch.inference_mode()
def held_out(network: Network, cache: Path, rows: int = 1000) -> dict[str, float]:
    """Return the mean nats of a held-out molecule's string in each view, and of the latent, properties hidden."""
    shard = read_shard(shards(cache)[0])
    rows = min(rows, len(shard) // 5)
    device = next(network.parameters()).device
    by_view: dict[int, list[Tensor]] = {FREE: [], WHOLE: [], SCAFFOLD: []}
    nats: list[Tensor] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for view, batch in fixed_batches(shard, rows, (FREE, WHOLE, SCAFFOLD)):
            losses = network(to_device(batch, device))
            by_view[view].append(losses.string)
            nats += [losses.divergence] if view == WHOLE else []
    names = {FREE: "held_free", WHOLE: "held_whole", SCAFFOLD: "held_scaffold"}
    return {names[view]: float(torch.cat(parts).mean()) for view, parts in by_view.items()} | {
        "held_divergence": float(torch.cat(nats).mean())
    }


def read_history(out: Path) -> list[dict[str, float]]:
    """Return what was measured at each save."""
    path = out / HISTORY
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
