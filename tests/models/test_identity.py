"""Weights are identified by their content alone."""

import os
from typing import Any

from clinweave.models import content_digest, identity_of
from clinweave.models.scripted import ScriptedModel


def same_stat(path, other):
    """Give one file the times of another."""
    status = other.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_equal_names_sizes_and_times_do_not_make_equal_weights(tmp_path):
    for folder in ("a", "b", "c"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.safetensors").write_bytes(
            b"0123456789" if folder != "b" else b"0123456798"
        )
        (tmp_path / folder / "config.json").write_text("{}")
        same_stat(tmp_path / folder / "model.safetensors", tmp_path / "a" / "model.safetensors")
    digests = [content_digest(tmp_path / folder) for folder in "abc"]
    assert digests[0] == digests[2] != digests[1]
    files = [content_digest(tmp_path / folder / "model.safetensors") for folder in "abc"]
    assert files[0] == files[2] != files[1]


def test_a_script_is_its_content():
    item, other, again = (ScriptedModel({"name": "m", "otherwise": text}) for text in ("A", "B", "A"))
    assert identity_of(item) == identity_of(again) != identity_of(other)


class Served:
    """A model that states what it is told to."""

    def __init__(self, identity: str, reply: str) -> None:
        self._identity, self._reply = identity, reply

    def identity(self) -> str:
        return self._identity

    def describe(self) -> dict[str, Any]:
        return {"name": "m"}

    def generate(self, messages: Any, *, max_tokens: int = 0) -> Any:
        return type("Reply", (), {"text": self._reply})


def test_an_unidentified_server_has_no_identity_unless_probed():
    assert identity_of(Served("", "x")) == ""
    assert identity_of(Served("abc", "x")) == identity_of(Served("abc", "y")) == "abc"
    probed = [identity_of(Served("", reply), probe=True) for reply in ("x", "y", "x")]
    assert probed[0] == probed[2] != probed[1]
