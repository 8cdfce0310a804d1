"""Windows of properties, such as logp=2-3 or qed=0.6-: what a molecule must have."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from clinweave.applications.molecules.properties import PROPERTIES, parse_condition
from clinweave.core.errors import UserError

_NUMBER = r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
_WINDOW = re.compile(rf"(?P<low>{_NUMBER})?\s*(?:-|\.\.)\s*(?P<high>{_NUMBER})?")
_TYPICAL = {
    "weight": 25.0,
    "logp": 0.5,
    "tpsa": 10.0,
    "qed": 0.05,
    "rings": 1.0,
    "donors": 1.0,
    "acceptors": 1.0,
}


class Window(NamedTuple):
    """The lowest and highest value that is allowed, both inclusive; infinite if there is no bound."""

    low: float = -math.inf
    high: float = math.inf

    def __contains__(self, value: object) -> bool:
        """Return whether a number lies within."""
        return isinstance(value, int | float) and self.low <= value <= self.high

    def target(self, name: str) -> float:
        """Return a value to aim at: the middle, or a step inside an open window."""
        if math.isinf(self.low) or math.isinf(self.high):
            step = _TYPICAL.get(name, 0.0)
            return self.low + step if math.isinf(self.high) else self.high - step
        return (self.low + self.high) / 2


def parse_window(text: str, option: str) -> Window:
    """Return the window of "2-3", "0.6-", "-3" (at most 3), "-1-2" or "-2..-1". Raises `UserError` on anything else."""
    match = _WINDOW.fullmatch(text.strip())
    if match and (match["low"] or match["high"]):
        low = float(match["low"]) if match["low"] else -math.inf
        high = float(match["high"]) if match["high"] else math.inf
        if low <= high:
            return Window(low, high)
        raise UserError(f"{option}: {text} is empty: the lower end is above the upper one")
    raise UserError(f"{option}: expected a window such as 2-3, 0.6- (at least) or -3 (at most), not {text!r}")


def parse_windows(text: str, option: str = "--window") -> dict[str, Window]:
    """Return {"logp": Window(2, 3)} of "logp=2-3". Raises `UserError` for an unknown property or a wrong window."""
    windows: dict[str, Window] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, sign, value = item.partition("=")
        name = name.strip().lower()
        if name not in PROPERTIES:
            raise UserError(f"{option} {item}: no property {name!r}; choose from {', '.join(PROPERTIES)}")
        if name in windows:
            raise UserError(f"{option} names {name!r} twice")
        windows[name] = parse_window(value if sign else "", f"{option} {item}")
    return windows


def parse_targets(text: str) -> tuple[dict[str, float], dict[str, Window]]:
    """Return what "logp=2-3,qed=0.9" asks for: a target for each property, and the windows that must hold.

    A single number is a target alone; a window is one, too, by its middle.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    ranges = [part for part in parts if not _is_number(part.partition("=")[2])]
    windows = parse_windows(",".join(ranges), "--condition") if all("=" in part for part in ranges) else {}
    numbers = parse_condition(",".join(part for part in parts if part not in ranges or "=" not in part))
    if twice := numbers.keys() & windows.keys():
        raise UserError(f"--condition names {', '.join(sorted(twice))} twice")
    return {**numbers, **{name: window.target(name) for name, window in windows.items()}}, windows


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def outside(values: Sequence[float], windows: Mapping[str, Window]) -> list[str]:
    """Return the properties (`values` in the order of `PROPERTIES`) that lie outside their windows."""
    by_name = dict(zip(PROPERTIES, values, strict=True))
    return [name for name, window in windows.items() if by_name[name] not in window]
