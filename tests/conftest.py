"""What every test stands on: no network, no telemetry, and real data and weights where they can be had."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parents[1]
OFFLINE = ROOT / "tests" / "offline"
sys.path.insert(0, str(OFFLINE))
import netguard  # noqa: E402

QUIET = {
    "DO_NOT_TRACK": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
    "TRL_DISABLE_TELEMETRY": "1",
    "WANDB_MODE": "disabled",
}

netguard.install()
# a slow example is the machine's doing, not the code's: speed is measured in benchmarks
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")
os.environ.update(QUIET)
# scorers are chosen by a measurement otherwise, and weights converted: tests of the choice ask for it
os.environ["CLINWEAVE_SCORER"] = "core"
# messages are compared as text: no colours, no wrapping by the width of someone's terminal
os.environ.update({"NO_COLOR": "1", "COLUMNS": "200", "TERM": "dumb"})


@pytest.fixture(autouse=True)
def no_network(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Hold that nothing leaves this machine, in the test and in the Python programs it starts."""
    if request.node.get_closest_marker("network"):
        yield
        return
    log = tmp_path_factory.mktemp("netguard") / "attempts"
    monkeypatch.setenv(netguard.LOG, str(log))
    # pip runs in a program of its own, and may have its index given by configuration
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    paths = [str(OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    yield
    if log.exists():
        pytest.fail(f"the test tried to connect to {', '.join(sorted(set(log.read_text().split())))}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real files for development, or skip: a plain clone has none."""
    path = Path(os.environ.get("CLINWEAVE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; set CLINWEAVE_SHARED_DATA to a folder that holds them")
    return path


@pytest.fixture(scope="session")
def fetched() -> Callable[[str], dict[str, Path]]:
    """Return a function from a resource id to its files by name; see `_bring`."""
    return _bring


@pytest.fixture(scope="session")
def weights() -> Path:
    """Return the real SmolLM2-135M-Instruct weights (GGUF), fetched through clinweave's own catalogue."""
    return next(path for path in _bring("smollm2-135m-instruct").values() if path.suffix == ".gguf")


def _bring(resource: str) -> dict[str, Path]:
    """Return the files of a resource by name, fetched once into the usual place; skip where that is impossible.

    With `CLINWEAVE_REQUIRE_WEIGHTS=1` the test fails instead of skipping.
    """
    from clinweave.core.artifacts import home
    from clinweave.core.errors import ChecksumError, ClinweaveError
    from clinweave.resources import fetch, located

    with pytest.MonkeyPatch.context() as patch:
        for name in (netguard.LOG, "PIP_NO_INDEX"):
            patch.delenv(name, raising=False)
        try:
            fetch([resource], home=home())
        except ChecksumError:
            raise
        except ClinweaveError as error:
            if os.environ.get("CLINWEAVE_REQUIRE_WEIGHTS") == "1":
                raise
            pytest.skip(f"{resource} is neither fetched nor to be had: {error}")
    return located(resource, home())
