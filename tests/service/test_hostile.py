"""Hostile clients over a real socket: slow, oversized, malformed, and none of it an error of the server."""

import asyncio
import contextlib
import json
import socket
import time

import httpx
import pytest

from clinweave.service import ServiceSettings
from tests.service.conftest import handler, running

ASK = {"messages": [{"role": "user", "content": "What are the features of Alpha syndrome?"}]}


@pytest.fixture(scope="module")
def address():
    settings = ServiceSettings(max_bytes=5000, body_seconds=1)
    with running(handler(retrievers=("graph",), model="none"), settings=settings) as served:
        yield served


def connected(address):
    host, port = address.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    connection.settimeout(20)
    return connection


def raw(address, data):
    """Return what the server sends to these bytes until it closes the connection or is quiet."""
    with connected(address) as connection:
        connection.settimeout(2)
        reply = b""
        try:
            connection.sendall(data)
            while piece := connection.recv(65536):
                reply += piece
        except (TimeoutError, ConnectionError):
            pass
    return reply


def status(reply):
    return int(reply.split(b" ", 2)[1]) if reply else 0


def head(method="POST", path="/v1/chat/completions", **headers):
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{key}: {value}" for key, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).replace("_", "-").encode("latin-1")


def test_a_slow_body_is_dropped_and_others_are_served_meanwhile(address, client):
    with connected(address) as connection:
        connection.sendall(head(Content_Length=400, Content_Type="application/json") + b'{"mess')
        began = time.monotonic()
        assert client.get(f"{address}/health").status_code == 200
        reply = connection.recv(65536)
        assert status(reply) == 408
        assert time.monotonic() - began < 10


def test_a_slow_header_is_dropped(address, client, monkeypatch):
    monkeypatch.setattr("clinweave.service.connections.HEADER_SECONDS", 0.5)
    with connected(address) as first, connected(address) as second:
        first.sendall(b"GET /health HTTP/1.1\r\nHost: 127")
        assert first.recv(100) == b""
        assert second.recv(100) == b""  # sent nothing at all
    with connected(address) as third:
        third.sendall(head("GET", "/health"))
        reply = third.recv(65536)
        assert status(reply) == 200
        while b'"ok"' not in reply:
            reply += third.recv(65536)
        third.sendall(b"GET /hea")  # the second request of a connection
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert third.recv(100) == b""
        assert time.monotonic() - began < 10


def test_a_client_that_does_not_read_is_dropped(monkeypatch):
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    from clinweave.service import ServiceState, app

    ended = []

    async def endless(_request):
        async def pieces():
            try:
                while True:
                    yield b"x" * 65536
                    await asyncio.sleep(0)
            finally:
                ended.append(True)

        return StreamingResponse(pieces())

    monkeypatch.setattr("clinweave.service.connections.READING_SECONDS", 0.5)
    monkeypatch.setattr(app, "operation_routes", lambda _: [Route("/endless", endless)])
    state = ServiceState.create(handler(retrievers=("graph",), model="none"))
    with running(state) as served, connected(served) as connection:
        connection.sendall(head("GET", "/endless"))
        limit = time.monotonic() + 15
        while not ended and time.monotonic() < limit:
            time.sleep(0.05)
    assert ended


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (head(Content_Length=6000, Content_Type="application/json") + b"x" * 6000, {413}),
        (head(Transfer_Encoding="chunked") + b"1800\r\n" + b"x" * 0x1800 + b"\r\n0\r\n\r\n", {413}),
        (head(Content_Length=2, Content_Type="application/json") + b"\xff\xfe", {400}),
        (head(Content_Length=3000, Content_Type="application/json") + b"[" * 3000, {400}),
        (head(Content_Length=4, Content_Type="text/xml") + b"<a/>", {415}),
        (head("GET", "/v1/models/..%2f..%2fetc%2fpasswd"), {404}),
        (head("GET", "/static/..%2f..%2f..%2fetc/passwd"), {404}),
        (head("GET", "/../../etc/passwd"), {404}),
        (head("GET", "/%00"), {404}),
        (head("GET", "/%ff%fe"), {404}),
        (head("GET", "/v1/models/a%0d%0aSet-Cookie:%20x=1"), {404}),
        (head("TRACE", "/v1/models"), {405}),
        (head("GET", "/health", Content_Length=-1), {400}),
        (head("POST", "/v1/chat/completions", Content_Length=3, Transfer_Encoding="chunked"), {400, 408}),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", {400, 403}),
        (b"GET /health HTTP/1.1\r\n\r\n", {400}),
        (b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n", {0, 400}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100), {400}),
    ],
)  # fmt: skip
def test_malformed_requests_are_refused(address, data, expected):
    reply = raw(address, data)
    assert status(reply) in expected
    header = reply.split(b"\r\n\r\n")[0].lower()
    assert b"set-cookie" not in header
    assert b"root:" not in reply


def test_a_client_that_sends_too_much_gets_to_read_why(address):
    headers = {"Content-Type": "application/json"}
    for _ in range(5):
        reply = httpx.post(f"{address}/api/v1/link", content=b"x" * 30_000, headers=headers)
        assert reply.status_code == 413
        assert "more than" in reply.text


def test_the_server_still_answers(address, client):
    reply = client.post(f"{address}/v1/chat/completions", content=json.dumps(ASK))
    assert reply.status_code == 200
