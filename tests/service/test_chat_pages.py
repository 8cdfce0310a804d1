"""What chat pages send beside questions, and the disclaimer in a field: Open WebUI, LibreChat, openai's client."""

import json

import pytest

from clinweave.applications import DISCLAIMER
from tests.service.conftest import handler, running
from tests.service.test_address import ASK, post

HISTORY = "USER: Which gene is associated with Alpha syndrome?\nASSISTANT: GENE1. [1]"
TASK = (
    '### Task:\nGenerate a concise, 3-5 word title.\n### Output:\nJSON format: {{ "{key}": "..." }}\n'
    "### Chat History:\n<chat_history>\n{history}\n</chat_history>"
)


@pytest.fixture(scope="module")
def address():
    with running(handler(retrievers=("graph",))) as served:
        yield served


def content(reply):
    assert reply.status_code == 200, reply.text
    return reply.json()["choices"][0]["message"]["content"]


def user(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("stream", [False, True])
def test_open_webui_gets_a_title_of_the_users_words(client, address, stream):
    body = {"messages": user(TASK.format(key="title", history=HISTORY)), "stream": stream}
    reply = client.post(f"{address}/v1/chat/completions", json=body)
    if stream:
        events = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")]
        text = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
    else:
        text = content(reply)
    assert json.loads(text) == {"title": "Which gene is associated with Alpha syndrome?"}


def test_open_webui_gets_empty_lists_and_a_clear_refusal(client, address):
    for key in ("tags", "follow_ups", "queries"):
        reply = post(client, address, messages=user(TASK.format(key=key, history=HISTORY)))
        assert json.loads(content(reply)) == {key: []}
    refused = post(client, address, messages=user(TASK.format(key="prompt", history=HISTORY)))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unsupported_task")


def test_libre_chat_gets_a_title(client, address):
    prompt = (
        "Provide a concise, 5-word-or-less title for the conversation, using its same language, with no punctuation. "
        "Apply title case conventions. Only return the title itself.\n\nConversation:\nUser: {question}\nAI: GENE1."
    )
    assert (
        content(post(client, address, messages=user(prompt.format(question="What is Alpha?"))))
        == "What is Alpha?"
    )
    long = content(post(client, address, messages=user(prompt.format(question="word " * 60))))
    assert len(long) < 70


def test_what_libre_chat_and_open_webui_send_with_a_question_is_taken(client, address):
    body = {
        "model": "tiny",
        "user": "66b1",
        "stream": False,
        "temperature": 1,
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "stream_options": {"include_usage": True},
        "tools": [{"type": "function", "function": {"name": "search", "parameters": {}}}],
        "tool_choice": "auto",
        "messages": [
            {"role": "system", "content": "You are helpful.", "name": "instructions"},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function"}]},
            {"role": "user", "content": [{"type": "text", "text": ASK[0]["content"]}], "name": "Erika"},
        ],
    }
    assert "Arachnodactyly" in content(post(client, address, **body))
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    refused = post(client, address, messages=[{"role": "user", "content": [image]}])
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages[0].content")


@pytest.mark.parametrize("stream", [False, True])
def test_the_disclaimer_comes_in_a_field_when_asked(address, stream):
    openai = pytest.importorskip("openai")
    with openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client:
        field = {"clinweave": {"disclaimer": "field"}}
        if stream:
            pieces = list(client.chat.completions.create(
                model="tiny", messages=ASK, stream=True, extra_body=field
            ))  # fmt: skip
            text = "".join(item.choices[0].delta.content or "" for item in pieces if item.choices)
            extra = pieces[-1].clinweave
        else:
            reply = client.chat.completions.create(model="tiny", messages=ASK, extra_body=field)
            text, extra = reply.choices[0].message.content, reply.clinweave
        assert DISCLAIMER not in text
        assert text.rstrip() == text
        assert extra["disclaimer"] == DISCLAIMER
        assert extra["citations"]
        assert (
            DISCLAIMER
            in client.chat.completions.create(model="tiny", messages=ASK).choices[0].message.content
        )
        for wrong in ({"clinweave": 1}, {"clinweave": {"disclaimer": "none"}}, {"clinweave": {"x": 1}}):
            with pytest.raises(openai.BadRequestError):
                client.chat.completions.create(model="tiny", messages=ASK, extra_body=wrong)


def events_of(reply):
    assert reply.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in reply.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "data: [DONE]"
    return [json.loads(line[6:]) for line in lines[:-1]]


# as Open WebUI sends a question: its own fields (chat_id, features, ...) are taken off before, include_usage is
# always added to a stream, and turns of other models of the conversation may have called tools
OPEN_WEBUI = {
    "model": "tiny",
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 0.7,
    "max_tokens": 400,
    "messages": [
        {"role": "system", "content": "Current date: 2026-11-30"},
        {"role": "user", "content": "What is the time?"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "index": 0,
            "function": {"name": "get_time", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "12:00"},
        {"role": "assistant", "content": "It is noon."},
        {"role": "user", "content": ASK[0]["content"]},
    ],
}  # fmt: skip
# as LibreChat's agents send it through LangChain's OpenAI client: parts in every turn, the user's id, penalties at 0
LIBRE_CHAT = {
    "model": "tiny",
    "user": "66b1f0c2a4",
    "stream": True,
    "stream_options": {"include_usage": True},
    "temperature": 1,
    "top_p": 1,
    "n": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hello"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Hello."}]},
        {"role": "user", "content": [{"type": "text", "text": ASK[0]["content"]}]},
    ],
}


@pytest.mark.parametrize("body", [OPEN_WEBUI, LIBRE_CHAT])
def test_a_streamed_question_as_chat_pages_send_it(client, address, body):
    reply = client.post(f"{address}/v1/chat/completions", json=body, headers={"Authorization": "Bearer none"})
    assert reply.status_code == 200, reply.text
    events = events_of(reply)
    text = "".join(item["choices"][0]["delta"].get("content") or "" for item in events if item["choices"])
    assert "Arachnodactyly" in text
    assert {item["object"] for item in events} == {"chat.completion.chunk"}
    assert len({item["id"] for item in events}) == 1
    assert any(item["choices"] and item["choices"][0]["finish_reason"] == "stop" for item in events)
    last = events[-1]  # the counts, without a choice
    assert last["choices"] == []
    assert {"prompt_tokens", "completion_tokens", "total_tokens"} <= set(last["usage"])


def test_the_result_of_a_tool_is_no_question(client, address):
    messages = OPEN_WEBUI["messages"][:4]
    refused = post(client, address, messages=messages)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages")


def test_models_have_the_fields_that_chat_pages_read(client, address):
    listed = client.get(f"{address}/v1/models", headers={"Authorization": "Bearer none"}).json()
    assert listed["object"] == "list"
    (model,) = listed["data"]
    assert (model["id"], model["object"], type(model["created"])) == ("tiny", "model", int)
    assert model["owned_by"]
