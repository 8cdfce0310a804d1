"""Seeded mutations of every reader's files: each is read, or refused by an error of ours; nothing else, and in time."""

import os
import traceback
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from clinweave.errors import ClinweaveError
from tests.safety.mutations import mutated, time_limit
from tests.safety.readers import Reader, all_readers, write

CASES = int(os.environ.get("CLINWEAVE_FUZZ", "2000"))  # `make fuzz` runs more
SEED = int(os.environ.get("CLINWEAVE_FUZZ_SEED", "1"))
SECONDS = 20  # for one case, on a busy machine


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> list[Reader]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINWEAVE_HOME", str(tmp_path_factory.mktemp("home")))
        return all_readers(tmp_path_factory.mktemp("sound"))


def test_the_sound_files_are_read(
    readers: list[Reader], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    read = Counter[bool]()
    for reader in readers:
        write(reader.files, tmp_path / "in")
        try:
            reader.read(tmp_path / "in")
            read[True] += 1
        except ClinweaveError as error:
            allowed = (
                "database ",
                "manifest ",
            )  # given to readers that they were not made for; without their files
            assert reader.name.startswith(allowed), (reader.name, error)
            read[False] += 1
    assert read[True] > 30


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
            place = traceback.extract_tb(error.__traceback__)
            ours = next(
                (
                    item
                    for item in reversed(place)
                    if "clinweave" in item.filename and "tests" not in item.filename
                ),
                place[-1],
            )
            where = f"{Path(ours.filename).name}:{ours.lineno}"
            faults.setdefault(
                f"{reader.name}: {type(error).__name__} at {where}",
                f"case {number}, file {name}: {error!s:.100}",
            )
    told = "\n".join(f"{fault}  ({example})" for fault, example in sorted(faults.items()))
    assert not faults, f"{outcomes['fault']} of {CASES} cases:\n{told}"
    assert min(outcomes["read"], outcomes["refused"]) > CASES // 10, outcomes
