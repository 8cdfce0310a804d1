"""Phenopackets of every shape, and the broken ones among them."""

import io
import json
import tarfile

import pytest

from clinweave.applications.diagnosis import packet, read_cases
from clinweave.errors import UserError

PACKET = {
    "id": "PMID_1_A",
    "subject": {"id": "A", "sex": "FEMALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P8Y"}}},
    "phenotypicFeatures": [
        {"type": {"id": "HP:0000102"}},
        {"type": {"id": "HP:0000301"}, "excluded": True},
    ],
    "interpretations": [{"diagnosis": {"disease": {"id": "OMIM:1"}}}],
    "metaData": {"externalReferences": [{"id": "PMID:11"}]},
}


def test_a_packet():
    case = packet(PACKET)
    assert (case.observed, case.excluded) == (("HP:0000102",), ("HP:0000301",))
    assert (case.id, case.sex, case.age, case.publications) == ("PMID_1_A", "FEMALE", "P8Y", ())
    assert packet(PACKET, publications=True).publications == ("PMID:11",)


def test_version_1_is_recognised():
    case = packet({"phenotypicFeatures": [{"type": {"id": "HP:1"}, "negated": True}], "subject": {}})
    assert case.excluded == ("HP:1",)
    assert "version 1" in case.problems[0]


@pytest.mark.parametrize(
    "value", [None, 3, [], "x", {}, {"phenotypicFeatures": 3}, {"phenotypicFeatures": [3]}]
)
def test_what_is_no_packet_is_a_problem_and_no_crash(value):
    case = packet(value)
    assert case.problems
    assert not case.observed


def test_plain_lines(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text(
        '{"id": "a", "observed": ["HP:0000102"]}\n\nnot json\n' + json.dumps(PACKET) + "\n", "utf-8"
    )
    first, broken, last = read_cases(path)
    assert (first.id, first.observed) == ("a", ("HP:0000102",))
    assert "line 3" in broken.problems[0]
    assert last.id == "PMID_1_A"


def test_a_folder_and_an_archive_say_the_same(tmp_path):
    folder = tmp_path / "cases"
    (folder / "b").mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps(PACKET), "utf-8")
    (folder / "b" / "broken.json").write_text("{", "utf-8")
    archive = tmp_path / "cases.tar.gz"
    with tarfile.open(archive, "w:gz") as out:
        for name in ("a.json", "b/broken.json"):
            data = (folder / name).read_bytes()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    assert list(read_cases(folder)) == list(read_cases(archive))
    assert "broken.json" in list(read_cases(folder))[1].problems[0]


def test_missing_and_empty_inputs_are_the_users(tmp_path):
    with pytest.raises(UserError, match="there is no"):
        list(read_cases(tmp_path / "nothing"))
    with pytest.raises(UserError, match=r"no \.json"):
        list(read_cases(tmp_path))
    (tmp_path / "x.tar.gz").write_bytes(b"not an archive")
    with pytest.raises(UserError, match="tar archive"):
        list(read_cases(tmp_path / "x.tar.gz"))
