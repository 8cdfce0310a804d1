"""A recipe of molecules from training to the page: it says what it did, and does nothing twice."""

import json
import random

import pytest

pytest.importorskip("torch", reason="needs the extra molecules")
pytest.importorskip("rdkit", reason="needs the extra molecules")
pytest.importorskip("lightgbm", reason="needs the extra molecules")

from clinweave.cli import main
from clinweave.core.artifacts import remove_folder
from clinweave.core.errors import UserError
from clinweave.evaluation import Runner, headline, load_recipe, open_study, read_results, run_study
from tests.applications.molecules.made import smiles_set

pytestmark = [pytest.mark.molecules, pytest.mark.torch]

RECIPE = """
kind = "molecules"
name = "made"
title = "A <small> world"
[model]
train = "./set.smi"
size = "tiny"
molecules = 12000
settings = ["batch=64", "learning_rate=1e-2", "warmup=500", "beta_warmup=4000", "save_every=4000"]
[generate]
count = 30
filters = false
new_to = []
[eval]
moses = 0
conditions = 1
[property]
table = "./table.csv"
target = "size"
features = "morgan"
[optimize]
scorer = "property"
budget = 45
methods = ["graph-ga", "screen"]
"""


def run(folder, *changes):
    runner = Runner(folder / "out", folder / "home")
    return run_study(open_study(load_recipe(folder / "made.toml", changes), runner), runner)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return the folder with recipe, molecules and table, and the results of a first run."""
    folder = tmp_path_factory.mktemp("design")
    smiles = smiles_set(1200)
    (folder / "set.smi").write_text("\n".join(smiles) + "\n")
    draw = random.Random(0)
    lines = [f"{item},{len(item) + draw.random():.2f}" for item in smiles[::12]]
    (folder / "table.csv").write_text("smiles,size\n" + "\n".join(lines) + "\n")
    (folder / "made.toml").write_text(RECIPE)
    return folder, run(folder)


def test_every_part_answers_and_the_page_shows_it(world):
    folder, results = world
    assert results.generated.counts["delivered"] == 30
    assert results.model.training["molecules"] >= 12_000
    assert len(results.properties_on_request) == 7
    assert results.property.predicted_counts["rows"] == 30
    assert [search.method for search in results.searches] == ["graph-ga", "screen"]
    assert all(search.calls == 45 for search in results.searches)
    assert len(results.searches[0].curve) == 45
    text = (folder / "out" / "report.html").read_text()
    assert sum(results.generated.refused_by.values()) == results.generated.counts["not_makeable"]
    refused = results.searches[0].summary["refused_by_rule"]
    assert refused
    assert "refused as not makeable, by rule" in text
    assert all(rule in text for rule in refused)
    assert "A &lt;small&gt; world" in text
    assert text.count("<figure") >= 24 + 7 + 12
    assert any("mean of the ten best" in sentence for sentence in headline(results))
    assert read_results(folder / "out") == results


def test_a_second_run_does_nothing_again_and_other_training_is_refused(world):
    folder, results = world
    before = {path: path.stat().st_mtime_ns for path in (folder / "out" / "steps").rglob("result.json")}
    assert len(before) >= 5
    model = (folder / "out" / "model" / "model.safetensors").read_bytes()
    again = run(folder)
    assert (folder / "out" / "model" / "model.safetensors").read_bytes() == model
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert again.generated == results.generated
    assert again.searches == results.searches
    remove_folder(folder / "out" / "steps" / "searches" / "graph-ga")  # killed before the step was finished
    resumed = run(folder).searches[0]
    assert (resumed.calls_from_journal, resumed.best) == (45, results.searches[0].best)
    with pytest.raises(UserError, match="trained with other tokens"):
        run(folder, "model.tokens=selfies")


def test_the_command_leaves_out_what_is_not_there_and_refuses_what_cannot_be(world, tmp_path, capsys):
    folder, _ = world
    model = folder / "out" / "model"
    with pytest.raises(SystemExit) as done:
        main(
            ["run", str(folder / "made.toml"), "--out", str(tmp_path / "o"), "--json", "--set", "model.train=",
             "--set", f"model.weights={model}", "--set", "property.table=./gone.csv", "--set", "eval.conditions=0",
             "--set", "generate.count=5"]
        )  # fmt: skip
    assert done.value.code in {0, None}
    printed = json.loads(capsys.readouterr().out)
    assert printed["left_out"] == {
        "property": "there is no table gone.csv", "optimize": "there is no model of the property"
    }  # fmt: skip
    assert (tmp_path / "o" / "report.html").is_file()
    for change, output in (
        ("generate.cuont=5", "did you mean 'count'"),
        ("optimize.methods=['tabu']", "no method 'tabu'"),
        ("model.size=huge", "no model size"),
        ("property.target=", "name the column"),
        ("generate.condition={colour = 1.0}", "no property 'colour'"),
    ):
        with pytest.raises(UserError, match=output):
            load_recipe(folder / "made.toml", [change])
