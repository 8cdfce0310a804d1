"""Seeded mutations of every reader's files: each is read, or refused by an error of ours; nothing else, and in time."""

import os
import traceback
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from clinweave.core.errors import ClinweaveError
from tests.safety.more_readers import more_readers
from tests.safety.mutations import mutated, time_limit
from tests.safety.readers import Reader, all_readers, write

CASES = int(os.environ.get("CLINWEAVE_FUZZ", "2000"))  # `make fuzz` runs more
SEED = int(os.environ.get("CLINWEAVE_FUZZ_SEED", "1"))
SECONDS = 20  # for one case, on a busy machine


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> list[Reader]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINWEAVE_HOME", str(tmp_path_factory.mktemp("home")))
        return [*all_readers(tmp_path_factory.mktemp("sound")), *more_readers()]


def test_the_sound_files_are_read(
    readers: list[Reader], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    refused = {}
    for reader in readers:
        write(reader.files, tmp_path / "in")
        try:
            reader.read(tmp_path / "in")
        except ClinweaveError as error:
            refused[reader.name] = str(error)
    # given to readers that they were not made for, or without the files that belong to them
    assert all(name.startswith(("database ", "manifest ")) for name in refused), refused
    assert len(readers) - len(refused) > 30


def test_no_mutation_brings_another_error(
    readers: list[Reader], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    chance = Random(SEED)
    weights = [reader.weight for reader in readers]
    outcomes: Counter[str] = Counter()
    faults: dict[str, str] = {}
    for number in range(CASES):
        (reader,) = chance.choices(readers, weights)
        own = Random(f"{SEED} {number}")
        name = own.choice(sorted(reader.files))
        write({**reader.files, name: mutated(reader.files[name], own, text=reader.text)}, tmp_path / "in")
        try:
            with time_limit(SECONDS):
                reader.read(tmp_path / "in")
            outcomes["read"] += 1
        except ClinweaveError:
            outcomes["refused"] += 1
        except Exception as error:
            outcomes["fault"] += 1
            fault = f"{reader.name}: {type(error).__name__} at {_place(error)}"
            faults.setdefault(fault, f"case {number}, file {name}: {error!s:.100}")
    listed = "\n".join(f"{fault}  ({example})" for fault, example in sorted(faults.items()))
    assert not faults, f"{outcomes['fault']} of {CASES} cases:\n{listed}"
    assert min(outcomes["read"], outcomes["refused"]) > CASES // 10, outcomes


def _place(error: Exception) -> str:
    """Return the innermost place in clinweave where an error arose."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [item for item in frames if "/clinweave/" in item.filename and "/tests/" not in item.filename]
    frame = (ours or frames)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
