"""`clinweave doctor`: what is wrong is named with its fix, and the exit code says so; completion of the shell."""

import json
import os
import socket
import subprocess
import sys

import pytest

from tests.test_knowledge_base import built


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("CLINWEAVE_HOME", str(folder))
    return folder


def findings(call, *options):
    code, out, _ = call("doctor", "--json", *options)
    result = json.loads(out)
    assert result["good"] == (code == 0)
    return code, {item["check"]: item for item in result["findings"]}


def test_an_empty_home_is_told_to_set_up(home, call):
    code, found = findings(call)
    assert code == 1
    assert found["python"]["state"] == "good"
    assert found["graph"]["state"] == found["index"]["state"] == "problem"
    assert "clinweave setup" in found["graph"]["fix"]
    assert found["model"]["state"] == "warning"
    code, out, _ = call("doctor")
    assert code == 1
    assert "fix: run `clinweave setup`" in out


def test_a_built_home_is_good_until_a_file_is_cut(home, call):
    from tests.service.pages import RECORDS, TEXT

    built(home, RECORDS, TEXT)
    code, found = findings(call)
    assert code == 0, found
    assert found["graph"]["message"].endswith("relations")
    file = next(path for path in (home / "graph").rglob("*.arrow"))
    file.write_bytes(file.read_bytes()[:-10])
    code, found = findings(call)
    assert (code, found["graph"]["state"]) == (1, "problem")


def test_secrets_that_others_may_read_are_a_problem(home, call):
    assert call("serve", "token", "add", "erika")[0] == 0
    assert findings(call)[1]["permissions"]["state"] == "good"
    path = home / "service" / "tokens.json"
    path.chmod(0o644)
    found = findings(call)[1]["permissions"]
    assert (found["state"], found["fix"]) == ("problem", f"chmod 600 {path}")


def test_a_port_in_use_is_named(home, call):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = findings(call, "--port", str(taken.getsockname()[1]))[1]
    assert found["port"]["state"] == "warning"
    assert "--port" in found["port"]["fix"]


@pytest.mark.parametrize(
    ("words", "expected"), [("clinweave doc", "doctor"), ("clinweave serve token re", "revoke")]
)
def test_the_shell_completes_commands(words, expected):
    script = "from clinweave.cli import main; import sys; sys.argv[0] = 'clinweave'; main()"
    environment = {
        **os.environ, "_CLINWEAVE_COMPLETE": "complete_bash", "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    assert expected in done.stdout.split()
