"""The HTTP API: results and errors of each route, jobs with progress and cancellation, and its OpenAPI document."""

import json
import threading
import time

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from clinweave.models.scripted import ScriptedModel
from clinweave.service import AccessRules, ChatHandler, Role, ServiceState, TokenStore, make_app
from clinweave.tools import all_tools
from tests.service.conftest import handler
from tests.service.pages import small_base


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def api(base):
    return client_of(ServiceState.create(ChatHandler(base, name="clinweave", retrievers=("graph", "text"))))


def client_of(state):
    return TestClient(make_app(state), base_url="http://127.0.0.1:8000/api/v1")


def problem(reply, status, kind):
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json()
    assert (reply.status_code, body["status"], body["type"]) == (
        status,
        status,
        f"urn:clinweave:problem:{kind}",
    )
    return body


def test_each_result_fits_the_schema_of_the_document(api):
    document = api.get("http://127.0.0.1:8000/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert {f"/api/v1/{tool.name}" for tool in all_tools()} < set(document["paths"])
    calls = {
        "link": {"text": "She has a dislocated lens but no seizures."},
        "search": {"query": "losartan"},
        "concept": {"concept": "MONDO:0007947"},
        "paths": {"start": "HGNC:3603", "end": "HP:0000102"},
        "ask": {"question": "Which gene is associated with Marfan syndrome?"},
        "diagnose": {"observed": ["HP:0000102"]},
    }
    for name, arguments in calls.items():
        reply = api.post(f"/{name}", json=arguments)
        assert reply.status_code == 200, reply.text
        operation = document["paths"][f"/api/v1/{name}"]["post"]
        for schema, value in (
            (operation["requestBody"]["content"]["application/json"]["schema"], arguments),
            (operation["responses"]["200"]["content"]["application/json"]["schema"], reply.json()),
        ):
            Draft202012Validator({**schema, "components": document["components"]}).validate(value)
    paths = {
        "/concept/{curie}": "/concept/MONDO:0007947",
        "/graph/{curie}": "/graph/FBN1?hops=2",
        "/releases": "",
    }
    for pattern, path in paths.items():
        responses = document["paths"][f"/api/v1{pattern}"]["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**schema, "components": document["components"]})
        validator.validate(api.get(path or pattern).json())


def test_the_routes_say_what_the_knowledge_says(api):
    linked = api.post("/link", json={"text": "She has a dislocated lens but no seizures."}).json()["mentions"]
    assert [(item["id"], item["status"]) for item in linked] == [
        ("HP:0000102", "present"),
        ("HP:0000301", "absent"),
    ]
    concept = api.get("/concept/MONDO:0007947", params={"predicates": "has_phenotype", "limit": 1}).json()
    assert concept["name"] == "Marfan syndrome"
    assert [item["object"] for item in concept["relations"]] == ["HP:0000102"]
    graph = api.get("/graph/MONDO:0007947").json()
    ids = {item["id"]: item["distance"] for item in graph["nodes"]}
    assert ids["MONDO:0007947"] == 0
    assert {"HP:0000102", "HP:0000202", "HGNC:3603"} <= set(ids)
    assert all({item["subject"], item["object"]} <= set(ids) for item in graph["relations"])
    small = api.get("/graph/MONDO:0007947", params={"limit": 2}).json()
    assert len(small["nodes"]) == 2
    assert "left out" in small["notes"][0]
    releases = api.get("/releases").json()
    assert {item["id"] for item in releases["sources"]} >= {"mondo", "hpo"}
    assert releases["tier"] == "public"


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "argument"),
    [
        ("/link", {}, 422, "invalid_arguments", ""),
        ("/link", {"text": ""}, 422, "invalid_arguments", "text"),
        ("/link", {"text": 5}, 422, "invalid_arguments", None),
        ("/link", {"text": "x", "foo": 1}, 422, "invalid_arguments", None),
        ("/link", {"text": "x" * 100_001}, 422, "text_too_long", "text"),
        ("/link", [], 422, "invalid_arguments", ""),
        ("/paths", {"start": "FBN1", "end": "MONDO:7777777"}, 404, "unknown_identifier", None),
        ("/diagnose", {"observed": ["HP:9999999"]}, 404, "unknown_identifier", "observed"),
        ("/diagnose", {}, 422, "invalid_arguments", "observed"),
        ("/code", {"note": "Cough.", "setting": "outpatient"}, 404, "missing_data", None),
        ("/jobs", {"tool": "link"}, 422, "invalid_arguments", None),
        ("/jobs", {"tool": "link", "items": []}, 422, "invalid_arguments", None),
        (
            "/jobs",
            {"tool": "link", "items": [{"text": "x"}, {"txt": "x"}]},
            422,
            "invalid_arguments",
            "items[1]",
        ),
        ("/jobs", {"tool": "nothing", "items": [{}]}, 404, "unknown_tool", None),
    ],
)
def test_errors_are_typed(api, path, body, status, kind, argument):
    found = problem(api.post(path, json=body), status, kind)
    if argument is not None:
        assert found["argument"] == argument


def test_requests_that_are_no_json_are_refused(api):
    headers = {"Content-Type": "application/json"}
    for body in (b"", b"{", b"\xff\xfe", b"NaN", b'{"limit": Infinity}', b"[" * 50_000):
        problem(api.post("/link", content=body, headers=headers), 400, "not_json")
    problem(api.post("/link", data={"text": "x"}), 415, "content_type")
    assert api.get("/link").status_code == 405
    lone = api.post("/link", content=b'{"text": "a \\ud800"}', headers=headers)
    assert problem(lone, 422, "invalid_arguments")["argument"] == "text"


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ("limit=x", "limit"),
        ("limit=0", "limit"),
        ("limit=1e9", "limit"),
        ("foo=1", "query"),
        ("concept=x", "query"),
    ],
)
def test_queries_are_checked(api, query, argument):
    assert (
        problem(api.get(f"/concept/MONDO:0007947?{query}"), 422, "invalid_arguments")["argument"] == argument
    )


def test_an_unknown_concept_is_named_with_what_is_near(api):
    found = problem(api.get("/concept/MONDO:0007948"), 404, "unknown_identifier")
    assert isinstance(found["suggestions"], list)


def wait_for(api, location, status):
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        job = api.get(f"http://127.0.0.1:8000{location}").json()
        if job["status"] == status:
            return job
        time.sleep(0.02)
    raise AssertionError(job)


def test_a_batch_is_a_job_with_an_outcome_for_each_item(api):
    items = [{"observed": ["HP:0000102"]}, {"observed": ["HP:9999999"]}, {"observed": ["HP:0000202"]}]
    started = api.post("/jobs", json={"tool": "diagnose", "items": items})
    assert started.status_code == 202
    job = wait_for(api, started.headers["location"], "done")
    assert (job["done"], job["total"]) == (3, 3)
    assert [item["status"] for item in job["items"]] == [200, 404, 200]
    assert job["items"][0]["body"]["ranking"][0]["rank"] == 1
    assert job["items"][1]["body"]["type"] == "urn:clinweave:problem:unknown_identifier"
    assert job["id"] in [item["id"] for item in api.get("/jobs").json()["jobs"]]
    location = started.headers["location"]
    assert api.delete(f"http://127.0.0.1:8000{location}").status_code == 200
    problem(api.get(f"http://127.0.0.1:8000{location}"), 404, "unknown_job")


class Waiting(ScriptedModel):
    """Writes a word at a time until it is let go."""

    def __init__(self):
        super().__init__({"rules": [], "otherwise": "x"})
        self.let_go, self.ended = threading.Event(), threading.Event()

    def stream(self, messages, on_text, **options):
        try:
            while not self.let_go.wait(0.01):
                if on_text(" word"):
                    break
            return self.generate(messages, **options)
        finally:
            self.ended.set()


@pytest.fixture
def slow():
    model = Waiting()
    yield model
    model.let_go.set()


def test_a_question_to_a_model_is_a_job_that_can_be_cancelled_and_blocks_nobody(slow):
    state = ServiceState.create(handler(model=slow, retrievers=("graph",)))
    api = client_of(state)
    question = {"question": "What are the features of Alpha syndrome?", "retrievers": ["graph"]}
    started = api.post("/ask", json=question, headers={"Prefer": "respond-async"})
    assert started.status_code == 202
    location = started.headers["location"]
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        job = api.get(f"http://127.0.0.1:8000{location}").json()
        if "model" in job["message"]:
            break
        time.sleep(0.02)
    assert (job["status"], job["done"]) == ("running", 0)
    assert api.post("/link", json={"text": "Arachnodactyly"}).status_code == 200
    api.delete(f"http://127.0.0.1:8000{location}")
    job = wait_for(api, location, "cancelled")
    assert slow.ended.wait(10)
    assert job["items"] == []
    state.close()


def test_a_job_belongs_to_its_user_and_needs_the_role_of_its_tool(tmp_path):
    store = TokenStore(tmp_path / "tokens.json")
    first, second = store.add("erika"), store.add("max", [Role.PATIENT_DATA])
    state = ServiceState.create(
        handler(retrievers=("graph",), model="none"), rules=AccessRules(tokens=store, tokens_needed=True)
    )
    api = TestClient(make_app(state), base_url="http://127.0.0.1:8000")
    mine, theirs = ({"Authorization": f"Bearer {token}"} for token in (first, second))
    batch = {"tool": "link", "items": [{"text": "x"}]}
    location = api.post("/api/v1/jobs", json=batch, headers=mine).headers["location"]
    assert api.get(location, headers=mine).status_code == 200
    assert api.get(location, headers=theirs).status_code == 404
    assert api.delete(location, headers=theirs).status_code == 404
    patients = {"tool": "diagnose", "items": [{"text": "A girl with a dislocated lens."}]}
    assert api.post("/api/v1/jobs", json=patients, headers=mine).status_code == 403
    assert api.post("/api/v1/jobs", json=patients, headers=theirs).status_code == 202
    state.close()


def test_a_failure_says_nothing_of_what_failed(monkeypatch, caplog, base):
    def broken(*_args, **_more):
        raise ValueError("PATIENT-4711")

    monkeypatch.setattr(type(base), "link", broken)
    state = ServiceState.create(ChatHandler(base, name="clinweave", retrievers=("graph",)))
    api = TestClient(make_app(state), base_url="http://127.0.0.1:8000/api/v1")
    found = problem(api.post("/link", json={"text": "PATIENT-4711"}), 500, "failed")
    assert "4711" not in json.dumps(found) + caplog.text
    assert "ValueError" in caplog.text
