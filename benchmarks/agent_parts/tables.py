"""Tables of paired arms."""

from collections.abc import Mapping, Sequence

from clinweave.core.statistics import difference, wilson


def share(values: Sequence[bool]) -> str:
    """Return a share with its Wilson interval in percent."""
    interval = wilson(sum(values), len(values))
    return f"{100 * sum(values) / len(values):.0f} % ({100 * interval.low:.0f} to {100 * interval.high:.0f})"


def paired(
    arm: Mapping[str, float], baseline: Mapping[str, float], clusters: Mapping[str, str] | None = None
) -> str:
    """Return the mean difference of two arms in points with its 95 % interval and p; items of a cluster depend."""
    result = difference(arm, baseline, clusters or {})
    low, high = 100 * result.low, 100 * result.high
    return (
        f"{100 * result.difference:+.1f} points ({low:+.1f} to {high:+.1f}), p {result.p:.3g}, n {result.n}"
    )
