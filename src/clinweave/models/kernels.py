"""Which matrix kernels NumPy's own OpenBLAS uses, and with how many threads.

Two measured traps. Its detection falls back to AVX2 kernels on recent AMD processors with AVX-512 (about half their
speed), and its threads spin, so that they collapse to a tenth as soon as another program wants a core.
"""

import ctypes
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

_NEEDED = frozenset({"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd"})
_VARIABLE = "OPENBLAS_CORETYPE"


def prefer_wide_kernels(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Ask OpenBLAS for its AVX-512 kernels on an AMD processor that has AVX-512; return whether it was asked.

    It has an effect only before NumPy is first imported, and leaves a choice of the user's alone.
    """
    if _VARIABLE in os.environ or "numpy" in sys.modules:
        return False
    try:
        text = cpuinfo.read_text("utf-8", "replace").split("\n\n", 1)[0]
    except OSError:  # no Linux
        return False
    rows = dict(line.split(":", 1) for line in text.replace("\t", "").splitlines() if ":" in line)
    flags = set(rows.get("flags", "").split())
    if rows.get("vendor_id", "").strip() != "AuthenticAMD" or not flags.issuperset(_NEEDED):
        return False
    os.environ[_VARIABLE] = "SkylakeX"
    return True


def _openblas(function: str) -> Any:
    """Return a function of the OpenBLAS inside NumPy's wheel, or None for another build of NumPy."""
    library = ctypes.CDLL(import_module("numpy._core._multiarray_umath").__file__)
    return getattr(library, f"scipy_openblas_{function}64_", None)


def one_blas_thread() -> bool:
    """Make each matrix product run in its caller's thread (process-wide); return whether that could be set."""
    setter = _openblas("set_num_threads")
    if setter is None:
        return False
    setter(1)
    return True


def kernels() -> str:
    """Return the name of the kernels in use, "Haswell" or "SkylakeX", for the run record."""
    getter = _openblas("get_corename")
    if getter is None:
        return "not OpenBLAS"
    getter.restype = ctypes.c_char_p
    return str(getter().decode())
