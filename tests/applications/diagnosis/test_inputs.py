"""What a user types or hands over: ages, lists of findings, corrections, linked texts, letters and phenopackets."""

import json
import math
import re
import time

import pytest

from clinweave.applications.diagnosis import (
    Case,
    Ontology,
    corrected,
    from_mentions,
    marked_text,
    packet,
    phenopacket_of,
    read_age,
    read_cases,
    read_findings,
    read_letter,
    read_terms,
    write_phenopackets,
)
from clinweave.applications.diagnosis.ages import years
from clinweave.core.errors import UserError
from clinweave.patients import decoded
from clinweave.records import Mention

NAMED = {"HP:0000102": "Ectopia of the lens", "HP:0000202": "Aneurysm"}


def mention(text: str, words: str, id_: str, **more: object) -> Mention:
    start = text.index(words)
    fields = {"score": 1.0, "negated": more.get("status") == "absent", "reason": "", **more}
    return Mention(
        start, start + len(words), words, id_, NAMED.get(id_, words), "biolink:PhenotypicFeature", **fields
    )


@pytest.mark.parametrize(
    ("typed", "duration"),
    [
        *(("16 years", "P16Y"), ("16y", "P16Y"), ("3y6m", "P3Y6M"), ("P3Y6M", "P3Y6M"), ("p2w", "P2W")),
        *(("16-year-old", "P16Y"), ("18 months", "P18M"), ("2.5 years", "P2Y6M"), ("2,5 y", "P2Y6M")),
        *(("3 years and 6 months of age", "P3Y6M"), ("5 d", "P5D"), ("0 days", "P0D"), ("", "")),
        *(("sixteen years", "P16Y"), ("two and a half years", "P2Y6M"), ("forty-two years old", "P42Y")),
        *(("\u00bd year", "P6M"), ("16\u00bd years", "P16Y6M"), ("3 1/2 y", "P3Y6M"), ("3 6/12", "P3Y6M")),
        *(("5/12", "P5M"), ("7/52", "P7W"), ("3/7", "P3D"), ("newborn", "P0D"), ("at birth", "P0D")),
        *(("DOL 3", "P3D"), ("36 hours", "P1D"), ("PT5H", "P0D"), ("16 y.o.", "P16Y"), ("aged 45", "P45Y")),
        *(("a 16 year old boy", "P16Y"), ("about 40 years", "P40Y"), ("16 Jahre", "P16Y"), ("6 mois", "P6M")),
    ],
)
def test_ages_as_people_write_them(typed, duration):
    assert read_age(typed) == duration


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "16",
            "old",
            "1e9 years",
            "300 years",
            "P",
            "1y 1y",
            "-3 years",
            "sixteen",
            "40-45 years",
            ">60 years",
        ),
        *("in her 40s", "32 weeks gestation", "12/05/1990", "1/2", "child", "seven and a half"),
    ],
)
def test_what_is_no_age_is_refused(typed):
    with pytest.raises(UserError, match="--age"):
        read_age(typed)


def test_years_of_a_duration():
    assert years("P1Y6M") == pytest.approx(1.5, abs=0.01)
    assert math.isnan(years("unknown"))


@pytest.mark.parametrize(
    "typed",
    [
        *("HP:0000102,HP:0000202", "HP_0000102;hp:0000202", "HP:0000102 HP:0000202", "HP:102|HP:202"),
        *("hp0000102\nHP 0000202", "0000102\t0000202", "HP:0000102 (Ectopia of the lens); Aneurysm"),
        *(
            "Ectopia of the lens, aneurysm",
            "ectopia of the lens aneurysm",
            "- Ectopia of the lens\n- Aneurysm",
        ),
        "http://purl.obolibrary.org/obo/HP_0000102, http://purl.obolibrary.org/obo/HP_0000202",
        "“Ectopia of the Lens” and 'aneurysm'",
        *("HP:0000102HP:0000202", "HP\uff1a0000102\uff0cHP\uff1a0000202", "HPO:0000102 → HPO:0000202."),
        *(
            "1. ectopia of the lens 2. aneurysm",
            "(1) Ectopia of the lens\n(2) Aneurysm",
            "- HP:0000102\n-HP:0000202",
        ),
        *(
            "HP:0000102: Ectopia of the lens\\nHP:0000202=Aneurysm",
            "Ectopia of the lens: yes; aneurysm (present)",
        ),
    ],
)
def test_ids_and_names_between_any_separators(model, typed):
    assert read_terms(typed, model.ontology, "--hpo") == ("HP:0000102", "HP:0000202")


def test_an_unknown_name_is_refused_with_what_resembles_it(model):
    with pytest.raises(UserError, match=r"--hpo: 'katarakt' is no HPO id.*Cataract \(HP:0000103\)"):
        read_terms("Aneurysm; katarakt", model.ontology, "--hpo")
    with pytest.raises(UserError, match="denial; give absent findings with --excluded"):
        read_terms("no aneurysm", model.ontology, "--hpo")
    for typed in (
        "!HP:0000102",
        "HP:0000102 -HP:0000202",
        "aneurysm: no",
        "HP:0000102?",
        "cataract or aneurysm",
    ):
        with pytest.raises(UserError, match="--hpo"):
            read_terms(typed, model.ontology, "--hpo")


def test_what_is_set_by_hand_overrules_the_case(model):
    case = Case("x", ("HP:0000102", "HP:0000301"), ("HP:0000101", "HP:0000202"))
    ontology = model.ontology
    result = corrected(case, ontology, ("HP:0000202",), ("HP:0000101",), ("HP:0000301",))
    assert result.observed == ("HP:0000202",)
    assert result.excluded == ("HP:0000101",)
    assert corrected(case, ontology, (), (), ()) is case


def test_a_line_of_link_is_a_case():
    mentions = [
        {"start": 0, "end": 1, "text": "a", "id": "HP:0000102", "name": "A", "category": "", "score": 1.0}
        | {"negated": False, "reason": "", "experiencer": "", "status": "present"},
        {"start": 2, "end": 3, "text": "b", "id": "HP:0000202", "name": "B", "category": "", "score": 1.0}
        | {"negated": True, "reason": "", "experiencer": "", "status": "absent"},
        {"start": 4, "end": 5, "text": "c", "id": "MONDO:1", "name": "C", "category": "", "score": 1.0}
        | {"negated": False, "reason": ""},
        {"start": 4},
    ]
    case = packet({"id": "note-1", "mentions": mentions})
    assert (case.id, case.observed, case.excluded) == ("note-1", ("HP:0000102",), ("HP:0000202",))
    assert "mentions[3]" in case.problems[0]


def test_a_letter_counts_what_was_read_and_warns_where_it_was_little():
    text = "Ectopia of the lens was seen. No aneurysm was found here. His mother has an aneurysm. Nothing else of note."
    end = text.rindex("aneurysm")
    of_mother = mention(text[end - 1 :], "aneurysm", "HP:0000202", experiencer="family")
    letter = read_letter(
        text,
        [
            Mention(end, end + 8, "aneurysm", "HP:0000202", "Aneurysm", "", 1.0, False, "", "family"),
            mention(text, "aneurysm", "HP:0000202", status="absent"),
            mention(text, "Ectopia of the lens", "HP:0000102"),
        ],
    )
    assert of_mother.experiencer
    summary = letter.summary()
    assert summary["counts"] == {"present": 1, "absent": 1, "uncertain": 0, "relative": 1}
    assert (summary["sentences"], summary["sentences_without"]) == (4, 1)
    assert "little was read: 1 finding present" in letter.warnings()[0]
    shown = marked_text(letter)
    assert "[+ Ectopia of the lens HP:0000102] was seen" in shown
    assert "No [- aneurysm HP:0000202]" in shown
    assert "[family: aneurysm HP:0000202]" in shown
    assert "no finding in 1 of 4 sentences" in shown


def test_marks_that_overlap_keep_the_text_whole():
    text = "dilated aortic root aneurysm"
    letter = read_letter(
        text,
        [mention(text, "aortic root aneurysm", "HP:0000202"), mention(text, "aortic root", "HP:0000201")],
    )
    shown = marked_text(letter)
    assert shown.startswith(
        "dilated [+ aortic root aneurysm = Aneurysm HP:0000202; + aortic root HP:0000201]"
    )


@pytest.mark.parametrize("ending", ["json", "jsonl", "yaml"])
def test_a_written_phenopacket_is_read_again(model, tmp_path, ending):
    case = Case("x", ("HP:0000102",), ("HP:0000202",), "MALE", "P16Y")
    written = phenopacket_of(case, read_findings(model.ontology, case), model.ontology)
    path = tmp_path / f"case.{ending}"
    write_phenopackets([written], path)
    assert [*read_cases(path)] == [case]
    assert path.stat().st_mode & 0o077 == 0
    assert written["metaData"]["phenopacketSchemaVersion"] == "2.0"
    assert written["phenotypicFeatures"][1] == {
        "type": {"id": "HP:0000202", "label": "Aneurysm"},
        "excluded": True,
    }


def test_several_phenopackets_do_not_fit_one_json(model, tmp_path):
    with pytest.raises(UserError, match=r"\.jsonl"):
        write_phenopackets([{"id": "a"}, {"id": "b"}], tmp_path / "cases.json")
    write_phenopackets([{"id": "a"}, {"id": "b"}], tmp_path / "cases.jsonl")
    lines = (tmp_path / "cases.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a", "b"]


def test_a_text_pasted_from_two_encodings_keeps_its_letters():
    raw = "Müller".encode() + " – naïve, Ménière".encode("cp1252") + "\nGrüße\r\n".encode()
    assert decoded(raw, "note.txt") == "Müller – naïve, Ménière\nGrüße\n"


def test_sentences_of_a_long_letter_are_counted_in_time():
    text = "Ectopia of the lens was seen today. Nothing else of note here. " * 20_000
    spans = [match.start() for match in re.finditer("Ectopia of the lens", text)]
    marks = [
        Mention(
            start, start + 19, "Ectopia of the lens", "HP:0000102", "Ectopia of the lens", "", 1.0, False, ""
        )
        for start in spans
    ]
    begin = time.process_time()
    letter = read_letter(text, marks)
    assert (letter.sentences, letter.silent) == (40_000, 20_000)
    assert time.process_time() - begin < 5


def test_what_relatives_do_not_have_is_shown_as_absent_in_them():
    text = "There is no family history of ectopia lentis."
    denied = Mention(
        30, 44, text[30:44], "HP:0000102", "Ectopia lentis", "", 1.0, True, "", "family", "absent"
    )
    assert "[family: - ectopia lentis HP:0000102]" in marked_text(read_letter(text, [denied]))
    assert from_mentions("x", [denied]).problems == (
        "HP:0000102 (Ectopia lentis) is absent in relatives and was left out",
    )
    reported = Mention(0, 1, "T", "HP:0000102", "Ectopia lentis", "", 1.0, False, "", "family", "present")
    for both in ([denied, reported], [reported, denied]):
        assert "is reported for a relative" in from_mentions("x", both).problems[0]


@pytest.mark.parametrize(
    ("sex", "named"),
    [("MALE", ["Uterine rupture"]), ("FEMALE", ["Cryptorchidism"]), ("", [])],
)
def test_a_finding_that_the_sex_does_not_have_is_kept_and_named(sex, named):
    root = "HP:0000118"
    branches = {"HP:0000008": "Female organs", "HP:0000022": "Male organs", "HP:0000100": "Eye"}
    leaves = {"HP:0100718": "Uterine rupture", "HP:0000028": "Cryptorchidism", "HP:0000102": "Ectopia lentis"}
    ids = (root, *branches, *leaves)
    parents = ((), (0,), (0,), (0,), (1,), (2,), (3,))
    ontology = Ontology(ids, ("All", *branches.values(), *leaves.values()), parents, release="2020-01-01")
    findings = read_findings(ontology, Case("x", tuple(leaves), (), sex))
    assert len(findings.observed) == 3
    assert [problem.split("(")[1].split(")")[0] for problem in findings.problems] == named
    assert all(f"the sex stated is {sex.lower()}" in problem for problem in findings.problems)
