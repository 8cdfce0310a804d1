"""FHIR identity: which patient a resource is about, whatever the file's name and the form of the reference."""
# ruff: noqa: E501 - one case is one line

import gzip
import itertools
import json
import random

import pytest

from clinweave.patients import PatientStore, fhir, load
from clinweave.patients.batches import QuietLog, number_of
from tests.patients import made


def read(path):
    log, people = QuietLog(), []
    rows = [row for batch in fhir.read(path, log, people) for row in batch.to_pylist()]
    return rows, log, people


def who_has(rows, people):
    """Return source id -> codes of the problems and drugs."""
    names = {item.subject_id: item.source_id for item in people}
    result = {item.source_id: set() for item in people}
    for row in rows:
        if row["kind"] in {"problem", "drug"}:
            result[names[row["subject_id"]]].add(row["code"])
    return result


def condition(reference, code="111", **more):
    subject = reference if isinstance(reference, dict) else {"reference": reference}
    return {"resourceType": "Condition", "id": f"c{code}", "subject": subject, "onsetDateTime": "2015-03-04",
            "code": made.concept(made.SNOMED, code, "Marble syndrome"), **more}  # fmt: skip


def person(**more):
    return {"resourceType": "Patient", "gender": "female", "birthDate": "1980-05-06", **more}


def bundle(*entries, kind="transaction"):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(resource, full="", **request):
    return {**({"fullUrl": full} if full else {}), "resource": resource, "request": request}


def write(file, document):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document), "utf-8")
    return file


URN = "urn:uuid:5f339d06-b1d0-466b-8578-1dffecfe4f07"


@pytest.mark.parametrize(
    ("patient", "reference"),
    [
        (entry(person(), URN), URN),
        (entry(person(), "https://h.example/fhir/Patient/7"), "https://h.example/fhir/Patient/7/_history/3"),
        (entry(person(), "https://h.example/fhir/Patient/7"), "Patient/7"),
        (entry(person(id="7")), "Patient/7"),
        (entry(person(), "Patient/7"), "Patient/7"),
        (entry(person(id="7"), URN), "Patient/7"),
        (entry(person(id="7"), URN), URN),
        (entry(person(), method="PUT", url="Patient/7"), "Patient/7"),
        (entry(person(identifier=[{"system": "s", "value": "m1"}]), method="POST", url="Patient"), "Patient?identifier=s|m1"),
        (entry(person(), method="POST", url="Patient", ifNoneExist="identifier=s|m1"), "Patient?identifier=s|m1"),
        (entry(person(), method="PUT", url="Patient?identifier=s|m1"), "Patient?identifier=s%7Cm1"),
        (entry(person(), URN.upper().replace("URN:UUID", "urn:uuid")), URN),
        (entry(person(identifier=[{"system": "s", "value": "m1"}]), URN), {"identifier": {"system": "s", "value": "m1"}}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("last", [True, False])
def test_a_patient_is_known_by_whatever_the_bundle_states(tmp_path, patient, reference, last):
    entries = [entry(condition(reference)), patient]
    rows, log, people = read(write(tmp_path / "b.json", bundle(*(entries if last else entries[::-1]))))
    assert list(who_has(rows, people).values()) == [{"SNOMEDCT:111"}]
    assert log.total == 0
    assert "MEDS_BIRTH" in {row["code"] for row in rows}


@pytest.mark.parametrize("reference", ["Group/1", "Device/1", "https://h.example/fhir/Practitioner/1", "Patient/2", "urn:uuid:0", "", "Patient?identifier=s|zz"])  # fmt: skip
def test_a_reference_to_something_else_is_refused(tmp_path, reference):
    rows, log, _ = read(
        write(tmp_path / "b.json", bundle(entry(person(id="1")), entry(condition(reference))))
    )
    assert not [row for row in rows if row["kind"] == "problem"]
    assert log.total == 1


def hospital(base, code, born, ident="1", **more):
    """Return a Patient and a Condition on one server; without `base` nothing says which server it is."""
    url = (lambda kind: f"{base}/{kind}/{ident}") if base else (lambda kind: "")
    return [
        entry(person(id=ident, birthDate=born, **more), url("Patient")),
        entry({**condition(f"Patient/{ident}", code), "id": ident}, url("Condition")),
    ]


def two_of(rows, people):
    return sorted(sorted(codes) for codes in who_has(rows, people).values())


def test_one_id_on_two_servers_is_two_people(tmp_path):
    write(tmp_path / "a.json", bundle(*hospital("https://a.example/fhir", "111", "1950-01-01")))
    write(tmp_path / "b.json", bundle(*hospital("https://b.example/fhir", "222", "1950-01-01")))
    rows, log, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111"], ["SNOMEDCT:222"]]
    assert {item.source_id for item in people} == {f"https://{host}.example/fhir/Patient/1" for host in "ab"}
    assert log.total == 0


def test_both_servers_in_one_bundle(tmp_path):
    both = [*hospital("https://a.example", "111", "1950"), *hospital("https://b.example", "222", "1990")]
    rows, log, people = read(write(tmp_path / "a.json", bundle(*both, kind="searchset")))
    assert two_of(rows, people) == [["SNOMEDCT:111"], ["SNOMEDCT:222"]]
    assert log.total == 0


@pytest.mark.parametrize("facts", [{}, {"gender": "female"}])
def test_patients_of_whom_nothing_is_said_are_not_one(tmp_path, facts):
    for name, code in (("a", "111"), ("b", "222")):
        patient = {"resourceType": "Patient", "id": "1", **facts}
        write(tmp_path / f"{name}.json", bundle(entry(patient), entry(condition("Patient/1", code))))
    rows, _, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111"], ["SNOMEDCT:222"]]


def test_a_server_whose_patient_is_missing_takes_no_other_patient(tmp_path):
    write(tmp_path / "a.json", bundle(*hospital("", "111", "1950")))
    write(tmp_path / "b.json", bundle(hospital("https://b.example", "222", "1990")[1]))
    rows, log, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111"]]
    assert [item.reason for item in log.examples] == ["Condition: broken reference: no such Patient"]


def test_bundles_that_name_no_server(tmp_path):
    write(tmp_path / "a.json", bundle(*hospital("", "111", "1950-01-01")))
    write(tmp_path / "b.json", bundle(*hospital("", "222", "1990-12-31")))
    rows, _, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111"], ["SNOMEDCT:222"]]


def test_bulk_exports_of_two_hospitals_in_their_folders(tmp_path):
    for name, code, born in (("north", "111", "1950-01-01"), ("south", "222", "1990-12-31")):
        patient, problem = (item["resource"] for item in hospital("", code, born))
        write(tmp_path / name / "people" / "1.ndjson", patient)
        write(tmp_path / name / "problems" / "1.ndjson", problem)
    rows, log, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111"], ["SNOMEDCT:222"]]
    assert log.total == 0


def test_what_cannot_be_told_apart_is_refused_not_guessed(tmp_path):
    for name, code, born in (("north", "111", "1950-01-01"), ("south", "222", "1990-12-31")):
        patient, problem = (item["resource"] for item in hospital("", code, born))
        write(tmp_path / f"{name}.Patient.ndjson", patient)
        write(tmp_path / f"{name}.Condition.ndjson", problem)
    rows, log, people = read(tmp_path)
    assert len(people) == 2
    assert not [row for row in rows if row["kind"] == "problem"]
    assert [item.reason for item in log.examples] == ["Condition: ambiguous reference: several resources of this id"] * 2  # fmt: skip


def test_an_absolute_reference_to_another_server_is_not_this_patient(tmp_path):
    write(tmp_path / "a.json", bundle(*hospital("https://a.example", "111", "1950")))
    odd = entry(condition("https://b.example/Patient/1", "222"), "https://b.example/Condition/9")
    write(tmp_path / "b.json", bundle(odd))
    rows, log, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111"]]
    assert [item.reason for item in log.examples] == ["Condition: broken reference: no such Patient"]


def test_absolute_references_of_a_bulk_export_name_one_server(tmp_path):
    lines = [person(id="1"), condition("https://a.example/Patient/1"), condition("https://b.example/Patient/1", "222")]  # fmt: skip
    (tmp_path / "all.ndjson").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    rows, log, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111"]]
    assert log.total == 1


@pytest.mark.parametrize("differs", [
    {"identifier": [{"system": "urn:{}", "value": "1"}]}, {"identifier": [{"system": "urn:mrn", "value": "{}"}]}, {"meta": {"source": "https://{}.example#1"}},
    {"managingOrganization": {"reference": "Organization/{}"}}, {"birthDate": "19{}-01-01"}, {"gender": "{}"},
])  # fmt: skip
def test_one_id_and_name_with_other_systems_is_two_people(tmp_path, differs):
    for word, code in (("50", "111"), ("60", "222")):
        more = json.loads(json.dumps(differs).replace("{}", word))
        whole = {"born": "1950-01-01", "name": [{"family": "Quill", "given": ["Ada"]}], **more}
        write(
            tmp_path / f"{word}.json",
            bundle(*hospital("", code, whole.pop("birthDate", whole.pop("born")), **whole)),
        )
    rows, _, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111"], ["SNOMEDCT:222"]]


def test_the_same_patient_again_is_one(tmp_path):
    base = "https://a.example/fhir"
    write(tmp_path / "a.json", bundle(*hospital(base, "111", "1950-01-01")))
    write(tmp_path / "b.json", bundle(*hospital(base, "222", "1950-01-01", name=[{"family": "Newname"}])))
    named = {"name": [{"family": "Quill", "given": ["Ada"]}]}
    write(tmp_path / "c.json", bundle(*hospital("", "333", "1960-01-01", "9", **named)))
    write(tmp_path / "d.json", bundle(*hospital("", "444", "1960-01-01", "9", **named, active=True)))
    rows, log, people = read(tmp_path)
    assert who_has(rows, people) == {
        "1": {"SNOMEDCT:111", "SNOMEDCT:222"},
        "9": {"SNOMEDCT:333", "SNOMEDCT:444"},
    }
    assert {item.reason for item in log.examples} == {"Patient: the same Patient again"}
    assert "Newname" in people[0].names, "all names are looked for in notes"
    assert {item.subject_id for item in people} == {number_of("1"), number_of("9")}


def test_contained_patients(tmp_path):
    ada = person(id="p", name=[{"family": "Quill", "given": ["Ada"]}])
    bob = person(id="p", name=[{"family": "Vard", "given": ["Bob"]}], birthDate="1950-01-01")
    lines = [condition("#p", "111", contained=[ada]), condition("#p", "222", contained=[bob]),
             condition("#p", "333", contained=[ada]), condition("#q", "444", contained=[ada])]  # fmt: skip
    (tmp_path / "all.ndjson").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    rows, log, people = read(tmp_path)
    assert two_of(rows, people) == [["SNOMEDCT:111", "SNOMEDCT:333"], ["SNOMEDCT:222"]]
    assert [item.row for item in log.examples] == [4]


def test_medications_of_two_servers_are_not_mixed(tmp_path):
    for name, code in (("a", "771"), ("b", "772")):
        base = f"https://{name}.example"
        order = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2015-05-01",
                 "subject": {"reference": "Patient/1"}, "medicationReference": {"reference": "Medication/1"}}  # fmt: skip
        drug = {"resourceType": "Medication", "id": "1", "code": made.concept(made.RXNORM, code, "Stonix")}
        held = [entry(person(id="1"), f"{base}/Patient/1"), entry(order, f"{base}/MedicationRequest/1"), entry(drug, f"{base}/Medication/1")]  # fmt: skip
        write(tmp_path / f"{name}.json", bundle(*held))
    rows, _, people = read(tmp_path)
    assert two_of(rows, people) == [["RXCUI:771"], ["RXCUI:772"]]


def test_an_id_of_two_people_is_asked_for_whole(tmp_path):
    from clinweave.core.errors import UserError

    for name, code in (("a", "111"), ("b", "222")):
        write(tmp_path / "in" / f"{name}.json", bundle(*hospital(f"https://{name}.example", code, "1950")))
    store = PatientStore.open(load(str(tmp_path / "in"), tmp_path / "out").path)
    with pytest.raises(UserError, match=r"2 patients .* have this id"):
        store.subject("1")
    assert store.subject("https://a.example/Patient/1") != store.subject("https://b.example/Patient/1")


LINES = [
    person(id="p1"),
    condition("Patient/p1"),
    {"resourceType": "Medication", "id": "m1", "code": made.concept(made.RXNORM, "777", "Stonix")},
    {"resourceType": "MedicationRequest", "id": "r1", "status": "active", "intent": "order", "authoredOn": "2015-05-01",
     "medicationReference": {"reference": "Medication/m1"}, "subject": {"reference": "Patient/p1"}},
]  # fmt: skip


@pytest.mark.parametrize("name", ["{}.ndjson", "{}.{}.ndjson", "part-{}", "{}.json", "{}.txt", "{}.fhir", "{}.jsonl.gz", "x/{}.ndjson.gz", "{}.JSON"])  # fmt: skip
def test_bulk_files_of_any_name(tmp_path, name):
    rng = random.Random(name)
    for order in itertools.islice(itertools.permutations(LINES), 0, 24, 5):
        folder = tmp_path / str(rng.random())
        for number, line in enumerate(order):
            file = folder / name.format(number, line["resourceType"])
            file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(line).encode() + rng.choice([b"", b"\n", b"\r\n\n"])
            file.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        rows, log, people = read(folder)
        assert who_has(rows, people) == {"p1": {"SNOMEDCT:111", "RXCUI:777"}}
        assert log.total == 0


@pytest.mark.parametrize("form", ["lines", "bundle a line", "list", "indented list", "indented bundle", "bundle of lines", "bom"])  # fmt: skip
@pytest.mark.parametrize("name", ["all.ndjson", "all.json", "all"])
def test_several_types_in_one_file(tmp_path, form, name):
    whole = bundle(*(entry(line) for line in LINES[::-1]))
    text = {
        "lines": "\n".join(json.dumps(line) for line in LINES[::-1]),
        "bom": "\ufeff" + "\n".join(json.dumps(line) for line in LINES),
        "bundle a line": json.dumps(bundle(*map(entry, LINES[1:]))) + "\n" + json.dumps(bundle(entry(LINES[0]))),
        "list": json.dumps(LINES[::-1]),
        "indented list": json.dumps(LINES[::-1], indent=1),
        "indented bundle": json.dumps(whole, indent=2),
        "bundle of lines": json.dumps(whole),
    }[form]  # fmt: skip
    (tmp_path / name).write_text(text, "utf-8")
    rows, log, people = read(tmp_path)
    assert who_has(rows, people) == {"p1": {"SNOMEDCT:111", "RXCUI:777"}}
    assert log.total == 0


def test_other_files_and_types_are_counted(tmp_path):
    write(tmp_path / "a.json", bundle(entry(person(id="1")), entry({"resourceType": "Claim", "id": "2"}),
                                      entry({"resourceType": "Organization", "id": "3"}), {"fullUrl": URN}, "x"))  # fmt: skip
    (tmp_path / "readme.txt").write_text("about this export")
    (tmp_path / "table.csv").write_bytes(b"\x00\x01\xff")
    (tmp_path / "patient.xml").write_text("<Patient/>")
    _, log, _ = read(tmp_path)
    assert log.reasons() == {
        "Claim: this type of resource is not read": 1,
        "an entry that is no object": 1,
        "an entry without a resource": 1,
        "not FHIR JSON: the file was not read": 3,
    }


def test_versions_that_only_the_id_or_the_request_names(tmp_path):
    older = {**condition("Patient/1"), "id": "1"}
    newest = {**older, "verificationStatus": {"coding": [{"code": "refuted"}]}}
    gone = {**condition("Patient/1", "222"), "id": "2"}
    items = [entry(person(id="1")), entry(newest, method="PUT", url="Condition/1"), {"request": {"method": "DELETE", "url": "Condition/2"}},
             entry(older, method="POST", url="Condition"), entry(gone, method="POST", url="Condition")]  # fmt: skip
    rows, log, _ = read(write(tmp_path / "h.json", bundle(*items, kind="history")))
    assert [row["status"] for row in rows if row["kind"] == "problem"] == ["absent"]
    assert [count for reason, count in log.counts.items() if "older version" in reason] == [2]


def test_only_the_newest_version_of_a_history_counts(tmp_path):
    older = {**condition("Patient/1"), "id": "1"}
    newest = {**older, "verificationStatus": {"coding": [{"code": "entered-in-error"}]}}
    gone = entry(condition("Patient/1", "222"), "https://h.example/Condition/c222")
    items = [entry(person(id="1"), "https://h.example/Patient/1"), entry(newest, "https://h.example/Condition/1"),
             entry(older, "https://h.example/Condition/1"), {"fullUrl": "https://h.example/Condition/c222", "request": {"method": "DELETE"}}, gone]  # fmt: skip
    rows, log, people = read(write(tmp_path / "h.json", bundle(*items, kind="history")))
    assert who_has(rows, people) == {"1": set()}
    assert log.total == 4
