"""What holds for every store: private, joined to concepts, quiet, and forgotten on request."""
# ruff: noqa: E501 - one case is one line

import json
import logging
import stat

import pyarrow.parquet as pq
import pytest

from clinweave.core.errors import UserError
from clinweave.knowledge import TextIndex, build_home_index, collections
from clinweave.patients import (
    EXPORT,
    PatientStore,
    Pseudonymiser,
    add_notes,
    gate,
    key_at,
    load,
    purge,
    register,
    share,
    summary,
    timeline,
)
from clinweave.patients.notes_index import holds
from clinweave.records import Tier
from tests.patients import made


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def store(tmp_path, home):
    made.write_bulk(tmp_path / "bulk", "patient-one", "patient-two")
    linked = load(
        str(tmp_path / "bulk"),
        home / "patients" / "bulk",
        graph=made.SmallGraph(tmp_path / "g"),
        linker=made.SmallLinker(),
    )
    register(linked.path, home)
    return PatientStore.open(linked.path)


def test_folders_and_files_are_the_owners_alone(store):
    for item in [store.path, *store.path.rglob("*")]:
        assert stat.S_IMODE(item.stat().st_mode) == (0o700 if item.is_dir() else 0o600), item
    assert store.tier is Tier.PRIVATE
    assert store.manifest["tier"] == "private"
    assert not list(store.path.rglob("spill"))


def test_codes_are_joined_by_code_then_by_name_and_counted(store):
    rows = {
        row["code"]: (row["concept"], row["concept_name"], row["linked_by"])
        for row in store.codes.to_pylist()
    }
    assert rows["SNOMEDCT:111"] == ("MONDO:1", "Marble syndrome", "code-chosen")
    assert rows["RXCUI:222"] == ("CHEBI:1", "stonix", "part")
    assert rows["LOINC:333-1"] == ("", "", "none")
    coverage = store.manifest["coverage"]
    assert coverage["problem"]["code-chosen"] == {"codes": 1, "events": 2}
    assert (share(coverage["drug"]), share(coverage["lab"])) == (1.0, 0.0)


def test_looser_references_join_where_only_one_concept_has_them(tmp_path):
    made.write_mimic(tmp_path / "m")
    done = load(str(tmp_path / "m"), tmp_path / "s", graph=made.SmallGraph(tmp_path / "g"), linker=None)
    rows = {
        row["code"]: (row["concept"], row["linked_by"])
        for row in PatientStore.open(done.path).codes.to_pylist()
    }
    assert rows["ICD9CM:250.00"] == ("MONDO:2", "related")
    assert rows["ICD10CM:E11.9"] == ("MONDO:2", "code")


def test_summary_and_timeline(store):
    result = summary(store, "patient-one")
    assert result["sex"] == "female"
    assert result["problems"][0]["concept"] == "MONDO:1"
    assert result["labs"][0]["value"] == "5.5 mmol/L"
    lines = list(timeline(store, "patient-one"))
    assert [line["kind"] for line in lines if line["time"]] == ["person", "problem", "drug", "lab", "note"]
    assert not any("Wilson" in str(line) for line in lines), "a timeline holds no text of a note"
    with pytest.raises(UserError, match="no patient of this id"):
        summary(store, "patient-three")


def test_the_same_source_again_changes_nothing_and_another_does(tmp_path, store):
    first = load(str(tmp_path / "bulk"), tmp_path / "y")
    assert not load(str(tmp_path / "bulk"), tmp_path / "y").fresh
    made.write_bulk(tmp_path / "bulk", "patient-three")
    assert (
        load(str(tmp_path / "bulk"), tmp_path / "y").manifest["counts"]["patients"]
        == first.manifest["counts"]["patients"] + 1
    )


def test_no_text_of_a_patient_reaches_a_log(tmp_path, home, caplog):
    caplog.set_level(logging.DEBUG)
    folder = tmp_path / "Odalys_Quillerby"
    made.write_bulk(folder, "patient-one")
    (folder / "Condition.000.ndjson").write_text('{"resourceType": "Condition", "text": "Quillerby" \n')
    done = load(str(folder), home / "patients" / "p")
    add_notes(PatientStore.open(done.path), home, "notes", Pseudonymiser(b"k" * 32))
    purge("patient-one", home)
    for word in ("Quillerby", "Odalys", "Wilson", "0134", "5550123"):
        assert word not in caplog.text


def test_notes_become_a_private_collection_and_a_purge_takes_the_patient_everywhere(store, home):
    add_notes(store, home, "notes")
    build_home_index(None, None, home)
    subject, other = store.subject("patient-one"), store.subject("patient-two")
    folder = home / "collections" / "notes"
    assert collections(home)["notes"]["tier"] == "private"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "index").stat().st_mode) == 0o700
    assert len({hit.passage.document for hit in TextIndex.open(home / "index").search("Wilson disease")}) == 2
    (home / "runs").mkdir()
    (home / "runs" / "answer.json").write_text(json.dumps({"who": "patient-one"}))

    listed = purge("patient-one", home, dry_run=True)
    assert {place.kind for place in listed} >= {"store", "collection", "source", "file"}
    assert holds(folder, subject), "a dry run removes nothing"

    places = {(place.kind, place.removed): place for place in purge("patient-one", home)}
    assert set(places) == {
        ("store", True),
        ("collection", True),
        ("source", False),
        ("index", True),
        ("file", False),
    }
    assert places["file", False].path.endswith("answer.json")
    after = PatientStore.open(store.path)
    assert (after.find("patient-one"), after.find("patient-two")) == (None, other)
    assert set(pq.read_table(after.data).column("subject_id").to_pylist()) == {other}
    assert after.manifest["counts"]["patients"] == 1
    assert holds(folder, subject) == 0 < holds(folder, other)
    assert len({hit.passage.document for hit in TextIndex.open(home / "index").search("Wilson disease")}) == 1
    assert str(subject).encode() not in b"".join(
        file.read_bytes() for file in (home / "index").rglob("*") if file.is_file()
    )
    with pytest.raises(UserError, match="no store contains"):
        purge("patient-one", home)


def test_purging_the_last_patient_leaves_an_empty_store_and_no_collection(tmp_path, home):
    made.write_bulk(tmp_path / "bulk", "patient-one")
    done = load(str(tmp_path / "bulk"), home / "patients" / "p")
    register(done.path, home)
    add_notes(PatientStore.open(done.path), home, "notes")
    purge("patient-one", home)
    assert PatientStore.open(done.path).manifest["counts"] == {"patients": 0, "events": 0, "codes": 0}
    assert collections(home) == {}


RULES = Pseudonymiser(b"k" * 32)


@pytest.mark.parametrize("destination", ["", "localhost", "http://127.0.0.1:8000/v1", "http://[::1]:1/v1"])
def test_this_machine_may_see_everything(destination):
    assert gate(["a raw note"], tier=Tier.PRIVATE, destination=destination) == ["a raw note"]


@pytest.mark.parametrize(
    "destination", ["https://api.example/v1#m", "10.0.0.7:8000", "localhost.evil.example", EXPORT]
)
def test_private_text_leaves_only_pseudonymised_and_to_the_named_host(destination):
    host = {"https://api.example/v1#m": "api.example", "10.0.0.7:8000": "10.0.0.7"}.get(
        destination, destination
    )
    ready = RULES.note(made.NOTE, "1")
    for texts, allowed in (
        (["raw"], ""),
        (["raw"], host),
        ([ready], ""),
        ([ready], "other.example"),
        ([ready, "raw"], host),
    ):
        with pytest.raises(UserError) as refused:
            gate(texts, tier=Tier.PRIVATE, destination=destination, allow_remote=allowed)
        assert "Wilson" not in str(refused.value)
    assert gate([ready], tier=Tier.PRIVATE, destination=destination, allow_remote=host) == [ready.text]
    assert gate(["open"], tier=Tier.PUBLIC, destination=destination) == ["open"]
    with pytest.raises(UserError):
        gate(["licensed"], tier=Tier.GATED, destination=destination)
    assert gate(["licensed"], tier=Tier.GATED, destination=destination, allow_remote=host) == ["licensed"]


def test_the_key_is_the_owners_alone(tmp_path):
    key = key_at(tmp_path / "key")
    assert key == key_at(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(UserError, match="others can read"):
        key_at(tmp_path / "key")


@pytest.mark.shared
@pytest.mark.parametrize(("name", "patients"), [
    ("synthea_fhir_r4_bundles.tar.gz", 119), ("synthea_bulk_ndjson.tar.gz", 13), ("eunomia_gibleed.duckdb.gz", 2694), ("mimic-iv-demo-2.2.tar.gz", 100),
])  # fmt: skip
def test_the_real_files_load_without_a_refused_row(shared_data, tmp_path, name, patients):
    done = load(str(shared_data / "clinical" / name), tmp_path / "store")
    assert done.manifest["counts"]["patients"] == patients
    # What the readers do not read by design, or keep under another status, is counted; no row is damaged or unknown.
    by_design = (
        "the table has no column",
        "is not read",
        "stored as",
        "no usable code",
        "not a FHIR resource",
    )
    refused = [reason for reason in done.manifest["dropped"] if not any(part in reason for part in by_design)]
    assert refused == []
