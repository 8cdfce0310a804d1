"""`graph diff`: what a new build changes, by kind; empty without changes."""

import json
from dataclasses import replace

import pytest

from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.knowledge import compare_graphs
from clinweave.records import Concept, Grade, Relation
from tests.knowledge.graph_fixture import DISEASE, FINDING, HAS, RECORDS, build


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return an old graph, and one in which one thing of each kind changed."""
    place = tmp_path_factory.mktemp("graphs")
    build(place / "old")
    short = Concept(
        "HP:0000005", FINDING, "Small stature", "hpo", xrefs=("HP:0000003",), related=("HP:0000002",)
    )
    hpo = [
        item for item in RECORDS["hpo"]
        if getattr(item, "id", "") not in {"HP:0000002", "HP:0000003", "hpo:2"} and not isinstance(item, Relation)
    ]  # fmt: skip
    mondo = [
        replace(item, name="Pebble disorder") if getattr(item, "id", "") == "MONDO:0000020" else item
        for item in RECORDS["mondo"]
    ]
    hpoa = [
        replace(item, frequency="8/12", grade=Grade.TEXT_MINED) if getattr(item, "negated", False) else item
        for item in RECORDS["hpoa"]
    ]
    more = [
        Concept("MONDO:0000099", DISEASE, "Dust", "mondo"),
        Relation("MONDO:0000099", HAS, "HP:0000118", "mondo"),
    ]
    build(place / "new", {**RECORDS, "hpo": [*hpo, short], "mondo": [*mondo, *more], "hpoa": hpoa})
    return place / "old", place / "new"


def kinds(rows):
    return {(row["change"], row["kind"].removeprefix("biolink:")): row for row in rows}


def test_each_kind_of_change_is_counted(folders):
    result = compare_graphs(*folders)
    concepts = kinds(result["concepts"])
    assert {key: row["count"] for key, row in concepts.items()} == {
        ("added", "Disease"): 1,
        ("added", "PhenotypicFeature"): 1,
        ("obsolete", "PhenotypicFeature"): 1,
        ("renamed", "Disease"): 1,
        ("replaced", "PhenotypicFeature"): 1,
    }
    (old,) = concepts["replaced", "PhenotypicFeature"]["examples"]
    assert old == {"id": "HP:0000003", "name": "Short stature", "now": "HP:0000005"}
    (old,) = concepts["obsolete", "PhenotypicFeature"]["examples"]
    assert (old["id"], old["consider"]) == ("HP:0000002", "HP:0000005")
    (old,) = concepts["renamed", "Disease"]["examples"]
    assert (old["old"], old["new"]) == ("Pebble disease", "Pebble disorder")
    relations = kinds(result["relations"])
    assert relations["added", "mondo has_phenotype"]["count"] == 1
    changed = relations["changed", "hpoa has_phenotype: frequency"]["examples"]
    assert [(item["old"], item["new"]) for item in changed] == [("", "8/12")]
    assert changed[0]["object"] == "HP:0000005"  # compared under the new identifier
    assert ("changed", "hpoa has_phenotype: grade") in relations
    assert relations["removed", "hpo subclass_of"]["count"] == 2


def test_the_same_graph_changes_nothing_and_the_reverse_is_the_reverse(folders):
    old, new = folders
    same = compare_graphs(old, old)
    assert (same["concepts"], same["relations"]) == ([], [])
    there, back = compare_graphs(old, new)["relations"], compare_graphs(new, old)["relations"]
    assert kinds(there)["added", "mondo has_phenotype"]["count"] == 1
    assert kinds(back)["removed", "mondo has_phenotype"]["count"] == 1


def test_the_command(folders, tmp_path, capsys):
    for arguments, code in (([], 0), (["--json"], 0)):
        with pytest.raises(SystemExit) as stopped:
            main(["graph", "diff", *map(str, folders), *arguments])
        assert stopped.value.code == code
        told = capsys.readouterr().out
    assert json.loads(told)["sources"][0]["source"] == "chebi"
    with pytest.raises(UserError, match="there is no graph in"):
        compare_graphs(tmp_path, folders[1])
