"""The compendium: shipped entries hold the schema; a bad entry is refused with file, field and mend."""

import csv
import io
import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave import compendium
from clinweave.cli import COMMANDS
from clinweave.core.errors import UserError

GOOD = """
id = "made-up"
name = "Made up"
kind = "database"
summary = "An entry for tests"
access = "open"
licence = "CC0"
sources = ["doi:10.1/x"]
size = [{ what = "rows", value = "12", as_of = "2026-01", source = "doi:10.1/x, Table 1", trust = "paper" }]
knowledge = [{ which = "a graph", merged_how = "graph-inference" }]
"""


def write(folder: Path, text: str, name: str = "made-up.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def entries() -> list[compendium.Entry]:
    return compendium.load()


def test_shipped_entries_hold_the_schema(entries):
    kinds = {entry.kind for entry in entries}
    assert kinds == set(compendium.ENTRY_KINDS)
    assert len(entries) >= 40
    for entry in entries:
        assert entry.sources, entry.id
        assert all(item.source.startswith(entry.sources) for item in (*entry.size, *entry.reported)), entry.id


def test_shipped_files_lie_in_the_folder_of_their_kind():
    for file in compendium.folder().rglob("*.toml"):
        assert file.parent.name == tomllib.loads(file.read_text("utf-8"))["kind"] + "s"


@pytest.mark.parametrize(
    "needed",
    [
        *("doctorgpt", "pangu-drug"),
        *("drugs-com", "drugbank", "nhs-medicine", "medline", "embase", "umls", "hpo"),
        *("uptodate", "clinicalkey", "nhs-health"),
        *(
            "hpoa",
            "mondo",
            "icd10cm",
            "uniprot-diseases",
            "chebi",
            "drug-names",
            "hgnc",
            "smollm2-135m-instruct",
        ),
    ],
)
def test_what_the_survey_names_and_the_demo_fetches_is_there(entries, needed):
    assert compendium.find(entries, needed).id == needed


def test_what_is_fetched_has_an_entry_and_says_so(entries):
    resources = pytest.importorskip("clinweave.resources")
    for resource in resources.catalogue():
        assert f"clinweave fetch {resource}" in compendium.find(entries, resource).clinweave


def test_commands_named_exist(entries):
    for entry in entries:
        for command in entry.clinweave:
            assert command.split()[0] == "clinweave", (entry.id, command)
            assert command.split()[1] in COMMANDS, (entry.id, command)


@pytest.mark.parametrize(
    ("change", "field", "mend"),
    [
        (("licence", "license"), "license", "did you mean 'licence'"),
        (('"open"', '"opne"'), "access", "did you mean 'open'"),
        (('"database"', '"data base"'), "kind", "did you mean 'database'"),
        (('"graph-inference"', '"graph-infer"'), "knowledge[1].merged_how", "did you mean 'graph-inference'"),
        (('which = "a graph", ', ""), "knowledge[1].which", "missing"),
        (('what = "rows"', "what = 3"), "size[1].what", "text is expected"),
        (('"2026-01"', '"last year"'), "size[1].as_of", "YYYY"),
        (('source = "doi:10.1/x, Table 1"', 'source = "somewhere"'), "size[1].source", "must begin with"),
        (('sources = ["doi:10.1/x"]', 'sources = "doi:10.1/x"'), "sources", "a list is expected"),
        (('id = "made-up"', 'id = "Made Up"'), "id", "lower-case"),
        (('id = "made-up"', 'id = "other"'), "id", "other.toml"),
        (('name = "Made up"', 'name = " "'), "name", "text is expected"),
        (('name = "Made up"', "name = "), "not a readable TOML file", "line 3"),
    ],
)
def test_a_bad_entry_is_refused_with_file_field_and_mend(tmp_path, change, field, mend):
    assert GOOD.count(change[0]) >= 1
    path = write(tmp_path, GOOD.replace(*change))
    with pytest.raises(UserError) as error:
        compendium.read_entry(path)
    assert str(path) in str(error.value)
    assert field in str(error.value)
    assert mend in str(error.value)


def test_two_entries_of_one_id_are_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, GOOD)
    with pytest.raises(UserError, match="is taken by"):
        compendium.load(tmp_path)


def test_a_folder_without_entries_is_refused(tmp_path):
    with pytest.raises(UserError, match="no compendium entries"):
        compendium.load(tmp_path)


def test_an_unknown_id_names_the_nearest(entries):
    with pytest.raises(UserError, match="did you mean 'doctorgpt'"):
        compendium.find(entries, "docterGPT")


def test_search_needs_every_word_and_puts_names_first(entries):
    result = compendium.search(entries, "MIRAGE average")
    assert "medrag" in [entry.id for entry in result]
    assert all("mirage" in repr(entry).lower() for entry in result)
    assert compendium.search(entries, "mirage")[0].id == "mirage"
    assert compendium.search(entries, "zzzz") == []


def test_json_keeps_every_field(entries):
    rows = json.loads(compendium.render(entries, "json"))
    assert [row["id"] for row in rows] == [entry.id for entry in entries]
    assert rows[0]["sources"] == list(entries[0].sources)
    assert set(rows[0]) == set(compendium.Entry.__dataclass_fields__)


def test_csv_has_one_row_per_entry(entries):
    rows = list(csv.DictReader(io.StringIO(compendium.render(entries, "csv"))))
    assert [row["id"] for row in rows] == [entry.id for entry in entries]
    assert next(row for row in rows if row["id"] == "embase")["clinweave"] == "nothing yet"


words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)


@given(words, words)
def test_exports_escape_what_entries_hold(name, note):
    entry = compendium.Entry("x", name, "model", "s", "open", "l", ("y",), notes=(note,))
    page = compendium.render([entry], "html")
    assert page.count("<td>") == 3
    row = next(csv.DictReader(io.StringIO(compendium.render([entry], "csv"))))
    assert (row["name"], row["notes"]) == (name, note)
    table_row = compendium.render([entry], "md").splitlines()[4]
    assert table_row.replace("\\|", "").count("|") == 6


def test_an_unknown_format_is_refused(entries):
    with pytest.raises(UserError, match="csv"):
        compendium.render(entries, "xls")


def test_every_system_that_the_survey_names_has_an_entry_or_is_said_to_have_none(entries):
    named = compendium.named_systems(entries)
    assert len(named) == len({system.name for system in named}) >= 70
    assert {system.name for system in named if not system.entry} <= {
        "AMC-agent",
        "LLMs4RDF",
        "LLaMA-Care",
        "DaJing",
    }
    assert all(not system.entry for system in compendium.named_systems([]))


def test_the_command_counts_the_systems_that_the_survey_names(capsys):
    from clinweave.cli import main

    with pytest.raises(SystemExit) as stopped:
        main(["compendium", "--survey", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert stopped.value.code == 0
    assert printed["present"] == sum(bool(system["entry"]) for system in printed["systems"]) >= 60
