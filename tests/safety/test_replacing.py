"""No command replaces a graph or an index that it was not asked to build, and an upgrade loses no kind of record."""

import shutil
from pathlib import Path

import pytest

from clinweave.core.artifacts import read_manifest
from clinweave.core.errors import UserError
from clinweave.evaluation import knowledge_bases
from clinweave.evaluation.knowledge_bases import KnowledgeBaseBuilder
from clinweave.knowledge import Graph, build_graph, build_home_index, import_kgx
from tests.safety.calling import refused

OBO = (
    "format-version: 1.2\ndata-version: {}\n\n[Term]\nid: HP:0000118\nname: Phenotypic abnormality\n"
    + "".join(f"\n[Term]\nid: HP:00011{n:02}\nname: finding {n}\nis_a: HP:0000118\n" for n in range(20))
)
HPOA = (
    "#version: {}\ndatabase_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency"
    "\tsex\tmodifier\taspect\tbiocuration\n"
) + "".join(
    f"OMIM:1000{n:02}\tdisease {n}\t\tHP:00011{n:02}\tPMID:1\tPCS\t\t\t\t\tP\tHPO:x[2020-01-01]\n"
    for n in range(20)
)
GENES = "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n" + "".join(
    f"{n + 1}\tGENE{n}\tHP:00011{n:02}\tfinding {n}\t-\tOMIM:1000{n:02}\n" for n in range(20)
)


def release(folder: Path, version: str, *, genes: bool = True) -> dict[str, dict[str, Path]]:
    folder.mkdir()
    (folder / "hp.obo").write_text(OBO.format(version))
    (folder / "phenotype.hpoa").write_text(HPOA.format(version))
    files = {"hp.obo": folder / "hp.obo"}
    annotations = {"phenotype.hpoa": folder / "phenotype.hpoa"}
    if genes:
        (folder / "genes_to_phenotype.txt").write_text(GENES)
        annotations["genes_to_phenotype.txt"] = folder / "genes_to_phenotype.txt"
    return {"hpo": files, "hpoa": annotations}


def test_an_upgrade_that_loses_a_kind_of_record_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "graph"
    build_graph(release(tmp_path / "a", "2025-01-01"), out, allow_loss=False)
    before = (read_manifest(out) or {})["key"]
    build_graph(release(tmp_path / "b", "2025-02-01"), out, allow_loss=False)
    assert (read_manifest(out) or {})["key"] != before
    before = (read_manifest(out) or {})["key"]
    poorer = release(tmp_path / "c", "2025-03-01", genes=False)
    with pytest.raises(UserError, match=r"20 -> 0.*--allow-loss"):
        build_graph(poorer, out, allow_loss=False)
    assert (read_manifest(out) or {})["key"] == before
    build_graph(poorer, out, allow_loss=True)
    assert (read_manifest(out) or {})["key"] != before


def test_a_database_left_out_is_refused_unless_the_user_named_the_others(tmp_path: Path) -> None:
    out = tmp_path / "graph"
    files = release(tmp_path / "a", "2025-01-01")
    build_graph(files, out, allow_loss=False)
    fewer = {"hpo": files["hpo"]}
    with pytest.raises(UserError, match="hpoa"):
        build_graph(fewer, out, allow_loss=False, chosen=False)
    assert build_graph(fewer, out, allow_loss=False, chosen=True).fresh


def test_the_command_refuses_a_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.safety.calling import clinweave

    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    release(tmp_path / "a", "2025-01-01")
    release(tmp_path / "b", "2025-02-01", genes=False)
    build = ("graph", "build", "hpo", "hpoa", "--add")
    for name, code in (("a", 0), ("b", 2)):
        called = clinweave(*build, f"hpo={tmp_path / name}", "--add", f"hpoa={tmp_path / name}")
        assert called.code == code, called
    assert "--allow-loss" in called.err
    assert (
        clinweave(*build, f"hpo={tmp_path / 'b'}", "--add", f"hpoa={tmp_path / 'b'}", "--allow-loss").code
        == 0
    )


def test_a_comparison_lets_the_users_graph_and_index_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    files = release(tmp_path / "a", "2025-01-01")
    monkeypatch.setattr(knowledge_bases, "located_for", lambda *_: files)
    monkeypatch.setattr(knowledge_bases, "DEFAULT", ("hpo", "hpoa"))
    (tmp_path / "kgx").mkdir()
    (tmp_path / "kgx" / "nodes.tsv").write_text("id\tcategory\tname\nMONDO:1\tbiolink:Disease\tgout\n")
    (tmp_path / "kgx" / "edges.tsv").write_text("subject\tpredicate\tobject\n")
    import_kgx(tmp_path / "kgx", home / "graph")
    build_home_index(Graph.open(home / "graph"), None, home)
    before = [read_manifest(home / name) for name in ("graph", "index")]
    output: list[str] = []
    for _ in range(2):
        base = KnowledgeBaseBuilder(home, (), output.append).default()
        assert len(base.graph.concepts(["HP:0001101"])) == 1
        assert base.graph_path.is_relative_to(home / "knowledge-bases")
        assert base.index_path.is_relative_to(home / "knowledge-bases")
    assert [read_manifest(home / name) for name in ("graph", "index")] == before
    assert any("comparing with one in" in line for line in output)
    shutil.rmtree(home)
    base = KnowledgeBaseBuilder(
        home, (), output.append
    ).default()  # nothing to replace: where `ask` will find it
    assert (base.graph_path, base.index_path) == (home / "graph", home / "index")
    refused("graph", "info", "--graph", tmp_path / "kgx")
