from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation import load_recipe
from clinweave.evaluation.recipe import to_toml
from clinweave.evaluation.tasks import missing, sample
from clinweave.records import Question

RECIPES = Path(__file__).parents[2] / "recipes"
PLAIN = '[model]\naddress = "smollm2"\n[[tasks]]\ntype = "graph-questions"\nper_kind = 5\n'


def written(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", ["demo", "compare"])
def test_the_shipped_recipes_are_read_and_written_back(name, tmp_path):
    recipe = load_recipe(RECIPES / f"{name}.toml")
    assert load_recipe(written(tmp_path, to_toml(recipe))) == recipe
    assert {"base", "text", "graph", "both"} <= set(recipe.arms)


def test_the_shipped_comparison_asks_at_least_300_graph_questions():
    tasks = {task.type: task for task in load_recipe(RECIPES / "compare.toml").tasks}
    assert len(tasks["graph-questions"].kinds) * tasks["graph-questions"].per_kind >= 300
    assert {"graph-future", "cross-source", "pubmedqa-retrieved", "benchmark"} <= tasks.keys()


def test_changes_reach_nested_keys(tmp_path):
    path = written(tmp_path, PLAIN)
    recipe = load_recipe(path, ["model.address=http://127.0.0.1:1/v1#m", "tasks.0.per_kind=7", "seed=3"])
    assert (recipe.model.address, recipe.tasks[0].per_kind, recipe.seed) == ("http://127.0.0.1:1/v1#m", 7, 3)
    assert recipe.name == "own"


def test_paths_are_relative_to_the_recipe_and_those_of_set_to_the_working_folder(tmp_path, monkeypatch):
    path = written(tmp_path, '[[tasks]]\ntype = "benchmark"\npath = "b.json"\n')
    assert load_recipe(path).tasks[0].path == str((tmp_path / "b.json").resolve())
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert load_recipe(path, ["tasks.0.path=c.json"]).tasks[0].path == str(Path.cwd() / "c.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("modle = 1\n", "own.toml: unknown key 'modle'; did you mean 'model'"),
        ("[model]\nadress = 'x'\n", "model: unknown key 'adress'; did you mean 'address'"),
        ("[[tasks]]\ntype = 'graph-question'\n", "did you mean 'graph-questions'"),
        ("[[tasks]]\nper_kind = 3\n", "'type' is missing"),
        ("seed = 'x'\n", "seed: expected int, found 'x'"),
        ("seed = true\n", "seed: expected int"),
        ("tasks = 3\n", "tasks: expected a list"),
        ("model = 3\n", "model: expected ModelSettings"),
        ("[knowledge]\narms = ['graph']\n", "lacks base"),
        ("[knowledge]\narms = ['base', 'grap']\n", "did you mean 'graph'"),
        ("[knowledge]\nbudget = 0\n", "budget is 0"),
        ("not toml", "is not TOML"),
    ],
)
def test_mistakes_name_the_file_and_the_nearest_key(tmp_path, text, message):
    with pytest.raises(UserError) as caught:
        load_recipe(written(tmp_path, text))
    assert message in str(caught.value)
    assert "own.toml" in str(caught.value)


def test_a_missing_recipe_and_a_change_without_value(tmp_path):
    written(tmp_path, PLAIN)
    with pytest.raises(UserError, match=r"did you mean 'own\.toml'"):
        load_recipe(tmp_path / "owm.toml")
    for change in ("seed", "tasks.9.count=1", "=3"):
        with pytest.raises(UserError, match="--set"):
            load_recipe(tmp_path / "own.toml", [change])


def test_a_task_whose_file_is_not_there_is_left_out_with_a_reason(tmp_path):
    path = written(
        tmp_path, '[[tasks]]\ntype = "benchmark"\npath = "b.json"\n[[tasks]]\ntype = "graph-future"\n'
    )
    first, second = load_recipe(path).tasks
    assert "b.json (path)" in missing(first)
    assert missing(second) == "no older is given"
    (tmp_path / "b.json").write_text("{}", "utf-8")
    assert missing(first) == ""


def test_a_sample_takes_as_many_of_each_task():
    rows = [Question(f"q{i}", "ab"[i > 29], "Q?", ("a", "b"), 0) for i in range(40)]
    kept = sample(rows, 12, 0)
    assert [sum(row.task == task for row in kept) for task in "ab"] == [6, 6]
    assert kept == sample(rows, 12, 0) != sample(rows, 12, 1)
    assert sample(rows, 0, 0) == rows
    assert len(sample(rows, 30, 0)) == 30


def test_questions_without_a_graph_have_no_answers(tmp_path):
    from clinweave.evaluation.asked import answers

    assert answers(("Which gene causes alpha?",), tmp_path) == []
