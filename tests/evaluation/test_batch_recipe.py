"""Batch jobs as a recipe: typed settings, mistakes named, results with a schema, a stopped run goes on."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.evaluation import load_recipe, read_results
from clinweave.evaluation.recipe import recipe_toml, shipped_recipes
from tests.evaluation.test_schema import faults
from tests.knowledge.graph_fixture import build

TEXTS = (
    "Marble syndrome with long fingers.",
    "Seen by Dr. John Smith on 03/04/2019. Short stature.",
    "Pebble disease.",
)
RECIPE = """
kind = "batch"
[runner]
workers = 1
part_size = "1K"
[[jobs]]
job = "deidentify"
input = "notes.jsonl"
[[jobs]]
job = "link"
name = "mentions"
after = "deidentify"
settings = { language = "en" }
[[jobs]]
job = "index"
after = "deidentify"
settings = { graph = "none" }
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """Return a recipe of three jobs over 60 notes, one of them not JSON, beside a home with the small graph."""
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    build(tmp_path / "home" / "graph")
    rows = [json.dumps({"id": f"n{n}", "text": TEXTS[n % 3], "patient": "p"}) for n in range(60)]
    rows[7] = "{"
    (tmp_path / "notes.jsonl").write_text("\n".join(rows), "utf-8")
    return written(tmp_path, RECIPE)


def written(folder, text):
    path = folder / "own.toml"
    path.write_text(text, "utf-8")
    return path


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["run", *map(str, arguments), "--json"])
    assert stopped.value.code == 0


def test_a_recipe_runs_its_jobs_and_a_second_run_resumes(recipe, tmp_path, capsys):
    run(recipe, "--out", tmp_path / "run")
    values = json.loads(capsys.readouterr().out)
    assert faults(values) == []
    first = read_results(tmp_path / "run")
    assert [job.name for job in first.jobs] == ["deidentify", "mentions", "index"]
    notes, mentions, index = first.jobs
    assert (notes.rows, notes.errors, mentions.errors) == (60, {"not JSON": 1}, {'needs an "id"': 1})
    assert index.facts == {"index": "joined", "passages": 59}
    folder = tmp_path / "run" / mentions.folder
    parts = json.loads((folder / "manifest.json").read_text("utf-8"))["parts"]
    rows = [row for name in parts for row in pq.read_table(folder / f"{name}.parquet").to_pylist()]
    assert [row["id"] for row in rows[:9]] == [f"n{n}" if n != 7 else None for n in range(9)]
    assert {mention["id"] for mention in rows[0]["mentions"]} >= {"HP:0000002"}
    (folder / f"{parts[0]}.parquet").unlink()
    run(recipe, "--out", tmp_path / "run")
    again = read_results(tmp_path / "run").jobs
    assert again[1].resumed == len(parts) - 1
    assert again[0].resumed == again[0].parts == notes.parts
    assert "bad" in (tmp_path / "run" / "report.html").read_text("utf-8")


def test_a_recipe_is_written_back_with_all_settings(recipe, tmp_path):
    loaded = load_recipe(recipe)
    assert loaded.jobs[0].settings == {"secret": "", "graph": ""}
    (tmp_path / "again").mkdir()
    assert load_recipe(written(tmp_path / "again", recipe_toml(loaded))) == loaded
    assert load_recipe(shipped_recipes()["batch"], ["jobs.0.input=x"]).jobs[0].input == str(Path.cwd() / "x")


def test_paths_of_settings_are_relative_to_the_recipe(tmp_path, monkeypatch):
    text = 'kind = "batch"\n[[jobs]]\njob = "link"\ninput = "a"\nsettings = { graph = "g" }\n'
    recipe = written(tmp_path, text)
    monkeypatch.chdir(Path(__file__).parent)
    assert load_recipe(recipe).jobs[0].settings["graph"] == str(tmp_path / "g")
    changed = load_recipe(recipe, ["jobs.0.settings.graph=h"])
    assert changed.jobs[0].settings["graph"] == str(Path.cwd() / "h")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("workers = 1", "worker = 1", "runner: unknown key 'worker'; did you mean 'workers'"),
        ("workers = 1", 'address = "rya"', "runner: there is no runner 'rya'; did you mean 'ray'"),
        ("workers = 1", 'memory = "much"', "runner: memory 'much': expected a size such as 512M or 4G"),
        ('job = "link"', 'job = "lnik"', "jobs.1: job: there is no job 'lnik'; did you mean 'link'"),
        ('language = "en"', 'langage = "en"', "jobs.1.settings: unknown key 'langage'; did you mean 'language'"),
        ('language = "en"', "notes = 3", "jobs.1.settings: notes: expected true or false, found 3"),
        ('graph = "none"', 'tier = "publik"', "jobs.2.settings: tier: 'publik' is no value of this key; did you mean"),
        ('after = "deidentify"', 'after = "deidentfy"', "jobs.1: after: no job above has the name 'deidentfy'; did you "
         "mean 'deidentify'"),
        ('name = "mentions"', 'name = "deidentify"', "jobs.1: two jobs have the name 'deidentify'"),
        ('name = "mentions"', 'name = "../x"', "jobs.1: name: '../x' cannot be the name of a folder"),
        ('input = "notes.jsonl"', "", "jobs.0: give either input (a file or folder) or after"),
        (RECIPE, 'kind = "batch"', "there are no [[jobs]]"),
        ('kind = "batch"', "", "the key 'kind' is missing; add kind = \"batch\""),
    ],
)  # fmt: skip
def test_mistakes_name_the_key_and_the_nearest(tmp_path, old, new, message):
    assert old in RECIPE
    with pytest.raises(UserError) as caught:
        load_recipe(written(tmp_path, RECIPE.replace(old, new, 1)))
    assert message in str(caught.value)
    assert "own.toml" in str(caught.value)


def test_an_input_that_is_not_there_is_named(recipe, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["run", str(recipe), "--out", str(tmp_path / "run"), "--set", "jobs.0.input=other.jsonl"])
    assert stopped.value.code == 2
    assert "the input of deidentify does not exist" in capsys.readouterr().err
