"""Word lists of the de-identification rules, loaded once."""

import tomllib
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=1)
def lists() -> dict[str, frozenset[str]]:
    """Return list name -> its lower-case words."""
    return {
        name: frozenset(text.split()) for name, text in _read().items() if name not in {"states", "cities"}
    }


@lru_cache(maxsize=1)
def places() -> str:
    """Return a regular expression of the states and cities."""
    read = _read()
    return "|".join(part.strip() for name in ("states", "cities") for part in read[name].split("|"))


@lru_cache(maxsize=1)
def _read() -> dict[str, str]:
    text = files("clinweave.patients.deid").joinpath("words.toml").read_text("utf-8")
    return {name: str(value) for name, value in tomllib.loads(text).items()}
