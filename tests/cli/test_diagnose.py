"""`clinweave diagnose` from the outside."""

import json

import pytest
from typer.testing import CliRunner

from clinweave.cli import app
from clinweave.core.errors import UserError
from tests.applications.diagnosis.conftest import hpoa, obo
from tests.applications.diagnosis.test_cases import PACKET


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "hp.obo").write_text(obo(), "utf-8")
    (folder / "phenotype.hpoa").write_text(hpoa(), "utf-8")

    def call(*arguments):
        given = ["diagnose", *map(str, arguments), "--hpo-release", str(folder)]
        return CliRunner().invoke(app, given, catch_exceptions=True)

    return call


def test_terms_as_json_and_as_a_table(run):
    printed = json.loads(run("--hpo", "HP:0000102,HP:0000202", "--not", "HP:0000302", "--json").stdout)
    assert printed["cases"][0]["ranking"][0]["id"] == "OMIM:1"
    assert "Lens disease 1" in run("--hpo", "HP:0000102").stdout


def test_a_folder_with_a_broken_file(run, tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(PACKET), "utf-8")
    (folder / "b.json").write_text("{", "utf-8")
    out, page = tmp_path / "ranks.jsonl", tmp_path / "page.html"
    done = run(folder, "--out", out, "--html", page, "--pheval", tmp_path / "pheval", "--json")
    assert json.loads(done.stdout) == {"cases": 2, "with_problems": 1, "unranked": 1, "out": str(out)}
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [len(line["ranking"]) for line in lines] == [3, 0]
    assert "not JSON" in lines[1]["problems"][0]
    assert "Lens disease 1" in page.read_text("utf-8")
    assert len(list((tmp_path / "pheval" / "pheval_disease_results").iterdir())) == 2


def test_the_same_bytes_whatever_the_label(run, tmp_path):
    seen = set()
    for name, disease in (("x", "OMIM:1"), ("y", "OMIM:3")):
        folder = tmp_path / name
        folder.mkdir()
        value = json.loads(json.dumps(PACKET))
        value["interpretations"][0]["diagnosis"]["disease"]["id"] = disease
        value["diseases"] = [{"term": {"id": disease}}]
        (folder / f"{disease.replace(':', '_')}.json").write_text(json.dumps(value), "utf-8")
        run(folder, "--out", tmp_path / f"{name}.jsonl")
        seen.add((tmp_path / f"{name}.jsonl").read_bytes())
    assert len(seen) == 1


def test_the_own_publication_is_dropped(run, tmp_path):
    path = tmp_path / "case.json"
    value = PACKET | {"phenotypicFeatures": [{"type": {"id": "HP:0000301"}}]}
    value["metaData"] = {"externalReferences": [{"id": "PMID:13"}]}
    path.write_text(json.dumps(value), "utf-8")
    printed = json.loads(run(path, "--drop-own-publication", "--json").stdout)
    assert "OMIM:3" not in [item["id"] for item in printed["cases"][0]["ranking"]]
    printed = json.loads(run(path, "--json").stdout)
    assert printed["cases"][0]["ranking"][0]["id"] == "OMIM:3"


@pytest.mark.parametrize("arguments", [[], ["nowhere.json"], ["--hpo", "HP:0000102", "--mondo", "nowhere"]])
def test_mistakes_are_the_users(run, arguments):
    assert isinstance(run(*arguments).exception, UserError)


def test_ids_and_paths_change_the_id_of_a_line_and_nothing_else(run, tmp_path):
    other = PACKET | {"id": "second", "phenotypicFeatures": [{"type": {"id": "HP:0000301"}}]}
    seen = []
    for name, ids, paths in (("x", True, "ab"), ("y", False, "ab"), ("z", True, "ba"), ("w", False, "ba")):
        folder = tmp_path / name
        folder.mkdir()
        for value, path in zip((PACKET, other), paths, strict=True):
            given = {
                key: item for key, item in value.items() if key in {"id", "subject", "phenotypicFeatures"}
            }
            if not ids:
                del given["id"]
                given["subject"] = {key: item for key, item in given["subject"].items() if key != "id"}
            (folder / f"{path}.json").write_text(json.dumps(given if name != "x" else value), "utf-8")
        run(folder, "--out", tmp_path / f"{name}.jsonl")
        lines = [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text("utf-8").splitlines()]
        assert all(line.pop("id") for line in lines)
        seen.append(json.dumps(lines if paths == "ab" else lines[::-1]))
    assert len(set(seen)) == 1


def test_the_table_of_genes_is_named_or_refused(run, tmp_path):
    assert isinstance(run("--hpo", "HP:0000102", "--disease-genes", "nowhere").exception, UserError)
    rows = ("1\tAAA\tHP:0000102\tx\t-\tOMIM:1", "1\tAAA\tHP:0000102\tx\t-\tOMIM:700")
    head = "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id"
    (tmp_path / "genes.txt").write_text("\n".join([head, *rows]) + "\n", "utf-8")
    done = run("--hpo", "HP:0000102", "--disease-genes", tmp_path / "genes.txt", "--json")
    assert [item["id"] for item in json.loads(done.stdout)["cases"][0]["ranking"]][:2] == [
        "OMIM:1",
        "OMIM:700",
    ]


def test_every_output_is_private_and_other_files_are_named(run, tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "a.JSON").write_text(json.dumps(PACKET), "utf-8")
    (folder / "notes.txt").write_text("x", "utf-8")
    out, page, pheval = tmp_path / "ranks.jsonl", tmp_path / "page.html", tmp_path / "pheval"
    done = run(folder, "--out", out, "--html", page, "--pheval", pheval)
    assert "not read: notes.txt" in done.stderr
    written = [out, page, *(path for path in pheval.rglob("*") if path.is_file())]
    assert len(written) == 3
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}


def test_one_patient_without_a_usable_finding_is_refused_with_the_reason(run):
    for arguments in (["--hpo", "HP:9999999"], ["--excluded", "HP:0000102"]):
        error = run(*arguments).exception
        assert isinstance(error, UserError)
        assert "nothing can be ranked" in str(error)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the note is empty"),
        (b" \n\t\n", "the note is empty"),
        (b"Patient: Anna Bell\nSeizures.\n\nPatient: Carl Dunn\nAtaxia.\n", "several patients: line 1"),
        (b"%PDF-1.4 ...", "not plain text"),
        (b'{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n', "file of JSON records"),
        (b"x" * 8_000_001, "at most 8,000,000"),
    ],
)
def test_a_text_that_is_no_note_of_one_patient_is_refused(run, tmp_path, content, reason):
    path = tmp_path / "note.txt"
    path.write_bytes(content)
    error = run("--text", path).exception
    assert isinstance(error, UserError)
    assert reason in str(error)


def test_corrections_of_a_file_of_several_patients_are_refused(run, tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text(f"{json.dumps(PACKET)}\n{json.dumps(PACKET)}\n", "utf-8")
    error = run(path, "--hpo", "HP:0000102").exception
    assert isinstance(error, UserError)
    assert "holds 2 cases" in str(error)


def test_the_file_of_one_patient_is_corrected_and_written_as_a_phenopacket(run, tmp_path):
    path, target = tmp_path / "case.json", tmp_path / "out.yaml"
    path.write_text(json.dumps(PACKET), "utf-8")
    done = run(path, "--hpo", "Ataxia", "--age", "16 years", "--phenopacket", target, "--json")
    line = json.loads(done.stdout)["cases"][0]
    assert "HP:0000302" in [finding["id"] for finding in line["observed"]]
    again = json.loads(run(target, "--json").stdout)["cases"][0]
    assert again["ranking"] == line["ranking"]
    assert "iso8601duration: P16Y" in target.read_text("utf-8")


def test_shares_prior_and_neighbours_are_in_the_line(run):
    line = json.loads(run("--hpo", "HP:0000102,HP:0000202", "--json").stdout)["cases"][0]
    shares = [entry["share"] for entry in line["ranking"]]
    assert shares == sorted(shares, reverse=True)
    assert 0 < line["none_of_these"] < 1
    assert sum(shares) + line["none_of_these"] == pytest.approx(1, abs=0.01)
    assert line["prior"].startswith("uniform")
    lens = next(finding for finding in line["observed"] if finding["id"] == "HP:0000102")
    assert lens["parents"] == [{"id": "HP:0000101", "name": "Lens"}]
    assert line["ranking"][0]["links"]["OMIM:1"] == "https://omim.org/entry/1"


def test_a_prior_by_prevalence_needs_its_table(run, tmp_path):
    error = run("--hpo", "HP:0000102", "--prior", "prevalence").exception
    assert isinstance(error, UserError)
    assert "--prevalence" in str(error)
    assert isinstance(run("--hpo", "HP:0000102", "--prior", "guess").exception, UserError)
