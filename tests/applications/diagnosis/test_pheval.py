"""clinweave as PhEval's runner; needs `pip install pheval`, which no extra brings."""

import gzip
import json
import tomllib
from pathlib import Path

import pytest

from clinweave.core.artifacts import home
from tests.applications.diagnosis.conftest import hpoa, obo
from tests.applications.diagnosis.test_cases import PACKET

POINT = "clinweave.applications.diagnosis.pheval_runner:ClinweavePhEvalRunner"


def test_the_entry_point_names_the_runner():
    root = Path(__file__).parents[3]
    plugins = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    assert plugins["pheval.plugins"] == {"clinweave": POINT}
    module, name = POINT.split(":")
    source = root / "src" / Path(*module.split(".")).with_suffix(".py")
    assert f"class {name}(PhEvalRunner)" in source.read_text("utf-8")


def test_a_run_ends_in_results_that_pheval_marked(tmp_path, monkeypatch):
    pytest.importorskip("pheval", reason="PhEval is not installed")
    import polars as pl

    from clinweave.applications.diagnosis.pheval_runner import ClinweavePhEvalRunner

    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    assert home() == tmp_path / "home"
    folders = [tmp_path / name for name in ("in", "corpus/phenopackets", "tmp", "out")]
    for folder in folders:
        folder.mkdir(parents=True)
    (folders[0] / "hp.obo.gz").write_bytes(gzip.compress(obo().encode()))
    (folders[0] / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    (folders[0] / "config.yaml").write_text(
        'tool: clinweave\ntool_version: "1"\nvariant_analysis: false\ngene_analysis: false\n'
        "disease_analysis: true\ntool_specific_configuration_options: {}\n",
        "utf-8",
    )
    (folders[1] / "one.json").write_text(json.dumps(PACKET), "utf-8")
    run = ClinweavePhEvalRunner(folders[0], tmp_path / "corpus", folders[2], folders[3], None, "1")
    run.build_output_directory_structure()
    run.prepare()
    run.run()
    run.post_process()
    table = pl.read_parquet(folders[3] / "pheval_disease_results" / "one-disease_result.parquet")
    assert table.columns == ["rank", "score", "disease_identifier", "mondo_identifier", "true_positive"]
    assert table["rank"].to_list()[0] == 1
    assert "true_positive" not in (folders[3] / "raw_results" / "one.tsv").read_text("utf-8")
