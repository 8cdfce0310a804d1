import json

import pytest

from clinweave.batch import LocalRunner


@pytest.fixture
def rows(tmp_path):
    """Return a function that writes rows of texts as JSONL: "notes.jsonl"."""

    def write(texts, name="notes.jsonl"):
        path = tmp_path / name
        lines = (json.dumps({"id": f"n{number}", "text": text}) + "\n" for number, text in enumerate(texts))
        path.write_text("".join(lines), "utf-8")
        return path

    return write


@pytest.fixture(params=["local"])
def runner(request):
    """Return each runner, with two workers."""
    return LocalRunner(2)
