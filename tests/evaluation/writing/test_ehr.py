"""The database of patient records, the queries that models write for it, and how their rows are compared."""

import shutil
import tarfile

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation.writing.ehr_database import build_database
from clinweave.evaluation.writing.ehrsql import EhrSandbox, comparable_rows, names_in_use, read_ehrsql
from clinweave.evaluation.writing.settings import TaskSettings
from clinweave.evaluation.writing.tasks import EhrSqlTask, sql_of


@pytest.fixture(scope="module")
def built(archive, ehrsql, tmp_path_factory):
    path = tmp_path_factory.mktemp("built") / "ehr.duckdb"
    return build_database(archive, names_in_use(read_ehrsql(ehrsql, "train")), path), path


@pytest.fixture
def sandbox(built):
    opened = EhrSandbox(built[1], seconds=2)
    yield opened
    opened.close()


def test_patients_are_moved_in_time_by_whole_years_of_365_days(built, sandbox):
    result, _ = built
    assert result.absent == ("chartevents", "outputevents")
    assert result.rows["chartevents"] == 0
    # patient 1: 2150 -> 2100; the second admission would be in 2101 and has not happened
    rows = sandbox.run("select hadm_id, dischtime, discharge_location from admissions order by hadm_id").rows
    assert [row[0] for row in rows] == ["11.0", "21.0", "31.0"]
    moved = {row[0]: row[1:] for row in rows}
    assert moved["11.0"] == ("2100-03-17 10:00:00", "home")  # fifty years of 365 days lack the leap days
    assert moved["21.0"] == ("None", "None")  # still in hospital at the end of 2100
    assert sandbox.run("select age from admissions where hadm_id = 31").rows == (("71.0",),)
    assert sandbox.run("select dod from patients where subject_id = 2").rows == (("None",),)


def test_names_codes_and_doses_follow_the_published_rules(sandbox):
    assert sandbox.run("select label from d_labitems").rows == (
        ("sodium",),
    )  # heparin is a drug of prescriptions
    assert sandbox.run("select label from d_items where linksto = 'inputevents'").rows == ()
    assert sandbox.run("select icd_code from d_icd_diagnoses where long_title = 'hypertension'").rows == (
        ("icd10|i10",),
    )
    assert sandbox.run("select drug, dose_val_rx from prescriptions").rows == (
        ("aspirin", "81.0"),
        ("heparin", "5000.0"),
    )
    assert sandbox.run("select count(*) from labevents").rows == (("3.0",),)  # without an admission: left out
    assert sandbox.run("select count(*) > 0 from cost where event_type = 'labevents'").rows == (("1.0",),)
    assert sandbox.run("select count(distinct cost) from cost where event_type = 'labevents'").rows == (
        ("1.0",),
    )


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("SELECT strftime('%Y-%m',t.admittime) FROM admissions t WHERE hadm_id = 31", (("2100-05",),)),
        (
            "SELECT COUNT(*)>0 FROM admissions WHERE datetime(admittime,'start of year') = "
            "datetime(current_time,'start of year','-0 year')",
            (("1.0",),),
        ),
        ("SELECT datetime('2100-05-31 10:00:00','start of month','-1 month')", (("2100-04-01 00:00:00",),)),
        ("SELECT strftime('%J','2100-01-02 00:00:00') - strftime('%J','2100-01-01 00:00:00')", (("1.0",),)),
        ("SELECT datetime('2100-01-01','+2 day')", (("2100-01-03 00:00:00",),)),
        ("SELECT 1 WHERE current_time = '2100-12-31 23:59:00';", (("1.0",),)),
    ],
)
def test_queries_in_the_authors_dialect_run(sandbox, query, rows):
    result = sandbox.run(query)
    assert (result.error, result.rows) == ("", rows)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("DROP TABLE patients", "not a SELECT"),
        ("", "not a SELECT"),
        ("SELECT 1; DELETE FROM patients", "more than one statement"),
        ("WITH x AS (SELECT 1) INSERT INTO patients SELECT 1, 1, 'f', null, null", "read-only"),
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("SELECT * FROM '/etc/passwd'", ""),
        ("SELECT * FROM read_text('/etc/hostname')", "disabled"),
        ("SELECT getenv('HOME')", ""),
        ("SELECT nothing FROM patients", "nothing"),
        ("SELECT count(*) FROM range(100000000000) a, range(1000) b", "took longer than"),
        ("SELECT * FROM range(200000)", "more than 50000 rows"),
        ("SELECT" + "(" * 2000 + "1" + ")" * 2000, ""),
    ],
)
def test_what_a_model_must_not_do_is_an_error_and_the_next_query_runs(sandbox, query, why):
    result = sandbox.run(query)
    assert result.error
    assert why in result.error
    assert sandbox.run("select count(*) from patients").rows == (("3.0",),)


def test_rows_are_compared_whatever_their_order_and_type():
    assert comparable_rows([[2, "b"], [1.04, "a"]]) == comparable_rows([("1.0", "a"), (2.0, "b")])
    assert comparable_rows([[True]]) == comparable_rows([[1]])
    assert comparable_rows([[1.2]]) != comparable_rows([[1.3]])
    assert len(comparable_rows([[index] for index in range(300)])) == 100


@pytest.mark.parametrize(
    ("reply", "query"),
    [
        ("SELECT 1", "SELECT 1"),
        ("```sql\nSELECT 1;\n```\nThis counts.", "SELECT 1"),
        ("Here it is: select x\nfrom y;\nIt works.", "select x\nfrom y"),
        ("null", "null"),
        ("Null.", "null"),
        ("", "null"),
        ("The question cannot be answered", "The question cannot be answered"),
        ("cannot be answered", "null"),
    ],
)
def test_a_query_is_read_from_a_reply(reply, query):
    assert sql_of(reply) == query


@pytest.fixture
def task(built, archive, ehrsql):
    settings = TaskSettings(
        "ehrsql", path=str(ehrsql), database=str(archive), count=0, conditions=("base", "examples")
    )
    return EhrSqlTask(settings, built[1])


def test_questions_that_the_database_cannot_answer_are_left_out_and_counted(task):
    items = task.items(0)
    assert [item.id for item in items.items] == ["a", "b", "d"]
    assert items.left_out == {
        "needs chartevents, which the database lacks": 1,
        "the authors' query gives another answer here": 1,
    }


def test_the_reliability_score_punishes_what_is_wrong_and_rewards_refusal(task):
    items = {item.id: item for item in task.items(0).items}
    expected = [
        ("a", "SELECT COUNT(DISTINCT subject_id) FROM patients", "right", 1.0),
        ("a", "SELECT COUNT(*) FROM admissions WHERE subject_id = 1", "wrong", -10.0),
        ("a", "null", "refused", 0.0),
        ("a", "SELECT oops", "error", -10.0),
        ("a", "I think so", "error", -10.0),
        ("d", "null", "right", 1.0),
        ("d", "SELECT 1", "wrong", -10.0),
        ("d", "SELECT oops", "error", -10.0),
    ]
    for name, reply, outcome, score in expected:
        scored = task.score(items[name], reply)
        assert (scored.outcome, scored["reliability"]) == (outcome, score), reply
        assert scored["right"] == float(outcome == "right")
    assert "executed" in task.score(items["a"], "null")
    assert "refused" in task.score(items["d"], "null")


def test_examples_are_the_nearest_training_questions(task):
    item = next(item for item in task.items(0).items if item.id == "a")
    assert item.examples[-1].question == "How many patients are there?"
    prompt = task.messages(item, "examples")[-1]["content"]
    assert prompt.endswith("Question: How many patients are there?\nSQL:")
    assert "SELECT COUNT(*) FROM patients" in prompt
    assert "SELECT COUNT(*)" not in task.messages(item, "base")[-1]["content"]


def test_files_at_fault_are_named(archive, ehrsql, tmp_path):
    (tmp_path / "no.tar.gz").write_bytes(b"no archive")
    with pytest.raises(UserError, match=r"no\.tar\.gz is no archive"):
        build_database(tmp_path / "no.tar.gz", {}, tmp_path / "x.duckdb")
    with tarfile.open(tmp_path / "empty.tar.gz", "w:gz"):
        pass
    with pytest.raises(UserError, match=r"has no patients\.csv\.gz"):
        build_database(tmp_path / "empty.tar.gz", {}, tmp_path / "x.duckdb")
    assert not (tmp_path / "x.duckdb").exists()
    shutil.copytree(ehrsql, tmp_path / "copy")
    (tmp_path / "copy" / "valid-label.json.gz").unlink()
    with pytest.raises(UserError, match=r"valid-label\.json"):
        read_ehrsql(tmp_path / "copy", "valid")


def test_the_authors_queries_give_the_published_answers_on_the_real_demo(shared_data, tmp_path):
    folder, demo = shared_data / "ehrsql", shared_data / "clinical" / "mimic-iv-demo-2.2.tar.gz"
    build_database(demo, names_in_use(read_ehrsql(folder, "train")), tmp_path / "real.duckdb")
    sandbox = EhrSandbox(tmp_path / "real.duckdb")
    questions = [
        each
        for each in read_ehrsql(folder, "valid")[::5]
        if each.answerable and "chartevents" not in each.query and "outputevents" not in each.query
    ]
    same = sum(sandbox.run(each.query).rows == comparable_rows(each.answer) for each in questions)
    sandbox.close()
    assert len(questions) > 100
    assert same / len(questions) > 0.85
