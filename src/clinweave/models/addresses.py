"""Which back end an address means."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol

from clinweave.core.errors import UserError
from clinweave.core.plugins import ExtensionPoint
from clinweave.models.base import LanguageModel


class ModelBackEnd(Protocol):
    """Opens a model of an installed package: `address` is what follows the scheme and its colon."""

    def __call__(self, address: str, **options: object) -> LanguageModel:
        """Return the model. Options as of `open_model`; ignore those that do not apply.

        Raises `UserError` for an address that means nothing.
        """
        ...


# scheme of an address ("echo" of "echo:TEXT") -> what opens it
BACK_ENDS: ExtensionPoint[ModelBackEnd] = ExtensionPoint("clinweave.models", "model back end")

FETCHED = {  # name -> resource id
    "qwen2.5-coder-1.5b": "qwen2.5-coder-1.5b-instruct",
    "qwen2.5-coder-0.5b": "qwen2.5-coder-0.5b-instruct",
    "smollm2": "smollm2-135m-instruct",
}
# The models that may write without being named, best first: docs/models.md has the figures. SmolLM2 adds nothing to
# what the sources say, so it is never chosen.
WRITERS = ("qwen2.5-coder-1.5b",)
AUTO = "auto"
FORMS = (
    f"{', '.join(FETCHED)}, a .gguf file, http(s)://host:port/v1#model, scripted:FILE.json, or a folder of "
    "transformers weights"
)


def open_model(address: str, **options: Any) -> LanguageModel:
    """Open the model at `address`. Raises `UserError` naming the forms if there is none.

    Options go to the back end: `threads` (models in this process), `context`, `scorer` (GGUF); `precision` (folders);
    `timeout`, `retries` (addresses); `home` (where fetched and converted weights are kept).
    """
    home = options.pop("home", None)
    kind, path = _resolved(address, home)
    threads = options.get("threads")
    if kind in {"remote", "scripted"} and options.pop("threads", None):
        raise UserError(
            f"{threads} threads: only a model that runs in this process has threads, not {address}"
        )
    if kind == "remote":
        from clinweave.models.remote import RemoteModel

        return RemoteModel(address, **options)
    if kind == "scripted":
        from clinweave.models.scripted import ScriptedModel

        return ScriptedModel.open(path, **options)
    if kind == "installed":
        scheme, _, rest = address.partition(":")
        return BACK_ENDS.load(scheme)(rest, home=home, **options)
    if kind == "transformers":
        from clinweave.models.huggingface import HuggingFaceModel

        return HuggingFaceModel(path, **options)
    from clinweave.models.gguf import GgufModel

    named = {"name": address} if address in FETCHED else {}
    return GgufModel(path, **{**named, "home": home, **options})


def judge_address(address: str, home: Path | None = None) -> str:
    """Return the address of a judge: "auto" as the best model that was fetched, "none" if there is none.

    Raises `UserError` for an address that means nothing and for one on another machine.
    """
    if address == AUTO:
        return best_installed(home)
    if address not in {"", "none"} and not runs_here(address, home):
        raise UserError(
            f"{address} cannot judge: only a model on this machine gives the likelihoods that it needs"
        )
    return address


def open_judge(address: str, home: Path | None = None, *, threads: int | None = None) -> LanguageModel:
    """Open a model that only gives likelihoods, with the engine that also writes: no weights are converted for it.

    It is a model of its own, as the one that writes is busy while its sentences are judged; the file is mapped into
    memory once.
    """
    options: dict[str, object] = {"threads": threads} if threads else {}
    if _resolved(address, home)[0] == "gguf":
        options["scorer"] = "xllamacpp"
    return open_model(address, home=home, **options)


def runs_here(address: str, home: Path | None = None) -> bool:
    """Return whether the model at an address is known, before it is opened, to send nothing beyond this machine.

    False for an HTTP address and for a back end of an installed package: only the opened model can tell. Raises the
    `UserError` of `open_model` for an address that means nothing and for weights that are missing.
    """
    return _resolved(address, home)[0] not in {"remote", "installed"}


def _resolved(address: str, home: Path | None) -> tuple[str, Path]:
    """Return the kind of an address (gguf, transformers, remote, scripted, installed) and the path, if it is one."""
    if address in FETCHED:
        return "gguf", _fetched(FETCHED[address], home)
    if address.startswith(("http://", "https://")):
        return "remote", Path()
    if address.startswith("scripted:"):
        return "scripted", Path(address.removeprefix("scripted:")).expanduser()
    scheme, colon, _ = address.partition(":")
    if colon and scheme.isidentifier() and scheme in BACK_ENDS:
        return "installed", Path()
    path = Path(address).expanduser()
    if path.is_dir() and (path / "config.json").is_file():
        return "transformers", path
    if path.is_file() or path.suffix == ".gguf":
        return "gguf", path
    if path.is_dir():
        raise UserError(f"{path} is a folder without config.json, so no transformers weights.")
    raise UserError(f"Unknown model {address!r}{_near(address, path)}. Known forms: {FORMS}.")


def best_installed(home: Path | None = None) -> str:
    """Return the name of the best model that was fetched and is known to write well enough, "none" if there is none."""
    from clinweave.core import artifacts
    from clinweave.resources import catalogue, verify

    for name in WRITERS:
        states = verify(catalogue()[FETCHED[name]], home or artifacts.home(), deep=False)
        if set(states.values()) == {"good"}:
            return name
    return "none"


def _fetched(resource: str, home: Path | None) -> Path:
    from clinweave.core import artifacts
    from clinweave.resources import located

    files = located(resource, home or artifacts.home())
    return next(path for name, path in files.items() if name.endswith(".gguf"))


def _near(address: str, path: Path) -> str:
    """Return a hint: a known name, or a file in the same folder, of similar spelling."""
    addresses = get_close_matches(address.lower(), [*FETCHED, "scripted:"], n=1, cutoff=0.5)
    if addresses:
        return f"; did you mean {addresses[0]}?"
    if path.parent.is_dir():
        similar = get_close_matches(path.name, sorted(entry.name for entry in path.parent.iterdir()), n=1)
        if similar:
            return f"; did you mean {path.parent / similar[0]}?"
    return ""
