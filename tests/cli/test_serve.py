"""The command itself, as a program: it says where it listens, answers, and ends on an interrupt."""

import json
import signal
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

MARFAN = "Marfan syndrome is inherited."


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "colleague.json"
    path.write_text(json.dumps({"name": "colleague", "otherwise": MARFAN}), "utf-8")
    return f"scripted:{path}"


def test_the_program_serves_asks_itself_and_ends(script, call):
    started = subprocess.Popen(
        [sys.executable, "-m", "clinweave", "serve", "--model", script, "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        printed = json.loads(started.stdout.readline())
        assert printed["model"] == "colleague"
        assert (
            httpx.get(printed["address"].removesuffix("/v1") + "/health", trust_env=False).json()["status"]
            == "ok"
        )
        code, out, _ = call(
            "ask",
            "Is Marfan syndrome inherited?",
            "--knowledge",
            "none",
            "--model",
            f"{printed['address']}#colleague",
            "--json",
        )
        assert code == 0
        assert json.loads(out)["sentences"][0]["text"] == MARFAN
    finally:
        started.send_signal(signal.SIGINT)
        _, err = started.communicate(timeout=20)
    assert "Marfan" not in err
    assert "Traceback" not in err


def test_it_refuses_other_machines_without_a_token(script, call, monkeypatch):
    monkeypatch.delenv("CLINWEAVE_TOKEN", raising=False)
    code, _, err = call("serve", "--model", script, "--host", "0.0.0.0")
    assert code == 2
    assert "--token" in err
    monkeypatch.setenv("CLINWEAVE_TOKEN", "short")
    assert call("serve", "--model", script)[0] == 2


@pytest.mark.weights
def test_the_real_model_behind_our_own_address(weights, call):
    from clinweave.knowledge_base import KnowledgeBase
    from clinweave.models import open_model
    from clinweave.service import ChatHandler
    from tests.service.conftest import running

    model = open_model(str(weights), threads=1, context=1024)
    with running(ChatHandler(KnowledgeBase(model=model), name="smol")) as address:
        question = {"role": "user", "content": "What is a gene?"}
        asked = {"model": "smol", "messages": [question], "max_tokens": 12, "temperature": 0}
        found = httpx.post(f"{address}/v1/chat/completions", json=asked, timeout=60, trust_env=False).json()
    direct = model.generate([question], max_tokens=12).text.strip()
    model.close()
    assert found["choices"][0]["message"]["content"].startswith(direct)
    assert found["choices"][0]["finish_reason"] == "length"
    assert found["usage"]["completion_tokens"] == 12


def test_sigterm_finishes_what_runs_and_refuses_new_work(tmp_path):
    slow = tmp_path / "slow.json"
    slow.write_text(json.dumps({"name": "colleague", "otherwise": MARFAN, "seconds": 2}), "utf-8")
    started = subprocess.Popen(
        [sys.executable, "-m", "clinweave", "serve", "--model", f"scripted:{slow}", "--port", "0", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        page = json.loads(started.stdout.readline())["page"]
        ask = {"messages": [{"role": "user", "content": "Is Marfan syndrome inherited?"}]}
        with ThreadPoolExecutor(1) as threads, httpx.Client(timeout=20, trust_env=False) as client:
            work = threads.submit(
                httpx.post, f"{page}v1/chat/completions", json=ask, timeout=20, trust_env=False
            )
            limit = time.monotonic() + 20
            while (
                time.monotonic() < limit and b'pool="models"} 1' not in client.get(f"{page}metrics").content
            ):
                time.sleep(0.02)
            started.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            with pytest.raises(httpx.HTTPError):
                httpx.get(f"{page}health", timeout=5, trust_env=False)
            reply = work.result()
        assert reply.status_code == 200
        assert MARFAN in reply.json()["choices"][0]["message"]["content"]
        assert started.wait(20) == 0
    finally:
        started.kill()
        _, err = started.communicate(timeout=20)
    assert "Traceback" not in err


def test_tokens_are_added_listed_and_revoked(call, tmp_path, monkeypatch):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    assert call("serve", "token", "list", "--json")[1].strip() == "[]"
    code, out, _ = call(
        "serve", "token", "add", "erika", "--role", "patient-data", "--expires", "12h", "--json"
    )
    made = json.loads(out)
    assert code == 0
    assert made["token"].startswith("cw_")
    assert call("serve", "token", "add", "erika")[0] == 2
    assert call("serve", "token", "add", "max", "--role", "king")[0] == 2
    listed = json.loads(call("serve", "token", "list", "--json")[1])
    assert [(item["name"], item["roles"], item["expired"]) for item in listed] == [
        ("erika", ["patient-data"], False)
    ]
    assert made["token"] not in call("serve", "token", "list")[1]
    assert call("serve", "token", "revoke", "erika")[0] == 0
    assert call("serve", "token", "revoke", "erika")[0] == 2


def test_https_is_served_with_a_certificate(script, tmp_path):
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0
    started = subprocess.Popen(
        [sys.executable, "-m", "clinweave", "serve", "--model", script, "--port", "0", "--json",
         "--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "key.pem"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        page = json.loads(started.stdout.readline())["page"]
        assert page.startswith("https://")
        trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        assert httpx.get(f"{page}health", verify=trusted, trust_env=False).json() == {"status": "ok"}
        with pytest.raises(httpx.HTTPError):
            httpx.get(page.replace("https", "http") + "health", trust_env=False)
    finally:
        started.terminate()
        _, err = started.communicate(timeout=20)
    assert "Traceback" not in err


def test_a_certificate_that_cannot_be_read_is_named(script, call, tmp_path):
    (tmp_path / "cert.pem").write_text("no certificate", "utf-8")
    code, _, err = call(
        "serve", "--model", script, "--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "k"
    )
    assert code == 2
    assert "--tls-cert" in err
    assert call("serve", "--model", script, "--tls-cert", tmp_path / "cert.pem")[0] == 2
