"""The command itself, as a program: it says where it listens, answers, and ends on an interrupt."""

import json
import signal
import subprocess
import sys

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
        told = json.loads(started.stdout.readline())
        assert told["model"] == "colleague"
        assert (
            httpx.get(told["address"].removesuffix("/v1") + "/health", trust_env=False).json()["status"]
            == "ok"
        )
        code, out, _ = call(
            "ask",
            "Is Marfan syndrome inherited?",
            "--knowledge",
            "none",
            "--model",
            f"{told['address']}#colleague",
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
