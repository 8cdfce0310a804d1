"""Configuration: precedence, messages, and what a project file may not set."""

import os
import time
from pathlib import Path

import pytest

from clinweave.core import configuration
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Return the paths of a project file and a user file in an environment without other settings."""
    for name in list(os.environ):
        if name.startswith("CLINWEAVE_"):
            monkeypatch.delenv(name)
    work, user = tmp_path / "work", tmp_path / "config" / "clinweave" / "config.toml"
    work.mkdir()
    user.parent.mkdir(parents=True)
    monkeypatch.chdir(work)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    yield work / "clinweave.toml", user
    configuration.clear_overrides()


def test_option_before_environment_before_project_before_user_before_default(files, monkeypatch):
    project, user = files
    steps = [("auto", "default")]
    user.write_text('model = "of-user"\n', "utf-8")
    steps.append(("of-user", str(user)))
    assert configuration.values()["model"] == configuration.Value("model", "of-user", str(user))
    project.write_text('model = "of-project"\n', "utf-8")
    assert configuration.values()["model"] == configuration.Value("model", "of-project", str(project))
    monkeypatch.setenv("CLINWEAVE_MODEL", "of-environment")
    assert configuration.values()["model"].origin == "CLINWEAVE_MODEL"
    assert configuration.get("model") == "of-environment"
    configuration.override(model="of-option")
    assert configuration.values()["model"] == configuration.Value("model", "of-option", "option")
    configuration.clear_overrides()
    monkeypatch.delenv("CLINWEAVE_MODEL")
    project.unlink()
    user.unlink()
    assert configuration.values()["model"] == configuration.Value("model", "auto", "default")


def test_a_named_file_is_read_instead_of_both(files, monkeypatch, tmp_path):
    project, user = files
    project.write_text("threads = 1\n", "utf-8")
    user.write_text("threads = 2\nport = 9\n", "utf-8")
    (tmp_path / "own.toml").write_text("threads = 3\n", "utf-8")
    monkeypatch.setenv("CLINWEAVE_CONFIG", str(tmp_path / "own.toml"))
    assert (configuration.get("threads"), configuration.get("port")) == (3, 8000)
    monkeypatch.setenv("CLINWEAVE_CONFIG", str(tmp_path / "gone.toml"))
    with pytest.raises(UserError, match=r"gone\.toml does not exist"):
        configuration.get("threads")


def test_a_changed_file_is_read_again(files):
    project, _ = files
    project.write_text("threads = 1\n", "utf-8")
    assert configuration.get("threads") == 1
    time.sleep(0.01)
    project.write_text("threads = 12\n", "utf-8")
    assert configuration.get("threads") == 12


def test_home_is_a_setting_whose_path_is_relative_to_its_file(files, monkeypatch):
    project, _ = files
    assert home() == Path.home() / ".cache" / "clinweave"
    project.write_text('home = "knowledge"\n', "utf-8")
    assert home() == project.parent / "knowledge"
    monkeypatch.setenv("CLINWEAVE_HOME", "~/elsewhere")
    assert home() == Path.home() / "elsewhere"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('modell = "none"', r"unknown key 'modell'; did you mean 'model'"),
        ('audience = "doctor"', r"audience: 'doctor' is no value of this key"),
        ("threads = 1.5", r"threads: expected an integer, found 1\.5"),
        ("threads = true", r"threads: expected an integer, found True"),
        ("threads = -1", r"threads is -1: give a number from 0 to 256"),
        ("port = 70000", r"port is 70000"),
        ('knowledge = "graph"', r"knowledge: expected a list"),
        ('origins = ["pipy"]', r"'pipy' is no value of this key; did you mean 'pypi'"),
        ("home = ", r"is not TOML"),
        ('home = "\x00"', r"is not TOML"),
        ("[model]\nname = 1", r"model: expected a string"),
    ],
)
def test_mistakes_name_file_and_key(files, text, message):
    _, user = files
    user.write_text(text + "\n", "utf-8")
    with pytest.raises(UserError, match=message) as raised:
        configuration.values()
    assert str(user) in str(raised.value)


def test_a_file_that_is_not_text_or_no_file_is_refused(files):
    _, user = files
    user.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not TOML"):
        configuration.values()
    user.unlink()
    os.mkfifo(user)
    with pytest.raises(UserError, match="not a regular file but a named pipe"):
        configuration.values()


@pytest.mark.parametrize(
    "text",
    [
        'model = "https://models.example/v1#big"',
        'model = "http://10.0.0.7:8000/v1#big"',
        'model = "http://localhost@models.example/v1#big"',
        'model = "http://localhost.models.example/v1#big"',
        'model = "some-service:big"',
        'host = "0.0.0.0"',
        'origins = ["official"]',
        'log_file = "~/.profile"',
    ],
)
def test_a_project_file_may_not_send_questions_elsewhere_or_write_files(files, text):
    project, user = files
    project.write_text(text + "\n", "utf-8")
    with pytest.raises(UserError, match="project file"):
        configuration.values()
    project.rename(user)
    assert configuration.values()[text.split()[0]].origin == str(user)


@pytest.mark.parametrize(
    "model", ["none", "models/own.gguf", "scripted:m.json", "http://127.0.0.1:8000/v1#m"]
)
def test_a_project_file_may_name_a_model_of_this_machine(files, model):
    project, _ = files
    project.write_text(f'model = "{model}"\n', "utf-8")
    assert configuration.get("model") == model


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("THREADS", "two", "CLINWEAVE_THREADS is 'two': expected an integer"),
        ("THREADS", "1000", "CLINWEAVE_THREADS is 1000: give a number from 0 to 256"),
        ("QUIET", "perhaps", "CLINWEAVE_QUIET is 'perhaps': set it to 1 or 0"),
        ("AUDIENCE", "nurse", "CLINWEAVE_AUDIENCE is 'nurse': choose public or clinician"),
        ("ORIGINS", "pypi,nowhere", "CLINWEAVE_ORIGINS"),
    ],
)
def test_mistakes_in_the_environment_name_the_variable(files, monkeypatch, name, text, message):
    monkeypatch.setenv(f"CLINWEAVE_{name}", text)
    with pytest.raises(UserError, match=message):
        configuration.values()


def test_values_of_the_environment_are_typed(files, monkeypatch):
    for name, text in {
        "THREADS": "2", "QUIET": "YES", "KNOWLEDGE": "graph, text", "AUDIENCE": "Clinician", "COLLECTIONS": ",",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"CLINWEAVE_{name}", text)
    result = {
        key: configuration.get(key) for key in ("threads", "quiet", "knowledge", "audience", "collections")
    }
    assert result == {
        "threads": 2, "quiet": True, "knowledge": ("graph", "text"), "audience": "clinician", "collections": (),
    }  # fmt: skip
