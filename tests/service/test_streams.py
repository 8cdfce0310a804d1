"""Streams send what the sources say first, then checked sentences; a client that leaves ends the work."""

import json
import threading
import time

import pytest

from clinweave.models.scripted import ScriptedModel
from tests.service.conftest import handler, running

ASK = [{"role": "user", "content": "What are the features of Alpha syndrome?"}]
GOOD = "Alpha syndrome has the feature Arachnodactyly [1]."


class Waiting(ScriptedModel):
    """Writes a good sentence, then a word at a time until it is let go."""

    def __init__(self):
        super().__init__({"rules": [], "otherwise": "x"})
        self.let_go, self.begun, self.ended = threading.Event(), threading.Event(), threading.Event()

    def stream(self, messages, on_text, **options):
        self.begun.set()
        try:
            on_text(f"{GOOD} Nothing")
            for number in range(2000):
                if self.let_go.wait(0.01) or on_text(f" word{number}"):
                    break
            return self.generate(messages, **options)
        finally:
            self.ended.set()


@pytest.fixture
def waiting():
    model = Waiting()
    yield model
    model.let_go.set()


def events(reply):
    for line in reply.iter_lines():
        if line.startswith("data: {"):
            yield json.loads(line.removeprefix("data: "))


def asked(client, address, **body):
    body = {"model": "tiny", "messages": ASK, "stream": True, **body}
    return client.stream("POST", f"{address}/v1/chat/completions", json=body)


def test_statements_and_a_checked_sentence_arrive_while_the_model_still_writes(client, waiting):
    with running(handler(model=waiting, retrievers=("graph",))) as address, asked(client, address) as reply:
        text = ""
        for event in events(reply):
            text += event["choices"][0]["delta"].get("content", "")
            if "Written by" not in text:
                assert not waiting.ended.is_set()
            if text.rstrip().endswith("Arachnodactyly. [1]") and not waiting.let_go.is_set():
                assert not waiting.ended.is_set()  # the model has not ended, and its sentence is here
                waiting.let_go.set()
    assert waiting.let_go.is_set()
    assert "word1" not in text
    assert text.endswith("For research, not for clinical decisions.")


def test_a_client_that_leaves_ends_the_models_work(client, waiting):
    with running(handler(model=waiting, retrievers=("graph",))) as address:
        with asked(client, address) as reply:
            coming = events(reply)  # a name, as a generator that nobody holds closes the stream
            next(coming)
            assert waiting.begun.wait(10)
        assert waiting.ended.wait(15)
        assert not waiting.let_go.is_set()
        waiting.let_go.set()
        whole = client.post(f"{address}/v1/chat/completions", json={"model": "tiny", "messages": ASK})
        assert whole.status_code == 200  # and the next request has its turn


def test_others_get_their_statements_while_the_model_is_busy(client, waiting):
    with running(handler(model=waiting, retrievers=("graph",))) as address:
        with asked(client, address) as first:
            coming = events(first)
            next(coming)
            assert waiting.begun.wait(10)
            with asked(client, address) as second:
                text = ""
                for event in events(second):
                    text += event["choices"][0]["delta"].get("content", "")
                    if "Arachnodactyly" in text:
                        break
            assert not waiting.ended.is_set()
        waiting.let_go.set()
        time.sleep(0.1)


@pytest.mark.parametrize("limit", [None, 1, 12, 400])
def test_the_stream_is_the_whole_reply_whatever_the_limit(client, limit):
    body = {} if limit is None else {"max_tokens": limit}
    with running(handler(f"{GOOD} Alpha syndrome is caused by glue [1].", retrievers=("graph",))) as address:
        with asked(client, address, **body) as reply:
            streamed = "".join(event["choices"][0]["delta"].get("content", "") for event in events(reply))
        request = {"model": "tiny", "messages": ASK, **body}
        whole = client.post(f"{address}/v1/chat/completions", json=request).json()
    assert streamed == whole["choices"][0]["message"]["content"]
