"""SQL on patient records: rows and tables, limits, and what a query must not do or learn."""

import threading
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clinweave.core.artifacts import stage
from clinweave.core.errors import MissingDataError, UserError
from clinweave.knowledge_base import KnowledgeBase
from clinweave.patients import SqlSandbox
from clinweave.records import Tier
from clinweave.tools import ErrorKind, ToolError, call_tool, open_tool


def query(base, sql, **more):
    return call_tool(base, "query_records", {"sql": sql, **more})


def refused(base, sql):
    with pytest.raises(ToolError) as raised:
        query(base, sql)
    assert raised.value.document.argument == "sql"
    return raised.value


def test_rows_are_text_with_their_columns(base):
    result = query(base, "SELECT subject_id, drug, started FROM prescriptions ORDER BY drug, subject_id")
    assert result["columns"] == ["subject_id", "drug", "started"]
    assert result["rows"] == [
        ["1", "aspirin", ""],
        ["1", "losartan", "2100-03-01 08:00:00"],
        ["2", "losartan", "2100-04-01 09:30:00"],
    ]
    assert (result["tables"], result["notes"]) == ([], [])


def test_no_query_lists_the_tables(base):
    result = query(base, " ")
    assert result["tables"] == [
        {"name": "prescriptions", "columns": ["subject_id", "drug", "started"], "row_count": 3}
    ]


def test_an_empty_result_and_a_shortened_one_say_so(base):
    assert query(base, "SELECT * FROM prescriptions WHERE drug = 'x'")["notes"] == [
        "the query ran and no row fits it"
    ]
    result = query(base, "SELECT i FROM range(1000) t(i)", limit=3)
    assert result["rows"] == [["0"], ["1"], ["2"]]
    assert result["notes"] == ["the first 3 rows; there are more"]
    long = query(base, "SELECT repeat('x', 5000)")
    assert len(long["rows"][0][0]) < 250
    assert "cut after" in long["notes"][0]


def test_text_is_compared_as_it_is_written(base):
    assert query(base, "SELECT 'a  b' AS x -- a remark\n, 1 AS y")["rows"] == [["a  b", "1"]]


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELETE FROM prescriptions", "not a SELECT"),
        ("SELECT 1; DROP TABLE prescriptions", "more than one statement"),
        ("WITH x AS (SELECT 1) INSERT INTO prescriptions SELECT 1, 'x', NULL", "read-only"),
        ("SELECT * FROM read_csv('/etc/passwd')", "disabled"),
        ("SELECT * FROM '/etc/passwd'", ""),
        ("SELECT * FROM glob('/*')", "disabled"),
        ("SELECT path FROM duckdb_databases()", "duckdb_databases is not allowed"),
        ("SELECT current_setting('temp_directory')", "current_setting is not allowed"),
        ("SELECT nothing FROM prescriptions", "nothing"),
        ("SELECT list(i) AS many FROM range(1000) t(i)", "many is a list"),
        ("SELECT {'a': 1} AS s", "s is a list, a structure"),
        ("SELECT encode('x') AS b", "b is a list, a structure or bytes"),
    ],
)
def test_what_a_query_must_not_do_is_a_typed_error(base, sql, why):
    error = refused(base, sql)
    assert error.kind is ErrorKind.INVALID_REQUEST
    assert why in str(error)
    assert query(base, "SELECT count(*) FROM prescriptions")["rows"] == [["3"]]


def test_results_are_private(base):
    tool = open_tool("query_records")
    assert tool.tier(tool.call(base, {"sql": "SELECT 1"})) is Tier.PRIVATE


def test_without_records_the_error_says_how_to_name_them(small_home, tmp_path):
    with KnowledgeBase(small_home) as base:
        with pytest.raises(ToolError, match="--records") as raised:
            query(base, "SELECT 1")
        assert raised.value.kind is ErrorKind.MISSING_DATA
    with KnowledgeBase(small_home, records=tmp_path / "none.duckdb") as base:
        with pytest.raises(ToolError, match=r"none\.duckdb") as raised:
            query(base, "SELECT 1")
        assert raised.value.kind is ErrorKind.MISSING_DATA
    (tmp_path / "text.duckdb").write_text("no database")
    with pytest.raises(UserError, match=r"text\.duckdb cannot be opened"):
        SqlSandbox(tmp_path / "text.duckdb")
    with pytest.raises(MissingDataError):
        SqlSandbox(tmp_path / "absent")


def test_a_slow_query_is_interrupted_and_others_wait_for_it(small_home):
    sandbox = SqlSandbox(small_home / "records.duckdb", seconds=0.3)
    results = []
    slow = threading.Thread(
        target=lambda: results.append(
            sandbox.run("SELECT count(*) FROM range(100000000000) a, range(1000) b")
        )
    )
    slow.start()
    quick = [sandbox.run("SELECT count(*) FROM prescriptions") for _ in range(20)]
    slow.join()
    sandbox.close()
    assert "took longer than 0.3 s" in results[0].error
    assert [item.rows for item in quick] == [((3,),)] * 20


def test_a_patient_store_shows_its_events_and_not_who_the_patients_are(tmp_path):
    def build(folder):
        for name in ("data", "metadata", "private"):
            (folder / name).mkdir()
        times = pa.array([datetime(2100, 1, 1), None], pa.timestamp("us"))
        pq.write_table(
            pa.table({"subject_id": [1, 2], "time": times, "code": ["A", "B"]}), folder / "data" / "0.parquet"
        )
        pq.write_table(pa.table({"code": ["A", "B"]}), folder / "metadata" / "codes.parquet")
        pq.write_table(pa.table({"name": ["Jane Miller"]}), folder / "private" / "people.parquet")
        return {"counts": {"patients": 2}}

    store = tmp_path / "store"
    stage(store, "patients", {}, {}, build)
    sandbox = SqlSandbox(store)
    assert {item.name: item.rows for item in sandbox.tables()} == {"codes": 2, "events": 2}
    assert sandbox.run("SELECT code FROM events WHERE time IS NOT NULL").rows == (("A",),)
    people = sandbox.run(f"SELECT * FROM read_parquet('{store}/private/people.parquet')")
    around = sandbox.run(f"SELECT * FROM read_parquet('{store}/data/../private/people.parquet')")
    assert people.error
    assert around.error
    sandbox.close()
