"""Withdrawn documents, older versions and copies: what is left out of the index, and what must stay."""

import itertools

import pytest

from clinweave.core.errors import UserError
from clinweave.knowledge import TextIndex, add_collection, build_home_index, collections
from clinweave.knowledge.retrieval import corpora, retrievers
from clinweave.knowledge.retrieval.superseded import left_out
from clinweave.knowledge_base import KnowledgeBase

TEXT = "Adults with sepsis: give the first antibiotic within one hour and take blood cultures before it."


def out(**files):
    """Return {name: kind} of what is left out of one collection; a value is a text or (title, text)."""
    rows = [(name, *(item if isinstance(item, tuple) else (name, item))) for name, item in files.items()]
    return {item.document: item.kind for item in left_out({"own": rows})}


OLDER = [
    ("sepsis v2.md", "sepsis v3.md"),
    ("sepsis-v9.pdf", "sepsis-v10.pdf"),
    ("Sepsis_Version_1.2.docx", "Sepsis_Version_1.10.docx"),
    ("sepsis rev 4.txt", "sepsis rev 5.txt"),
    ("sepsis 1st edition.html", "sepsis 2nd edition.html"),
    ("sepsis 2019.md", "sepsis 2024.md"),
    ("sepsis_2023-11.md", "sepsis_2024-02-01.md"),
    ("sepsis 20231130.md", "sepsis 20240201.md"),
    ("sepsis 31.12.2023.md", "sepsis 01.02.2024.md"),
    ("sepsis (March 2023).md", "sepsis (January 2024).md"),
    ("guidelines 2022/sepsis.md", "guidelines 2024/sepsis.md"),
    ("archive/sepsis v2.md", "sepsis v3.md"),
    ("sepsis v2 (2021).md", "sepsis v3 (2023).md"),
    ("sepsis_old.md", "sepsis.md"),
    ("archive/sepsis.md", "sepsis.md"),
    ("sepsis v2 (old).md", "sepsis v3.md"),
]


@pytest.mark.parametrize(("old", "new"), OLDER)
def test_the_newest_version_stays(old, new):
    assert out(**{old: "Give A.", new: "Give B."}) == {old: "older version"}
    assert out(**{new: "Give B.", old: "Give A."}) == {old: "older version"}


STAYS = [
    ("sepsis.md", "sepsis v2.md"),  # which one is newer is not stated
    ("part 1.md", "part 2.md"),
    ("minutes 2023-01-05.md", "minutes 2023-02-05.md"),
    ("letter 2022.md", "letter 2023.md"),
    ("adult/dosing v2.md", "child/dosing v3.md"),
    ("sepsis adults v2.md", "sepsis children v3.md"),
    ("sepsis v2 (2024).md", "sepsis v3 (2022).md"),  # number and date contradict each other
    ("sepsis v2.md", "asthma v3.md"),
    ("sepsis v2.md", "sepsis v3 draft.md"),
    ("sepsis v2.md", "draft/sepsis v3.md"),
    ("sepsis v3.md", "sepsis 2024.md"),
    ("sepsis v3 old.md", "sepsis v2.md"),  # name and number contradict each other
    ("5 years old.md", "5 years.txt.md"),
    ("care of the old.md", "asthma.md"),
    ("type 1 diabetes.md", "type 2 diabetes.md"),
    ("hepatitis B.md", "hepatitis C.md"),
    ("dose 2000 units.md", "dose 5000 units.md"),
]


@pytest.mark.parametrize(("one", "other"), STAYS)
def test_what_is_not_certain_stays(one, other):
    assert out(**{one: "Give A.", other: "Give B."}) == {}


OLD_TEXT = (
    "Adults with suspected sepsis: give the first antibiotic within one hour and take two blood cultures before it. "
    "Measure lactate and call the outreach team."
)
NEW_TEXT = OLD_TEXT.replace("one hour", "three hours").replace("Measure lactate", "Measure lactate twice")
VERSIONS = [  # (older name, its text, newer name, its text); a text that begins with "# " has a title
    ("guideline-asthma-v1.pdf", OLD_TEXT, "guideline-asthma-v2.pdf", NEW_TEXT),
    ("Sepsis policy 2019.docx", OLD_TEXT, "Sepsis policy 2024.docx", NEW_TEXT),
    ("SOP-014_v3.2_heparin.pdf", OLD_TEXT, "SOP-014_v4.0_heparin.pdf", NEW_TEXT),
    ("heparin (2018-2021).pdf", OLD_TEXT, "heparin (2022-2025).pdf", NEW_TEXT),
    ("dka_2021-03.md", OLD_TEXT, "dka_2023-11.md", NEW_TEXT),
    ("DKA pathway Feb 2022.md", OLD_TEXT, "DKA pathway Oct 2025.md", NEW_TEXT),
    ("asthma_FINAL_v2.docx", OLD_TEXT, "asthma_FINAL_v3.docx", NEW_TEXT),
    ("asthma-rev-A.docx", OLD_TEXT, "asthma-rev-B.docx", NEW_TEXT),
    ("stroke, 3rd edition.pdf", OLD_TEXT, "stroke, 4th edition.pdf", NEW_TEXT),
    ("sepsis.old.docx", OLD_TEXT, "sepsis.docx", NEW_TEXT),
    ("archived/dvt.md", OLD_TEXT, "dvt.md", NEW_TEXT),
    ("Archive 2020/dvt.md", OLD_TEXT, "dvt.md", NEW_TEXT),
    ("discharge policy v1.md", OLD_TEXT, "discharge policy v2.md", NEW_TEXT),
    ("a.md", f"# Sepsis\n\nVersion: 2.1\n\n{OLD_TEXT}", "b.md", f"# Sepsis\n\nVersion: 3.0\n\n{NEW_TEXT}"),
    ("a.md", f"# Sepsis\n\nValid from 01.02.2019\n\n{OLD_TEXT}", "b.md",
     f"# Sepsis\n\nValid from 01.03.2024\n\n{NEW_TEXT}"),
    ("sepsis guidance.md", OLD_TEXT, "blood poisoning.md", f"This policy supersedes Sepsis guidance.\n\n{NEW_TEXT}"),
    ("x1.md", f"# Sepsis in adults\n\n{OLD_TEXT}", "x2.md",
     f"# Sepsis in adults\n\nThis guideline replaces all previous versions.\n\n{NEW_TEXT}"),
    ("old-sepsis.md", OLD_TEXT, "sepsis.md", NEW_TEXT),
    ("#7 sepsis v1.md", OLD_TEXT, "#7 sepsis v2.md", NEW_TEXT),
    ("previous version/sepsis.md", OLD_TEXT, "sepsis.md", NEW_TEXT),
    ("sepsis v1.md", f"WITHDRAWN 12 March 2023 - do not use\n\n{OLD_TEXT}", "sepsis guideline.md", NEW_TEXT),
]  # fmt: skip
VISITS = (
    "Mrs A is 71 years old with chest pain since noon, a normal tracing and no rise of troponin; she was sent home.",
    "Boy of four with wheeze and fever: salbutamol by spacer, saturation 95 percent, and he was admitted overnight.",
)
OTHERS = [
    ("note200.txt", "note2000.txt"), ("visit 1.txt", "visit 2.txt"),
    ("guideline-asthma-1.pdf", "guideline-asthma-2.pdf"),
    ("note2019.txt", "note2020.txt"), ("patient 1987.txt", "patient 2003.txt"), ("2019.txt", "2020.txt"),
    ("ward 3 protocol.md", "ward 4 protocol.md"), ("bed2001.txt", "bed2002.txt"),
    ("scan_20230105.txt", "scan_20230212.txt"), ("covid 2020 outbreak.md", "covid 2021 outbreak.md"),
    ("V1 rash.txt", "V2 rash.txt"), ("ECG v1-v3.md", "ECG v4-v6.md"), ("cranial nerve V2.md", "cranial nerve V3.md"),
    ("factor v.md", "factor viii.md"), ("consultation 2023-01-05.md", "consultation 2023-02-05.md"),
    ("Jones 12 March 2021.txt", "Jones 14 April 2022.txt"), ("edition 1 child.md", "edition 2 adult.md"),
    ("mr 2021-05-01.txt", "mr 2021-05-02.txt"), ("IMG_2021.txt", "IMG_2022.txt"), ("phq-2.md", "phq-9.md"),
]  # fmt: skip


def judged(*files):
    """Return (hidden, doubtful) names of (name, text) in both orders; they must agree."""
    result = []
    for rows in (files, files[::-1]):
        passages = [
            (name, text[2:].split("\n")[0] if text.startswith("# ") else name, text) for name, text in rows
        ]
        items = left_out({"own": passages})
        result.append(
            (
                {item.document for item in items if not item.is_kept},
                {item.document for item in items if item.is_kept},
            )
        )
    assert result[0] == result[1]
    return result[0]


@pytest.mark.parametrize(("old", "old_text", "new", "new_text"), VERSIONS)
def test_versions_of_one_document_are_found(old, old_text, new, new_text):
    assert judged((old, old_text), (new, new_text)) == ({old}, set())


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_nothing_is_hidden_because_names_differ_in_a_number(one, other):
    assert judged((one, VISITS[0]), (other, VISITS[1]))[0] == set()


def test_copied_forward_notes_are_not_hidden():
    """Daily notes are copied forward: nearly the same text, and each of them is needed."""
    note = "Mr B is 60 years old. Day {}: afebrile, drain 200 ml, enoxaparin continued, potassium 4.1, mobilised."
    for name in (
        "progress 2023-01-0{}.txt",
        "B 2023-01-0{}.txt",
        "note2023-01-0{}.txt",
        "round v{}.txt",
        "{} May 2023.txt",
    ):
        files = [(name.format(day), note.format(day)) for day in (1, 2, 3)]
        assert judged(*files)[0] == set(), name


def test_many_numbered_files_are_no_versions():
    files = [
        (f"doc{number}.txt", f"{OLD_TEXT} Number {number}.") for number in (*range(1, 30), *range(1990, 2010))
    ]
    assert judged(*files)[0] == set()


def test_a_statement_of_what_is_superseded_names_nothing_else():
    new = f"This guideline supersedes version 2.\n\n{NEW_TEXT}"
    assert judged(("sepsis v3.md", new), ("asthma.md", OLD_TEXT)) == (set(), set())
    other = f"This policy supersedes Asthma guidance.\n\n{NEW_TEXT}"
    assert judged(("sepsis guidance.md", other), ("guidance.md", OLD_TEXT)) == (set(), set())
    draft = f"Draft\n\nThis policy supersedes Asthma guidance.\n\n{NEW_TEXT}"
    assert judged(("x.md", draft), ("asthma guidance.md", OLD_TEXT)) == (set(), set())


@pytest.mark.parametrize(
    "first",
    ["WITHDRAWN 12 March 2023", "Superseded, do not use", "ARCHIVED", "Status: archived", "Withdrawn 1 May 2023",
     "This publication was withdrawn on 25 July 2022", "Stand: au\u00dfer Kraft", "Estado: derogada"],
)  # fmt: skip
def test_stamps_in_the_first_lines(first):
    assert out(**{"a.md": f"{first}\n\n{TEXT}"}) == {"a.md": "withdrawn"}


@pytest.mark.parametrize(
    "first",
    ["WITHDRAWAL OF TREATMENT", "Obsolete drugs", "Archived records: ask the office", "Status: current"],
)
def test_first_lines_that_are_no_stamps(first):
    assert out(**{"a.md": f"{first}\n\n{TEXT}"}) == {}


def test_titles_and_first_lines_state_versions():
    newer = TEXT.replace("one hour", "45 minutes")
    assert out(**{"a.pdf": ("Sepsis, version 2", TEXT), "b.pdf": ("Sepsis, version 3", newer)}) == {
        "a.pdf": "older version"
    }
    stated = "Version: {}\n\nIssued: {}, review date March {}\n\n"
    files = {
        "a.pdf": ("Sepsis", stated.format(2, 2021, 2026) + TEXT),
        "b.pdf": ("Sepsis", stated.format(3, 2023, 2025) + newer),
    }
    assert out(**files) == {"a.pdf": "older version"}
    other = "Asthma attacks: nebulised salbutamol every twenty minutes, oral steroids for five days."
    assert out(**{"a.pdf": ("Clinical guideline", f"Version 2\n\n{TEXT}"),
                  "b.pdf": ("Clinical guideline", f"Version 3\n\n{other}")}) == {}  # fmt: skip


def test_a_draft_takes_no_place():
    draft = "Status: draft for consultation\n\nGive B."
    assert out(**{"sepsis v2.md": "Give A.", "sepsis v3.md": draft}) == {}
    assert out(**{"sepsis v2.md": "Give A.", "sepsis v3.md": "Draft\n\nGive B.", "sepsis v4.md": "Give C."}) == {
        "sepsis v2.md": "older version", "sepsis v3.md": "older version",
    }  # fmt: skip


WITHDRAWN = [
    ("sepsis (withdrawn).md", TEXT),
    ("sepsis-superseded.pdf", TEXT),
    ("OBSOLETE sepsis.pdf", TEXT),
    ("withdrawn/sepsis.md", TEXT),
    ("a.md", f"Status: withdrawn\n\n{TEXT}"),
    ("a.md", f"WITHDRAWN\n\n{TEXT}"),
    ("a.md", f"Superseded by version 3 of May 2024\n\n{TEXT}"),
    ("a.md", f"This guideline has been withdrawn. {TEXT}"),
    ("a.md", f"Please note: this document is no longer valid. {TEXT}"),
    ("m.xml#12", ("WITHDRAWN: Antibiotics for sepsis", TEXT)),
]


@pytest.mark.parametrize(("name", "text"), WITHDRAWN)
def test_a_withdrawn_document_is_left_out(name, text):
    assert out(**{name: text}) == {name: "withdrawn"}


CURRENT = [
    ("alcohol withdrawal.md", TEXT),
    ("a.md", f"This guideline supersedes version 2. {TEXT}"),
    ("a.md", f"This guideline has not been withdrawn. {TEXT}"),
    ("a.md", f"Withdrawn from the market: rofecoxib.\n\n{TEXT}"),
    ("a.md", f"Rofecoxib was withdrawn in 2004. {TEXT}"),
    ("a.md", f"Treatment is withdrawn by the team after discussion. {TEXT}"),
    ("a.md", f"Status: current\n\n{TEXT}"),
    ("m.xml#12", ("What is a retired gene name?", TEXT)),
]


@pytest.mark.parametrize(("name", "text"), CURRENT)
def test_a_current_document_stays(name, text):
    assert out(**{name: text}) == {}


def test_copies_are_indexed_once_but_equal_answers_stay():
    assert out(**{"a.md": TEXT, "b (1).md": TEXT.replace(" ", "\n", 1)}) == {"b (1).md": "duplicate"}
    assert out(**{"q.xml#1": ("What is A?", TEXT), "q.xml#2": ("What is B?", TEXT)}) == {}
    assert out(**{"q.xml#1": ("What is A?", TEXT), "q.xml#2": ("What is A?", TEXT)}) == {
        "q.xml#2": "duplicate"
    }


@pytest.mark.parametrize(
    ("first", "second", "dropped"),
    [
        ("alcohol copy.txt", "alcohol_withdrawal.txt", "alcohol copy.txt"),
        ("Copy of sepsis.md", "sepsis.md", "Copy of sepsis.md"),
        ("sepsis (1).md", "sepsis.md", "sepsis (1).md"),
        ("sepsis - Kopie (2).md", "sepsis.md", "sepsis - Kopie (2).md"),
        ("sepsis old.md", "sepsis.md", "sepsis old.md"),
        ("sepsis draft.md", "sepsis.md", "sepsis draft.md"),
        ("sepsis v1.md", "sepsis v2.md", "sepsis v1.md"),
        ("copying machines.md", "sepsis.md", "sepsis.md"),
    ],
)
def test_of_copies_the_original_stays(first, second, dropped):
    assert out(**{first: TEXT, second: TEXT}) == {dropped: "duplicate"}


def test_many_versions_in_any_order():
    names = [f"sepsis v{number}.md" for number in (1, 2, 3, 10)]
    for order in itertools.permutations(names):
        assert set(out(**{name: f"Give {name}." for name in order})) == set(names[:3])


def folder_of(path, **files):
    path.mkdir()
    for name, text in files.items():
        (path / f"{name}.md").write_text(text, "utf-8")
    return path


def cited(home, query, **options):
    build_home_index(None, None, home)
    hits = TextIndex.open(home / "index", **options).search(query)
    return [hit.passage.document for hit in hits]


def test_an_older_version_in_another_collection_is_not_found(tmp_path):
    home = tmp_path / "home"
    add_collection(folder_of(tmp_path / "old", **{"sepsis v2": "Sepsis: cefuroxime."}), home)
    assert cited(home, "sepsis") == ["sepsis v2.md"]
    add_collection(folder_of(tmp_path / "new", **{"sepsis v3": "Sepsis: ceftriaxone."}), home)
    assert cited(home, "sepsis") == ["sepsis v3.md"]
    (item,) = TextIndex.open(home / "index").info()["left_out"]
    assert (item["collection"], item["document"]) == ("old", "sepsis v2.md")
    assert "sepsis v3.md of the collection new is version 3" in item["reason"]
    corpora.remove_collection("new", home)
    assert cited(home, "sepsis") == ["sepsis v2.md"]
    add_collection(
        folder_of(tmp_path / "all", **{"asthma v1": "Asthma one.", "asthma v2": "Asthma two."}),
        home,
        all_versions=True,
    )
    assert sorted(cited(home, "asthma")) == ["asthma v1.md", "asthma v2.md"]


def test_the_owner_decides_by_name(tmp_path):
    home = tmp_path / "home"
    texts = folder_of(
        tmp_path / "own", **{"sepsis v1": "Sepsis one.", "sepsis v2": "Sepsis two.", "asthma": "Asthma."}
    )
    add_collection(texts, home, keep=["sepsis v1*"], leave_out=["asthma.md"])
    assert sorted(cited(home, "sepsis asthma")) == ["sepsis v1.md", "sepsis v2.md"]
    (item,) = TextIndex.open(home / "index").info()["left_out"]
    assert (item["document"], item["kind"]) == ("asthma.md", "by choice")
    corpora.replace_collection("own", texts, home)
    assert sorted(cited(home, "sepsis asthma")) == ["sepsis v1.md", "sepsis v2.md"]


def test_ask_names_what_was_left_out(tmp_path):
    home = tmp_path / "home"
    texts = {
        "colistin dosing v1": "Colistin loading dose is 6 million units in adults.",
        "colistin dosing v2": "Colistin loading dose is 9 million units in adults.",
        "gentamicin (withdrawn)": "Gentamicin once daily dose is 7 mg per kg in adults.",
    }
    add_collection(folder_of(tmp_path / "own", **texts), home, name="own")
    build_home_index(None, None, home)
    with KnowledgeBase(home, audience="clinician") as base:
        notes = base.ask("What is the loading dose of colistin?", retrievers=["text"]).notes
        assert [item for item in notes if "left out" in item] == [
            "left out: own/colistin dosing v1.md also matches (older version (version 1): colistin dosing v2.md is "
            "version 2)"
        ]
        notes = base.ask("What is the daily dose of gentamicin?", retrievers=["text"]).notes
        assert any("own/gentamicin (withdrawn).md also matches" in item for item in notes)
        notes = base.ask("What is the dose of aspirin?", retrievers=["text"]).notes
        assert not any("left out" in item for item in notes)


def test_front_matter_states_the_status(tmp_path):
    home = tmp_path / "home"
    texts = folder_of(
        tmp_path / "texts",
        a="---\ntitle: x\nwithdrawn: true\n---\n# Sepsis\n\nSepsis: cefuroxime.\n",
        b="---\nstatus: current\nversion: 3\n---\n# Sepsis\n\nSepsis: ceftriaxone.\n",
        c="---\nversion: 2\n---\n# Sepsis\n\nSepsis: ceftriaxone, maybe.\n",
    )
    add_collection(texts, home)
    assert cited(home, "sepsis") == ["b.md"]


def test_a_collection_is_replaced_whole_or_not_at_all(tmp_path):
    home = tmp_path / "home"
    add_collection(folder_of(tmp_path / "one", sepsis="Sepsis: cefuroxime."), home, name="own", licence="CC0")
    new = folder_of(tmp_path / "two", asthma="Asthma: salbutamol.")
    with pytest.raises(UserError, match="index replace own"):
        add_collection(new, home, name="own")
    with pytest.raises(UserError, match="could be read as text"):
        corpora.replace_collection("own", folder_of(tmp_path / "none"), home)
    assert cited(home, "sepsis asthma") == ["sepsis.md"]
    corpora.replace_collection("own", new, home)
    assert cited(home, "sepsis asthma") == ["asthma.md"]
    assert collections(home)["own"]["parameters"]["licence"] == "CC0"
    with pytest.raises(UserError, match="no collection 'other'; there are: own"):
        corpora.replace_collection("other", new, home)


def test_collections_are_chosen_and_preferred(tmp_path):
    home = tmp_path / "home"
    long = "Sepsis: give ceftriaxone, sepsis needs it early."
    add_collection(folder_of(tmp_path / "one", a=long, same="Gout: colchicine."), home)
    add_collection(folder_of(tmp_path / "two", b="For sepsis give cefuroxime, then look again.",
                             same="Gout: colchicine."), home)  # fmt: skip
    assert cited(home, "sepsis") == ["a.md", "b.md"]
    assert cited(home, "sepsis", collections=["two"]) == ["b.md"]
    assert cited(home, "sepsis", preferred=["two"]) == ["b.md", "a.md"]
    assert cited(home, "gout") == ["same.md"]  # one text in two collections is shown once
    with pytest.raises(UserError, match="no collection 'three' in the text index; there are: one, two"):
        TextIndex.open(home / "index", collections=["three"])
    known = collections(home)
    with pytest.raises(UserError, match="no collection 'three'"):
        retrievers.prefer_collections(["three"], home, known)
    assert retrievers.prefer_collections(["two", "one"], home, known) == ("two", "one")
    corpora.remove_collection("two", home)
    assert retrievers.preferred_collections(home) == ("one",)
    assert retrievers.prefer_collections([], home, known) == retrievers.preferred_collections(home) == ()
