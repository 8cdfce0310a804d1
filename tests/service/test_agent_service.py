"""The agent over HTTP and on the page Ask: every step is shown, and a missing fact is asked for."""

import re

import jsonschema
import pytest

from clinweave.service import AccessRules, TokenStore
from clinweave.service.agent_runs import AGENT
from tests.service.pages import pages_of, small_base

TWO_HOPS = "Which gene is associated with the disease that has the feature Aneurysm?"
PATIENT = "A boy has an aneurysm. What is the diagnosis?"
PART = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("agent"))


@pytest.fixture(scope="module")
def client(base):
    with pages_of(base) as made:
        yield made


def test_a_run_has_its_steps_and_fits_the_schema(client):
    reply = client.post("/api/v1/agent", json={"question": TWO_HOPS})
    assert reply.status_code == 200
    run = reply.json()
    jsonschema.validate(run, AGENT.output_schema)
    assert "FBN1" in run["answer"]["answer"]
    assert [step["tool"] for step in run["steps"]] == ["concept", "concept"]
    assert run["planner"] == "rules"
    assert run["calls"] == 2
    assert "/api/v1/agent" in client.get("/openapi.json").json()["paths"]


def test_a_missing_finding_is_asked_for_and_told(client):
    first = client.post("/api/v1/agent", json={"question": PATIENT}).json()
    assert first["open_finding"].startswith("HP:")
    assert first["stopped"] == "a fact is missing"
    replies = [f"{first['open_finding']}=yes"]
    second = client.post("/api/v1/agent", json={"question": PATIENT, "replies": replies}).json()
    assert second["open_finding"] != first["open_finding"]
    assert any(step["kind"] == "question" and step["result"] == "yes" for step in second["steps"])
    wrong = client.post("/api/v1/agent", json={"question": PATIENT, "replies": ["HP:1=perhaps"]})
    assert wrong.status_code == 422
    assert "HP:0001166=yes" in wrong.json()["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"question": ""}, {"question": "x", "max_calls": 0}, {"question": "x", "audience": "me"}]
)
def test_wrong_arguments_are_refused(client, body):
    assert client.post("/api/v1/agent", json=body).status_code == 422


def test_a_job_may_run_the_agent(client):
    reply = client.post("/api/v1/agent", json={"question": TWO_HOPS}, headers={"Prefer": "respond-async"})
    assert reply.status_code == 202


def test_the_page_shows_the_steps(client):
    page = client.post("/ask", data={"question": TWO_HOPS, "steps": "yes"}, headers=PART).text
    assert "FBN1" in page
    assert "2 steps, 2 calls" in page
    assert page.count("<strong>concept</strong>") == 2
    assert 'class="mark"' in page  # the answer is cited as any other
    without = client.post(
        "/ask", data={"question": "Which gene is associated with Marfan syndrome?"}, headers=PART
    )
    assert '<details class="steps"' not in without.text


def test_the_page_asks_for_a_missing_finding_until_it_is_told(client):
    page = client.post("/ask", data={"question": PATIENT, "steps": "yes"}).text  # without scripts
    finding = re.search(r'name="reply" value="(HP:\d{7})=yes"', page)
    assert finding, page
    data = {"question": PATIENT, "steps": "yes", "reply": [f"{finding[1]}=no"]}
    after = client.post("/ask", data=data, headers=PART).text
    assert f'value="{finding[1]}=no"' in after or "A fact is missing" not in after
    assert f'value="{finding[1]}=yes"' not in after  # not asked again
    hostile = client.post("/ask", data={**data, "reply": "<script>"}, headers=PART)
    assert hostile.status_code == 400
    assert "<script>" not in hostile.text


def test_the_agent_needs_the_role_for_patient_data(base, tmp_path):
    store = TokenStore(tmp_path / "tokens.json")
    headers = {"Authorization": f"Bearer {store.add('omar')}", "Origin": "http://127.0.0.1"}
    with pages_of(base, rules=AccessRules(tokens=store, tokens_needed=True)) as made:
        assert made.post("/api/v1/agent", json={"question": PATIENT}, headers=headers).status_code == 403
        page = made.post("/ask", data={"question": PATIENT, "steps": "yes"}, headers=headers)
        assert page.status_code == 403
        assert made.post("/ask", data={"question": "Which gene?"}, headers=headers).status_code == 200
