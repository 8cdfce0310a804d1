"""Models that the tests of this room share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clinweave.models import LanguageModel, open_model
from tests.models import tiny


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a random Llama of 0.4 MB."""
    return tiny.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture(scope="session")
def tiny_model(tiny_path: Path) -> Iterator[LanguageModel]:
    """Return the random Llama, scored by NumPy."""
    model = open_model(str(tiny_path), threads=1, scorer="numpy")
    yield model
    model.close()


@pytest.fixture(scope="session")
def smollm2(weights: Path) -> Iterator[LanguageModel]:
    """Return the real weights, scored by NumPy."""
    model = open_model(str(weights), threads=1, context=1024, scorer="numpy")
    yield model
    model.close()
