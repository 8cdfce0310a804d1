"""Which matrix kernels NumPy's own OpenBLAS uses, and with how many threads.

Its threads spin while they wait: they fall to a tenth of their speed as soon as another program wants a core
(measured); the likelihood scorer brings threads of its own and wants each product in one. OPENBLAS_CORETYPE, where
something set it, forces kernels: "Haswell" on a processor with AVX-512 costs a third of the speed.
"""

import ctypes
from importlib import import_module
from typing import Any


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
