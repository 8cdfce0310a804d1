"""Transforms of a raw value to a desirability from 0 to 1, under the names and parameters of REINVENT 4.

Loeffler et al. 2024 (doi:10.1186/s13321-024-00812-5). Sigmoids are to the base 10, as there.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial

from clinweave.core.errors import UserError

Transform = Callable[[float], float]
Parameters = Mapping[str, object]


def logistic(x: float) -> float:
    """Return 1 / (1 + 10^-x), without overflow."""
    exponent = x * math.log(10)
    if exponent >= 0:
        return 1 / (1 + math.exp(-exponent))
    return math.exp(exponent) / (1 + math.exp(exponent)) if exponent > -700 else 0.0


def sigmoid(x: float, low: float, high: float, k: float = 0.25) -> float:
    """Return a value that rises from 0 to 1 between low and high; a step at their common value if they are equal."""
    middle = (low + high) / 2
    if high == low:
        return float(k * (x - middle) > 0)
    return logistic(10 * k * (x - middle) / (high - low))


def reverse_sigmoid(x: float, low: float, high: float, k: float = 0.25) -> float:
    """Return a value that falls from 1 to 0 between low and high."""
    return 1 - sigmoid(x, low, high, k)


def double_sigmoid(  # noqa: PLR0917 - the parameters of REINVENT 4
    x: float, low: float, high: float, coef_div: float = 100.0, coef_si: float = 150.0, coef_se: float = 150.0
) -> float:
    """Return a value that is high between low and high; the slopes are coef_si / coef_div and coef_se / coef_div."""
    left = x < (low + high) / 2
    distance, slope = (x - low, coef_si) if left else (x - high, coef_se)
    rise = float(slope * distance > 0) if coef_div == 0 else logistic(slope / coef_div * distance)
    return rise if left else 1 - rise


def exponential_decay(x: float, k: float) -> float:
    """Return exp(-k x), and 1 for x below 0."""
    return math.exp(-k * x) if x > 0 else 1.0


def step(x: float, low: float, high: float) -> float:
    """Return 1 from low to high, else 0."""
    return float(low <= x <= high)


def right_step(x: float, high: float) -> float:
    """Return 1 from high upwards, else 0."""
    return float(x >= high)


def left_step(x: float, low: float) -> float:
    """Return 1 up to low, else 0."""
    return float(x <= low)


_KINDS: dict[str, tuple[Callable[..., float], tuple[str, ...], tuple[str, ...]]] = {
    # name -> function, parameters, optional ones
    "sigmoid": (sigmoid, ("low", "high"), ("k",)),
    "reverse_sigmoid": (reverse_sigmoid, ("low", "high"), ("k",)),
    "double_sigmoid": (double_sigmoid, ("low", "high"), ("coef_div", "coef_si", "coef_se")),
    "exponential_decay": (exponential_decay, ("k",), ()),
    "step": (step, ("low", "high"), ()),
    "right_step": (right_step, ("high",), ()),
    "left_step": (left_step, ("low",), ()),
}
TRANSFORMS = (*_KINDS, "value_mapping")


def transform_of(parameters: Parameters, where: str) -> Transform:
    """Return the transform that {"type": "sigmoid", "low": 0, "high": 1, "k": 0.5} describes.

    `value_mapping` has a table `mapping` of values to desirabilities; another value raises `ValueError` when it comes.
    Raises `UserError` for an unknown type, and for parameters that are missing, unknown or no numbers.
    """
    kind = str(parameters.get("type", ""))
    given = {name: value for name, value in parameters.items() if name != "type"}
    if kind == "value_mapping":
        return _mapped(given.get("mapping"), where)
    if kind not in _KINDS:
        raise UserError(f"{where}: no transform {kind!r}; choose from {', '.join(TRANSFORMS)}")
    function, required, optional = _KINDS[kind]
    if missing := [name for name in required if name not in given]:
        raise UserError(f"{where}: {kind} needs {', '.join(missing)}")
    numbers: dict[str, float] = {}
    for name, value in given.items():
        if name not in {*required, *optional}:
            raise UserError(f"{where}: {kind} has no {name!r}; it has {', '.join((*required, *optional))}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UserError(f"{where}: {name} must be a number, not {value!r}")
        numbers[name] = float(value)
    if "low" in numbers and "high" in numbers and numbers["low"] > numbers["high"]:
        raise UserError(f"{where}: low {numbers['low']:g} is above high {numbers['high']:g}")
    if kind == "exponential_decay" and numbers["k"] <= 0:
        raise UserError(f"{where}: k must be above 0, not {numbers['k']:g}")
    return partial(function, **numbers)


def _mapped(table: object, where: str) -> Transform:
    if not isinstance(table, Mapping) or not table:
        raise UserError(
            f"{where}: value_mapping needs a table mapping, such as mapping = {{0 = 0.0, 1 = 1.0}}"
        )
    try:
        values = {float(key): float(value) for key, value in table.items()}
    except (TypeError, ValueError):
        raise UserError(f"{where}: mapping must map numbers to numbers from 0 to 1") from None
    if not all(0 <= value <= 1 for value in values.values()):
        raise UserError(f"{where}: the values of mapping must lie between 0 and 1")

    def mapped(x: float) -> float:
        if x not in values:
            raise ValueError(f"{x:g} is not in the mapping")
        return values[x]

    return mapped
