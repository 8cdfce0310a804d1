"""A user's own triples in the graph: names, predicates in words, grades, and every row that is refused."""

import gzip
import json
import re

import pytest

from clinweave import databases
from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.databases import Database
from clinweave.databases.own_graph import predicates
from clinweave.knowledge import Graph, build_graph, graph_inputs, verbalise
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Concept, Grade, Source, Tier
from tests.knowledge.graph_fixture import DISEASE, DRUG, FINDING

CONCEPTS = [
    Concept("MONDO:0000010", DISEASE, "Marble syndrome", "toy", ("MBS", "stone bones")),
    Concept("MONDO:0000020", DISEASE, "Pebble disease", "toy", ("PS",)),
    Concept("HP:0000002", FINDING, "Long fingers", "toy", ("PS",)),
    Concept("CHEBI:1", DRUG, "stonix", "toy"),
    Concept("ICD10CM:Q1", DISEASE, "Marble syndrome", "toy"),
]
HEADER = "subject,predicate,object,source,publications,frequency,negated\n"


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """Put a small database in the place of all others."""
    source = Source("toy", "Toy", "infores:toy", "1", "CC0", "")
    base = Database("toy", "TOY", ("toy.txt",), lambda files: source, lambda files, log: iter(CONCEPTS))
    monkeypatch.setitem(databases.DATABASES, "toy", base)
    (tmp_path / "toy.txt").write_text("x")
    return {"toy": {"toy.txt": tmp_path / "toy.txt"}}


def built(toy, tmp_path, files, **options):
    """Build the graph of the toy and of own tables; return it and the refused rows as (file, row, reason)."""
    folder = tmp_path / "own"
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        content = text.encode()
        (folder / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    own = graph_inputs(["toy"], [("toy", tmp_path / "toy.txt"), ("mine", folder)], tmp_path)
    done = build_graph(own, tmp_path / "g", **options)
    return Graph.open(tmp_path / "g"), [tuple(item) for item in done.manifest["examples"]]


def run(*arguments):
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    return stopped.value.code


def relations(graph):
    return {
        (row.subject, row.predicate, row.object)
        for row in graph.relations(["MONDO:0000010", "MONDO:0000020", "CHEBI:1"])
    }


def test_names_and_identifiers_in_a_simple_table(toy, tmp_path):
    rows = (
        "stonix,treats,marble  SYNDROME,local formulary 2026,PMID:1|PMID:2,,\n"
        "Stone bones,has symptom,HP:0000002,,,7/12,\n"
        "Marble syndrome,is caused by,Pebble disease,,,,\n"
        "stonix,contraindicated_in,Pebble disease,,,,no\n"
        "Marble syndrome,biolink:related_to,CHEBI:1,,,,TRUE\n"
    )
    graph, refused = built(toy, tmp_path, {"a.csv": HEADER + rows})
    assert refused == []
    assert relations(graph) == {
        ("CHEBI:1", "biolink:treats", "MONDO:0000010"),
        ("MONDO:0000010", "biolink:has_phenotype", "HP:0000002"),
        ("MONDO:0000020", "biolink:causes", "MONDO:0000010"),
        ("CHEBI:1", "biolink:contraindicated_in", "MONDO:0000020"),
        ("MONDO:0000010", "biolink:related_to", "CHEBI:1"),
    }
    (row,) = graph.relations(["CHEBI:1"], ["biolink:treats"])
    assert (row.source, row.evidence, row.publications) == (
        "mine",
        "local formulary 2026",
        ("PMID:1", "PMID:2"),
    )
    assert (row.grade, row.knowledge_level, row.original_subject) == (Grade.CURATED, "not_provided", "stonix")
    (row,) = graph.relations(["MONDO:0000010"], ["biolink:has_phenotype"])
    assert verbalise(graph, row) == "Marble syndrome has the feature Long fingers in 7 of 12 patients."


def test_of_namesakes_the_predicate_says_which_is_meant(toy, tmp_path):
    rows = "Marble syndrome,has phenotype,PS,,,,\nMarble syndrome,has phenotype,Pebble disease,,,,\n"
    graph, refused = built(toy, tmp_path, {"a.csv": HEADER + rows + "stonix,treats,PS,,,,\n"})
    assert refused == []
    assert relations(graph) == {
        ("MONDO:0000010", "biolink:has_phenotype", "HP:0000002"),  # the finding that is called PS
        ("MONDO:0000010", "biolink:has_phenotype", "MONDO:0000020"),
        ("CHEBI:1", "biolink:treats", "MONDO:0000020"),  # the disease that is called PS
    }


def test_diseases_of_a_finding_of_ones_own(toy, tmp_path):
    concepts = "id,name,category\nLAB:1,zebrafish rash,disease\nLAB:2,glowing fins,finding\n"
    triples = "subject,predicate,object,frequency,negated\nzebrafish rash,has phenotype,glowing fins,45%,\n"
    triples += "Marble syndrome,has phenotype,glowing fins,,yes\n"
    built(toy, tmp_path, {"concepts.csv": concepts, "triples.csv": triples})
    base = KnowledgeBase(home=tmp_path, graph=tmp_path / "g", model="none")
    answer = base.ask("Which diseases have glowing fins?", retrievers=("graph",))
    assert "zebrafish rash: glowing fins (in 45 % of patients)" in answer.text
    assert "Marble syndrome" not in answer.text


REFUSED = {
    "stonix,cures,Marble syndrome,,,,": "predicate 'cures' is no Biolink predicate",
    "stonix,treats,Gravel disease,,,,": "object 'Gravel disease' is no name in the graph",
    "stonix,treats,MONDO:999,,,,": "object 'MONDO:999' is no identifier of the graph",
    "PS,treats,Marble syndrome,,,,": "subject 'PS' may be MONDO:0000020, HP:0000002: give the identifier",
    ",treats,Marble syndrome,,,,": "subject is empty",
    "stonix,treats,Marble syndrome,,,often,": "frequency 'often' is no count",
    "stonix,treats,Marble syndrome,,,13/12,": "frequency '13/12' counts more than there are",
    "stonix,treats,Marble syndrome,,,,perhaps": "negated is neither true nor false",
    "stonix,treats": "2 cells where the header has 7",
    "MBS,is a,Marble syndrome,,,,": "subject and object are one concept",
}


@pytest.mark.parametrize("row", REFUSED)
def test_a_row_that_cannot_be_used_is_named(toy, tmp_path, row):
    good = "stonix,treats,Pebble disease,,,,\n"
    graph, refused = built(toy, tmp_path, {"a.csv": f"{HEADER}{good}{row}\n{good}"})
    ((file, number, reason),) = refused
    assert (file, number) == ("a.csv", 3)
    assert REFUSED[row] in reason
    assert relations(graph) == {("CHEBI:1", "biolink:treats", "MONDO:0000020")}


def test_kgx_with_own_concepts_and_ends_in_other_databases(toy, tmp_path):
    nodes = (
        "id\tcategory\tname\tsynonym\nLOCAL:1\tbiolink:Disease\tward rash\tred spots|rash W\nbad\tx\ty\t\n"
    )
    edges = (
        "subject\tpredicate\tobject\tknowledge_level\tagent_type\n"
        "LOCAL:1\tbiolink:has_phenotype\tHP:0000002\t\t\n"
        "stonix\tbiolink:treats\tred spots\tknowledge_assertion\tmanual_agent\n"
        "CHEBI:1\tbiolink:treats\tMONDO:0000010\tprediction\ttext_mining_agent\n"
        "CHEBI:1\tbiolink:treats\tMONDO:0000020\tgospel\t\n"
    )
    files = {"nodes.tsv": nodes, "edges.tsv.gz": edges}
    graph, refused = built(toy, tmp_path, files)
    grades = {row.object: row.grade for row in graph.relations(["CHEBI:1", "LOCAL:1"])}
    assert grades == {
        "HP:0000002": Grade.CURATED, "LOCAL:1": Grade.CURATED, "MONDO:0000010": Grade.TEXT_MINED,
    }  # fmt: skip
    assert [item[:2] for item in refused] == [("nodes.tsv", 3), ("edges.tsv.gz", 5)]
    graph, _ = built(toy, tmp_path, files, own_grade=Grade.TEXT_MINED)
    grades = {row.object: row.grade for row in graph.relations(["CHEBI:1", "LOCAL:1"])}
    assert grades["HP:0000002"] == Grade.TEXT_MINED
    assert grades["LOCAL:1"] == Grade.CURATED  # the row states its level


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"a.csv": "drug,relation,disease\nx,y,z\n"},
            "a.csv, line 1: the header .drug, relation, disease. is neither",
        ),
        ({"nodes.csv": "id,name\nA:1,x\n"}, "no table has the columns subject, predicate, object"),
        ({"a.csv": "subject,predicate,object,subject\n"}, "names subject twice"),
        ({"a.json": "{}"}, "no database is called 'mine'"),
        ({"a.csv": "\ufeffsubject;predicate;object\n" + "a;b;c\n"}, ""),
    ],
)
def test_a_table_of_another_kind_is_one_error(toy, tmp_path, files, message):
    if not message:
        assert built(toy, tmp_path, files)[1][0][2].startswith("predicate 'b'")
        return
    with pytest.raises(UserError, match=message):
        built(toy, tmp_path, files)


def test_a_misspelt_database_is_not_taken_for_an_own_one(tmp_path):
    with pytest.raises(UserError, match="did you mean orphanet"):
        graph_inputs(["hpo"], [("orphanett", tmp_path)], tmp_path)


def test_an_answer_is_given_from_an_own_relation_with_its_source(toy, tmp_path):
    rows = HEADER + "stonix,treats,Marble syndrome,local formulary 2026,PMID:1,,\n"
    built(toy, tmp_path, {"a.csv": rows})
    with KnowledgeBase(tmp_path / "nothing", graph=tmp_path / "g") as base:
        answer = base.ask("What treats Marble syndrome?", retrievers=["graph"], audience="clinician")
    assert "stonix" in answer.text
    assert not answer.abstained
    assert {row.source for item in answer.evidence for row in item.relations} == {"mine"}
    assert "text-mined" not in answer.text


FACTS = 'name = "Local formulary"\nrelease = "2026-11"\nlicence = "internal"\ntier = "private"\n'


def test_the_owner_states_release_licence_and_tier(toy, tmp_path):
    rows = HEADER + "stonix,treats,Marble syndrome,,,,\n"
    graph, _ = built(toy, tmp_path, {"a.csv": rows, "source.toml": FACTS})
    (row,) = graph.relations(["CHEBI:1"])
    assert (row.release, row.licence, row.tier) == ("2026-11", "internal", Tier.PRIVATE)
    assert graph.manifest["tier"] == "private"
    assert (tmp_path / "g").stat().st_mode & 0o777 == 0o700
    with KnowledgeBase(tmp_path / "nothing", graph=tmp_path / "g") as base:
        answer = base.ask("What treats Marble syndrome?", retrievers=["graph"], audience="clinician")
    assert {item.licence for part in answer.evidence for item in part.relations} == {"internal"}
    graph, _ = built(
        toy, tmp_path, {"a.csv": rows}, own_facts={"mine": {"release": "2027", "tier": "public"}}
    )
    (row,) = graph.relations(["CHEBI:1"])
    assert (row.release, row.licence, row.tier) == ("2027", "internal", Tier.PUBLIC)
    single = graph_inputs(
        ["toy"], [("toy", tmp_path / "toy.txt"), ("mine", tmp_path / "own" / "a.csv")], tmp_path
    )
    assert build_graph(single, tmp_path / "g").manifest["tier"] == "private"  # also of a file given alone
    (tmp_path / "own" / "source.toml").unlink()
    graph, _ = built(toy, tmp_path, {"a.csv": rows})
    (row,) = graph.relations(["CHEBI:1"])
    assert (row.release, row.licence, row.tier) == ("not stated", "not stated", Tier.PUBLIC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'tier = "secret"',
            "source.toml: tier 'secret' of mine: choose one of public, gated, pseudonymised, private",
        ),
        ('version = "1"', "version is none of homepage, licence, name, release, tier"),
        ("release: 1", "source.toml cannot be read"),
    ],
)
def test_a_wrong_description_is_one_error(toy, tmp_path, text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        built(toy, tmp_path, {"a.csv": HEADER + "stonix,treats,Marble syndrome,,,,\n", "source.toml": text})


def test_part_of_a_name_is_no_name(toy, tmp_path):
    rows = "".join(
        f"{name},treats,Marble syndrome,,,,\n"
        for name in ("zebrafish stonix", "stonix zebrafish", "ston", "stonix(s)", "CHEBI: 1", "CHEBI:11")
    )
    graph, refused = built(toy, tmp_path, {"a.csv": HEADER + rows})
    assert list(graph.relations()) == []
    assert [row for _, row, _ in refused] == [2, 3, 4, 5, 6, 7]


def test_the_command_names_refused_rows(toy, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    table = tmp_path / "mine.csv"
    table.write_text(HEADER + "stonix,cures,Marble syndrome,,,,\nstonix,treats,Marble syndrome,,,,\n")
    add = ["graph", "build", "toy", "--add", f"toy={tmp_path / 'toy.txt'}", "--add", f"mine={table}"]
    assert run(*add, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["relations"], told["refused"][0][:2]) == (1, ["mine.csv", 2])
    assert run(*add, "--release", "mine=2026", "--licence", "mine=ours", "--tier", "mine=gated") == 0
    shown = capsys.readouterr().out
    assert "mine.csv, row 2: predicate 'cures'" in shown
    source = Graph.open(tmp_path / "home" / "graph").sources()["mine"]
    assert (source.release, source.licence, source.tier) == ("2026", "ours", Tier.GATED)
    assert run(*add, "--tier", "mine=secret") == 2
    assert run(*add, "--tier", "secret") == 2
    assert run(*add, "--licence", "toy=mine") == 2
    capsys.readouterr()
    assert run(*add, "--grade", "good") == 2
    assert "choose one of curated" in capsys.readouterr().err


def test_predicates_are_those_of_biolink_with_plain_words():
    known = predicates()
    assert len(known) > 300
    assert known["treated by"] == ("biolink:treats", True)
    assert known["gene associated with condition"] == ("biolink:gene_associated_with_condition", False)
    assert all(name.startswith("biolink:") and " " not in name for name, _ in known.values())


def test_refused_rows_are_logged_as_one_line_per_file(toy, tmp_path, caplog):
    bad = "".join(f"MONDO:0000010,is made of,HP:{row}x,,,,\n" for row in range(6))
    built(toy, tmp_path, {"a.csv": HEADER + bad, "b.csv": f"{HEADER}MONDO:0000010,,HP:0000002,,,,\n"})
    lines = [record.getMessage() for record in caplog.records if "skipped" in record.getMessage()]
    assert len(lines) == 2, lines
    first, second = sorted(lines)
    assert "a.csv: 6 rows skipped (row 2: " in first
    assert "row 4: " in first
    assert "row 5: " not in first
    assert "b.csv: 1 row skipped (row 2: " in second
