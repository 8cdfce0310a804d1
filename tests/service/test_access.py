"""Who may ask: tokens, sessions, hosts and origins, rates; what the audit log and the metrics hold."""

import json
import stat
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from clinweave.core.errors import UserError
from clinweave.service import AccessRules, Role, ServiceSettings, ServiceState, TokenStore, make_app
from tests.service.conftest import handler

ASK = {"messages": [{"role": "user", "content": "What are the features of Alpha syndrome? PATIENT-4711"}]}


@pytest.fixture
def store(tmp_path):
    return TokenStore(tmp_path / "service" / "tokens.json")


def client_of(state, **headers):
    return TestClient(
        make_app(state), base_url="http://127.0.0.1:8000", headers=headers, follow_redirects=False
    )


def state_of(store=None, audit=None, settings=None, **rules):
    needed = {"tokens": store, "tokens_needed": True} if store is not None else {}
    return ServiceState.create(
        handler(retrievers=("graph",), model="none"),
        settings or ServiceSettings(),
        rules=AccessRules(**needed, **rules),
        audit_log=audit,
    )


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_the_token_file_holds_hashes_and_is_private(store):
    token = store.add("erika", [Role.PATIENT_DATA])
    text = store.path.read_text("utf-8")
    assert token not in text
    assert len(token) > 40
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    with pytest.raises(UserError, match="revoke it first"):
        store.add("erika")
    for name in ("", "a b", "../x", "x" * 65, "ä\n"):
        with pytest.raises(UserError):
            store.add(name)
    for span in ("", "30", "0d", "-1d", "forever", "5m"):
        with pytest.raises(UserError):
            store.add("max", expires=span)


def test_a_token_ends_and_is_revoked_while_the_server_runs(store):
    token = store.add("erika", expires="12h")
    client = client_of(state_of(store))
    assert client.get("/v1/models").status_code == 401
    assert client.get("/v1/models", headers=bearer("cw_wrong")).status_code == 401
    assert client.get("/v1/models", headers=bearer(token)).status_code == 200
    values = json.loads(store.path.read_text("utf-8"))
    values[0]["expires"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    store.path.write_text(json.dumps(values), "utf-8")
    assert client.get("/v1/models", headers=bearer(token)).status_code == 401
    other = store.add("max", expires="never")
    assert client.get("/v1/models", headers=bearer(other)).status_code == 200
    store.revoke("max")
    assert client.get("/v1/models", headers=bearer(other)).status_code == 401
    with pytest.raises(UserError, match="no token"):
        store.revoke("max")


def test_guessing_tokens_is_slowed_down(store):
    token = store.add("erika")
    client = client_of(state_of(store))
    codes = [
        client.get("/v1/models", headers=bearer(f"cw_guess{number}")).status_code for number in range(40)
    ]
    assert codes[:20] == [401] * 20
    assert set(codes[25:]) == {429}
    assert client.get("/v1/models", headers=bearer(token)).status_code == 429
    assert client.get("/health").status_code == 200


def test_a_user_has_so_many_requests_a_minute(store):
    first, second = store.add("erika"), store.add("max")
    client = client_of(state_of(store, per_minute=60))
    codes = [client.get("/v1/models", headers=bearer(first)).status_code for _ in range(20)]
    assert codes[:10] == [200] * 10
    assert 429 in codes
    assert client.get("/v1/models", headers=bearer(second)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:9"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "evil.example#127.0.0.1"}, 403),
        ({"Host": ""}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8000"}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 200),
    ],
)
def test_hosts_and_origins_on_loopback(headers, status):
    client = client_of(state_of())
    assert client.get("/v1/models", headers=headers).status_code == status
    assert client.post("/v1/chat/completions", json=ASK, headers=headers).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "kb.example:8000"}, 200),
        ({"Host": "192.0.2.7:8000"}, 200),
        ({"Origin": "http://localhost:3000"}, 403),  # another server on this machine may be anybody's
        ({"Origin": "http://127.0.0.1:8000"}, 200),
    ],
)
def test_hosts_and_origins_with_tokens(store, headers, status):
    client = client_of(state_of(store, hosts=("kb.example",)), **bearer(store.add("erika")))
    assert client.get("/v1/models", headers=headers).status_code == status


def test_a_browser_logs_in_with_a_token_and_out(store):
    token = store.add("erika")
    client = client_of(state_of(store))
    page = {"Accept": "text/html"}
    assert client.get("/anything", headers=page).headers["location"] == "/login"
    assert client.get("/anything", headers={"HX-Request": "true"}).headers["hx-redirect"] == "/login"
    assert "Log in" in client.get("/login", headers=page).text
    wrong = client.post("/login", data={"token": "<script>"})
    assert wrong.status_code == 401
    assert "<script>" not in wrong.text
    done = client.post("/login", data={"token": token})
    assert done.status_code == 303
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert token not in cookie
    assert client.get("/v1/models").status_code == 200
    assert client.post("/v1/chat/completions", json=ASK).status_code == 403  # no browser: no Origin
    same = {"Origin": "http://127.0.0.1:8000"}
    assert client.post("/v1/chat/completions", json=ASK, headers=same).status_code == 200
    session = client.cookies["clinweave_session"]
    assert client.post("/logout", headers=same).status_code == 303
    assert client.get("/v1/models", headers={"Cookie": f"clinweave_session={session}"}).status_code == 401


def test_a_revoked_token_ends_its_sessions(store):
    client = client_of(state_of(store))
    client.post("/login", data={"token": store.add("erika")})
    assert client.get("/v1/models").status_code == 200
    store.revoke("erika")
    assert client.get("/v1/models").status_code == 401


def test_private_knowledge_and_notes_of_patients_need_the_role(store):
    plain, clinician = bearer(store.add("erika")), bearer(store.add("max", [Role.PATIENT_DATA]))
    closed, public = client_of(state_of(store, private=True)), client_of(state_of(store))
    for client, path in ((closed, "/v1/chat/completions"), (public, "/note"), (public, "/api/v1/diagnose"),
                         (public, "/api/v1/query_records")):  # fmt: skip
        refused = client.post(path, json=ASK, headers=plain)
        assert (refused.status_code, "patient-data" in refused.text) == (403, True)
        assert client.post(path, json=ASK, headers=clinician).status_code != 403
    assert public.post("/v1/chat/completions", json=ASK, headers=plain).status_code == 200


def test_the_audit_log_says_who_and_which_knowledge_and_nothing_of_the_text(store, tmp_path):
    path = tmp_path / "audit.jsonl"
    state = state_of(store, audit=path)
    client = client_of(state)
    headers = bearer(store.add("erika"))
    client.post("/v1/chat/completions", json=ASK, headers=headers)
    client.get("/v1/models/PATIENT-4711", headers=headers)
    client.get("/PATIENT-4711?q=PATIENT-4711", headers=headers)
    client.get("/v1/models")
    client.get("/health")
    state.close()
    text = path.read_text("utf-8")
    assert "4711" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in text.splitlines()]
    assert lines[0]["event"] == "started"
    assert "sources" in lines[0]["releases"]
    requests = [(item["user"], item["method"], item["route"], item["status"]) for item in lines[1:]]
    assert requests == [
        ("erika", "POST", "/v1/chat/completions", 200),
        ("erika", "GET", "/v1/models/{name:path}", 404),
        ("erika", "GET", "none", 404),
        ("", "GET", "none", 401),
    ]
    assert set(lines[1]) == {"time", "event", "user", "method", "route", "status", "seconds", "knowledge"}


def test_metrics_count_routes_and_hold_no_text():
    client = client_of(state_of())
    client.post("/v1/chat/completions", json=ASK)
    client.get("/v1/models/PATIENT-4711")
    client.request("PATIENT4711", "/v1/models")
    text = client.get("/metrics").text
    assert 'clinweave_requests_total{method="POST",route="/v1/chat/completions",status="200"} 1.0' in text
    assert "clinweave_request_seconds_bucket" in text
    assert "process_resident_memory_bytes" in text
    assert "4711" not in text


def test_a_stopping_server_refuses_and_is_still_healthy():
    state = state_of()
    client = client_of(state)
    assert client.get("/ready").json()["status"] == "ready"
    state.rules.draining = True
    refused = client.post("/v1/chat/completions", json=ASK)
    assert (refused.status_code, refused.headers["connection"]) == (503, "close")
    assert client.get("/ready").status_code == 503
    assert client.get("/health").status_code == 200


def test_every_response_has_the_security_headers():
    client = client_of(state_of())
    for path in ("/health", "/v1/models", "/nothing", "/login"):
        headers = client.get(path, headers={"Accept": "text/html"}).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_errors_have_the_form_of_their_paths():
    client = client_of(state_of())
    openai = client.get("/v1/nothing")
    assert openai.json()["error"]["type"] == "invalid_request_error"
    problem = client.get("/api/v1/nothing")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 404
    page = client.get("/nothing", headers={"Accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "nothing at this address" in page.text
