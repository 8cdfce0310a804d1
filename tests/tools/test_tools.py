"""Each tool: results that fit the published schema, typed errors for bad input, and no empty answer without a note."""

import json
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Annotated

import jsonschema
import pytest

from clinweave.core.access_policy import strictest
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Tier
from clinweave.tools import ErrorKind, Parameter, Tool, ToolError, all_tools, call_tool, open_tool, tool_names

MARFAN = "MONDO:0007947"
CALLS = {
    "link": {"text": "No arachnodactyly; Marfan syndrome is suspected."},
    "search": {"query": "losartan in Marfan syndrome"},
    "concept": {"concept": "Marfan syndrome"},
    "paths": {"start": "FBN1", "end": "HP:0001166"},
    "ask": {"question": "Which gene is associated with Marfan syndrome?"},
    "diagnose": {"observed": ["HP:0000102", "Aneurysm"], "excluded": ["HP:0000301"]},
    "code": {"note": "Assessment: essential hypertension.", "setting": "outpatient"},
    "similar_molecules": {"molecule": "aspirin"},
    "summarize": {"note": "Marfan syndrome is known. No seizures. Plan: aspirin 100 mg daily."},
    "deidentify": {"note": "Seen by Dr Jane Miller on 3 May 2021. Marfan syndrome."},
    "query_records": {"sql": "SELECT drug FROM prescriptions ORDER BY drug"},
}


def error(base, name, arguments):
    with pytest.raises(ToolError) as raised:
        call_tool(base, name, arguments)
    assert str(raised.value) == raised.value.document.message
    return raised.value.document


@pytest.mark.parametrize("name", tool_names())
def test_schemas_are_schemas_of_objects(name):
    tool = open_tool(name)
    assert tool.name == name
    assert tool.description.endswith(".")
    for schema in (tool.input_schema, tool.output_schema):
        assert schema["type"] == "object"
        jsonschema.Draft202012Validator.check_schema(schema)
        json.dumps(schema, allow_nan=False)
    assert all(item["description"] for item in tool.input_schema["properties"].values())


@pytest.mark.parametrize("name", [name for name in CALLS if name != "similar_molecules"])
def test_results_fit_the_schema(base, name):
    tool = open_tool(name)
    jsonschema.validate(CALLS[name], tool.input_schema)
    result = tool.call_json(base, CALLS[name])
    jsonschema.validate(json.loads(json.dumps(result, allow_nan=False)), tool.output_schema)


def test_notes_are_summarised_and_deidentified(base, tmp_path):
    done = call_tool(base, "deidentify", CALLS["deidentify"])
    assert "Miller" not in done["text"]
    assert "Marfan syndrome" in done["text"]
    assert "2021" not in done["text"] or "3 May" not in done["text"]
    note = CALLS["deidentify"]["note"]
    assert any("Miller" in note[item["start"] : item["end"]] for item in done["replaced"])
    assert "not anonymised" in done["notes"][0]
    assert call_tool(base, "deidentify", CALLS["deidentify"]) == done  # dates are shifted alike
    assert "nothing was found" in call_tool(base, "deidentify", {"note": "Cough."})["notes"][-1]
    summary = call_tool(base, "summarize", CALLS["summarize"])
    for line in summary["lines"]:
        for cited in line["citations"]:
            assert CALLS["summarize"]["note"][cited["start"] : cited["end"]] == cited["text"]
    assert summary["lines"]
    assert any(
        "graph" in item for item in call_tool(KnowledgeBase(tmp_path), "deidentify", {"note": "A."})["notes"]
    )
    assert call_tool(base, "summarize", {"note": "The weather was fine yesterday."})["warnings"]


def test_what_the_tools_say(base):
    linked = call_tool(base, "link", CALLS["link"])["mentions"]
    assert [(item["id"], item["status"]) for item in linked] == [
        ("HP:0001166", "absent"),
        (MARFAN, "uncertain"),
    ]
    assert "Losartan" in call_tool(base, "search", CALLS["search"])["passages"][0]["text"]
    concept = call_tool(base, "concept", CALLS["concept"])
    assert (concept["id"], concept["count"]) == (MARFAN, 2)
    assert {item["predicate"]: item["count"] for item in concept["predicates"]} == {
        "biolink:has_phenotype": 1,
        "biolink:gene_associated_with_condition": 1,
    }
    route = call_tool(base, "paths", CALLS["paths"])["paths"][0]["relations"]
    assert [(step["subject_name"], step["object_name"]) for step in route] == [
        ("FBN1", "Marfan syndrome"),
        ("Marfan syndrome", "Arachnodactyly"),
    ]
    answer = call_tool(base, "ask", CALLS["ask"])
    assert not answer["abstained"]
    assert "FBN1" in answer["answer"]
    assert answer["statements"][0]["evidence"][0] in {item["id"] for item in answer["evidence"]}
    ranking = call_tool(base, "diagnose", CALLS["diagnose"])["ranking"]
    assert ranking[0]["id"] == "OMIM:1"
    assert {reason["finding"] for reason in ranking[0]["reasons"]} >= {"HP:0000102", "HP:0000202"}
    codes = call_tool(base, "code", CALLS["code"])["codes"]
    assert [item["code"] for item in codes] == ["I10"]


def test_relations_are_selected_by_predicate_and_direction(base):
    genes = {"concept": MARFAN, "predicates": ["gene_associated_with_condition"]}
    assert [item["subject_name"] for item in call_tool(base, "concept", genes)["relations"]] == ["FBN1"]
    result = call_tool(base, "concept", {**genes, "direction": "subject"})
    assert (result["count"], result["relations"]) == (0, [])
    assert result["notes"] == ["no relation of Marfan syndrome fits"]


def test_the_letter_of_a_patient_is_read(base):
    result = call_tool(base, "diagnose", {"text": "The boy has arachnodactyly.", "observed": ["Cataract"]})
    assert [item["id"] for item in result["mentions"]] == ["HP:0001166"]
    assert "HP:0000103" in {item["id"] for item in result["observed"]}
    assert any("HP:0001166" in note for note in result["notes"])  # not in the small release


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "argument"),
    [
        ("link", {}, "invalid_arguments", ""),
        ("link", {"text": "  "}, "invalid_arguments", "text"),
        ("link", {"text": 7}, "invalid_arguments", ""),
        ("link", {"text": "a" * 100_001}, "text_too_long", "text"),
        ("link", {"text": "half \ud800"}, "invalid_arguments", "text"),
        ("link", {"text": "a", "unknown": 1}, "invalid_arguments", ""),
        ("link", {"text": "a", "prefixes": ["HP"] * 51}, "invalid_arguments", "prefixes"),
        ("link", {"text": "a", "prefixes": ["CHEBI"]}, "invalid_request", ""),
        ("link", {"text": "a", "prefixes": ["H" * 301]}, "text_too_long", "prefixes"),
        ("search", {"query": "a", "limit": 51}, "invalid_arguments", "limit"),
        ("search", {"query": "a", "limit": True}, "invalid_arguments", ""),
        ("search", {"query": "a", "limit": 10**400}, "invalid_arguments", "limit"),
        ("ask", {"question": "q" * 1_000_000}, "text_too_long", "question"),
        ("ask", {"question": "q", "language": "tlh"}, "invalid_request", ""),
        ("ask", {"question": "q", "retrievers": ["grahp"]}, "invalid_request", ""),
        ("ask", {"question": "q", "audience": "clinicians"}, "invalid_arguments", ""),
        ("concept", {"concept": "MONDO:9999999"}, "unknown_identifier", ""),
        ("concept", {"concept": "Marfan syndrom"}, "unknown_name", ""),
        ("concept", {"concept": MARFAN, "predicates": ["?"]}, "invalid_arguments", "predicates"),
        ("concept", {"concept": MARFAN, "predicates": ["definition"]}, "invalid_arguments", "predicates"),
        ("paths", {"start": MARFAN, "end": "HP:7777777"}, "unknown_identifier", ""),
        ("diagnose", {}, "invalid_arguments", "observed"),
        ("diagnose", {"observed": ["HP:0999999"]}, "unknown_identifier", "observed"),
        ("diagnose", {"observed": ["HP:0000005"]}, "unknown_identifier", "observed"),
        ("diagnose", {"observed": ["Cataracct"]}, "unknown_name", ""),
        ("diagnose", {"observed": ["Cataract"], "age": "often"}, "invalid_request", ""),
        ("diagnose", {"excluded": ["Cataract"]}, "invalid_request", ""),
        ("diagnose", {"text": "Nothing to report here today."}, "invalid_request", ""),
        ("code", {"note": "hypertension", "setting": "home"}, "invalid_arguments", ""),
        ("code", {"note": "hypertension"}, "invalid_arguments", ""),
        ("lnik", {}, "unknown_tool", ""),
        ("link", [], "invalid_arguments", ""),
        ("link", None, "invalid_arguments", ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "arguments",
)
def test_bad_input_is_a_typed_error(base, name, arguments, kind, argument):
    document = error(base, name, arguments)
    assert (document.error, document.argument) == (ErrorKind(kind), argument)
    assert len(document.message) < 700


def test_errors_name_what_may_have_been_meant(base):
    assert error(base, "concept", {"concept": "Marfan syndrom"}).suggestions[0].id == MARFAN
    assert error(base, "diagnose", {"observed": ["Cataracct"]}).suggestions[0].name == "Cataract"
    assert error(base, "lnik", {}).suggestions[0].id == "link"


def test_nothing_is_empty_without_a_note(base):
    assert call_tool(base, "link", {"text": "good weather"})["notes"]
    assert call_tool(base, "link", {"text": "arachnodactyly", "prefixes": ["HGNC"]})["notes"]
    assert call_tool(base, "search", {"query": "zzzzzz"})["notes"]
    assert call_tool(base, "paths", {"start": MARFAN, "end": "Marfan syndrome"})["notes"]
    assert call_tool(base, "paths", {"start": "FBN1", "end": "HP:0001166", "max_length": 1})["notes"]
    abstained = call_tool(base, "ask", {"question": "What is the capital of Peru?"})
    assert abstained["abstained"]
    assert abstained["notes"]


@pytest.mark.parametrize("name", [name for name in CALLS if name not in {"summarize", "deidentify"}])
def test_a_knowledge_base_that_was_not_built(tmp_path, name):
    if name == "similar_molecules":
        pytest.importorskip("rdkit", reason="needs the molecules extra")
    document = error(KnowledgeBase(tmp_path), name, CALLS[name])
    assert document.error is ErrorKind.MISSING_DATA
    assert "clinweave" in document.message


def test_a_missing_library_is_named(base, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("clinweave.applications.molecules")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rdkit", None)
    document = error(base, "similar_molecules", CALLS["similar_molecules"])
    assert document.error is ErrorKind.MISSING_EXTRA
    assert "clinweave[molecules]" in document.message


@pytest.mark.molecules
def test_similar_molecules(small_home, monkeypatch):
    pytest.importorskip("rdkit", reason="needs the molecules extra")
    from clinweave.applications.molecules import KnownDrugs
    from tests.applications.molecules.test_drugs import drugs

    table = drugs.__wrapped__()
    monkeypatch.setattr(KnownDrugs, "open", lambda _home: table)
    tool = open_tool("similar_molecules")
    with KnowledgeBase(small_home) as opened:
        result = tool.call_json(opened, {"molecule": "aspirin", "limit": 2})
        jsonschema.validate(json.loads(json.dumps(result)), tool.output_schema)
        assert (result["id"], len(result["similar"])) == ("DRUGBANK:DB00945", 2)
        smiles = tool.call_json(opened, {"molecule": "CC(=O)Oc1ccccc1C(=O)O"})
        assert [item["name"] for item in smiles["same"]] == ["Aspirin"]
        document = error(opened, "similar_molecules", {"molecule": "salsalat"})
        assert document.error is ErrorKind.UNKNOWN_NAME
        assert document.suggestions[0].name == "Salsalate"


def test_the_tier_of_a_result_is_that_of_its_strictest_record(base):
    tool = open_tool("search")
    result = tool.call(base, CALLS["search"])
    assert tool.tier(result) is Tier.PUBLIC
    assert strictest([tool.tier(result), Tier.PRIVATE]) is Tier.PRIVATE


def test_all_tools_are_in_the_order_of_their_names():
    assert [tool.name for tool in all_tools()] == list(tool_names()) == list(CALLS)


@dataclass(frozen=True, slots=True)
class SynonymsInput:
    """Arguments of `synonyms`."""

    concept: Annotated[str, Parameter("An identifier or an unambiguous name.", required=True)]


@dataclass(frozen=True, slots=True)
class SynonymsResult:
    """The names of a concept."""

    names: tuple[str, ...]


def synonyms(base, arguments):
    concept = base.graph.concept(base.graph.find(arguments.concept))
    return SynonymsResult((concept.name, *concept.synonyms))


SYNONYMS = Tool(
    "synonyms", "List synonyms", "List the names of a concept.", SynonymsInput, SynonymsResult, synonyms
)


def test_a_tool_of_another_package(base, monkeypatch):
    point = EntryPoint("synonyms", "synonyms_package:SYNONYMS", "clinweave.tools")

    def entry_points(group, name=None):
        return [point] if group == "clinweave.tools" and name in {None, "synonyms"} else []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    monkeypatch.setitem(sys.modules, "synonyms_package", SimpleNamespace(SYNONYMS=SYNONYMS))
    assert tool_names()[-1] == "synonyms"
    assert call_tool(base, "synonyms", {"concept": "HP:0001166"}) == {
        "names": ["Arachnodactyly", "Long fingers"]
    }
    assert error(base, "synonyms", {"concept": "HP:0009999"}).error is ErrorKind.UNKNOWN_IDENTIFIER
