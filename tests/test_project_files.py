"""The files for contributors: they parse, are current, and name what exists."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from clinweave import __version__
from clinweave.resources import catalogue

ROOT = Path(__file__).parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
GUIDES = (
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/configuration.md",
    "docs/data_licences.md",
    "docs/extending.md",
)


def _read(name):
    return (ROOT / name).read_text("utf-8")


def _generator(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_settings_is_current():
    page = _generator("generate_settings").page()
    assert _read("docs/configuration.md") == page, "docs/configuration.md is stale: run `make docs`"
    assert "`CLINWEAVE_LOG_FILE`" in page


def test_the_page_of_licences_is_current():
    module = _generator("generate_licences")
    page = _read("docs/data_licences.md")
    assert page == module.page(), "docs/data_licences.md is stale: run `make docs`"
    assert all(f"| `{name}` |" in page for name in catalogue())


def test_the_page_of_results_is_current_and_shows_a_stored_run():
    module = _generator("generate_results")
    pages = module.pages()
    assert {path.name for path in pages} == {"results.md", "README.md"}
    for path, text in pages.items():
        assert path.read_text("utf-8") == text, f"{path.name} is stale: run `make docs`"
    for file in (ROOT / "docs" / "results").glob("*.json"):
        values = json.loads(file.read_text("utf-8"))
        assert file.stat().st_size < 200_000
        assert module.tables(values) in _read("docs/results.md") + _read("README.md")
    for file in (ROOT / "docs" / "results").glob("*.txt"):
        assert file.read_text("utf-8").strip() in _read("docs/results.md") + _read("README.md")


@pytest.mark.parametrize(
    "path", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem
)
def test_issue_forms_have_what_github_asks_for(path):
    form = yaml.safe_load(path.read_text("utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    fields = [item for item in form["body"] if item["type"] != "markdown"]
    identifiers = [item["id"] for item in fields]
    assert len(set(identifiers)) == len(identifiers) > 0
    assert all(item["attributes"]["label"] for item in fields)
    assert any(item.get("validations", {}).get("required") for item in fields)


def test_a_wrong_answer_is_reported_with_question_and_releases():
    form = yaml.safe_load(_read(".github/ISSUE_TEMPLATE/wrong_answer.yml"))
    required = {item["id"] for item in form["body"] if item.get("validations", {}).get("required")}
    assert {"question", "answer", "releases", "version"} <= required


def test_workflow_and_hooks_run_existing_targets():
    targets = set(re.findall(r"^([a-z-]+):", _read("Makefile"), re.MULTILINE))
    workflow = yaml.safe_load(_read(".github/workflows/ci.yml"))
    commands = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    hooks = yaml.safe_load(_read(".pre-commit-config.yaml"))["repos"][0]["hooks"]
    commands += [hook["entry"] for hook in hooks]
    used = {
        name
        for text in (*commands, _read("CONTRIBUTING.md"))
        for name in re.findall(r"\bmake ([a-z-]+)", text)
    }
    assert {"lint", "test", "test-quick"} <= used
    assert used <= targets


@pytest.mark.parametrize("name", GUIDES)
def test_links_of_guides_lead_to_files(name):
    folder = (ROOT / name).parent
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", _read(name))
    assert [link for link in links if not (folder / link).exists()] == []


def test_the_citation_names_the_version_and_no_person():
    citation = yaml.safe_load(_read("CITATION.cff"))
    project = tomllib.loads(_read("pyproject.toml"))["project"]
    assert citation["version"] == __version__
    assert "version" in project["dynamic"]  # stated once, in clinweave/__init__.py
    assert f"## {__version__} ({citation['date-released']})" in _read("CHANGELOG.md")
    assert citation["license"] == project["license"]
    assert citation["authors"] == [{"name": "clinweave contributors"}]


def test_every_dependency_states_a_range():
    project = tomllib.loads(_read("pyproject.toml"))["project"]
    expected = [
        *project["dependencies"],
        *(item for extra in project["optional-dependencies"].values() for item in extra),
    ]
    assert [item for item in expected if not re.search(r"(>=|==|~=)\d", item)] == []
