"""Which back end an address means."""

from difflib import get_close_matches
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError
from clinweave.models.base import LanguageModel

FETCHED = {"smollm2": "smollm2-135m-instruct"}  # name -> resource id
FORMS = "smollm2, a .gguf file, http(s)://host:port/v1#model, scripted:FILE.json, or a folder of transformers weights"


def open_model(address: str, **options: Any) -> LanguageModel:
    """Open the model at `address`. Raises `UserError` naming the forms if there is none.

    Options go to the back end: `threads`, `context`, `scorer` (GGUF); `precision` (folders); `timeout`, `retries`
    (addresses); `home` (where fetched and converted weights are kept).
    """
    home = options.pop("home", None)
    if address in FETCHED:
        from clinweave.models.gguf import GgufModel

        return GgufModel(_fetched(FETCHED[address], home), **{"name": address, "home": home, **options})
    if address.startswith(("http://", "https://")):
        from clinweave.models.remote import RemoteModel

        return RemoteModel(address, **options)
    if address.startswith("scripted:"):
        from clinweave.models.scripted import ScriptedModel

        return ScriptedModel.open(Path(address.removeprefix("scripted:")).expanduser(), **options)
    path = Path(address).expanduser()
    if path.is_dir() and (path / "config.json").is_file():
        from clinweave.models.huggingface import HuggingFaceModel

        return HuggingFaceModel(path, **options)
    if path.is_file() or path.suffix == ".gguf":
        from clinweave.models.gguf import GgufModel

        return GgufModel(path, home=home, **options)
    if path.is_dir():
        raise UserError(f"{path} is a folder without config.json, so no transformers weights.")
    raise UserError(f"Unknown model {address!r}{_near(address, path)}. Known forms: {FORMS}.")


def _fetched(resource: str, home: Path | None) -> Path:
    from clinweave.core import artifacts
    from clinweave.resources import located

    files = located(resource, home or artifacts.home())
    return next(path for name, path in files.items() if name.endswith(".gguf"))


def _near(address: str, path: Path) -> str:
    """Return a hint: a known name or a file beside the named one that is spelt alike."""
    known = get_close_matches(address.lower(), [*FETCHED, "scripted:"], n=1, cutoff=0.5)
    if known:
        return f"; did you mean {known[0]}?"
    if path.parent.is_dir():
        beside = get_close_matches(path.name, sorted(entry.name for entry in path.parent.iterdir()), n=1)
        if beside:
            return f"; did you mean {path.parent / beside[0]}?"
    return ""
