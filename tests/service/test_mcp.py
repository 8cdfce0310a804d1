"""The MCP server as its clients meet it: the official SDK's client over standard input and output, and over HTTP."""

import json
import os
import subprocess
import sys

import anyio
import duckdb
import jsonschema
import pytest

pytest.importorskip("mcp", reason="needs the mcp extra")

from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from clinweave.cli import main
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Tier
from clinweave.service.mcp import mcp_server
from clinweave.tools import Tool, all_tools, open_tool, tool_names
from tests.test_knowledge_base import built

TOKEN = "0123456789abcdef0123"
COMMAND = [sys.executable, "-m", "clinweave", "mcp"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return built(tmp_path_factory.mktemp("mcp"))


def environment(home):
    return {**os.environ, "CLINWEAVE_HOME": str(home)}


@pytest.fixture
def address(home, request):
    """Start the server over HTTP on a free port; yield its address; with the marker's arguments."""
    options = getattr(request, "param", [])
    server = subprocess.Popen(
        [*COMMAND, "--http", "--port", "0", "--json", *options],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(home),
    )
    try:
        yield json.loads(server.stdout.readline())["address"]
    finally:
        server.terminate()
        assert server.wait(20) in {0, -15}


def talk(server, steps, mode="auto"):
    """Run `steps(client)` in a client of the SDK and return what it returns."""

    async def run():
        async with Client(server, mode=mode, read_timeout_seconds=60) as client:
            return await steps(client)

    return anyio.run(run)


async def tour(client):
    listed = (await client.list_tools()).tools
    answers = {
        "concept": await client.call_tool("concept", {"concept": "Marfan syndrome"}),
        "ask": await client.call_tool("ask", {"question": "Which gene is associated with Marfan syndrome?"}),
        "unknown": await client.call_tool("concept", {"concept": "MONDO:9999999"}),
        "typo": await client.call_tool("concept", {"concept": "Marfan syndrom"}),
        "bad": await client.call_tool("search", {"query": "a", "limit": "many"}),
        "long": await client.call_tool("ask", {"question": "q" * 1_000_000}),
        "none": await client.call_tool("link", {}),
    }
    try:
        await client.call_tool("lnik", {})
    except MCPError as error:
        answers["no tool"] = error
    return listed, answers


def check_tour(listed, answers):
    assert [tool.name for tool in listed] == list(tool_names())
    for tool in listed:
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.destructive_hint is False
        assert tool.input_schema == open_tool(tool.name).input_schema
        assert tool.output_schema == open_tool(tool.name).output_schema
    for name in ("concept", "ask"):
        result = answers[name]
        assert not result.is_error
        jsonschema.validate(result.structured_content, open_tool(name).output_schema)
        assert json.loads(result.content[0].text) == result.structured_content
    assert "FBN1" in answers["ask"].structured_content["answer"]
    kinds = {
        "unknown": "unknown_identifier",
        "typo": "unknown_name",
        "bad": "invalid_arguments",
        "long": "text_too_long",
        "none": "invalid_arguments",
    }
    for name, kind in kinds.items():
        assert answers[name].is_error
        assert answers[name].structured_content["error"] == kind
    assert answers["typo"].structured_content["suggestions"][0]["id"] == "MONDO:0007947"
    assert "there is no tool 'lnik'" in answers["no tool"].message


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_over_standard_input_and_output(home, mode):
    server = StdioServerParameters(command=COMMAND[0], args=COMMAND[1:], env=environment(home))
    check_tour(*talk(server, tour, mode))


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_over_http(address, mode):
    check_tour(*talk(address, tour, mode))


@pytest.mark.parametrize("address", [["--token", TOKEN]], indirect=True)
def test_a_token_keeps_others_out(address):
    import httpx
    import httpx2

    async def with_token():
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
            Client(streamable_http_client(address, http_client=http)) as client,
        ):
            return [tool.name for tool in (await client.list_tools()).tools]

    assert anyio.run(with_token) == list(tool_names())
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert httpx.post(address, json=request, headers=headers).status_code == 401


@pytest.fixture
def tokens(home):
    from clinweave.service import Role, token_store

    store = token_store(home)
    made = {"erika": store.add("erika", [Role.PATIENT_DATA]), "omar": store.add("omar")}
    yield made
    for name in made:
        store.revoke(name)


@pytest.mark.parametrize("address", [["--require-tokens"]], indirect=True)
def test_each_user_has_a_token_and_a_role(tokens, address):
    """The token file of `clinweave serve`; a user without the role for patient data may not send notes."""
    import httpx
    import httpx2

    note = "Seen by Dr Jane Miller on 3 May 2021. Aneurysm."

    async def deidentified(token):
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60) as http,
            Client(streamable_http_client(address, http_client=http)) as client,
        ):
            concept = await client.call_tool("concept", {"concept": "Marfan syndrome"})
            assert not concept.is_error
            return await client.call_tool("deidentify", {"note": note})

    done = anyio.run(deidentified, tokens["erika"])
    assert not done.is_error
    assert "Jane Miller" not in done.structured_content["text"]
    refused = anyio.run(deidentified, tokens["omar"])
    assert refused.structured_content["error"] == "access_denied"
    assert "patient-data" in refused.structured_content["message"]
    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert httpx.post(address, json=request).status_code == 401


def test_other_hosts_origins_and_large_bodies_are_refused(address):
    import httpx

    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    assert httpx.post(address, json=request, headers={**accept, "Host": "evil.test"}).status_code == 403
    assert (
        httpx.post(address, json=request, headers={**accept, "Origin": "http://evil.test"}).status_code == 403
    )
    assert httpx.post(address, content=b"x" * (3 << 20), headers=accept).status_code == 413
    assert httpx.post(address, content=b"{", headers=accept).status_code in {400, 415}


def test_beyond_this_machine_a_token_is_needed(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["mcp", "--http", "--host", "0.0.0.0"])
    assert stopped.value.code == 2
    assert "token" in capsys.readouterr().err


def test_closed_standard_input_ends_the_server(home):
    done = subprocess.run(
        COMMAND, stdin=subprocess.DEVNULL, capture_output=True, env=environment(home), timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, b"")


def test_an_unknown_tool_name_of_the_command_line(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["mcp", "--tool", "serach"])
    assert stopped.value.code == 2
    assert "search" in capsys.readouterr().err


def test_restricted_records_and_failures(home):
    search = open_tool("search")

    def broken(_base, _arguments):
        raise ZeroDivisionError("secret")

    gated = Tool("search", "t", "d.", search.input, search.output, search.function, tier=lambda _: Tier.GATED)
    failing = Tool("search", "t", "d.", search.input, search.output, broken)

    async def one_search(client):
        return await client.call_tool("search", {"query": "losartan"})

    with KnowledgeBase(home) as base:
        refused = talk(mcp_server(base, [gated]), one_search)
        assert refused.is_error
        assert refused.structured_content["error"] == "access_denied"
        allowed = talk(mcp_server(base, [gated], restricted=True), one_search)
        assert allowed.structured_content["passages"]
        failed = talk(mcp_server(base, [failing]), one_search)
        assert failed.structured_content["error"] == "failed"
        assert "secret" not in failed.content[0].text


def test_the_core_does_not_import_mcp():
    code = (
        "import sys, clinweave.tools, clinweave.cli.mcp, clinweave.service as service\n"
        "service.make_app\n"
        "print('mcp' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert len(all_tools()) == len(tool_names())


def test_patient_records_go_to_a_client_only_where_that_is_allowed(home, tmp_path):
    with duckdb.connect(str(tmp_path / "records.duckdb")) as connection:
        connection.execute("create table drugs as select 7 as subject_id, 'losartan' as drug")
    tools = [open_tool("query_records")]

    async def queried(client):
        return await client.call_tool("query_records", {"sql": "SELECT drug FROM drugs"})

    async def wrong(client):
        return await client.call_tool("query_records", {"sql": "DROP TABLE drugs"})

    with KnowledgeBase(home, records=tmp_path / "records.duckdb") as base:
        refused = talk(mcp_server(base, tools), queried)
        assert refused.structured_content["error"] == "access_denied"
        assert "losartan" not in str(refused)
        allowed = talk(mcp_server(base, tools, restricted=True), queried)
        assert allowed.structured_content["rows"] == [["losartan"]]
        error = talk(mcp_server(base, tools, restricted=True), wrong)
        assert (error.is_error, error.structured_content["argument"]) == (True, "sql")
