"""Bad requests are refused by name, in OpenAI's form, and never quoted back."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from clinweave.core.access_policy import loopback
from clinweave.core.errors import UserError
from clinweave.service import AccessRules, ServiceState, check, make_app
from clinweave.service.chat.requests import _FIXED as FIXED
from clinweave.service.chat.requests import _HONOURED as HONOURED
from clinweave.service.chat.requests import _IGNORED as IGNORED
from clinweave.service.chat.requests import parse
from clinweave.service.errors import RequestError
from tests.service.conftest import handler, running

ASK = [{"role": "user", "content": "secret-4711?"}]


def body(**more):
    return json.dumps({"model": "tiny", "messages": ASK, **more}).encode()


@pytest.mark.parametrize(
    ("changed", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "secret-4711"}, "messages"),
        ({"messages": [{"role": "wizard", "content": "secret-4711"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content"),
        ({"messages": [{"role": "assistant", "content": "secret-4711"}]}, "messages"),
        ({"messages": [{"role": "user", "content": "  "}]}, "messages"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "secret-4711"}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"seed": 1.5}, "seed"),
        ({"stop": [""]}, "stop"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stream": 1}, "stream"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"top_k": 5}, "top_k"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"prompt": "x"}, "prompt"),
        ({"model": "secret-4711"}, "model"),
        ({"stream_options": 1}, "stream_options"),
    ],
)
def test_a_wrong_parameter_is_named_and_not_quoted(changed, param):
    with pytest.raises(RequestError) as result:
        parse(body(**changed), "tiny", 100, chat=True)
    error = result.value.body()["error"]
    assert error["param"] == param
    assert "4711" not in json.dumps(error)


def test_what_is_plain_or_of_no_matter_is_taken():
    asked = parse(
        body(n=1, top_p=1, user="me", max_completion_tokens=900, temperature=0.5, stop="x",
             messages=[{"role": "developer", "content": "Be brief."},
                       {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]),
        "tiny", 100, chat=True,
    )  # fmt: skip
    assert [item["role"] for item in asked.messages] == ["system", "user"]
    assert asked.messages[1]["content"] == "ab"
    assert (asked.max_tokens, asked.stop, asked.temperature, asked.stream) == (100, ("x",), 0.5, False)


KNOWN = {*HONOURED, *FIXED, *IGNORED}
KEYS = ("model", "messages", "role", "content", "stop", "stream", "seed", "n", "prompt")
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)


@given(st.binary(max_size=60) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_refused_or_read(given_):
    for chat in (True, False):
        try:
            assert parse(given_, "tiny", 10, chat=chat).messages
        except RequestError as error:
            actual = error.body()
            json.dumps(actual)


ODD = st.text(st.characters(exclude_categories=()), max_size=12)  # lone surrogates and controls among them
FIELDS = st.dictionaries(
    st.sampled_from([*sorted(HONOURED), *sorted(FIXED), *sorted(IGNORED)]) | ODD,
    st.none() | st.booleans() | st.integers() | st.floats() | ODD | st.lists(ODD, max_size=2)
    | st.dictionaries(ODD, ODD, max_size=2),
    max_size=4,
)  # fmt: skip
CONTENT = ODD | st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": ODD}), max_size=2)


@settings(max_examples=80)
@given(FIELDS, CONTENT, st.booleans(), st.sampled_from([(), ("graph",)]), ODD)
def test_no_request_breaks_the_server(fields, content, stream, retrievers, reply):
    app = make_app(ServiceState.create(handler(reply, retrievers=retrievers), rules=AccessRules("t" * 16)))
    given_ = {"messages": [{"role": "user", "content": content}], "stream": stream, **fields}
    with TestClient(app, base_url="http://127.0.0.1") as client:
        result = client.post(
            "/v1/chat/completions", content=json.dumps(given_).encode(),
            headers={"Authorization": "Bearer " + "t" * 16},
        )  # fmt: skip
    assert result.status_code in {200, 400, 404}
    if result.status_code != 200:
        message = result.json()["error"]["message"]
        unknown = [name for name in fields if name not in KNOWN and not any(name in known for known in KNOWN)]
        assert not any(name in message for name in unknown if len(name) > 3)
    elif "text/event-stream" in result.headers["content-type"]:
        assert result.text.endswith("data: [DONE]\n\n")
    else:
        assert result.json()["choices"][0]["finish_reason"] in {"stop", "length"}


def test_errors_of_the_address_are_json(client):
    with running(handler()) as address:
        for answer, status in (
            (client.post(f"{address}/v1/chat/completions", content=b"{not json"), 400),
            (client.post(f"{address}/v1/chat/completions", content=b"[1]"), 400),
            (client.post(f"{address}/v1/chat/completions", content=body(n=3)), 400),
            (client.get(f"{address}/v1/chat/completions"), 405),
            (client.get(f"{address}/v1/elsewhere"), 404),
            (client.get(f"{address}/v1/models/other"), 404),
            (client.post(f"{address}/v1/completions", json={"prompt": ["a", "b"]}), 400),
        ):
            assert answer.status_code == status
            assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        assert client.get(f"{address}/v1/models/tiny").json()["id"] == "tiny"


def test_beyond_this_machine_a_token_is_needed():
    check("127.0.0.1", AccessRules())
    check("::1", AccessRules())
    check("0.0.0.0", AccessRules("a" * 16))
    for host in ("0.0.0.0", "192.0.2.7", "::", "somewhere"):
        with pytest.raises(UserError, match="--token"):
            check(host, AccessRules())
    with pytest.raises(UserError, match="16 characters"):
        check("127.0.0.1", AccessRules("short"))
    assert loopback("127.0.0.53")
    assert not loopback("example.org")
