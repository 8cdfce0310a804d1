"""Names, precedence and errors of extension points; what clinweave ships passes its own conformance checks."""

import importlib.util
from dataclasses import replace

import pytest

from clinweave import testing
from clinweave.core.errors import UserError
from clinweave.core.plugins import ExtensionPoint, PluginError
from clinweave.databases import DATABASES, Database
from clinweave.knowledge import open_retriever, parse_query
from clinweave.models.scripted import ScriptedModel
from clinweave.records import Concept, Source
from tests.databases.conftest import SAMPLES, write
from tests.extensions.conftest import EXAMPLE
from tests.knowledge.small_base import SmallBase

POINT: ExtensionPoint[object] = ExtensionPoint("clinweave.shapes", "shape", {"round": "math:pi"})


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Return a function that installs a package with entry points of the group clinweave.shapes."""

    def install(package, **points):
        info = tmp_path / package / f"{package}-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", "utf-8")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[clinweave.shapes]", *lines]), "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path / package))

    return install


def test_the_page_has_the_files_of_the_example():
    path = EXAMPLE.parents[1] / "docs" / "generate_extending.py"
    spec = importlib.util.spec_from_file_location("generate_extending", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text("utf-8") == module.page(), "docs/extending.md is stale: run `make docs`"
    assert module.page().count('```python\n"""') == len(list((EXAMPLE / "src").rglob("[!_]*.py")))


def test_built_in_names_win(publish):
    publish("one", round="math:e", square="math:tau")
    assert POINT.names() == ("round", "square")
    assert 3.1 < POINT.load("round") < 3.2
    assert POINT.load("square") > 6
    assert "square" in POINT


def test_an_unknown_name_is_refused_with_the_nearest(publish):
    publish("one", square="math:tau")
    with pytest.raises(UserError, match=r"no shape 'squre'; did you mean 'square'\?.*clinweave\.shapes"):
        POINT.load("squre")


def test_a_name_of_two_packages_is_refused(publish):
    publish("one", square="math:tau")
    publish("two", square="math:e")
    with pytest.raises(PluginError, match=r"several packages: one 1\.0, two 1\.0"):
        POINT.load("square")


def test_a_failing_import_names_the_package(publish):
    publish("one", square="math:no_such_name")
    with pytest.raises(
        PluginError, match=r"shape 'square' of the installed package one 1\.0 .*AttributeError"
    ):
        POINT.load("square")


@pytest.mark.parametrize("name", sorted(DATABASES))
def test_shipped_databases_pass(name, tmp_path):
    assert testing.check_database(DATABASES[name], write(tmp_path, SAMPLES[name]))


def test_shipped_retrievers_pass():
    base = SmallBase()
    query = parse_query("features of Alpha syndrome", graph=base.graph, linker=base.linker)
    assert testing.check_retriever(lambda parts: open_retriever("graph", parts), base, [query])


def test_the_scripted_model_passes():
    testing.check_model(ScriptedModel([{"when": "hormone", "reply": "insulin"}]))


class Remote(ScriptedModel):
    """A model that does not say where prompts go."""

    local = False


def test_a_remote_model_must_say_where_prompts_go():
    with pytest.raises(AssertionError, match="states the host"):
        testing.check_model(Remote([]))


def _database(*records, release="1"):
    source = Source("mine", "Mine", "infores:mine", release, "CC0-1.0", "https://example.org")
    return Database("mine", "X", ("mine.tsv",), lambda files: source, lambda files, log: iter(records))


CONCEPT = Concept("X:1", "biolink:Disease", "Alpha", "mine")


@pytest.mark.parametrize(
    ("database", "message"),
    [
        (_database(), "no records"),
        (_database(CONCEPT, release=""), "release is empty"),
        (_database(replace(CONCEPT, source="other")), "source is not 'mine'"),
        (_database(replace(CONCEPT, id="1")), "not a CURIE"),
        (_database(replace(CONCEPT, category="Disease")), "not a Biolink class"),
        (_database(CONCEPT), "without files raises no UserError"),
    ],
)
def test_the_check_of_databases_finds_faults(database, message, tmp_path):
    with pytest.raises(AssertionError, match=message):
        testing.check_database(database, {"mine.tsv": tmp_path / "mine.tsv"})
