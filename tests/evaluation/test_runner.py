"""The runner: a step is done once, again when something it names changes, and a kill leaves the old or the new."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from clinweave.core.artifacts import read_manifest
from clinweave.core.errors import UserError
from clinweave.core.reports.blocks import Report, Section, Text
from clinweave.evaluation import Progress, Recipe, Runner, Step, run_study
from clinweave.evaluation.runner import ArtifactStep
from tests.safety.killing import killed_at


@dataclass(frozen=True)
class Count:
    """A result."""

    value: int
    pair: tuple[int, ...] = ()


class Counting:
    """Builds a step's result and counts how often."""

    def __init__(self, value=1, *, fails=False):
        self.value, self.fails, self.built = value, fails, 0

    def __call__(self, work):
        self.built += 1
        (work.folder / "more.txt").write_text("text")
        if self.fails:
            raise KeyboardInterrupt
        return Count(self.value, (1, 2))


def step(name, build, **more):
    return Step(name, Count, build, **{"version": 1, **more})


def fresh(tmp_path):
    return Runner(tmp_path / "out", tmp_path / "home")


def test_a_step_is_built_once_and_read_back_with_its_types(tmp_path):
    build = Counting(7)
    runner = fresh(tmp_path)
    assert runner.result(step("a/b", build)) == runner.result(step("a/b", build)) == Count(7, (1, 2))
    assert fresh(tmp_path).result(step("a/b", build)) == Count(7, (1, 2))
    assert build.built == 1
    assert (runner.folder(step("a/b", build)) / "more.txt").read_text() == "text"


@pytest.mark.parametrize(
    "change", [{"version": 2}, {"parameters": {"n": 2}}, {"inputs": lambda: {"file": "b"}}]
)
def test_a_step_is_built_again_when_version_inputs_or_parameters_change(tmp_path, change):
    build = Counting()
    first = step("a", build, parameters={"n": 1}, inputs=lambda: {"file": "a"})
    key = fresh(tmp_path).key(first)
    assert fresh(tmp_path).key(replace(first, **change)) != key
    assert build.built == 2


def test_what_depends_on_a_changed_step_is_built_again(tmp_path):
    artifact = ArtifactStep("graph", lambda runner: "graph of one", lambda text: text)
    first, second = Counting(1), Counting(2)

    def chain(version):
        a = step("a", first, version=version, needs=(artifact,))
        return step("b", lambda work: replace(second(work), value=work.result(a).value + 1), needs=(a,))

    assert fresh(tmp_path).result(chain(1)) == Count(2, (1, 2))
    fresh(tmp_path).result(chain(1))
    assert (first.built, second.built) == (1, 1)
    fresh(tmp_path).result(chain(2))
    assert (first.built, second.built) == (2, 2)


def test_an_unfinished_result_is_asked_for_again_and_a_stopped_one_leaves_nothing(tmp_path):
    build = Counting(0)
    again = step("a", build, retry=lambda result: result.value == 0)
    fresh(tmp_path).result(again)
    build.value = 3
    assert fresh(tmp_path).result(again).value == 3
    assert fresh(tmp_path).result(again).value == 3
    assert build.built == 2
    with pytest.raises(KeyboardInterrupt):
        fresh(tmp_path).result(step("b", Counting(fails=True)))
    assert [item.name for item in (tmp_path / "out" / "steps").iterdir()] == ["a"]


class RecordedProgress(Progress):
    def __init__(self):
        self.messages = []

    def status(self, message):
        self.messages.append(message)


class Small:
    """A study of two steps."""

    def __init__(self, value, fails=False):
        self.recipe = Recipe(kind="comparison", name="small", report_blocks=())
        self.first = step("first", Counting(value), parameters={"value": value}, title="First step")
        self.second = step("second", Counting(value, fails=fails), needs=(self.first,))
        self.closed = False

    def steps(self):
        return [self.first, self.second]

    def results(self, runner):
        return Count(runner.result(self.first).value + runner.result(self.second).value)

    def report(self, results, runner):
        return Report(
            "Small", "a kind", ["It works."], "", [Section("One", [Text((f"sum {results.value}",))])]
        )

    def close(self):
        self.closed = True


def test_a_study_writes_recipe_numbers_and_report_and_closes(tmp_path):
    progress = RecordedProgress()
    study = Small(4)
    assert run_study(study, Runner(tmp_path / "out", tmp_path, progress)) == Count(8)
    assert study.closed
    assert progress.messages == ["First step", "second"]
    names = {item.name for item in (tmp_path / "out").iterdir()}
    assert {"recipe.toml", "results.json", "report.html", "report.md", "steps"} <= names
    assert "sum 8" in (tmp_path / "out" / "report.html").read_text("utf-8")
    broken = Small(5, fails=True)
    with pytest.raises(KeyboardInterrupt):
        run_study(broken, Runner(tmp_path / "out", tmp_path))
    assert broken.closed
    assert "sum 8" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_an_added_block_that_is_not_installed_is_refused_before_results_are_written(tmp_path):
    study = Small(1)
    study.recipe = replace(study.recipe, report_blocks=("calibration",))
    with pytest.raises(UserError, match=r"no report block 'calibration'\. Known: none"):
        run_study(study, Runner(tmp_path / "out", tmp_path))
    assert not (tmp_path / "out" / "results.json").exists()


@pytest.mark.parametrize("before", [False, True])
def test_a_kill_at_any_moment_leaves_the_old_or_the_new(tmp_path: Path, before: bool):
    kills = 0
    for number in range(1, 200):
        out = tmp_path / str(number) / "out"
        out.parent.mkdir()
        if before:
            run_study(Small(1), Runner(out, out.parent))
        killed = killed_at(number, lambda out=out: run_study(Small(2), Runner(out, out.parent)))
        if not killed:
            break
        kills += 1
        for name in ("first", "second"):
            manifest = read_manifest(out / "steps" / name)
            assert manifest is None or set(manifest["contents"]) == {"more.txt", "result.json"}
        allowed = {'"value": 2', '"value": 4'} if before else {'"value": 4'}
        if (out / "results.json").exists():
            text = (out / "results.json").read_text("utf-8")
            assert any(value in text for value in allowed)
        run_study(Small(2), Runner(out, out.parent))
        assert '"value": 4' in (out / "results.json").read_text("utf-8")
        assert not list(out.rglob("*.partial"))
    assert kills > 20
