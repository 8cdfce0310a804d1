import io
import json

import pytest


@pytest.fixture
def scripted(tmp_path):
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"otherwise": "Marfan syndrome is inherited. Take 5 mg a day."}), "utf-8")
    return f"scripted:{path}"


def talk(monkeypatch, *lines):
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(line + "\n" for line in lines)))


def test_each_line_is_answered_and_an_empty_one_ends(call, monkeypatch, scripted):
    talk(monkeypatch, "What is Marfan syndrome?", "And what else?", "", "never asked")
    code, out, _ = call("chat", "--model", scripted, "--json")
    assert code == 0
    said = json.loads(out)
    assert [one["question"] for one in said] == ["What is Marfan syndrome?", "And what else?"]
    assert all("For research" in one["text"] for one in said)


def test_doses_are_left_out_and_emergencies_met_with_help(call, monkeypatch, scripted):
    talk(monkeypatch, "What dose of warfarin should I take?", "I want to kill myself")
    code, out, _ = call("chat", "--model", scripted)
    assert code == 0
    assert "not given here" in out
    assert "5 mg" not in out
    assert "112" in out


def test_knowledge_that_was_not_built_is_named(call, monkeypatch, scripted, tmp_path):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path))
    talk(monkeypatch, "x")
    code, _, err = call("chat", "--model", scripted, "--knowledge", "graph")
    assert code == 2
    assert "clinweave graph build" in err
