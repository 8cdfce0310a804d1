"""Each job gives what the same function gives one item at a time."""

import json

import pyarrow.parquet as pq
import pytest

from clinweave.batch import JOBS, LocalRunner, make_job, plan, run_batch
from clinweave.batch.parts import read_rows
from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.knowledge import Linker, TextIndex
from clinweave.patients import Pseudonymiser, key_at
from clinweave.records import to_json
from tests.knowledge.graph_fixture import build

TEXTS = (
    "Marble syndrome with long fingers. No short stature.",
    "Seen by Dr. John Smith on 03/04/2019. MRN 1234567. Short stature.",
    "Family history of pebble disease. " * 30,
    "",
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Return a home with the small graph."""
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    build(tmp_path / "home" / "graph")
    return tmp_path / "home"


@pytest.fixture
def notes(tmp_path):
    path = tmp_path / "notes.jsonl"
    rows = [{"id": number, "text": text, "patient": "p1"} for number, text in enumerate(TEXTS * 5)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def table(result):
    return [row for name in result.parts for row in pq.read_table(result.out / f"{name}.parquet").to_pylist()]


def test_link_gives_the_mentions_of_each_text(home, notes, tmp_path):
    job = make_job("link", {"language": "en"})
    rows = table(run_batch(job, notes, tmp_path / "out", runner=LocalRunner(1), part_bytes=2000))
    linker = Linker.open(build(home / "graph"))
    assert len(rows) == 20
    assert sum(len(row["mentions"]) for row in rows) >= 15
    for row, text in zip(rows, TEXTS * 5, strict=True):
        assert row["mentions"] == [to_json(mention) for mention in linker.link(text)]


def test_deidentify_gives_the_pseudonymised_notes(home, notes, tmp_path):
    rows = table(run_batch(make_job("deidentify", {}), notes, tmp_path / "out", runner=LocalRunner(1)))
    rules = Pseudonymiser(key_at(home / "deid.key"), Linker.open(build(home / "graph")))
    assert [row["text"] for row in rows] == [rules.note(text, "p1").text for text in TEXTS * 5]
    assert "Smith" not in rows[1]["text"]
    assert json.loads(rows[1]["replaced"])["name"] == 1


def test_index_finds_by_concept(home, notes, tmp_path):
    result = run_batch(make_job("index", {}), notes, tmp_path / "out", runner=LocalRunner(1), part_bytes=2000)
    index = TextIndex.open(tmp_path / "out" / "joined")
    assert result.facts["passages"] == len(index) == 15  # an empty text has none
    hits = index.search("Spider fingers", linker=Linker.open(build(home / "graph")), k=10)
    assert {hit.passage.text for hit in hits} == {TEXTS[0]}


@pytest.mark.molecules
def test_featurise_answers_every_structure(tmp_path):
    pytest.importorskip("rdkit")
    path = tmp_path / "molecules.jsonl"
    structures = ("CCO", "C1CC", "CC(=O)Oc1ccccc1C(=O)O")
    path.write_text("".join(json.dumps({"id": s, "smiles": s}) + "\n" for s in structures), "utf-8")
    rows = table(run_batch(make_job("featurise", {}), path, tmp_path / "out", runner=LocalRunner(1)))
    assert [row["smiles"] for row in rows] == ["CCO", None, "CC(=O)Oc1ccccc1C(=O)O"]
    assert rows[1]["reason"]
    assert round(rows[2]["weight"], 1) == 180.2


def test_a_list_given_as_a_text_is_no_list_of_letters(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text('{"id": "c", "observed": "HP:1"}\n', "utf-8")

    (chunk,) = read_rows(plan(path)[0], JOBS.load("diagnose").needs)
    assert chunk.bad == {0: 'cases.jsonl, line 1: "observed" is not a list of texts'}


def test_unknown_jobs_settings_and_inputs_are_named(home, tmp_path):
    with pytest.raises(UserError, match=r"no job 'lnik'; did you mean 'link'"):
        make_job("lnik", {})
    with pytest.raises(UserError, match="prefx"):
        make_job("link", {"prefx": "HP"})
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.docx").write_bytes(b"x")
    with pytest.raises(UserError, match=r"letter\.docx is not read"):
        run_batch(make_job("link", {}), tmp_path / "letters", tmp_path / "out")


def stopped(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    return ended.value.code


def test_estimate_of_a_corpus(home, notes, capsys):
    arguments = ("estimate", "corpus", "--sample", notes, "--job", "link", "--records", "2000000")
    assert stopped(*arguments, "--processors", "4", "--hours", "0.5", "--set", "language=en", "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    (measured,), (expected,) = printed["measured"], printed["extrapolated"]
    assert (measured["records"], measured["bad_records"], measured["runs"]) == (20, 0, 3)
    assert measured["input_bytes"] == notes.stat().st_size
    assert measured["least_seconds"] <= measured["seconds"] <= measured["most_seconds"]
    assert expected["processor_hours"] == pytest.approx(measured["seconds"] * 100_000 / 3600)
    assert expected["disk_gb"] == pytest.approx(measured["output_bytes"] * 100_000 / 1e9)
    assert (
        4 * 0.5 * expected["machines"] >= expected["processor_hours"] > 4 * 0.5 * (expected["machines"] - 1)
    )
    assert stopped(*arguments) == 0
    shown = capsys.readouterr().out
    for part in ("Measured here", "Extrapolated to 2,000,000 records", "Rough: only 20 good records"):
        assert part in shown


def test_estimate_names_what_is_wrong(home, notes, tmp_path, capsys):
    corpus = ("estimate", "corpus")
    assert stopped(*corpus) == 2
    assert "--records" in capsys.readouterr().err
    assert stopped(*corpus, "--records", 9, "--sample", tmp_path / "none.jsonl") == 2
    assert "none.jsonl does not exist" in capsys.readouterr().err
    assert stopped(*corpus, "--records", 9, "--sample", notes, "--set", "prefix=HP") == 2
    assert "give one --job" in capsys.readouterr().err
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe\x00\n{}\n")
    assert stopped(*corpus, "--records", 9, "--sample", tmp_path / "bad.jsonl", "--job", "link") == 2
    assert 'bad.jsonl: no row can be used for link (needs an "id", not JSON)' in capsys.readouterr().err


def test_the_command(home, notes, tmp_path, capsys):
    arguments = ["batch", "link", str(notes), "--out", str(tmp_path / "out"), "--set", "prefix=HP", "--json"]
    for resumed in (0, 1):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 0
        printed = json.loads(capsys.readouterr().out)
        assert (printed["rows"], printed["parts"], printed["resumed"], printed["errors"]) == (
            20,
            1,
            resumed,
            {},
        )
    with pytest.raises(SystemExit) as stopped:
        main([*arguments[:-1], "--memory", "much"])
    assert stopped.value.code == 2
    assert "expected a size such as" in capsys.readouterr().err
