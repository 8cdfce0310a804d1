"""The language model of a recipe: its settings, opening it when first asked, and what identifies its weights."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from clinweave.core.artifacts import digest
from clinweave.models import Capability, LanguageModel, content_digest, identity_of, open_model

PACKAGES = ("numpy", "scipy", "pyarrow", "tantivy", "xllamacpp", "gguf")
Method = Literal["auto", "option-text", "letter", "generation"]


@dataclass(frozen=True)
class ModelSettings:
    """Which language model, and how it chooses. `options` go to the back end."""

    address: str = "smollm2"
    method: Method = "auto"  # option-text where the model can score, else generation
    concurrency: int = 1  # threads; for remote models
    max_tokens_total: int = 0  # stop scoring after so many tokens; 0: no limit
    max_tokens: int = 64  # of a reply that is parsed
    reasoning: bool = False  # parsed replies: ask the model to think first; give max_tokens room for it
    options: dict[str, Any] = field(default_factory=dict)
    allow_remote: str = ""  # the host that may see gated evidence
    reuse_unidentified: bool = False  # reuse scores of an address that states no digest of its weights


@dataclass(frozen=True)
class NamedModel(ModelSettings):
    """A further model of a comparison: its conditions are called CONDITION@NAME."""

    name: str = ""


class ModelOpener:
    """Opens the model when something is not scored yet, and closes it at the end of a `with` block."""

    def __init__(self, settings: ModelSettings, home: Path) -> None:
        self.settings, self._home = settings, home
        self._model: LanguageModel | None = None
        self._weights = ""

    def open(self) -> LanguageModel:
        """Return the model, opened at the first call."""
        if self._model is None:
            self._model = open_model(self.settings.address, home=self._home, **self.settings.options)
        return self._model

    def weights(self) -> str:
        """Return what identifies the weights of this run; another value in each run where nothing does."""
        if not self._weights:
            if is_address(self.settings.address):
                identity = identity_of(self.open(), probe=self.settings.reuse_unidentified)
                self._weights = identity or secrets.token_hex(16)
            else:
                self._weights = weights_key(self.settings.address)
        return self._weights

    def close(self) -> None:
        """Close the model, if it was opened."""
        if self._model is not None:
            self._model.close()
            self._model = None


def is_name(address: str) -> bool:
    """Return whether an address is the name of fetched weights, and not a path or URL."""
    return ":" not in address and "/" not in address and not Path(address).exists()


def weight_resources(address: str) -> list[str]:
    """Return the catalogue ids of a named model's weights."""
    from clinweave.resources import catalogue

    return [name for name in catalogue() if is_name(address) and name.startswith(address)]


def weights_key(address: str) -> str:
    """Return what identifies the content of weights without opening them; an address on a network is only its name."""
    from clinweave.resources import hashes

    for name in weight_resources(address):
        return digest(hashes(name))
    path = Path(address.removeprefix("scripted:")).expanduser()
    return content_digest(path) if path.exists() else address


def is_address(address: str) -> bool:
    """Say whether a model is behind an address on a network."""
    return address.startswith(("http://", "https://"))


def token_counter(model: LanguageModel) -> Callable[[str], int]:
    """Return a function that counts the tokens of a text; four letters a token where the model does not say."""
    if Capability.TOKENISE in model.capabilities:
        return lambda text: len(model.tokenise(text))
    return lambda text: (len(text) + 3) // 4


def package_versions() -> dict[str, str]:
    """Return the versions of the packages that a number may depend on."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions
