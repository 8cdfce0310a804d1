"""A purge reaches what a model proposed from a patient's notes: finished, stopped, in a graph, outside the home."""

import json
from pathlib import Path

import pytest

from clinweave.core.artifacts import stage
from clinweave.databases import DATABASES, RowLog
from clinweave.knowledge import Linker, collection_passages, proposal_rules, propose
from clinweave.knowledge.graph.build import assemble
from clinweave.models.scripted import ScriptedModel
from clinweave.patients import PatientStore, add_notes, load, purge, register, register_proposals
from tests.knowledge.graph_fixture import RECORDS, SOURCES, build
from tests.patients import made

YES = {"rules": [{"when": "Question", "scores": {"Yes": -0.1, "No": -3.0}}]}
NO = {"rules": [{"when": "Question", "scores": {"Yes": -3.0, "No": -0.1}}]}
RULES = proposal_rules(["has_phenotype"])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with the notes of two patients, which a model can read something into."""
    home = tmp_path / "home"
    monkeypatch.setattr(made, "NOTE", "Marble syndrome was seen with long fingers.\n")
    made.write_bulk(tmp_path / "bulk", "patient-one", "patient-two")
    done = load(str(tmp_path / "bulk"), home / "patients" / "bulk")
    register(done.path, home)
    add_notes(PatientStore.open(done.path), home, "notes")
    build(home / "small")
    return home


def proposed(home: Path, out: Path, script: dict[str, object] = YES) -> Path:
    linker = Linker.open(build(home / "small"))
    return propose(collection_passages("notes", home), linker, ScriptedModel(script), RULES, out).path


def rows(path: Path) -> list[str]:
    return [json.loads(line)["passage"] for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_patients_lines_are_taken_out_and_the_others_stay(
    home: Path, tmp_path: Path, elsewhere: bool
) -> None:
    out = tmp_path / "elsewhere" / "found" if elsewhere else home / "proposals"
    proposed(home, out)
    if elsewhere:
        register_proposals(out, home)
    before = rows(out / "proposals.jsonl")
    assert len(before) == 2
    listed = [place for place in purge("patient-one", home, dry_run=True) if place.kind == "proposals"]
    assert [(place.path, place.found, place.removed) for place in listed] == [(str(out), 2, False)]
    assert rows(out / "proposals.jsonl") == before, "a dry run removes nothing"

    subject = PatientStore.open(home / "patients" / "bulk").subject("patient-one")
    places = purge("patient-one", home)
    assert [place.removed for place in places if place.kind == "proposals"] == [True]
    for name in ("proposals.jsonl", "asked.jsonl"):
        held = (out / name).read_text("utf-8")
        assert len(rows(out / name)) == 1
        assert str(subject) not in held
        assert (out / name).stat().st_mode & 0o77 == 0
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["counts"] == {"passages": 1, "asked": 1, "proposed": 1}
    assert manifest["purged"] == 1


def test_what_was_refused_is_forgotten_and_counted_anew(home: Path) -> None:
    out = proposed(home, home / "proposals", NO)
    purge("patient-one", home)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["counts"] == {"passages": 1, "asked": 1, "proposed": 0}
    assert manifest["refused"]["the model says no"] == 1
    assert len(rows(out / "asked.jsonl")) == 1


def test_the_file_of_a_stopped_run_is_purged_too(home: Path) -> None:
    class Stops(ScriptedModel):
        asked = 0

        def score(self, messages, options):
            self.asked += 1
            if self.asked > 1:
                raise KeyboardInterrupt
            return super().score(messages, options)

    linker, out = Linker.open(build(home / "small")), home / "proposals"
    with pytest.raises(KeyboardInterrupt):
        propose(collection_passages("notes", home), linker, Stops(YES), RULES, out)
    [kept] = home.glob(".proposals.*.asked.jsonl")
    store = PatientStore.open(home / "patients" / "bulk")
    [first] = rows(kept)
    who = next(item for item in ("patient-one", "patient-two") if f"-{store.subject(item)}-" in first)
    with kept.open("a", encoding="utf-8") as file:
        file.write(f'{{"passage": "{first}", "asked": [')  # cut short by the kill
    purge(who, home)
    assert kept.read_text("utf-8") == ""


def test_a_graph_that_took_them_in_is_named(home: Path) -> None:
    files = {"proposals.jsonl": proposed(home, home / "proposals") / "proposals.jsonl"}
    reader = DATABASES["proposals"]
    records = {**RECORDS, "proposals": list(reader.read(files, RowLog()))}
    sources = {**SOURCES, "proposals": reader.source(files)}
    from clinweave.core.artifacts import sha256

    inputs = {"proposals/proposals.jsonl": sha256(files["proposals.jsonl"])}
    stage(home / "graph", "graph", inputs, {}, lambda work: assemble(records, sources, work))
    result = [place for place in purge("patient-one", home) if place.kind == "graph"]
    assert [(place.path, place.removed) for place in result] == [(str(home / "graph"), False)]
