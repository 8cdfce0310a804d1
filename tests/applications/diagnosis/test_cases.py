"""Phenopackets of every shape, and the broken ones among them."""

import gzip
import io
import json
import re
import tarfile
import zipfile

import pytest
import yaml

from clinweave.applications.diagnosis import packet, read_cases
from clinweave.core.errors import UserError

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


FOUND = (("HP:0000102",), ("HP:0000301",))
V1 = {
    **PACKET,
    "phenotypicFeatures": [
        {"type": {"id": "HP:0000102"}, "negated": False},
        {"type": {"id": "HP:0000301"}, "negated": True},
    ],
}


def snake(value):
    """Return a packet with the field names of the schema."""
    if isinstance(value, dict):
        return {
            re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", key): snake(item)
            for key, item in value.items()
        }
    return [snake(item) for item in value] if isinstance(value, list) else value


SHAPES = {
    "v2": (PACKET, 1),
    "v1": (V1, 1),
    "snake": (snake(PACKET), 1),
    "list": ([PACKET, V1], 2),
    "cohort": ({"id": "c", "members": [PACKET, V1, snake(PACKET)]}, 3),
    "family": ({"id": "f", "proband": PACKET, "pedigree": {}}, 1),
    "families": ([{"proband": snake(PACKET)}, {"phenopacket": PACKET}], 2),
    "wrapped": ({"phenopacket": PACKET}, 1),
    "packets": ({"phenopackets": [PACKET]}, 1),
}


@pytest.mark.parametrize(
    "ending", [".json", ".JSON", ".Json.GZ", ".yaml", ".YML", ".yml.gz", ".jsonl", ".ndjson.gz"]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_in_every_dress_gives_the_same_findings(tmp_path, shape, ending):
    value, count = SHAPES[shape]
    text = yaml.safe_dump(value) if ".y" in ending.lower() else json.dumps(value)
    data = text.encode()
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / f"a{ending}").write_bytes(gzip.compress(data) if ending.lower().endswith(".gz") else data)
    with zipfile.ZipFile(tmp_path / "x.ZIP", "w") as out:
        out.write(folder / f"a{ending}", f"x/a{ending}")
    with tarfile.open(tmp_path / "x.tgz", "w:gz") as out:
        out.add(folder / f"a{ending}", f"x/a{ending}")
    for path in (folder, folder / f"a{ending}", tmp_path / "x.ZIP", tmp_path / "x.tgz"):
        skipped = []
        cases = list(read_cases(path, publications=True, skipped=skipped))
        assert len(cases) == count
        assert not skipped
        for case in cases:
            assert (case.observed, case.excluded) == FOUND
            assert (case.sex, case.age, case.publications) == ("FEMALE", "P8Y", ("PMID:11",))


def test_no_file_of_a_folder_is_lost_without_a_word(tmp_path):
    for name, data in {
        "a.json": json.dumps(PACKET).encode(),
        "B.JSON": json.dumps(PACKET).encode(),
        "c.json.gz": gzip.compress(json.dumps(PACKET).encode()),
        "d.json.gz": b"\x1f\x8bdamaged",
        "e.yaml": b"{: broken",
        "f.json": b"[]",
        "g.txt": b"notes",
        "h.json": b"",
        ".DS_Store": b"x",
        "two.json": (json.dumps(PACKET) + "\n" + json.dumps(V1) + "\n").encode(),
    }.items():
        (tmp_path / name).write_bytes(data)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as out:
        out.writestr("in.json", json.dumps(PACKET))
        out.writestr("README.md", "x")
    skipped = []
    cases = list(read_cases(tmp_path, skipped=skipped))
    assert sum((case.observed, case.excluded) == FOUND for case in cases) == 6
    assert sum(bool(case.problems) and not case.observed for case in cases) == 4
    assert [name.split(" ")[0] for name in skipped] == ["g.txt", "z.zip:"]


@pytest.mark.parametrize(
    ("flag", "where"),
    [(True, 1), ("true", 1), (1, 1), (False, 0), ("False", 0), (None, 0), (0, 0), ("maybe", 2), ([], 2)],
)
def test_a_flag_is_read_as_what_it_says(flag, where):
    case = packet({"phenotypicFeatures": [{"type": {"id": "HP:1"}, "excluded": flag}]})
    assert [case.observed, case.excluded, ()][where] == (("HP:1",) if where < 2 else ())
    assert bool(case.problems) == (where == 2)


def test_conflicting_flags_are_left_out_and_said():
    case = packet({"phenotypicFeatures": [{"type": {"id": "HP:1"}, "excluded": False, "negated": True}]})
    assert (case.observed, case.excluded) == ((), ())
    assert any("neither true nor false" in problem for problem in case.problems)


@pytest.mark.parametrize(
    ("sex", "read"), [(1, "FEMALE"), (2, "MALE"), (0, ""), ("female", "FEMALE"), ("M", "MALE")]
)
def test_numbers_of_the_schema_are_a_sex(sex, read):
    case = packet({"subject": {"sex": sex}, "phenotypicFeatures": [{"type": {"id": "HP:1"}}]})
    assert (case.sex, case.problems) == (read, ())


def test_relatives_and_odd_lists_are_said(tmp_path):
    (tmp_path / "f.json").write_text(json.dumps({"proband": PACKET, "relatives": [PACKET, PACKET]}))
    (case,) = read_cases(tmp_path / "f.json")
    assert "2 relatives" in case.problems[0]
    assert "observed[1]" in packet({"observed": ["HP:1", 5]}).problems[0]
    assert "excluded is not a list" in packet({"observed": ["HP:1"], "excluded": "HP:2"}).problems[0]


def test_an_alias_bomb_ends(tmp_path):
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    (tmp_path / "b.yaml").write_text("\n".join([*lines, "members: *a29"]))
    assert all(case.problems for case in read_cases(tmp_path / "b.yaml"))
