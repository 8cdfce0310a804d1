"""Limits of the service."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServiceSettings:
    """Limits of the service, each with a unit. A request beyond one is refused, never cut."""

    max_bytes: int = 1 << 20  # of a body
    max_upload_bytes: int = 20 << 20  # of a body with files (multipart/form-data)
    max_tokens: int = 512  # of a model's reply; a request for more gets this many
    max_queue: int = 8  # model calls that run or wait
    max_lookups: int = 128  # look-ups that run or wait
    lookup_threads: int = 0  # 0: one per processor, at most 4
    lookup_seconds: float = 60.0
    model_seconds: float = 600.0
    body_seconds: float = 30.0  # for a client to send a body
    warm_up: bool = True  # prepare differential, codes and similar drugs when `serve` starts
    runs: Path | None = None  # folder whose finished studies the page Runs shows
    property_models: tuple[Path, ...] = ()  # folders of trained property models, for the page Molecules
