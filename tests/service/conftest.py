"""Real servers on loopback: the application behind uvicorn in a thread, asked over HTTP."""

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import pytest

from clinweave.service import AccessRules, ChatHandler, ServiceSettings, ServiceState, make_server
from tests.knowledge.small_base import SmallBase, says

GOOD = "Alpha syndrome has the feature Arachnodactyly [1]. Alpha syndrome is caused by glue [1]."


def handler(reply=GOOD, retrievers=(), model=None, **parts):
    return ChatHandler(SmallBase(model or says(reply), **parts), name="tiny", retrievers=retrievers)


@contextmanager
def running(at, *, settings=None, token="", **more):
    """Yield the address of a handler, or of a whole state, that is served."""
    if isinstance(at, ServiceState):
        state = at
    else:
        more = {"rules": AccessRules(token), **more}
        state = ServiceState.create(at, settings or ServiceSettings(), **more)
    held = socket.create_server(("127.0.0.1", 0))
    server = make_server(state)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [held]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        held.close()
        state.close()


@pytest.fixture
def client():
    with httpx.Client(timeout=20, trust_env=False) as made:
        yield made
