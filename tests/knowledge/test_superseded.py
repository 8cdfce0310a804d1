"""Withdrawn documents, older versions and copies: what is left out of the index, and what must stay."""

import itertools

import pytest

from clinweave.core.errors import UserError
from clinweave.knowledge import TextIndex, add_collection, build_home_index, collections
from clinweave.knowledge.retrieval import corpora, preferences
from clinweave.knowledge.retrieval.superseded import left_out

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
        preferences.prefer_collections(["three"], home, known)
    assert preferences.prefer_collections(["two", "one"], home, known) == ("two", "one")
    corpora.remove_collection("two", home)
    assert preferences.preferred_collections(home) == ("one",)
    assert preferences.prefer_collections([], home, known) == preferences.preferred_collections(home) == ()
