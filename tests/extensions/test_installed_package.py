"""Each extension of the installed example package is used as a user would."""

import json

import pytest

from tests.extensions.conftest import EXAMPLE

TABLE = "id\tname\tfinding_id\tfinding\tyear\nMONDO:0000001\tAlpha syndrome\tHP:0000001\tLong fingers\t1931\n"
RECIPE = """
kind = "comparison"
name = "almanac"
resamples = 100
metrics = ["answered"]
report_blocks = ["chance"]
[model]
address = "echo:A"
method = "generation"
[knowledge]
graph = "home/graph"
conditions = ["base", "almanac"]
controls = []
[[tasks]]
type = "first-described"
count = 3
"""


def test_the_package_passes_the_conformance_checks(run):
    done = run(
        "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", EXAMPLE, EXAMPLE / "tests"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 passed" in done.stdout


def test_database_retriever_model_task_metric_and_report_block(clinweave, tmp_path):
    (tmp_path / "almanac.tsv").write_text(TABLE, "utf-8")
    built = clinweave("graph", "build", "almanac", "--add", "almanac=almanac.tsv", "--json")
    assert built.returncode == 0, built.stderr
    info = json.loads(clinweave("graph", "info", "--json").stdout)
    assert info["sources"]["almanac"]["release"] == "1931"
    (tmp_path / "almanac.toml").write_text(RECIPE, "utf-8")
    done = clinweave("run", "almanac.toml", "--out", "out")
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "out" / "results.json").read_text("utf-8"))
    conditions = results["tasks"]["first-described"]["conditions"]
    assert {name: result["n"] for name, result in conditions.items()} == {"base": 3, "almanac": 3}
    assert results["model"]["name"] == "echo:A"
    assert conditions["base"]["evidence_tokens"] == 0 < conditions["almanac"]["evidence_tokens"]
    assert conditions["almanac"]["answer_named"] == pytest.approx(
        1 / 3, abs=1e-3
    )  # of three years, 1931 alone
    values = {row["condition"]: (row["metric"], row["value"], row["low"]) for row in results["metrics"]}
    assert values == {"base": ("answered", 1.0, 1.0), "almanac": ("answered", 1.0, 1.0)}
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "Chance by task" in page
    assert "Metrics of installed packages" in page


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            'tasks.0.type="first-describe"',
            "'first-describe' is no value of this key; did you mean 'first-described'?",
        ),
        ('metrics=["answerd"]', "no metric 'answerd'; did you mean 'answered'?"),
        ('report_blocks=["chanse"]', "no report block 'chanse'; did you mean 'chance'?"),
    ],
)
def test_a_wrong_name_is_refused_with_the_nearest(clinweave, tmp_path, change, message):
    (tmp_path / "home" / "graph").mkdir(parents=True)
    (tmp_path / "almanac.toml").write_text(RECIPE, "utf-8")
    done = clinweave("run", "almanac.toml", "--out", "out", "--set", change)
    assert done.returncode == 2
    assert message in done.stderr


def test_command(clinweave):
    assert "Command of the package clinweave-almanac 1.0." in clinweave("--help").stdout
    assert json.loads(clinweave("almanac", "year", "1931", "--json").stdout) == ["Alpha syndrome"]


def test_a_broken_package_is_named_and_breaks_no_other_command(clinweave, tmp_path):
    info = tmp_path / "broken" / "broken-2.5.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 2.5\n", "utf-8")
    (info / "entry_points.txt").write_text("[clinweave.commands]\nbroken = lacking_module:app\n", "utf-8")
    paths = [tmp_path / "broken"]
    shown = clinweave("--help", paths=paths)
    assert shown.returncode == 0
    assert "Command of the package broken 2.5." in shown.stdout
    assert clinweave("almanac", "year", "1931", paths=paths).returncode == 0
    done = clinweave("broken", paths=paths)
    assert done.returncode == 1
    assert "command 'broken' of the installed package broken 2.5 cannot be imported" in done.stderr
    assert "ModuleNotFoundError" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_stays_quick_and_imports_no_package(run):
    code = (
        "import sys, time\n"
        "from clinweave.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(time.process_time(), 'clinweave_almanac' in sys.modules)"
    )
    runs = [run("-c", code).stdout.split()[-2:] for _ in range(3)]
    assert {imported for _, imported in runs} == {"False"}
    assert min(float(seconds) for seconds, _ in runs) < 0.5
