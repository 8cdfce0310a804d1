"""Requests per minute of a client: a token bucket each."""

import time
from collections import OrderedDict

_CLIENTS = 10_000  # buckets that are remembered


class RateLimiter:
    """Allows `per_minute` requests of each client on average, and `burst` at once. 0 per minute: no limit."""

    def __init__(self, per_minute: float, burst: float = 0) -> None:
        self.per_minute, self.burst = per_minute, burst or max(per_minute / 6, 1)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # client -> (tokens, time)

    def allow(self, client: str, *, cost: float = 1) -> bool:
        """Count a request; return whether it is within the limit. `cost` 0 only looks."""
        if not self.per_minute:
            return True
        now = time.monotonic()
        tokens, before = self._buckets.pop(client, (self.burst, now))
        tokens = min(self.burst, tokens + (now - before) * self.per_minute / 60)
        allowed = tokens >= max(cost, 1)
        self._buckets[client] = (tokens - cost if allowed else tokens, now)
        if len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        return allowed
