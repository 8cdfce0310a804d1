"""The head of a GGUF file: its keys and where its tensors lie, read in milliseconds and checked for truncation.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. The `gguf` package reads it too, but takes two
seconds over a vocabulary of 49,152 tokens; it is used here for what is hard, the block formats of quantised tensors.
"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"GGUF"
_ALIGNMENT = 32
_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_MAX_ENTRIES = 1 << 24  # more entries than any vocabulary: a count above it is a damaged file


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where one tensor lies. `shape` is NumPy's (rows first), the reverse of the file's."""

    name: str
    shape: tuple[int, ...]
    kind: int  # ggml type number
    offset: int  # bytes from the start of the file
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Header:
    """The keys and tensors of a GGUF file."""

    path: Path
    keys: dict[str, Any]
    tensors: dict[str, Tensor]

    @property
    def architecture(self) -> str:
        """Return the name of the architecture, "llama"."""
        return str(self.keys.get("general.architecture", ""))

    @property
    def context_length(self) -> int:
        """Return how many tokens the model was made for (0 where the file does not say)."""
        return int(self.keys.get(f"{self.architecture}.context_length", 0))

    @property
    def name(self) -> str:
        """Return the model's name as the file states it, else the file's own name."""
        return str(self.keys.get("general.name") or self.path.stem)

    def parameters(self) -> int:
        """Return the number of weights."""
        total = 0
        for tensor in self.tensors.values():
            count = 1
            for length in tensor.shape:
                count *= length
            total += count
        return total


class _Reader:
    """A cursor over the mapped file; every step past its end raises `struct.error`."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def take(self, code: str) -> Any:
        layout = struct.Struct("<" + code)
        (value,) = layout.unpack_from(self.data, self.at)
        self.at += layout.size
        return value

    def string(self) -> str:
        length = self.take("Q")
        if length > len(self.data) - self.at:
            raise struct.error("a string runs past the end of the file")
        text = self.data[self.at : self.at + length].decode("utf-8", "replace")
        self.at += length
        return text

    def count(self) -> int:
        value = int(self.take("Q"))
        if value > _MAX_ENTRIES:
            raise struct.error(f"a count of {value}")
        return value

    def value(self, kind: int) -> Any:
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            return self.take(_SCALARS[kind])
        inner, length = self.take("I"), self.count()
        if inner in (_STRING, _ARRAY):
            return [self.value(inner) for _ in range(length)]
        layout = struct.Struct(f"<{length}{_SCALARS[inner]}")
        values = list(layout.unpack_from(self.data, self.at))
        self.at += layout.size
        return values


def read_header(path: Path) -> Header:
    """Return the head of a GGUF file. Raises `UserError` where it is missing, no GGUF, or cut short."""
    if not path.is_file():
        raise UserError(f"There is no model file {path}.")
    if path.stat().st_size < 24:
        raise UserError(f"{path} is too short to be a GGUF file; fetch it again.")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data[:4] != MAGIC:
            raise UserError(f"{path} is not a GGUF file (it does not begin with the bytes GGUF).")
        reader = _Reader(data)
        reader.at = 4
        try:
            header = _parse(path, reader)
        except (struct.error, KeyError, ValueError) as error:
            raise UserError(
                f"{path}: the head of the file is damaged or cut short ({error}); fetch it again."
            ) from error
        end = max((tensor.offset + tensor.size for tensor in header.tensors.values()), default=0)
        if end > len(data):
            raise UserError(f"{path} is cut short: {len(data):,} of at least {end:,} bytes; fetch it again.")
    return header


def _parse(path: Path, reader: _Reader) -> Header:
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

    version = reader.take("I")
    if version not in (2, 3):
        raise UserError(f"{path} is GGUF version {version}; versions 2 and 3 are read.")
    tensor_count, key_count = reader.count(), reader.count()
    keys: dict[str, Any] = {}
    for _ in range(key_count):
        key = reader.string()
        keys[key] = reader.value(reader.take("I"))
    listed = []
    for _ in range(tensor_count):
        name, dimensions = reader.string(), reader.take("I")
        if dimensions > 8:
            raise ValueError(f"tensor {name!r} has {dimensions} dimensions")
        lengths = [reader.take("Q") for _ in range(dimensions)]
        listed.append((name, tuple(reversed(lengths)), reader.take("I"), reader.take("Q")))
    alignment = int(keys.get("general.alignment", _ALIGNMENT))
    start = -(-reader.at // alignment) * alignment
    tensors = {}
    for name, shape, kind, offset in listed:
        count = 1
        for length in shape:
            count *= length
        block, width = GGML_QUANT_SIZES[GGMLQuantizationType(kind)]
        tensors[name] = Tensor(name, shape, kind, start + offset, count // block * width)
    return Header(path, keys, tensors)


def dequantised(header: Header, names: "list[str] | None" = None) -> "dict[str, NDArray[np.float32]]":
    """Return tensors (all where `names` is None) as float32 arrays of their NumPy shape, in memory of their own."""
    import numpy as np
    from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
    from gguf.quants import dequantize

    raw = np.memmap(header.path, dtype=np.uint8, mode="r")
    weights = {}
    for name in header.tensors if names is None else names:
        tensor = header.tensors[name]
        kind = GGMLQuantizationType(tensor.kind)
        data = raw[tensor.offset : tensor.offset + tensor.size]
        if kind == GGMLQuantizationType.F32:
            weights[name] = np.array(data.view(np.float32).reshape(tensor.shape))
            continue
        if kind == GGMLQuantizationType.F16:
            weights[name] = data.view(np.float16).reshape(tensor.shape).astype(np.float32)
            continue
        block, width = GGML_QUANT_SIZES[kind]
        rows = data.reshape(-1, tensor.shape[-1] // block * width)
        weights[name] = dequantize(rows, kind).reshape(tensor.shape)
    return weights
