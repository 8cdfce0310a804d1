from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation import load_recipe
from clinweave.evaluation.comparison import TaskSettings
from clinweave.evaluation.comparison.study import answers
from clinweave.evaluation.comparison.tasks import missing, sample, select_parts
from clinweave.evaluation.recipe import recipe_toml, shipped_recipes
from clinweave.records import Question

RECIPES = Path(__file__).parents[2] / "recipes"
KIND = 'kind = "comparison"\n'
PLAIN = f'{KIND}[model]\naddress = "smollm2"\n[[tasks]]\ntype = "graph-questions"\nper_kind = 5\n'


def written(tmp_path, text):
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", ["demo", "compare", "primary"])
def test_the_shipped_recipes_are_read_and_written_back(name, tmp_path):
    recipe = load_recipe(RECIPES / f"{name}.toml")
    assert load_recipe(written(tmp_path, recipe_toml(recipe))) == recipe
    assert {"base", "text", "graph", "both"} <= set(recipe.conditions)


@pytest.mark.parametrize("name", ["doctorgpt-quick", "doctorgpt-7b-full", "forgetting"])
def test_recipes_of_training_are_written_back(name, tmp_path):
    recipe = load_recipe(RECIPES / f"{name}.toml")
    assert recipe.kind == "finetuning"
    assert load_recipe(written(tmp_path, recipe_toml(recipe))) == recipe


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
    path = written(tmp_path, f'{KIND}[[tasks]]\ntype = "benchmark"\npath = "b.json"\n')
    assert load_recipe(path).tasks[0].path == str((tmp_path / "b.json").resolve())
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert load_recipe(path, ["tasks.0.path=c.json"]).tasks[0].path == str(Path.cwd() / "c.json")
    lists = written(
        tmp_path, 'kind = "finetuning"\n[[stages]]\nname = "a"\ntype = "sft"\n[eval]\nbenchmarks = ["b"]\n'
    )
    assert load_recipe(lists).eval.benchmarks == (str((tmp_path / "b").resolve()),)
    assert load_recipe(lists, ['eval.benchmarks=["c"]']).eval.benchmarks == (str(Path.cwd() / "c"),)


def test_names_in_place_of_a_path_stay_names(tmp_path):
    (tmp_path / "cases").mkdir()
    head = 'kind = "diagnosis"\ncases = "cases"\nrelease = "hpo"\nmondo = "fetched"\n'
    text = head + '[[tasks]]\ntype = "ranks"\ngenes = "none"\n'
    recipe = load_recipe(written(tmp_path, text))
    assert (recipe.mondo, recipe.tasks[0].genes) == ("fetched", "none")
    assert recipe.release == str((tmp_path / "hpo").resolve())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (KIND + "modle = 1\n", "own.toml: unknown key 'modle'; did you mean 'model'"),
        (KIND + "[model]\nadress = 'x'\n", "model: unknown key 'adress'; did you mean 'address'"),
        (KIND + "[model]\nmethod = 'leter'\n", "model: method: 'leter' is no value of this key; did you mean 'letter'"),
        (KIND + "[[tasks]]\ntype = 'graph-question'\n", "tasks.0: type: 'graph-question' is no value of this key; did "
         "you mean 'graph-questions'"),
        (KIND + "[[tasks]]\nper_kind = 3\n", "tasks.0: the key 'type' is missing"),
        (KIND + "seed = 'x'\n", "seed: expected an integer, found 'x'"),
        (KIND + "seed = true\n", "seed: expected an integer"),
        (KIND + "tasks = 3\n", "tasks: expected a list"),
        (KIND + "model = 3\n", "model: expected a table (ModelSettings)"),
        (KIND + "[knowledge]\nconditions = ['graph']\n", "lacks base"),
        (KIND + "[knowledge]\nconditions = ['base', 'grap']\n", "did you mean 'graph'"),
        (KIND + "[knowledge]\narms = ['base']\n", "knowledge: unknown key 'arms'; known: budget, conditions"),
        (KIND + "[knowledge]\nbudget = 0\n", "budget is 0"),
        (KIND, "there are no [[tasks]]"),
        ("not toml", "is not TOML"),
        ("[[stages]]\nname = 'a'\n", "the key 'kind' is missing; add kind = \"finetuning\""),
        ("kind = 'comparision'\n", "kind: 'comparision' is no kind of study; did you mean 'comparison'"),
        ("kind = 'molecules'\n[generate]\ncondition = { logp = 'x' }\n", "generate: condition.logp: expected a number"),
        ("kind = 'diagnosis'\n[[tasks]]\ntype = 'ranks'\n", "the key 'cases' is missing; add it"),
    ],
)  # fmt: skip
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
        tmp_path, f'{KIND}[[tasks]]\ntype = "benchmark"\npath = "b.json"\n[[tasks]]\ntype = "graph-future"\n'
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
    assert list(answers(("Which gene causes alpha?",), tmp_path)) == []


def test_a_shipped_recipe_is_found_by_name_and_an_own_file_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_recipe(Path("demo")).title.startswith("What do a text index")
    with pytest.raises(UserError, match=r"there is no recipe dmeo; did you mean 'demo'\?"):
        load_recipe(Path("dmeo"))
    with pytest.raises(UserError, match=r"there is no recipe demo\.toml"):
        load_recipe(Path("demo.toml"))
    shipped = shipped_recipes()["demo"].read_text("utf-8")
    (tmp_path / "demo").write_text(shipped.replace("What do a text index", "Own: what do"), "utf-8")
    assert load_recipe(Path("demo")).title.startswith("Own")


def test_parts_of_a_benchmark_are_named_as_the_file_names_them():
    questions = [
        Question(f"{task}/{i}", task, "?", ("a", "b"), 0)
        for task in ("mirage-mmlu", "mirage-bioasq", "mirage-medqa")
        for i in range(2)
    ]
    chosen = select_parts(questions, TaskSettings("benchmark", parts=("mmlu", "mirage-bioasq")))
    assert {question.task for question in chosen} == {"mirage-mmlu", "mirage-bioasq"}
    assert len(chosen) == 4
    with pytest.raises(UserError, match="no part 'mmlu-med'; the file has mirage-bioasq, mirage-medqa"):
        select_parts(questions, TaskSettings("benchmark", parts=("mmlu-med",)))


def test_the_primary_comparisons_are_named_in_their_recipe():
    recipe = load_recipe(RECIPES / "primary.toml")
    tested = [(each.tasks[0], each.condition, each.baseline, each.metric) for each in recipe.primary]
    assert tested == [
        ("pubmedqa-retrieved", "text", "base", "auc"),
        ("graph-future", "graph", "base", "accuracy"),
        ("mirage-mmlu", "both", "base", "calibrated-accuracy"),
    ]
