"""The published schema of results.json holds for what a run writes, and refuses what it does not know."""

import json
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.core.typed import from_values, json_schema, to_values
from clinweave.evaluation import read_results, results_schema
from clinweave.evaluation.diagnosis import DiagnosisResults
from clinweave.evaluation.molecules import MoleculesRecipe, MoleculesResults
from clinweave.evaluation.molecules.results import Generated, GeneratorModel

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is in the test extra")
PUBLISHED = Path(__file__).parents[2] / "docs" / "results.schema.json"


def faults(values):
    validator = jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text("utf-8")))
    return [error.message for error in validator.iter_errors(values)]


def small_results():
    diagnosis = DiagnosisResults(clinweave="0", title="x", protocols=(), settings={}, seconds={"wall": 1.0})
    molecules = MoleculesResults(
        clinweave="0",
        recipe=MoleculesRecipe(name="x"),
        model=GeneratorModel(True, {}, "d", {}, ()),
        generated=Generated({"raw": 1, "trained_on": None, "unique": 0.5}, None),
        measured={},
        properties_on_request=(),
        property=None,
        searches=(),
        left_out={},
    )
    return [diagnosis, molecules]


@pytest.mark.parametrize("results", small_results(), ids=lambda results: results.kind)
def test_what_is_written_holds(results, tmp_path):
    values = json.loads(json.dumps(to_values(results)))
    assert faults(values) == []
    (tmp_path / "results.json").write_text(json.dumps(values), "utf-8")
    assert read_results(tmp_path) == results
    assert faults({**values, "arms": {}})
    assert faults({**values, "kind": "other"})
    assert faults({key: value for key, value in values.items() if key != "clinweave"})


def test_the_schema_itself_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(results_schema())


def test_results_that_are_none_are_refused_by_name(tmp_path):
    with pytest.raises(UserError, match=r"results\.json cannot be read as results"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text('{"arms": 1}', "utf-8")
    with pytest.raises(UserError, match="kind is None; expected one of comparison"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text('{"kind": "diagnosis", "title": "x"}', "utf-8")
    with pytest.raises(UserError, match="the key 'clinweave' is missing"):
        read_results(tmp_path)


def test_each_type_is_read_and_described():
    hint = dict[str, tuple[int, ...] | None]
    assert from_values(hint, {"a": [1, 2], "b": None}) == {"a": (1, 2), "b": None}
    with pytest.raises(UserError, match=r"x\.a: expected a list, found 3"):
        from_values(hint, {"a": 3}, "x")
    with pytest.raises(UserError, match="expected 2 items, found 1"):
        from_values(tuple[int, int], [1])
    assert from_values(tuple[float, float], [1, 2.5]) == (1.0, 2.5)
    either = from_values(dict[str, float | int | None], {"n": 3, "share": 0.5, "none": None})
    assert json.dumps(either) == '{"n": 3, "share": 0.5, "none": null}'
    schema = json_schema(DiagnosisResults, "t")
    assert schema["$ref"] == "#/$defs/DiagnosisResults"
    assert schema["$defs"]["Over"]["properties"]["low"] == {"type": "number"}
