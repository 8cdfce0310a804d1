"""A recipe of molecules from training to the page: it says what it did, and does nothing twice."""

import json
import random

import pytest

pytest.importorskip("torch", reason="needs the extra molecules")
pytest.importorskip("rdkit", reason="needs the extra molecules")
pytest.importorskip("lightgbm", reason="needs the extra molecules")

from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.evaluation.design import DesignRun, designs, load_design, sentences, write_design_report
from tests.applications.molecules.made import smiles_set

pytestmark = [pytest.mark.molecules, pytest.mark.torch]

RECIPE = """
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
[measures]
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


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return the folder with recipe, molecules and table, and the results of a first run."""
    folder = tmp_path_factory.mktemp("design")
    smiles = smiles_set(1200)
    (folder / "set.smi").write_text("\n".join(smiles) + "\n")
    draw = random.Random(0)
    lines = [f"{one},{len(one) + draw.random():.2f}" for one in smiles[::12]]
    (folder / "table.csv").write_text("smiles,size\n" + "\n".join(lines) + "\n")
    (folder / "made.toml").write_text(RECIPE)
    recipe = load_design(folder / "made.toml")
    return folder, DesignRun(recipe, folder / "out", folder / "home").run()


def test_every_part_answers_and_the_page_shows_it(world):
    folder, results = world
    assert results["generated"]["delivered"] == 30
    assert results["model"]["training"]["molecules"] >= 12_000
    assert len(results["conditions"]) == 7
    assert results["property"]["counts"]["rows"] == 30
    assert [one["method"] for one in results["searches"]] == ["graph-ga", "screen"]
    assert all(one["calls"] == 45 for one in results["searches"])
    assert len(results["searches"][0]["curve"]) == 45
    smiles = (folder / "out" / "stages" / "generated" / "molecules.smi").read_text().split()
    text = write_design_report(results, smiles, folder / "page.html").read_text()
    assert "A &lt;small&gt; world" in text
    assert text.count("<figure") >= 24 + 7 + 12
    assert any("mean of the ten best" in one for one in sentences(results))


def test_a_second_run_does_nothing_again_and_another_lesson_is_refused(world, tmp_path):
    folder, results = world
    before = {path: path.stat().st_mtime_ns for path in (folder / "out" / "stages").rglob("result.json")}
    model = (folder / "out" / "model" / "model.safetensors").read_bytes()
    again = DesignRun(load_design(folder / "made.toml"), folder / "out", folder / "home").run()
    assert (folder / "out" / "model" / "model.safetensors").read_bytes() == model
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert again["searches"][0]["calls_from_journal"] == 45
    assert again["generated"] == results["generated"]
    other = load_design(folder / "made.toml", ["model.tokens=selfies"])
    with pytest.raises(UserError, match="trained with other tokens"):
        DesignRun(other, folder / "out", folder / "home").run()


def test_the_command_leaves_out_what_is_not_there_and_refuses_what_cannot_be(world, tmp_path, capsys):
    folder, _ = world
    assert designs(folder / "made.toml")
    model = folder / "out" / "model"
    with pytest.raises(SystemExit) as done:
        main(
            ["run", str(folder / "made.toml"), "--out", str(tmp_path / "o"), "--json", "--set", "model.train=",
             "--set", f"model.weights={model}", "--set", "property.table=./gone.csv", "--set", "measures.conditions=0",
             "--set", "generate.count=5"]
        )  # fmt: skip
    assert done.value.code in {0, None}
    told = json.loads(capsys.readouterr().out)
    assert told["left_out"] == {
        "property": "there is no table gone.csv", "optimize": "there is no model of the property"
    }  # fmt: skip
    assert (tmp_path / "o" / "report.html").is_file()
    for change, said in (
        ("generate.cuont=5", "did you mean 'count'"),
        ("optimize.methods=['tabu']", "no method 'tabu'"),
        ("model.size=huge", "no model size"),
        ("property.target=", "name the column"),
        ("generate.condition={colour = 1.0}", "no property 'colour'"),
    ):
        with pytest.raises(UserError, match=said):
            load_design(folder / "made.toml", [change])
