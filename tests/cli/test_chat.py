import io
import json
import signal
import sys

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
    code, out, _ = call("chat", "--knowledge", "none", "--model", scripted, "--json")
    assert code == 0
    output = json.loads(out)
    assert [item["question"] for item in output] == ["What is Marfan syndrome?", "And what else?"]
    assert all("For research" in item["answer"] for item in output)


def test_doses_are_left_out_and_emergencies_met_with_help(call, monkeypatch, scripted):
    talk(monkeypatch, "What dose of warfarin should I take?", "I want to kill myself")
    code, out, _ = call("chat", "--knowledge", "none", "--model", scripted)
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


def test_a_command_is_no_question(call, monkeypatch, scripted):
    talk(monkeypatch, "/help", "/nothing", "What is Marfan syndrome?", "/end", "never asked")
    code, out, err = call("chat", "--knowledge", "none", "--model", scripted, "--json")
    assert code == 0
    assert [item["question"] for item in json.loads(out)] == ["What is Marfan syndrome?"]
    assert "Ctrl-C" in err
    assert "there is no /nothing" in err


def _interrupt(spoken, timeout):
    """Press Ctrl-C in the middle of a line; once more where the first was pressed before the line was being read."""
    for _ in range(3):
        spoken.send("half a line")
        spoken.expect(["half a line", timeout], timeout=10)  # its echo
        spoken.sendintr()
        if spoken.expect(["Ctrl-D or an empty line ends.*> ", timeout], timeout=30) == 0:
            return
    pytest.fail("Ctrl-C was not heard")


def test_a_person_talks_in_a_terminal(tmp_path):
    pexpect = pytest.importorskip("pexpect")
    script = tmp_path / "script.json"
    script.write_text(
        json.dumps({"name": "colleague", "otherwise": "Marfan syndrome is inherited."}), "utf-8"
    )
    arguments = ["-m", "clinweave", "chat", "--knowledge", "none", "--model", f"scripted:{script}"]
    spoken = pexpect.spawn(
        sys.executable,
        arguments,
        encoding="utf-8",
        timeout=120,
        dimensions=(40, 160),
        # a program in a terminal hears Ctrl-C; what a script starts in the background inherits that it does not
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    spoken.expect("model: colleague, knowledge: none.*> ")
    spoken.sendline("/help")
    spoken.expect("nothing you type is stored.*> ")
    _interrupt(spoken, pexpect.TIMEOUT)
    spoken.sendline("What is Marfan syndrome?")
    spoken.expect("is inherited.*unchecked.*> ")
    spoken.sendline("How can I double my metoprolol dose?")
    spoken.expect("not given here.*> ")
    spoken.sendeof()
    spoken.expect(pexpect.EOF)
    spoken.close()
    assert spoken.exitstatus == 0
