"""The choice of the scoring engine by a measurement."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinweave.core.errors import ClinweaveError, UserError
from clinweave.models import open_model, scoring_engines
from clinweave.models.header import read_header
from clinweave.models.packing import Item
from clinweave.models.scoring_engines import EngineChooser, checked_scorer, numpy_cannot
from tests.models import tiny


class Timed:
    """An engine that takes a fixed number of seconds per item of a false clock."""

    def __init__(self, name: str, seconds: float, clock: dict[str, float]) -> None:
        self.name, self.seconds, self.clock = name, seconds, clock
        self.items: list[Item] = []
        self.closed = False

    def score(self, items: list[Item]) -> list[list[float]]:
        self.items += items
        self.clock["now"] += self.seconds * len(items)
        return [[-1.0] * len(item.options) for item in items]

    def close(self) -> None:
        self.closed = True


class Fixture:
    def __init__(
        self, path: Path, home: Path, seconds: dict[str, float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock = {"now": 0.0}
        self.opened: list[str] = []
        self.engines = {name: Timed(name, value, clock) for name, value in seconds.items()}
        self.home = home
        monkeypatch.setattr(scoring_engines, "_SMALLEST", 0)
        monkeypatch.setattr(scoring_engines.time, "process_time", lambda: clock["now"])
        monkeypatch.setattr(EngineChooser, "candidates", lambda chooser: list(seconds))
        engine: Any = type("Engine", (), {"context": 512})
        self.chooser = EngineChooser(read_header(path), engine, threads=1, home=home)
        monkeypatch.setattr(
            EngineChooser,
            "_openers",
            lambda chooser: {name: lambda name=name: self.open(name) for name in seconds},
        )

    def open(self, name: str) -> Timed:
        self.opened.append(name)
        if self.engines[name].seconds < 0:
            raise ClinweaveError(f"{name} does not work here")
        return self.engines[name]

    def stored(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text("utf-8")) for path in self.home.rglob("*.json")]


def test_the_fastest_is_chosen_once(tiny_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = Fixture(tiny_path, tmp_path, {"torch": 2.0, "numpy": 1.0, "xllamacpp": 9.0}, monkeypatch)
    assert case.chooser.open("auto") is case.engines["numpy"]
    assert case.engines["torch"].closed
    assert case.engines["xllamacpp"].closed
    assert not case.engines["numpy"].closed
    assert [len(case.engines[name].items) for name in ("torch", "numpy", "xllamacpp")] == [2, 2, 1]
    (record,) = case.stored()
    assert record["chosen"] == "numpy"
    assert record["tokens_per_cpu_second"] == {"torch": 138.0, "numpy": 276.0, "xllamacpp": 30.7}
    case.opened.clear()
    assert case.chooser.open("auto") is case.engines["numpy"]
    assert case.opened == ["numpy"]


def test_an_engine_that_fails_is_not_chosen(
    tiny_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    case = Fixture(tiny_path, tmp_path, {"torch": -1.0, "numpy": 1.0}, monkeypatch)
    assert case.chooser.open("auto") is case.engines["numpy"]
    assert "torch does not work here" in caplog.text


def test_no_engine_at_all_is_an_error(
    tiny_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Fixture(tiny_path, tmp_path, {"torch": -1.0, "numpy": -1.0}, monkeypatch)
    with pytest.raises(ClinweaveError, match="numpy does not work here"):
        case.chooser.open("auto")
    assert case.stored() == []


def test_another_machine_measures_again(
    tiny_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Fixture(tiny_path, tmp_path, {"torch": 2.0, "numpy": 1.0}, monkeypatch)
    case.chooser.open("auto")
    monkeypatch.setattr(scoring_engines, "machine", lambda: {"processor": "another"})
    case.engines["torch"].seconds = 0.5
    assert case.chooser.open("auto") is case.engines["torch"]
    assert len(case.stored()) == 2


def test_a_damaged_record_is_measured_again(
    tiny_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Fixture(tiny_path, tmp_path, {"torch": 2.0, "numpy": 1.0}, monkeypatch)
    case.chooser.open("auto")
    for text in ("", "[]", '{"chosen": "abacus"}'):
        next(tmp_path.rglob("*.json")).write_text(text)
        assert case.chooser.open("auto") is case.engines["numpy"]
        assert case.stored()[0]["chosen"] == "numpy"


def test_small_models_are_not_measured(tiny_path: Path, tmp_path: Path) -> None:
    model = open_model(str(tiny_path), threads=1, scorer="auto", home=tmp_path)
    assert str(model.describe()["scorer"]).startswith("numpy float32")
    assert not list(tmp_path.rglob("*.json"))
    model.close()


def test_the_environment_names_a_scorer(tiny_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINWEAVE_SCORER", "xllamacpp")
    model = open_model(str(tiny_path), threads=1)
    assert str(model.describe()["scorer"]).startswith("xllamacpp")
    model.close()
    monkeypatch.setenv("CLINWEAVE_SCORER", "abacus")
    with pytest.raises(UserError, match=r"\(CLINWEAVE_SCORER\); use auto, core, torch, numpy, xllamacpp"):
        open_model(str(tiny_path), threads=1)
    assert checked_scorer("numpy", read_header(tiny_path)) == "numpy"


def test_core_needs_no_extra_and_scores_every_file(tmp_path: Path, tiny_path: Path) -> None:
    strange = tiny.write(tmp_path / "strange.gguf", extra="blk.0.attn_q_norm.weight")
    assert "attn_q_norm" in numpy_cannot(read_header(strange))
    engine: Any = type("Engine", (), {"context": 512, "version": "1"})
    for path, name in ((tiny_path, "numpy"), (strange, "xllamacpp")):
        chooser = EngineChooser(read_header(path), engine, threads=1, home=tmp_path)
        assert chooser.open("core").name.startswith(name)


def test_machines_are_told_apart() -> None:
    assert set(scoring_engines.machine()) == {"processor", "instructions", "cores"}
    assert scoring_engines.machine() == scoring_engines.machine()
