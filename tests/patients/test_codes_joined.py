"""Records meet the graph by code: RxNorm and LOINC from the user's own copies, end to end from files to coverage."""

import json
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq

from clinweave.knowledge import Graph, Linker, build_graph
from clinweave.patients import load
from clinweave.patients.coding import link_codes
from clinweave.records import Mention
from tests.databases.conftest import SAMPLES, write
from tests.patients import made

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def test_drugs_and_labs_join_by_code_through_rxnorm_and_loinc(tmp_path):
    for name in ("rxnorm", "loinc"):
        (tmp_path / name).mkdir()
    files = {name: write(tmp_path / name, SAMPLES[name]) for name in ("rxnorm", "loinc")}
    built = build_graph(files, tmp_path / "graph")
    assert built.manifest["tier"] == "gated"
    who = {"reference": "Patient/p1"}
    entries = [
        made.patient("p1"),
        {"resourceType": "MedicationRequest", "id": "m1", "status": "active", "intent": "order", "subject": who,
         "authoredOn": "2020-01-02", "medicationCodeableConcept": made.concept(RXNORM, "2", "an unknown tablet")},
        *(
            {"resourceType": "Observation", "id": f"o{code}", "status": "final", "subject": who,
             "category": [{"coding": [{"code": "laboratory"}]}], "effectiveDateTime": "2020-01-02T10:00:00Z",
             "code": made.concept(made.LOINC, code, "a lab of no known name"),
             "valueQuantity": {"value": 5.0, "unit": "mg/dL"}}
            for code in ("1-8", "2-6")  # the second was replaced by the first
        ),
    ]  # fmt: skip
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(made.bundle(*entries)), "utf-8")
    store = load(str(path), tmp_path / "store", graph=Graph.open(tmp_path / "graph"))
    coverage = store.manifest["coverage"]
    assert coverage["drug"]["code"] == {"codes": 1, "events": 1}
    assert coverage["lab"]["code"] == {"codes": 2, "events": 2}
    assert coverage["lab"]["none"]["codes"] == 0
    table = pq.read_table(store.path / "metadata" / "codes.parquet").to_pylist()
    rows = {row["code"]: row["concept"] for row in table}
    assert rows["RXCUI:2"] == "RXCUI:2"
    assert rows["LOINC:1-8"] == rows["LOINC:2-6"] == "LOINC:1-8"


def test_names_of_codes_are_no_sentences(monkeypatch):
    """A linker whose learned model refuses everything still links whole names, and the drug named in a name."""

    def link_many(self, texts, prefixes=None, categories=None):
        result = [(text, text.find("stonix")) for text in texts]
        mentions = [
            Mention(at, at + 6, "stonix", f"{prefixes[0]}:1", "", "", 1.0, False, "") for _, at in result
        ]
        return [[item] if item.start >= 0 and not self.judged else [] for item in mentions]

    monkeypatch.setattr(Linker, "link_many", link_many)
    actual = [("drug", "stonix 5 mg"), ("drug", "Bag"), ("lab", "stonix"), ("lab", "stonix, Blood")]
    rows = [
        {"code": f"X:{at}", "description": name, "parent_codes": [], "kind": kind, "events": 1}
        for at, (kind, name) in enumerate(actual)
    ]
    linker = Linker(SimpleNamespace(prefixes=("CHEBI", "MESH")))
    linked = link_codes(pa.Table.from_pylist(rows), None, linker).column("linked_by").to_pylist()
    assert linked == ["part", "none", "name", "none"]
