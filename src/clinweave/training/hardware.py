"""Measure the matrix-multiplication throughput of this hardware, and whether it gains from bfloat16."""

import time
from typing import TYPE_CHECKING

from clinweave.core.errors import UserError
from clinweave.training.settings import Settings

if TYPE_CHECKING:
    from types import ModuleType

    import torch

_GAIN = 1.2  # times quicker, for bfloat16 to be worth its rounding
_SIDE = {"cpu": 768, "cuda": 8192}


def matmul_flops(kind: str = "float32", seconds: float = 0.1) -> float:
    """Return the floating-point operations a second of square products in `kind` on the device that would train."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    side = _SIDE[device]
    left = torch.randn(side, side, device=device).to(getattr(torch, kind))
    best = 0.0
    until = time.perf_counter() + seconds
    _product(torch, left)  # the first one also chooses kernels
    while True:
        begun = time.perf_counter()
        _product(torch, left)
        ended = time.perf_counter()
        best = max(best, 2 * side**3 / (ended - begun))
        if ended > until:
            return best


def _product(torch: "ModuleType", left: "torch.Tensor") -> None:
    left @ left
    if left.is_cuda:
        torch.cuda.synchronize()


def chosen_precision(settings: Settings) -> tuple[str, str]:
    """Return the number format and why: bfloat16 only where the hardware computes faster in it."""
    if settings.precision not in {"auto", "float32", "bfloat16"}:
        raise UserError(f"precision is {settings.precision!r}: choose auto, float32 or bfloat16")
    if settings.precision != "auto":
        return settings.precision, "asked for"
    import torch

    if torch.cuda.is_available():
        able = torch.cuda.is_bf16_supported(including_emulation=False)
        return ("bfloat16", "the accelerator computes in it") if able else ("float32", "no bfloat16 here")
    if not _tiles(torch):
        # without matrix tiles it is slower whatever the load of the moment makes of a measurement
        return "float32", "a CPU without matrix tiles (AMX) is slower in bfloat16"
    gain = matmul_flops("bfloat16") / matmul_flops("float32")
    chosen = "bfloat16" if gain >= _GAIN else "float32"
    return chosen, f"matrix products in bfloat16 measured {gain:.1f} times as quick as in float32"


def _tiles(torch: "ModuleType") -> bool:
    asked = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(asked and asked())
