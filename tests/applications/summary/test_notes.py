"""Summaries of notes: every sentence quoted with its place, statuses kept, bad input refused with its place."""
# ruff: noqa: E501 - one case is one line

import json
import random
import re
import time

import pytest

from clinweave.applications.summary import as_text, summarize_notes, with_model, write_summary
from clinweave.applications.summary.note_sentences import read_sentences
from clinweave.core.errors import AccessError, UserError
from clinweave.knowledge import CitationChecker
from clinweave.models import open_model
from clinweave.patients import decoded
from clinweave.records import Mention

NAMES = {  # name -> (id, category)
    "pneumonia": ("MONDO:1", "biolink:Disease"), "asthma": ("MONDO:2", "biolink:Disease"), "fever": ("HP:1", "biolink:PhenotypicFeature"),
    "chest pain": ("HP:2", "biolink:PhenotypicFeature"), "hypertension": ("HP:3", "biolink:PhenotypicFeature"),
    "breast cancer": ("MONDO:3", "biolink:Disease"), "metformin": ("CHEBI:1", "biolink:Drug"), "penicillin": ("CHEBI:2", "biolink:Drug"),
}  # fmt: skip


def link(text):
    """Link a few names, with a status by the words before them in their sentence."""
    result = []
    for match in re.finditer("|".join(NAMES), text, re.IGNORECASE):
        before = re.split(r"[.\n?]", text[max(0, match.start() - 200) : match.start()])[-1].lower()
        status = (
            "absent"
            if re.search(r"\b(?:no|denies)\b", before)
            else "uncertain"
            if "possible" in before
            else "present"
        )
        curie, category = NAMES[match[0].lower()]
        family = "family" if "mother" in before else ""
        result.append(
            Mention(
                match.start(),
                match.end(),
                match[0],
                curie,
                match[0].lower(),
                category,
                1.0,
                status == "absent",
                "",
                family,
                status,
            )
        )
    return result


NOTE = """CHIEF COMPLAINT: Cough.

HISTORY OF PRESENT ILLNESS
The patient reports fever since Monday. She denies chest pain. Her mother had breast cancer.
She lives with her husband and smokes 10 cigarettes a day.

ALLERGIES: penicillin (rash).

MEDICATIONS:
- metformin 500 mg twice daily

PHYSICAL EXAMINATION
Temperature 38.4 C, BP 120/80.

ASSESSMENT AND PLAN
1. Possible pneumonia. Will order an x-ray.
2. Hypertension
Follow up in 2 weeks.
"""


def sections(summary):
    return {name: " ".join(line.text for line in lines) for name, lines in summary.sections().items()}


def test_every_sentence_is_quoted_from_its_place():
    summary = summarize_notes({"note.txt": NOTE}, link)
    assert summary.lines
    for line in summary.lines:
        (place,) = line.citations
        assert line.quoted
        assert " ".join(NOTE[place.start : place.end].split()) == line.text


def test_statuses_and_sections_are_kept():
    result = sections(summarize_notes({"note.txt": NOTE}, link))
    assert "chest pain" in result["Denied or absent"]
    assert "breast cancer" in result["Family history"]
    assert "pneumonia" in result["Uncertain"]
    assert "penicillin" in result["Allergies"]
    assert "metformin 500 mg twice daily" in result["Medications"]
    assert "120/80" in result["Results and examination"]
    assert "Follow up in 2 weeks." in result["Plan"]
    assert "smokes 10 cigarettes" in result["Social history"]
    assert "chest pain" not in result["Problems"]
    assert "breast cancer" not in result["Problems"]


def test_broken_lines_and_hyphens_of_a_scan_are_joined():
    text = "The patient was ad-\nmitted with hyper-\ntension and with severe non-\nproductive cough, which had begun\nfour weeks before. BP 120-\n80.\n"
    note = read_sentences(text)
    assert "hypertension" in note.clean
    assert "non-productive" in note.clean
    assert "12080" not in note.clean  # numbers are never joined
    first = note.sentences[0]
    assert first.text.startswith("The patient was admitted with hypertension")
    assert text[first.start : first.end].endswith("before.")
    summary = summarize_notes({"scan.txt": text}, link)
    assert any("hypertension" in line.text for line in summary.lines)


def test_rows_of_tables_are_kept_whole():
    text = "Results:\nTest | Value | Unit\nPotassium | 4.1 | mmol/L\nSodium | 140 | mmol/L\n"
    summary = summarize_notes({"t.txt": text}, link)
    assert "Potassium | 4.1 | mmol/L" in [line.text for line in summary.lines]


DIALOGUE = """Doctor: Any fever or chest pain?
Patient: No.
Doctor: Do you have asthma?
Patient: Yes, since childhood.
Doctor: Is the chest pain gone?
Patient: No.
Doctor: Do you take metformin?
Patient: Um, one pill, but not on weekends.
Doctor: Any pneumonia before?
Patient: No, except last year.
"""


def test_answers_of_a_dialogue_deny_or_affirm_what_was_asked():
    summary = summarize_notes({"d.txt": DIALOGUE}, link)
    texts = {line.text: line for line in summary.lines}
    assert texts["Denies fever, chest pain."].status == "absent"
    assert texts["Reports asthma."].status == "present"
    assert len(texts["Reports asthma."].citations) == 2
    assert not any(text.startswith(("Denies pneumonia", "Reports pneumonia")) for text in texts)
    quoted = [text for text in texts if text.startswith("Asked")]
    assert any("Is the chest pain gone?" in text for text in quoted)  # "no" does not deny the pain
    assert any("not on weekends" in text for text in quoted)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Any fever?", "I don't know."), ("Any cough as a result of this fever?", "No."), ("Any fever?", "Not really."), ("Any asthma in the family?", "No."), ("Does your mother have asthma?", "No."),
        ("Is your fever without any fuss?", "Yes."), ("Any cough with the fever?", "No."), ("Is the asthma any better?", "No."),
        ("Any fever?", "No, just once last week."), ("Do you still have fever?", "No."), ("Any fever since the new tablets?", "Sometimes."),
    ],
)  # fmt: skip
def test_an_answer_that_may_mean_something_else_is_quoted_with_its_question(question, answer):
    summary = summarize_notes(
        {"d.txt": f"Doctor: {question}\nPatient: {answer}\nDoctor: Okay.\nPatient: Bye.\n"}, link
    )
    assert not any(line.text.startswith(("Denies", "Reports")) for line in summary.lines)
    assert any(question in line.text and answer in line.text for line in summary.lines)


def test_contradictions_are_shown_with_both_places():
    first = "MEDICATIONS:\nmetformin 500 mg daily\n\nALLERGIES:\nNo known drug allergies.\n\nHistory:\nShe has chest pain."
    second = "MEDICATIONS:\nmetformin 850 mg daily\n\nALLERGIES:\nAllergic to penicillin.\n\nHistory:\nNo chest pain."
    texts = [line.text for line in summarize_notes({"a.txt": first, "b.txt": second}, link).contradictions]
    assert any("500 mg" in text and "850 mg" in text for text in texts)
    assert any("penicillin" in text and "No known" in text for text in texts)
    assert any("has chest pain" in text and "No chest pain" in text for text in texts)
    changed = "MEDICATIONS:\nmetformin 500 mg daily\nIncrease metformin to 850 mg daily\n"
    assert not summarize_notes({"a.txt": changed}, link).contradictions


def test_what_is_not_shown_is_listed():
    text = "".join(f"She had fever on day {number}.\n" for number in range(1, 300))
    summary = summarize_notes({"n.txt": text}, link, 5)
    assert len(summary.lines) == 5
    assert len(summary.left_out) == 101
    assert "194 further sentences" in summary.left_out[-1].text


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ({}, "no note is given"),
        ({"a.txt": ""}, r"a\.txt: the note is empty"),
        ({"a.txt": " \n\t 12 .."}, "a.txt: the note is empty"),
        ({"a.txt": "Patient: Ann Bell\nFever.\n\nPatient: Joan Cole\nCough."}, "line 4"),
        ({"a.txt": "MRN: 123\nFever.", "b.txt": "MRN: 456\nCough."}, "several patients"),
        ({"a.txt": '{"text": "fever"}\n{"text": "cough"}\n'}, "JSON"),
    ],
)  # fmt: skip
def test_what_is_no_note_of_one_patient_is_refused_with_its_place(notes, message):
    with pytest.raises(UserError, match=message):
        summarize_notes(notes, link)


def test_turns_of_a_patient_are_no_headings_of_several_patients():
    assert summarize_notes({"d.txt": DIALOGUE}, link).lines


def test_mixed_encodings_keep_their_words():
    raw = "Fever 38,4 °C.\n".encode() + "Möglich: pneumonia.\n".encode("cp1252")
    summary = summarize_notes({"m.txt": decoded(raw, "m.txt")}, link)
    assert any("38,4 °C" in line.text for line in summary.lines)


def test_letters_that_were_encoded_twice_are_read():
    raw = "Ménière’s disease and fever.\n".encode().decode("cp1252").encode()
    assert decoded(raw, "m.txt") == "Ménière’s disease and fever.\n"
    assert decoded("Größe: 1 µm – “naïve”\n".encode(), "m.txt") == "Größe: 1 µm – “naïve”\n"


def test_an_empty_summary_says_why_and_thanks_are_no_plan():
    summary = summarize_notes(
        {"a.txt": "Dear colleague, thank you for the kind referral. All was fine."}, link
    )
    assert not summary.lines
    assert "nothing" not in summary.warnings[0]
    assert "no finding, drug, result or plan" in summary.warnings[0]
    assert (
        "only English" in summarize_notes({"a.txt": "La paciente no tiene fiebre ni tos."}, link).warnings[0]
    )


def test_marks_of_a_table_deny():
    text = "Symptom   Present   Absent\nFever       x\nCough                 x\nPneumonia             x\n"
    shown = {line.text: line.status for line in summarize_notes({"t.txt": text}, link).lines}
    assert shown["Fever x"] == "present"
    assert shown["Pneumonia x"] == "absent"


def test_without_a_graph_headings_and_words_group_the_sentences():
    summary = summarize_notes({"note.txt": NOTE}, None)
    assert "no graph is built" in summary.warnings[0]
    assert "penicillin" in sections(summary)["Allergies"]


def test_a_large_note_takes_seconds():
    text = NOTE * 11_000  # 5 MB
    assert len(text) > 4_500_000
    begun = time.process_time()
    summary = summarize_notes({"big.txt": text}, link)
    assert time.process_time() - begun < 60
    assert len(summary.lines) < 150
    assert any("long for one note" in warning for warning in summary.warnings)


@pytest.mark.parametrize("seed", range(20))
def test_places_are_right_in_any_text(seed):
    random_ = random.Random(seed)
    words = [
        "fever",
        "no",
        "chest pain",
        "120/80",
        "e.g.",
        "Dr.",
        "-",
        "hyper-",
        "Plan:",
        "|",
        "\u00ad",
        "\u2022",
        "\ttab",
        "日本語",
        "Doctor:",
        "[x]",
        "?",
        ".",
    ]
    text = "".join(
        random_.choice(words) + random_.choice([" ", "\n", "  ", "\n\n", "\r"]) for _ in range(200)
    )
    for item in read_sentences(text).sentences:
        assert 0 <= item.start < item.end <= len(text)
        letters = re.sub(r"[\s\u00ad-]", "", text[item.start : item.end])
        assert re.sub(r"[\s-]", "", item.text) == letters


@pytest.mark.parametrize("ending", ["txt", "md", "json", "html"])
def test_formats_escape_what_notes_hold(tmp_path, ending):
    text = "History:\n<script>alert(1)</script> fever & *bold* [x](http://a) `code`.\n"
    out = tmp_path / f"s.{ending}"
    write_summary(summarize_notes({"<b>.txt": text}, link), out)
    written = out.read_text("utf-8")
    assert "alert(1)" in written
    if ending == "html":
        assert "<script>" not in written
        assert "<b>.txt" not in written
        for target in re.findall(r'href="#(\w+)"', written):
            assert written.count(f'id="{target}"') == 1
    if ending == "md":
        assert "\\*bold\\*" in written
    if ending == "json":
        assert json.loads(written)["lines"]


def scripted(tmp_path, reply):
    (tmp_path / "replies.json").write_text(
        json.dumps({"name": "scripted", "rules": [{"when": "Statements", "reply": reply}]}), "utf-8"
    )
    return open_model(f"scripted:{tmp_path / 'replies.json'}")


def test_only_supported_sentences_of_a_model_are_shown(tmp_path):
    note = "MEDICATIONS:\nmetformin 500 mg twice daily.\n\nHistory:\nThe patient denies chest pain.\n"
    summary = summarize_notes({"n.txt": note}, link)
    reply = "The patient denies chest pain [2]. Metformin 850 mg twice daily [1]. The patient has chest pain [2]. She is 40 years old."
    done = with_model(summary, scripted(tmp_path, reply), CitationChecker(None), link)
    shown = [line.text for line in done.lines if line.section.startswith("Written")]
    assert shown == ["The patient denies chest pain."]
    left = " ".join(item.text for item in done.left_out)
    assert "850" in left
    assert "40 years" in left
    assert "has chest pain" in left
    assert "850" not in as_text(done).partition("Left out")[0]


def test_notes_are_never_sent_to_a_model_elsewhere():
    summary = summarize_notes({"note.txt": NOTE}, link)
    with pytest.raises(AccessError, match="not pseudonymised"):
        with_model(summary, open_model("http://far.example:8000/v1#m"), CitationChecker(None), link)


@pytest.mark.parametrize(
    "history",
    [
        "Family history: her mother had breast cancer.",
        "Family history: her mother had breast cancer",
        "FH: her mother had\nbreast cancer.",
        "Family history: her mother, who lives abroad and is often seen by us,\nhad breast cancer at 50.",
        "Family history:\nher mother had breast cancer\n",
    ],
)
def test_a_heading_with_text_on_its_line_does_not_cover_the_next_lines(history):
    text = f"{history}\nHe takes metformin 500 mg twice daily.\nHypertension was found.\n"
    summary = summarize_notes({"note.txt": text}, link)
    result = sections(summary)
    assert "breast cancer" in result["Family history"]
    assert "metformin" in result["Medications"]
    assert "metformin" not in result["Family history"]
    assert "Hypertension" in result["Problems"]
    assert {line.status for line in summary.lines if "metformin" in line.text} == {"present"}


def test_other_headings_cover_the_lines_below():
    text = "Medications: metformin 500 mg daily.\nPenicillin as needed.\nAllergies: none.\nHypertension.\n"
    result = sections(summarize_notes({"note.txt": text}, link))
    assert "Penicillin" in result["Medications"]
    assert "Hypertension" in result["Problems"]


def test_a_list_of_allergies_goes_on_and_a_treatment_below_it_is_none():
    text = "Allergies: metformin\nPenicillin\nMetformin 500 mg daily was stopped.\n"
    result = sections(summarize_notes({"note.txt": text}, link))
    assert "Penicillin" in result["Allergies"]
    assert "500 mg" not in result["Allergies"]
    assert "500 mg" in result["Medications"]
    result = sections(summarize_notes({"note.txt": "Allergies: none\nHypertension\n"}, link))
    assert "Hypertension" in result["Problems"]


def test_what_follows_a_problem_in_its_item_is_of_it_and_values_are_results():
    note = (
        "Course: potassium 5.1 today. Chest x-ray showed a shadow.\n"
        "Assessment and plan:\n"
        "1. Asthma, not controlled at all in spring. Start metformin 500 mg twice daily. Recheck potassium in 2 weeks.\n"
        "2. Pneumonia. Hypertension is new as well, and here to stay.\n"
        "Problems:\n"
        "Hypertension\n"
        "- creatinine 1.8\n"
        "- metformin 500 mg daily\n"
        "# Fever - metformin 850 mg from tomorrow on, and then we shall see what comes\n"
        "Pending: culture of sputum\n"
        "P: follow up in 3 months"
    )
    lines = summarize_notes({"a.txt": note}, link).lines
    placed = {line.text: (line.section, line.problem) for line in lines}
    assert placed["Start metformin 500 mg twice daily."] == ("Medications", "asthma")
    assert placed["Recheck potassium in 2 weeks."] == ("Plan", "asthma")
    assert placed["Pneumonia."] == ("Problems", "pneumonia")
    assert placed["Hypertension is new as well, and here to stay."] == ("Problems", "hypertension")
    assert placed["creatinine 1.8"] == ("Results and examination", "hypertension")
    assert placed["metformin 500 mg daily"] == ("Medications", "hypertension")
    assert placed["Fever - metformin 850 mg from tomorrow on, and then we shall see what comes"][1] == "fever"
    assert placed["potassium 5.1 today."][0] == "Results and examination"
    assert placed["Chest x-ray showed a shadow."][0] == "Results and examination"
    assert placed["culture of sputum"][0] == "Plan"
    assert placed["follow up in 3 months"] == ("Plan", "")
