"""`clinweave config`, defaults of commands from configuration, and logging."""

import json
import logging
import os

import pytest

from clinweave.cli import main

SECRET = "Xanthippe Quillfeather"  # stands for a patient's name


@pytest.fixture(autouse=True)
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    (tmp_path / "config" / "clinweave").mkdir(parents=True)
    return tmp_path


def test_show_names_the_origin_of_each_value(call, work, monkeypatch):
    (work / "clinweave.toml").write_text('model = "none"\n', "utf-8")
    monkeypatch.setenv("CLINWEAVE_THREADS", "3")
    code, out, _ = call("--quiet", "config", "show", "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["model"] == {"value": "none", "origin": str(work / "clinweave.toml")}
    assert shown["threads"] == {"value": 3, "origin": "CLINWEAVE_THREADS"}
    assert shown["quiet"] == {"value": True, "origin": "option"}
    assert shown["port"] == {"value": 8000, "origin": "default"}
    assert "CLINWEAVE_LOG_LEVEL" in call("config", "show")[1]


def test_path_says_which_files_are_read(call, work):
    (work / "clinweave.toml").write_text("", "utf-8")
    rows = json.loads(call("config", "path", "--json")[1])
    assert [(row["kind"], row["exists"]) for row in rows] == [("project", True), ("user", False)]
    (work / "own.toml").write_text("", "utf-8")
    named = json.loads(call("--config", work / "own.toml", "config", "path", "--json")[1])
    assert named == [{"kind": "named", "path": str(work / "own.toml"), "exists": True}]


def test_validate(call, work, monkeypatch):
    for name in [name for name in os.environ if name.startswith("CLINWEAVE_")]:
        monkeypatch.delenv(name)
    assert call("config", "validate")[:2] == (0, "no configuration file; every setting is valid\n")
    (work / "clinweave.toml").write_text('audiense = "clinician"\n', "utf-8")
    code, out, err = call("config", "validate")
    assert (code, out) == (2, "")
    assert "clinweave.toml: unknown key 'audiense'; did you mean 'audience'?" in err
    (work / "good.toml").write_text('audience = "clinician"\n', "utf-8")
    assert call("config", "validate", "good.toml")[:2] == (0, "good.toml: valid\n")
    (work / "clinweave.toml").unlink()
    monkeypatch.setenv("CLINWEAVE_AUDIENSE", "clinician")
    code, _, err = call("config", "validate")
    assert code == 2
    assert "CLINWEAVE_AUDIENSE is unknown; did you mean 'CLINWEAVE_AUDIENCE'?" in err


def test_a_wrong_file_stops_every_other_command_before_it_does_anything(call, work):
    (work / "clinweave.toml").write_text("thread = 2\n", "utf-8")
    code, out, err = call("ask", "What is Marfan syndrome?")
    assert (code, out) == (2, "")
    assert "unknown key 'thread'; did you mean 'threads'?" in err
    assert not (work / "home").exists()


def test_a_home_named_by_a_project_file_is_said(call, work, monkeypatch):
    (work / "clinweave.toml").write_text('home = "theirs"\n', "utf-8")
    assert "knowledge base:" not in call("check", "--json")[2]  # the environment names another
    monkeypatch.delenv("CLINWEAVE_HOME")
    shown = f"knowledge base: {work / 'theirs'} (named by {work / 'clinweave.toml'})"
    assert shown in call("check", "--json")[2]
    assert shown not in call("--quiet", "check", "--json")[2]


def test_the_configuration_gives_defaults_and_an_option_wins(call, work, monkeypatch):
    opened = []

    def stop(*_, **options):
        opened.append(options)
        raise KeyboardInterrupt

    monkeypatch.setattr("clinweave.knowledge_base.KnowledgeBase", stop)
    (work / "clinweave.toml").write_text(
        'model = "none"\naudience = "clinician"\ncollections = ["guidelines", "own"]\nthreads = 3\n', "utf-8"
    )
    for command in (["ask", "Why?"], ["chat"], ["serve"]):
        assert call(*command)[0] == 130
    call("ask", "Why?", "--model", "smollm2", "--audience", "public", "--collection", "other")
    chosen = [(row["model"], row["audience"], tuple(row["collections"]), row["threads"]) for row in opened]
    assert chosen[:3] == [("none", "clinician", ("guidelines", "own"), 3)] * 3
    assert chosen[3] == ("smollm2", "public", ("other",), 3)


def test_the_log_file_has_events_and_no_content(call, work):
    note = work / f"{SECRET}.txt"
    note.write_text(f"{SECRET}, MRN 5550143, has seizures.\n", "utf-8")
    log = work / "logs" / "events.log"
    (work / "rows.jsonl").write_text(json.dumps({"id": SECRET, "text": 7}) + "\n{broken " + SECRET, "utf-8")
    commands = [
        ["deidentify", note],
        ["link", "--text", f"{SECRET} has seizures"],
        ["link", work / "rows.jsonl", "--out", work / "out.jsonl"],
        ["ask", f"Does {SECRET} have seizures?"],
        ["diagnose", "--text", note],
        ["index", "add", note],
        ["run", f"{SECRET}.toml"],
        [SECRET],
    ]
    codes = [call("--log-file", log, "--log-level", "debug", *command)[0] for command in commands]
    text = log.read_text("utf-8")
    assert 2 in codes
    assert codes.count(0) >= 1
    assert text.count("started command=") >= len(commands) - 1
    assert "finished exit_code=2" in text
    assert "built kind=collection seconds=" in text
    for word in (*SECRET.split(), "5550143", "seizures", str(work)):
        assert word not in text
    assert log.stat().st_mode & 0o077 == 0


def test_other_records_never_reach_the_log_file(work):
    from clinweave.core import configuration, logs
    from clinweave.core.logs import event

    configuration.override(log_file=str(work / "events.log"), log_level="debug")
    try:
        with logs.handlers():
            logs.configure()
            logging.getLogger("clinweave.databases.base").error("%s: row 3", SECRET)
            logging.getLogger("clinweave.events").error(SECRET)
            logging.getLogger("httpx").error(SECRET)
            event("built", kind="graph", seconds=1.0)
    finally:
        configuration.clear_overrides()
    [line] = (work / "events.log").read_text("utf-8").splitlines()
    assert line.endswith(" INFO built kind=graph seconds=1.000")


def test_a_log_file_that_cannot_be_written_is_an_error(call, work):
    code, _, err = call("--log-file", work, "check")
    assert code == 2
    assert "is a folder; name a file to write" in err


def test_levels(call, work, caplog):
    before = list(logging.getLogger("clinweave").handlers)
    (work / "a.txt").write_text("Scoliosis is frequent.\n", "utf-8")
    assert "started command=index" not in call("index", "add", "a.txt")[2]
    (work / "a.txt").write_text("Scoliosis is very frequent.\n", "utf-8")
    assert "INFO started command=index" in call("--log-level", "info", "index", "add", "a.txt")[2]
    assert call("--quiet", "--log-level", "info", "index", "add", "a.txt")[2] == ""
    assert logging.getLogger("clinweave").handlers == before


def test_a_wrong_level_is_refused():
    with pytest.raises(SystemExit) as stopped:
        main(["--log-level", "loud", "check"])
    assert stopped.value.code == 2
