"""OMOP in a real PostgreSQL: a private server on a socket of its own, started for the test and ended after it."""
# ruff: noqa: E501, PLW1510 - one case is one line

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.patients import load, omop
from clinweave.patients.batches import QuietLog
from clinweave.patients.postgres import open_postgres
from tests.patients import made
from tests.patients.test_other_sources import check_omop


def _program(name):
    result = shutil.which(name)
    return result or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None
    )


@pytest.fixture(scope="module")
def server():
    """Give the address of a fresh server; skip where PostgreSQL, or a user that may run it, is missing."""
    pytest.importorskip("psycopg", reason="psycopg is in the extra `postgres`")
    initdb, ctl = _program("initdb"), _program("pg_ctl")
    if not initdb or not ctl:
        pytest.skip("PostgreSQL's initdb and pg_ctl are not on this machine")
    folder = Path(tempfile.mkdtemp(prefix="cwpg", dir="/tmp"))  # a socket's path must be short
    become = {}
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        import pwd

        try:
            user = pwd.getpwnam("nobody")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user nobody")
        os.chown(folder, user.pw_uid, user.pw_gid)
        become = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    options = {
        "check": True,
        "capture_output": True,
        "timeout": 120,
        "cwd": folder,
        "env": {**os.environ, "HOME": str(folder), "LC_ALL": "C"},
        **become,
    }
    data = folder / "data"
    try:
        try:
            subprocess.run([initdb, "-D", str(data), "-U", "tester", "-A", "trust", "-N"], **options)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"initdb does not run here: {error.stderr.decode()[-200:]}")
        subprocess.run([ctl, "-D", str(data), "-w", "-l", str(folder / "log"), "-o",
                        f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off", "start"], **{**options, "capture_output": False})  # fmt: skip
        yield f"postgresql:///postgres?host={folder}&user=tester"
    finally:
        if (data / "postmaster.pid").exists():
            subprocess.run([ctl, "-D", str(data), "-m", "immediate", "stop"], **{**options, "check": False})
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def filled(server):
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create schema cdm; set search_path to cdm")
        connection.execute(made.OMOP)
        connection.execute(made.VOCABULARY)
        connection.execute("create schema bare; set search_path to bare")
        connection.execute(made.OMOP)
    return server


def test_omop_in_postgresql(filled):
    log = QuietLog()
    with open_postgres(f"{filled}#cdm") as source:
        check_omop([row for batch in omop.read(source, log) for row in batch.to_pylist()], log)


def test_the_whole_way_into_a_store(filled, tmp_path):
    done = load(f"{filled}#cdm", tmp_path / "store")
    assert done.manifest["counts"]["patients"] == 2
    assert "user=tester" not in done.manifest["source"]


def test_without_vocabulary_tables(filled):
    log = QuietLog()
    with open_postgres(f"{filled}#bare") as source:
        rows = [row for batch in omop.read(source, log) for row in batch.to_pylist()]
    assert "OMOP:501" in {row["code"] for row in rows}
    assert any("vocabulary tables are missing" in item.reason for item in log.examples)


def test_no_such_schema_or_server(filled, tmp_path):
    with open_postgres(f"{filled}#nowhere") as source, pytest.raises(UserError, match="no OMOP"):
        list(omop.read(source, QuietLog()))
    pytest.importorskip("psycopg")
    with (
        pytest.raises(UserError, match="cannot be opened"),
        open_postgres(f"postgresql:///x?host={tmp_path}"),
    ):
        pass


def test_a_password_in_the_address_is_refused():
    pytest.importorskip("psycopg", reason="psycopg is in the extra `postgres`")
    with pytest.raises(UserError, match="PGPASSWORD"), open_postgres("postgresql://u:secret@localhost/x"):
        pass
