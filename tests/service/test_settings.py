"""Every setting of a request holds or is refused by name; web pages of other origins are refused."""

import json
from random import Random

import pytest

from clinweave.applications import DISCLAIMER
from clinweave.core.errors import ContextLengthError, UserError
from clinweave.models import identity_of, open_model
from clinweave.models.scripted import ScriptedModel
from clinweave.service.chat.requests import parse
from clinweave.service.errors import RequestError
from tests.knowledge.small_base import says
from tests.service.conftest import handler, running
from tests.service.test_address import ASK, post

COUNT = "one two three four five six seven eight nine ten"
OPTIONAL = {
    "max_tokens": 3, "max_completion_tokens": 3, "temperature": 0.5, "top_p": 0.5, "seed": 1, "stop": ["x"],
    "stream": False, "stream_options": {"include_usage": True}, "n": 1, "presence_penalty": 0, "frequency_penalty": 0.0,
    "logprobs": False, "top_logprobs": 0, "logit_bias": {},
    "response_format": {"type": "text"}, "user": "me", "metadata": {"a": "b"},
    "store": False, "tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "auto",
    "parallel_tool_calls": True, "functions": [], "function_call": "none", "reasoning_effort": "low",
    "verbosity": "low", "modalities": ["text"], "service_tier": "auto",
    "safety_identifier": "x", "prompt_cache_key": "x", "model": "tiny",
    "audio": None, "web_search_options": None, "prediction": {"type": "content", "content": "x"},
}  # fmt: skip


class Recording(ScriptedModel):
    """A scripted model that keeps how it was asked."""

    def __init__(self, reply):
        super().__init__({"rules": [], "otherwise": reply})
        self.settings = []

    def generate(self, messages, **settings):
        self.settings.append(settings)
        return super().generate(messages, **settings)


def body(**more):
    return json.dumps({"messages": ASK, **more}).encode()


def test_null_is_absent_for_any_mix_of_optional_fields():
    random = Random(3)
    plain = parse(body(), "tiny", 100, chat=True)
    assert parse(body(**dict.fromkeys(OPTIONAL)), "tiny", 100, chat=True) == plain
    for _ in range(200):
        chosen = random.sample(sorted(OPTIONAL), random.randint(1, 8))
        given = {name: OPTIONAL[name] for name in chosen}
        nulls = {name: None for name in random.sample(sorted(OPTIONAL), 6) if name not in given}
        assert parse(body(**given, **nulls), "tiny", 100, chat=True) == parse(
            body(**given), "tiny", 100, chat=True
        )
    assert parse(body(max_completion_tokens=None, max_tokens=3), "tiny", 100, chat=True).max_tokens == 3
    assert parse(body(max_completion_tokens=9, max_tokens=3), "tiny", 100, chat=True).max_tokens == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 2), ("n", True), ("presence_penalty", 0.5), ("logprobs", True), ("top_logprobs", 4),
        ("logit_bias", {"5": 1}), ("response_format", {"type": "json_object"}), ("modalities", ["text", "audio"]),
        ("tool_choice", "required"), ("tool_choice", {"type": "function"}), ("top_p", 1.5), ("top_k", 40),
        ("audio", {"voice": "x"}), ("seed", 2**64), ("stop", ["a", ""]), ("grammar", "x"),
    ],
)  # fmt: skip
def test_what_cannot_hold_is_refused_by_name(name, value):
    with pytest.raises(RequestError) as result:
        parse(body(**{name: value}), "tiny", 100, chat=True)
    assert result.value.param == name
    assert name in str(result.value)


def test_a_name_that_the_client_made_up_is_not_quoted(client):
    for name in ("PATIENT Quillerby MRN 5550123", "\ud800", "", "x" * 5000, "\x1b[31m"):
        with pytest.raises(RequestError) as result:
            parse(body(**{name: 1}), "tiny", 100, chat=True)
        assert result.value.param is None
        assert (name or "nothing") not in str(result.value)
    with running(handler()) as address:
        refused = client.post(f"{address}/v1/chat/completions", content=b'{"\\ud800": 1, "messages": []}')
        lone = client.post(
            f"{address}/v1/chat/completions",
            content=b'{"stream": true, "messages": [{"role": "user", "content": "x \\ud800"}]}',
        )
    assert (refused.status_code, lone.status_code) == (400, 400)
    assert lone.json()["error"]["param"] == "messages[0].content"


def test_a_reply_that_is_not_unicode_is_sent_whole_and_in_pieces(client):
    with running(handler("half \ud83d of a pair")) as address:
        whole = post(client, address, messages=ASK)
        stream = post(client, address, messages=ASK, stream=True)
    assert whole.json()["choices"][0]["message"]["content"] == f"half ? of a pair\n{DISCLAIMER}"
    assert stream.text.rstrip().endswith("data: [DONE]")


@pytest.mark.parametrize("retrievers", [(), ("graph",)])
def test_the_settings_reach_the_model(client, retrievers):
    model = Recording(COUNT)
    wanted = {"temperature": 0.7, "seed": 5, "stop": ["nine"], "top_p": 0.5, "max_tokens": 7}
    with running(handler(model=model, retrievers=retrievers)) as address:
        assert post(client, address, messages=ASK, **wanted).status_code == 200
    assert model.settings == [{**wanted, "stop": ("nine",)}]


@pytest.mark.parametrize("model", [None, "none"])
def test_stop_and_max_tokens_hold_for_the_whole_answer_from_evidence(client, model):
    with running(handler(retrievers=("graph",), model=model)) as address:
        full = post(client, address, messages=ASK).json()
        text = full["choices"][0]["message"]["content"]
        for word in ("Arachnodactyly", "features", "Alpha", "\n"):
            result = post(client, address, messages=ASK, stop=word).json()
            answer = result["choices"][0]["message"]["content"].removesuffix(DISCLAIMER).rstrip()
            assert word not in answer
            assert text.startswith(answer)
            assert result["choices"][0]["finish_reason"] == "stop"
        for most in (1, 5, 20, 40):
            result = post(client, address, messages=ASK, max_tokens=most).json()
            answer = result["choices"][0]["message"]["content"].removesuffix(DISCLAIMER).rstrip()
            assert len(answer) <= 8 * most
            assert result["choices"][0]["finish_reason"] == "length"
        result = post(client, address, messages=ASK, max_tokens=500).json()
    assert full["choices"][0]["finish_reason"] == "stop"
    assert result["choices"][0]["message"]["content"] == text


def test_without_a_model_the_sources_answer_over_http(client):
    with running(handler(retrievers=("graph",), model="none", audience="clinician")) as address:
        result = post(client, address, messages=ASK).json()
    assert result["clinweave"]["audience"] == "clinician"
    assert result["clinweave"]["statements"]
    assert result["usage"]["total_tokens"] == 0
    assert "Arachnodactyly" in result["choices"][0]["message"]["content"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_over_the_context_is_named_so(client, stream):
    class Small(ScriptedModel):
        def generate(self, messages, **settings):
            raise ContextLengthError("The prompt has 5031 tokens; the context has room for 4096.")

    with running(handler(model=Small({"rules": []}))) as address:
        result = post(client, address, messages=ASK, stream=stream)
    assert (result.status_code, result.json()["error"]["code"]) == (400, "context_length_exceeded")
    with running(handler(model="none", retrievers=("graph",))) as address:
        long = [{"role": "user", "content": "word " * 5000}]
        result = post(client, address, messages=long, stream=stream)
    assert (result.status_code, result.json()["error"]["code"]) == (400, "context_length_exceeded")


def test_our_own_errors_do_not_pass_on_what_they_quote(client, caplog):
    class Quoting(ScriptedModel):
        def generate(self, messages, **settings):
            raise UserError(f"strange words {messages[-1]['content']}")

    with running(handler(model=Quoting({"rules": []}))) as address:
        result = post(client, address, messages=[{"role": "user", "content": "PATIENT-4711"}])
    assert result.status_code == 400
    assert "4711" not in result.text + caplog.text


def test_pages_of_other_origins_are_refused(client):
    with running(handler()) as address:
        own = address.removeprefix("http://")
        cases = {
            "http://evil.example": 403, "null": 403, "https://127.0.0.1.evil.example": 403, "file://": 403,
            "http://[::1": 403, "http://localhost@evil.example": 403, "": 403, f"http://{own}": 200,
            "http://localhost:3000": 200,
        }  # fmt: skip
        for origin, status in cases.items():
            result = client.post(
                f"{address}/v1/chat/completions", json={"messages": ASK}, headers={"Origin": origin}
            )
            assert result.status_code == status, origin
        for host in (
            "evil.example",
            "evil.example:80",
            "127.0.0.1.evil.example",
            "localhost.evil",
            "",
            "[::1",
        ):
            assert client.get(f"{address}/v1/models", headers={"Host": host}).status_code in {400, 403}, host
        site = {"Sec-Fetch-Site": "cross-site"}
        assert client.get(f"{address}/v1/models", headers=site).status_code == 403
        for kind, status in (
            ("text/plain", 415),
            ("multipart/form-data", 415),
            ("application/json; charset=utf-8", 200),
        ):
            result = client.post(
                f"{address}/v1/chat/completions", content=body(), headers={"Content-Type": kind}
            )
            assert result.status_code == status, kind


def test_a_reply_cut_by_the_model_says_so_with_knowledge(client):
    with running(
        handler(model=says(" ".join(f"word{n}" for n in range(600))), retrievers=("graph",))
    ) as address:
        result = post(client, address, messages=ASK).json()
    assert result["choices"][0]["finish_reason"] == "length"


def test_the_list_of_models_tells_one_model_from_another_of_its_name(client):
    stated = []
    for reply in ("one", "one", "two"):
        with running(handler(reply)) as address:
            model = open_model(f"{address}/v1#tiny", retries=0)
            stated.append(
                (identity_of(model), client.get(f"{address}/v1/models").json()["data"][0]["sha256"])
            )
            model.close()
    assert stated[0] == stated[1] != stated[2]
    assert stated[0][0] == stated[0][1]
