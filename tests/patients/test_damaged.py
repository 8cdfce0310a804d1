"""Damaged and hostile sources: a count or one line that names the file, never a traceback; pipes and devices are refused."""
# ruff: noqa: E501 - one case is one line

import gzip
import json
import os
import random
import shutil
import tarfile

import duckdb
import pyarrow.parquet as pq
import pytest

from clinweave.core.errors import ClinweaveError, UserError
from clinweave.patients import SourceKind, fhir, load
from clinweave.patients.batches import QuietLog
from tests.patients import made

ROUNDS = int(os.environ.get("CLINWEAVE_FUZZ_ROUNDS", "8"))  # of each reader


def attempt(source, out, kind=SourceKind.AUTO):
    """Load a source; only the project's own errors may come out, in one line that repeats no record."""
    message = ""
    try:
        load(str(source), out, kind=kind)
    except (UserError, ClinweaveError) as error:
        message = str(error)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    assert "\n" not in message
    assert "Quillerby" not in message


def bytes_changed(data, rng):
    """Return bytes with one to four cuts, repeats, flips or insertions."""
    data = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        place, size = rng.randrange(len(data) + 1), rng.randint(1, 40)
        piece = rng.choice(
            [
                b"\x00",
                b"\xff\xfe",
                b'"',
                b"{",
                b"\n",
                b",",
                b"NaN",
                b"1e999",
                b"\r",
                bytes(rng.randbytes(size)),
                data[place : place + size] * 3,
            ]
        )
        if rng.random() < 0.5:
            data[place : place + rng.choice([0, size])] = piece
        elif rng.random() < 0.8 and data:
            data[place % len(data)] ^= 1 << rng.randrange(8)
        else:
            del data[place:]
    return bytes(data)


def json_changed(value, rng):
    """Return JSON with one field of another shape."""
    odd = rng.choice(
        [
            None,
            "x",
            "",
            5,
            -1.5,
            True,
            [],
            {},
            [[]],
            {"x": 1},
            [None],
            "Patient/p1",
            "#p",
            "\ud800",
            10**30,
            ["a"],
            {"reference": 5},
        ]
    )
    path, held = [], value
    while isinstance(held, dict | list) and held and (not path or rng.random() < 0.8):
        key = rng.choice(list(held) if isinstance(held, dict) else range(len(held)))
        path.append((held, key))
        held = held[key]
    if path:
        holder, key = rng.choice(path[len(path) // 2 :])
        holder[key] = odd
    return value


def whole_bundle():
    rich = [
        made.patient("p1"), *made.resources("p1", "urn:uuid:p1"),
        {"resourceType": "DiagnosticReport", "id": "r", "subject": {"reference": "Patient/p1"}, "code": {"text": "CT"}, "effectivePeriod": {"start": "2015"},
         "presentedForm": [{"contentType": "text/html; charset=utf-8", "data": "PHA+eDwvcD4="}], "conclusionCode": [{"text": "x"}]},
        {"resourceType": "Observation", "id": "o2", "subject": {"reference": "Patient/p1"}, "code": {"text": "BP"}, "effectiveDateTime": "2015-01-01T00:00:00Z", "referenceRange": [],
         "component": [{"code": {"text": "a"}, "valueRange": {"low": {"value": 1}, "high": {"value": 2}}}, {"code": {"text": "b"}, "valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 2}}}]},
        {"resourceType": "MedicationRequest", "id": "m2", "status": "active", "intent": "order", "subject": {"reference": "#p"}, "medicationReference": {"reference": "Medication/m"},
         "contained": [{"resourceType": "Patient", "id": "p", "name": [{"family": "Quillerby"}]}], "authoredOn": "2015"},
        {"resourceType": "Medication", "id": "m", "code": {"text": "Stonix"}},
        {"resourceType": "AllergyIntolerance", "id": "a", "patient": {"reference": "Patient/p1"}, "code": {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}},
    ]  # fmt: skip
    return made.bundle(*rich)


@pytest.mark.parametrize("seed", range(4))
def test_fhir_of_any_shape(tmp_path, seed):
    rng = random.Random(seed)
    for number in range(ROUNDS):
        bundle = whole_bundle()
        for _ in range(rng.randint(1, 3)):
            bundle = json_changed(bundle, rng)
        text = json.dumps(bundle, indent=rng.choice([None, 1])).encode()
        if rng.random() < 0.3:
            text = bytes_changed(text, rng)
        file = tmp_path / f"{number}{rng.choice(['.json', '.ndjson', '.json.gz', '.txt.json'])}"
        data = gzip.compress(text) if file.suffix == ".gz" else text
        file.write_bytes(bytes_changed(data, rng) if rng.random() < 0.2 else data)
        attempt(file, tmp_path / "out", SourceKind.FHIR)


def test_one_odd_entry_does_not_cost_the_others(tmp_path):
    rng = random.Random(7)
    for _ in range(ROUNDS * 4):
        odd = json_changed(
            {"fullUrl": "urn:uuid:c9", "resource": rng.choice(whole_bundle()["entry"][1:])["resource"]}, rng
        )
        bundle = made.bundle(made.patient("p1"), *made.resources("p1", "urn:uuid:p1"))
        bundle["entry"].insert(rng.randint(0, 4), odd)
        (tmp_path / "a.json").write_text(json.dumps(bundle), "utf-8")
        people = []
        rows = [
            row["code"]
            for batch in fhir.read(tmp_path / "a.json", QuietLog(), people)
            for row in batch.to_pylist()
        ]
        assert {"SNOMEDCT:111", "RXCUI:222", "LOINC:333-1", "LOINC:34117-2", "MEDS_BIRTH"} <= set(rows)


@pytest.mark.parametrize("packed", [True, False])
def test_mimic_of_any_bytes(tmp_path, packed):
    rng = random.Random(packed)
    made.write_mimic(tmp_path / "whole")
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "whole", folder)
        file = rng.choice(sorted(folder.rglob("*.gz")))
        data = file.read_bytes()
        if not packed:
            data = gzip.compress(bytes_changed(gzip.decompress(data), rng))
        file.write_bytes(bytes_changed(data, rng) if packed else data)
        attempt(folder, tmp_path / "out", SourceKind.MIMIC)


@pytest.mark.parametrize("file", ["hosp/admissions", "hosp/labevents", "hosp/d_labitems", "hosp/patients"])
@pytest.mark.parametrize(
    "header", ["repeat", "case", "empty", "quote", "nul", "other", "bom", "utf-16", "long"]
)
def test_odd_headers_of_mimic(tmp_path, file, header):
    made.write_mimic(tmp_path / "m")
    path = tmp_path / "m" / f"{file}.csv.gz"
    first, _, rest = gzip.decompress(path.read_bytes()).decode().partition("\n")
    names = first.split(",")
    text = {
        "repeat": ",".join([*names, *names[1:]]), "case": ",".join([*names, *(name.upper() for name in names)]), "empty": first + ",,,", "quote": first + ",\"a'b\"",
        "nul": first + "\x00", "other": "a,b", "bom": "\ufeff" + first, "utf-16": first, "long": first + ",x" * 3000,
    }[header] + "\n" + rest  # fmt: skip
    path.write_bytes(gzip.compress(text.encode("utf-16" if header == "utf-16" else "utf-8")))
    attempt(tmp_path / "m", tmp_path / "out")


def test_a_header_that_repeats_what_is_not_read_does_no_harm(tmp_path):
    made.write_mimic(tmp_path / "m")
    path = tmp_path / "m" / "hosp" / "labevents.csv.gz"
    lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    path.write_bytes(
        gzip.compress("\n".join([lines[0] + ",x,x,X", *(line + ",1,2,3" for line in lines[1:])]).encode())
    )
    store = load(str(tmp_path / "m"), tmp_path / "out")
    assert (
        sum(
            code.startswith("MIMIC.LAB")
            for code in pq.read_table(store.path / "data").column("code").to_pylist()
        )
        == 4
    )


@pytest.mark.parametrize("wrong", [".csv", ".csv.gz"])
def test_a_table_whose_name_is_wrong_about_compression_is_read(tmp_path, wrong):
    made.write_mimic(tmp_path / "m")
    for file in sorted((tmp_path / "m").rglob("*.csv.gz")):
        data = file.read_bytes()
        file.unlink()
        name = file.name.removesuffix(".csv.gz")
        (file.parent / f"{name}{wrong}").write_bytes(gzip.decompress(data) if wrong == ".csv.gz" else data)
    made.write_mimic(tmp_path / "right")
    assert (
        load(str(tmp_path / "m"), tmp_path / "out").manifest["counts"]
        == load(str(tmp_path / "right"), tmp_path / "two").manifest["counts"]
    )


def test_omop_of_any_bytes(tmp_path):
    rng = random.Random(3)
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(made.OMOP + made.VOCABULARY)
        connection.execute(
            "insert into person select 10 + range, 8507, 1900 + range % 100, 1, 1, 'M' from range(50000)"
        )
    whole = (tmp_path / "a.duckdb").read_bytes()
    for number in range(ROUNDS):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 30)):
            place = rng.randrange(4096 if rng.random() < 0.2 else len(data))
            data[place : place + 64] = rng.randbytes(64)
        file = tmp_path / f"{number}.duckdb"
        file.write_bytes(data if rng.random() < 0.8 else data[: rng.randrange(len(data))])
        attempt(file, tmp_path / "out")
        file.unlink()


def test_meds_of_any_bytes(tmp_path):
    rng = random.Random(4)
    made.write_mimic(tmp_path / "m")
    whole = load(str(tmp_path / "m"), tmp_path / "whole").path
    for number in range(ROUNDS):
        folder = tmp_path / str(number)
        shutil.copytree(whole, folder)
        file = rng.choice(sorted(folder.rglob("*.parquet")))
        file.write_bytes(bytes_changed(file.read_bytes(), rng))
        attempt(folder, tmp_path / "out", SourceKind.MEDS)


@pytest.mark.parametrize("text", ["[" * 10_000 + "]" * 10_000, '{"a":' * 10_000 + "1" + "}" * 10_000, '{"resourceType":"Bundle","entry":[' * 900 + "]}" * 900,
                                  '{"resourceType":"Patient","id":"p","x":' + "[" * 10_000 + "]" * 10_000 + "}", "\x00" * 100, "", " \n ", "null", "5", '"x"', "\ufeff", "{}{}", '{"resourceType":"Patient","id":5}'])  # fmt: skip
@pytest.mark.parametrize("name", ["a.json", "a.ndjson", "a.json.gz", "a"])
def test_odd_documents(tmp_path, text, name):
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(UserError, match=r"there is no FHIR Patient|no event could be read") as caught:
        load(str(tmp_path / name), tmp_path / "out", kind=SourceKind.FHIR)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.json", "a.duckdb", "a.tar.gz", "a.ndjson"])
@pytest.mark.parametrize("what", ["pipe", "device"])
def test_pipes_and_devices_are_refused_at_once(tmp_path, name, what):
    os.mkfifo(tmp_path / name) if what == "pipe" else (tmp_path / name).symlink_to("/dev/zero")
    for kind in (SourceKind.AUTO, SourceKind.FHIR, SourceKind.OMOP, SourceKind.MIMIC):
        with pytest.raises(UserError, match="not a regular file"):
            load(str(tmp_path / name), tmp_path / "out", kind=kind)


@pytest.mark.parametrize("what", ["pipe", "device"])
def test_pipes_and_devices_in_a_folder_are_counted(tmp_path, what):
    made.write_bulk(tmp_path / "bulk", "p1")
    made.write_mimic(tmp_path / "mimic")
    shutil.copytree(load(str(tmp_path / "mimic"), tmp_path / "first").path, tmp_path / "meds")
    (tmp_path / "meds" / "manifest.json").unlink(missing_ok=True)
    places = ("bulk/x.ndjson", "mimic/hosp/emar.csv.gz", "meds/data/9.parquet")
    for place in (tmp_path / name for name in places):
        os.mkfifo(place) if what == "pipe" else place.symlink_to("/dev/zero")
    for name in ("bulk", "mimic", "meds"):
        store = load(str(tmp_path / name), tmp_path / f"{name}-out")
        assert store.manifest["dropped"]["a link, pipe or device, not a regular file: not read"] == 1


def test_an_impossible_path_is_one_line(tmp_path):
    for name in ("a" * 5000, "a.json/b", "x\udcff"):
        with pytest.raises(UserError) as caught:
            load(str(tmp_path / name), tmp_path / "out")
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.getuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    made.write_bulk(tmp_path / "bulk", "p1")
    (tmp_path / "bulk" / "Condition.000.ndjson").chmod(0)
    with pytest.raises(UserError, match=r"Condition\.000\.ndjson: Permission denied"):
        load(str(tmp_path / "bulk"), tmp_path / "out")


def test_a_refused_read_is_one_line(tmp_path, monkeypatch):
    made.write_bulk(tmp_path / "bulk", "p1")

    def refuse(*_args, **_more):
        raise OSError(5, "Input/output error", str(tmp_path / "bulk" / "x"))

    monkeypatch.setattr("clinweave.patients.loading.sha256", refuse)
    with pytest.raises(UserError, match="x: Input/output error; nothing was loaded"):
        load(str(tmp_path / "bulk"), tmp_path / "out")


@pytest.mark.parametrize("name", [b"a.json", b"\xff\xe9.json", "Ä\n.json".encode()])
def test_odd_names_and_surrogates(tmp_path, name):
    whole = json.loads(
        json.dumps(whole_bundle()).replace("Quillerby", "Qu\ud800y").replace("Marble", "M\udfff")
    )
    whole["entry"].append(
        {"resource": {"resourceType": "Quillerby \udc00", "subject": {"reference": "Odalys Quillerby/1"}}}
    )
    whole["entry"].append(
        {"resource": {"resourceType": "Condition", "subject": {"reference": "Odalys Quillerby/1"}}}
    )
    folder = tmp_path / "in"
    folder.mkdir()
    with open(os.path.join(os.fsencode(folder), name), "w", encoding="utf-8") as out:
        json.dump(whole, out)
    store = load(str(folder), tmp_path / "out")
    assert store.manifest["counts"]["patients"] == 2
    assert "Quillerby" not in json.dumps([store.manifest["dropped"], store.manifest["dropped_examples"]])


@pytest.mark.parametrize("how", ["cut", "not gzip", "empty", "nested"])
def test_damaged_archives(tmp_path, how):
    made.write_bulk(tmp_path / "bulk", "p1")
    file = tmp_path / "a.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        archive.add(tmp_path / "bulk", "bulk")
    data = {
        "cut": file.read_bytes()[:300],
        "not gzip": b"\x1f\x8bnothing" * 100,
        "empty": b"",
        "nested": gzip.compress(file.read_bytes()),
    }[how]
    file.write_bytes(data)
    attempt(file, tmp_path / "out")


def test_fuzzing_can_fail(tmp_path, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError

    (tmp_path / "a.json").write_text(json.dumps(whole_bundle()), "utf-8")
    monkeypatch.setattr("clinweave.patients.fhir.add", broken)
    with pytest.raises(ZeroDivisionError):
        attempt(tmp_path / "a.json", tmp_path / "out")
