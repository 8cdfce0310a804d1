"""Identity of a model's weights: their content, never a name, a size or a date.

Local weights are identified by a sha256 of their bytes. A server is identified only by a digest that it states of what
it serves; names, versions and fingerprints of its software do not tell two sets of weights apart. Where nothing
identifies the weights, `identity_of` returns "", and whoever stores scores must not reuse them. With `probe`, a caller
that was asked to reuse them anyway gets what the server says of itself and how it answers fixed questions.
"""

import hashlib
from pathlib import Path

from clinweave.core.artifacts import digest, sha256
from clinweave.core.errors import ClinweaveError
from clinweave.models.base import LanguageModel, Message

PROBES = (
    "Name three hormones and what each does, in one sentence.",
    "Write the first ten prime numbers, then a word that begins with q.",
    "Which is larger, 17 times 23 or 19 squared? Answer with the numbers.",
    "Continue: The patient presented with",
)


def content_digest(path: Path) -> str:
    """Return the sha256 of a file, or of the names and contents of the files in a folder (not below it)."""
    if not path.is_dir():
        return sha256(path)
    total = hashlib.sha256()
    for item in sorted(path.iterdir()):
        if item.is_file() and not item.name.startswith("."):
            total.update(f"{item.name}\0{sha256(item)}\n".encode())
    return total.hexdigest()


def identity_of(model: LanguageModel, *, probe: bool = False) -> str:
    """Return the identity of a model's weights, or "" if unknown.

    With `probe`, a model that nothing identifies is asked a few fixed questions: equal replies then count as equal
    weights. Raises `ModelError` where the model cannot be reached.
    """
    stated = getattr(model, "identity", None)
    stated_identity = str(stated()) if callable(stated) else ""
    return stated_identity or (f"probed:{_probed(model)}" if probe else "")


def _probed(model: LanguageModel) -> str:
    described: dict[str, object] = dict(model.describe())
    about = getattr(model, "stated", None)
    try:
        described["stated"] = about() if callable(about) else {}
    except ClinweaveError:
        described["stated"] = {}
    asked: list[list[Message]] = [[{"role": "user", "content": text}] for text in PROBES]
    return digest([described, [model.generate(messages, max_tokens=48).text for messages in asked]])
