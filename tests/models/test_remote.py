"""Addresses that refuse, stall or talk nonsense: a small server of this machine plays them."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from clinweave.core.errors import ModelError, UserError
from clinweave.models import Message, open_model
from clinweave.models.remote import RemoteModel

ASKED: list[Message] = [{"role": "user", "content": "Patient Zzyzx, what now?"}]
GOOD = {
    "choices": [{"message": {"role": "assistant", "content": "Rest."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 2},
}


class Served:
    """A server that gives its replies in order (the last one for ever) and keeps what it was asked."""

    def __init__(self, *replies: tuple[int, Any] | tuple[int, Any, dict[str, str]]) -> None:
        self.asked: list[tuple[str, dict[str, str], Any]] = []
        outer, left = self, list(replies)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("content-length", 0))
                body = json.loads(self.rfile.read(length) or "null")
                outer.asked.append(
                    (self.path, {key.lower(): value for key, value in self.headers.items()}, body)
                )
                status, content, *more = left.pop(0) if len(left) > 1 else left[0]
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for key, value in (more[0] if more else {}).items():
                    self.send_header(key, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(*replies: Any) -> Served:
        running.append(Served(*replies))
        return running[-1]

    yield start
    for item in running:
        item.close()


def opened(served: Served, **options: Any) -> RemoteModel:
    return RemoteModel(f"{served.address}#big", **{"pause": 0.001, "timeout": 5.0, **options})


def test_a_reply_with_its_usage(serve: Callable[..., Served]) -> None:
    served = serve((200, GOOD))
    result = opened(served).generate(ASKED, max_tokens=7, seed=3, stop=["x"])
    assert (result.text, result.prompt_tokens, result.completion_tokens) == ("Rest.", 11, 2)
    path, _, body = served.asked[0]
    assert path == "/v1/chat/completions"
    assert body == {
        "model": "big",
        "messages": ASKED,
        "max_tokens": 7,
        "temperature": 0.0,
        "seed": 3,
        "stop": ["x"],
    }


@pytest.mark.parametrize("status", [429, 500, 503])
def test_tries_again_and_then_says_why(serve: Callable[..., Served], status: int) -> None:
    served = serve((status, {}), (status, {}), (200, GOOD))
    assert opened(served).generate(ASKED).text == "Rest."
    assert len(served.asked) == 3
    never = serve((status, {"error": {"message": "too busy"}}))
    with pytest.raises(ModelError, match=f"{status}: too busy"):
        opened(never, retries=2).generate(ASKED)
    assert len(never.asked) == 3


def test_waits_as_long_as_the_server_asks(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("clinweave.models.remote.time.sleep", waits.append)
    served = serve((429, {}, {"retry-after": "7"}), (429, {}, {"retry-after": "99999"}), (200, GOOD))
    opened(served).generate(ASKED)
    assert waits == [7.0, 60.0]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_not_repeated(serve: Callable[..., Served], status: int) -> None:
    served = serve((status, {"error": {"message": "go away"}}))
    with pytest.raises(ModelError, match=f"{status}: go away"):
        opened(served).generate(ASKED)
    assert len(served.asked) == 1


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"[]", {"choices": []}, {"choices": [{"message": {"content": 5}}]}, {"choices": None}],
)
def test_nonsense_is_an_error(serve: Callable[..., Served], content: Any) -> None:
    with pytest.raises(ModelError, match="answered with"):
        opened(serve((200, content))).generate(ASKED)


def test_a_redirect_is_not_followed(serve: Callable[..., Served]) -> None:
    other = serve((200, GOOD))
    served = serve((307, {}, {"location": other.address + "/chat/completions"}))
    with pytest.raises(ModelError, match="307"):
        opened(served).generate(ASKED)
    assert not other.asked


def test_a_parameter_that_a_server_refuses_is_left_out_and_recorded(serve: Callable[..., Served]) -> None:
    refused = (
        400,
        {"error": {"message": "Unsupported parameter: 'max_tokens'; use 'max_completion_tokens'"}},
    )
    served = serve(refused, (200, GOOD))
    model = opened(served)
    model.generate(ASKED, max_tokens=9)
    model.generate(ASKED, max_tokens=9)
    assert [("max_tokens" in body, body.get("max_completion_tokens")) for _, _, body in served.asked] == [
        (True, None),
        (False, 9),
        (False, 9),
    ]
    assert model.describe()["parameters_refused"] == "max_tokens"


def test_an_address_where_nobody_listens(serve: Callable[..., Served]) -> None:
    served = serve((200, GOOD))
    model = opened(served)
    served.close()
    with pytest.raises(ModelError, match="cannot be reached"):
        model.generate(ASKED)


def test_no_answer_in_time() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        model = RemoteModel(f"http://127.0.0.1:{silent.getsockname()[1]}/v1#m", timeout=0.2)
        with pytest.raises(ModelError, match="in time"):
            model.generate(ASKED)


def test_the_only_model_is_found_and_several_are_listed(serve: Callable[..., Served]) -> None:
    served = serve((200, {"data": [{"id": "alone"}]}))
    assert RemoteModel(served.address).name == "alone"
    several = serve((200, {"data": [{"id": "one"}, {"id": "two"}]}))
    with pytest.raises(UserError, match="one, two"):
        RemoteModel(several.address)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("http://localhost:1/v1#m", True),
        ("http://127.3.2.1:1/v1#m", True),
        ("http://[::1]:1/v1#m", True),
        ("https://example.org/v1#m", False),
        ("http://10.0.0.1:80/v1#m", False),
        ("http://127.0.0.1.example.org/v1#m", False),
    ],
)
def test_only_the_loopback_is_local(address: str, local: bool) -> None:
    assert RemoteModel(address).local is local


@pytest.mark.parametrize(
    "address", ["http://", "http://u:p@host/v1#m", "http://h/v1?key=5#m", "http://h:99999/v1#m"]
)
def test_odd_addresses_are_refused_without_repeating_a_password(address: str) -> None:
    with pytest.raises(UserError) as caught:
        open_model(address)
    assert "u:p" not in str(caught.value)


def test_keys_are_sent_where_they_belong_and_never_told(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLINWEAVE_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "open-secret")
    served = serve((200, GOOD))
    model = opened(served)
    model.generate(ASKED)
    assert served.asked[-1][1]["authorization"] == "Bearer open-secret"
    assert "secret" not in json.dumps(model.describe())
    assert "authorization" not in RemoteModel("http://elsewhere.example/v1#m")._client.headers
    monkeypatch.setenv("CLINWEAVE_API_KEY", "own-secret")
    assert (
        RemoteModel("http://elsewhere.example/v1#m")._client.headers["authorization"] == "Bearer own-secret"
    )


def test_no_proxy_of_the_environment_sees_a_prompt(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, served = serve((200, GOOD)), serve((200, GOOD))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.address)
    opened(served).generate(ASKED)
    assert not proxy.asked


def test_messages_hold_no_prompt(
    serve: Callable[..., Served], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    opened(serve((200, GOOD))).generate(ASKED)
    with pytest.raises(ModelError) as caught:
        opened(serve((401, {}))).generate(ASKED)
    shown = capfd.readouterr()
    assert "Zzyzx" not in caplog.text + str(caught.value) + shown.out + shown.err
