import json


def test_check_names_row_and_field_and_exits_with_2(call, tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('{"instruction": "a", "output": "b"}\n{"instruction": "a", "output": 3}\n', "utf-8")
    code, out, _ = call("data", "check", path)
    assert code == 2
    assert f"{path}, row 2, field output: expected text, found a number" in out
    code, out, _ = call("data", "check", path, "--json")
    assert code == 2
    assert json.loads(out)["problems"][0]["field"] == "output"


def test_check_of_a_good_file(call, tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text(
        '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n', "utf-8"
    )
    code, out, _ = call("data", "check", path)
    assert (code, out.strip()) == (0, "1 rows, shape messages: no fault")


def test_a_missing_file_or_graph_is_named(call, tmp_path, monkeypatch):
    code, _, err = call("data", "check", tmp_path / "gone.jsonl")
    assert code == 2
    assert "gone.jsonl" in err
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path))
    code, _, err = call("data", "build", "--out", tmp_path / "data")
    assert code == 2
    assert "clinweave graph build" in err
