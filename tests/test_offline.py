"""The guard that every other test stands on: it must itself refuse, note, and let this machine's own sockets be."""

import socket
import subprocess
import sys

import netguard
import pytest

ELSEWHERE = "192.0.2.1"  # reserved for documentation: nobody answers there


@pytest.fixture
def noted(tmp_path, monkeypatch):
    log = tmp_path / "attempts"
    monkeypatch.setenv(netguard.LOG, str(log))
    return log


def test_a_connection_elsewhere_is_refused_and_noted(noted):
    with pytest.raises(netguard.BlockedError), socket.socket() as tried:
        tried.connect((ELSEWHERE, 80))
    assert noted.read_text() == f"{ELSEWHERE}:80\n"


def test_a_name_is_not_looked_up(noted):
    with pytest.raises(netguard.BlockedError):
        socket.create_connection(("clinweave.invalid", 443))
    assert "clinweave.invalid" in noted.read_text()


def test_a_program_started_by_a_test_is_guarded_too(noted):
    code = f"import socket; socket.create_connection(('{ELSEWHERE}', 80), 1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "BlockedError" in done.stderr
    assert ELSEWHERE in noted.read_text()


def test_this_machine_may_be_reached(noted):
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), 5).close()
    assert not noted.exists()
