"""The address as its clients meet it: OpenAI's own package, httpx, and clinweave itself."""

import threading
import time

import pytest

from clinweave.applications import DISCLAIMER
from clinweave.core.errors import ModelError
from clinweave.models import open_model
from clinweave.models.scripted import ScriptedModel
from clinweave.service import ServiceSettings
from tests.knowledge.small_base import SmallBase
from tests.service.conftest import handler, running

ASK = [{"role": "user", "content": "What are the features of Alpha syndrome?"}]
TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def bare():
    with running(handler()) as address:
        yield address


def post(client, address, path="chat/completions", **body):
    return client.post(f"{address}/v1/{path}", json={"model": "tiny", **body})


def test_openais_own_client_lists_asks_and_streams(bare):
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=f"{bare}/v1", api_key="none", max_retries=0) as client:
        assert [item.id for item in client.models.list()] == ["tiny"]
        whole = client.chat.completions.create(model="tiny", messages=ASK, temperature=0)
        assert whole.choices[0].message.content.endswith(DISCLAIMER)
        assert whole.usage.completion_tokens > 0
        pieces = list(client.chat.completions.create(
            model="tiny", messages=ASK, stream=True, stream_options={"include_usage": True}
        ))  # fmt: skip
        output = "".join(item.choices[0].delta.content or "" for item in pieces if item.choices)
        assert output == whole.choices[0].message.content
        assert [item.choices[0].finish_reason for item in pieces if item.choices][-1] == "stop"
        assert pieces[-1].usage.total_tokens == whole.usage.total_tokens
        older = client.completions.create(model="tiny", prompt="What are the features of Alpha syndrome?")
        assert older.choices[0].text == whole.choices[0].message.content
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model="other", messages=ASK)


def test_with_knowledge_the_answer_is_checked_and_cited(client):
    with running(handler(retrievers=("graph",))) as address:
        result = post(client, address, messages=ASK).json()
    text, more = result["choices"][0]["message"]["content"], result["clinweave"]
    assert text.endswith(
        "\n\nWritten by scripted, each sentence checked:\n"
        f"Alpha syndrome has the feature Arachnodactyly. [1]\n{DISCLAIMER}"
    )
    assert more["statements"]
    assert [item["verdict"] for item in more["sentences"]] == ["supported", "not verified"]
    assert more["citations"][0]["id"] == "1"
    assert more["citations"][0]["sources"][0]["source"]
    assert not more["abstained"]


@pytest.mark.parametrize("retrievers", [(), ("graph",)])
def test_guardrails_come_before_the_model(client, retrievers):
    class Silent(ScriptedModel):
        def generate(self, *args, **more):
            raise AssertionError("the model was asked")

    with running(handler(retrievers=retrievers, model=Silent({"rules": []}))) as address:
        for asked, kind in (
            ("I want to kill myself", "self-harm"),
            ("How many mg of x should I take?", "dose"),
        ):
            result = post(client, address, messages=[{"role": "user", "content": asked}]).json()
            assert result["clinweave"]["guardrail"] == kind
            assert result["choices"][0]["message"]["content"].endswith(DISCLAIMER)


def test_an_amount_of_a_drug_is_left_out_unless_it_was_given(client):
    with running(handler("Glumetin is taken at 500 mg daily. It is a drug.")) as address:
        plain = post(client, address, messages=[{"role": "user", "content": "What is glumetin?"}]).json()
        given = {
            "role": "user",
            "content": "Evidence:\n[1] Glumetin is taken at 500 mg daily.\n\nQuestion: What is it?\n",
        }
        quoted = post(client, address, messages=[given]).json()
    assert "500" not in plain["choices"][0]["message"]["content"]
    assert "It is a drug." in plain["choices"][0]["message"]["content"]
    assert "500 mg" in quoted["choices"][0]["message"]["content"]


def test_clinweave_asks_its_own_address():
    with running(handler()) as address:
        model = open_model(f"{address}/v1#tiny", retries=0)
        answer = SmallBase(model).ask(ASK[0]["content"], retrievers=("graph",))
        model.close()
    assert [item.verdict.value for item in answer.sentences] == ["supported", "not verified"]
    assert answer.text.count(DISCLAIMER) == 1


def test_a_token_is_asked_of_all_but_health(client):
    with running(handler(), token=TOKEN) as address:
        assert client.get(f"{address}/health").json() == {"status": "ok"}
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            refused = client.get(f"{address}/v1/models", headers=headers)
            assert refused.status_code == 401
            assert refused.json()["error"]["type"] == "authentication_error"
        assert (
            client.get(f"{address}/v1/models", headers={"Authorization": f"Bearer {TOKEN}"}).status_code
            == 200
        )


def test_a_page_that_leads_a_browser_here_is_refused(client, bare):
    refused = client.get(f"{bare}/v1/models", headers={"Host": "evil.example:80"})
    assert refused.status_code == 403


def test_too_large_and_too_many_are_told(client):
    class Slow(ScriptedModel):
        def generate(self, *args, **more):
            time.sleep(0.5)
            return super().generate(*args, **more)

    slow = Slow({"rules": [], "otherwise": "Yes."})
    with running(handler(model=slow), settings=ServiceSettings(max_bytes=2000, max_queue=2)) as address:
        big = post(client, address, messages=[{"role": "user", "content": "x" * 3000}])
        assert (big.status_code, big.json()["error"]["type"]) == (413, "invalid_request_error")
        result = []
        threads = [
            threading.Thread(target=lambda: result.append(post(client, address, messages=ASK)))
            for _ in range(5)
        ]
        for item in threads:
            item.start()
        for item in threads:
            item.join()
        codes = sorted(item.status_code for item in result)
        assert codes.count(200) == 2
        assert codes.count(429) == 3
        assert all(item.headers["retry-after"] for item in result if item.status_code == 429)
        assert post(client, address, messages=ASK).status_code == 200  # all have left


def test_failures_of_the_model_come_in_form_and_no_log_holds_the_prompt(client, caplog, capfd):
    class Broken(ScriptedModel):
        def generate(self, messages, **more):
            raise (ValueError if "value" in messages[-1]["content"] else ModelError)(messages[-1]["content"])

    secret = "PATIENT-4711 value"
    with running(handler(model=Broken({"rules": []}))) as address:
        other = post(client, address, messages=[{"role": "user", "content": "PATIENT-4711"}])
    assert other.status_code == 502
    assert "4711" not in other.text
    with caplog.at_level("DEBUG"), running(handler(model=Broken({"rules": []}))) as address:
        whole = post(client, address, messages=[{"role": "user", "content": secret}])
        streamed = post(client, address, messages=[{"role": "user", "content": secret}], stream=True)
    assert whole.status_code == 500
    assert whole.json()["error"]["type"] == "server_error"
    # a stream has not begun yet: its error has a status of its own
    assert streamed.status_code == 500
    assert streamed.json()["error"]["type"] == "server_error"
    seen = capfd.readouterr()
    for output in (
        whole.text,
        streamed.text,
        seen.out,
        seen.err,
        *(item.getMessage() for item in caplog.records),
    ):
        assert "4711" not in output
    assert any("ValueError" in item.getMessage() for item in caplog.records)
