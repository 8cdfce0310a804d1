"""The gate before every command that can send or write out: gated and private material does not leave unasked.

No test here opens a connection: tests/conftest.py refuses it, and a refusal must come before any attempt.
"""

import io
import json
from pathlib import Path

import pytest
from typer.main import get_command

from clinweave.cli import COMMANDS, main
from clinweave.core.artifacts import stage, write_json
from clinweave.knowledge import Graph, add_collection, build_home_index
from clinweave.knowledge.graph.build import assemble
from clinweave.models import Generation
from clinweave.models.remote import RemoteModel
from clinweave.records import Source, Tier
from tests.knowledge.graph_fixture import RECORDS, SOURCES

FAR = "http://far.example:8000/v1#model"
NOTE = "Marble syndrome was seen with long fingers in the tall patient."


def graph_of(folder: Path, tier: Tier) -> None:
    """Make the small graph with one source of this tier."""
    made: dict[str, Source] = {**SOURCES}
    made["hpoa"] = Source(
        **{**{name: getattr(SOURCES["hpoa"], name) for name in Source.__slots__}, "tier": tier}
    )
    stage(folder, "graph", {"tier": tier.value}, {}, lambda work: assemble(RECORDS, made, work))


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Homes whose graph has a gated, or a private source, and one with private notes in its index."""
    made = {}
    for name, tier, licence in (
        ("gated", Tier.GATED, ""),
        ("private", Tier.PRIVATE, ""),
        ("raw notes", Tier.PUBLIC, "raw notes"),
        ("pseudonymised notes", Tier.PUBLIC, "pseudonymised notes"),
    ):
        home = tmp_path_factory.mktemp("home")
        graph_of(home / "graph", tier)
        if licence:
            (home / "note.txt").write_text(NOTE, "utf-8")
            held = Tier.PSEUDONYMISED if name == "pseudonymised notes" else Tier.PRIVATE
            add_collection(home / "note.txt", home, name="notes", tier=held, licence=licence)
        build_home_index(Graph.open(home / "graph"), None, home)
        made[name] = home
    return made


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Return a function that runs a command in one of the homes, and returns exit code and what was said."""
    monkeypatch.chdir(tmp_path)

    def call(home: Path, *arguments: object, typed: str = "") -> tuple[int, str]:
        monkeypatch.setenv("CLINWEAVE_HOME", str(home))
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        try:
            code = main([str(item) for item in arguments]) or 0
        except SystemExit as stop:
            code = stop.code or 0
        shown = capsys.readouterr()
        return int(code), shown.out + shown.err

    return call


def bench(folder: Path) -> Path:
    """Write a question file for `compare`."""
    path = folder / "bench.jsonl"
    row = {
        "id": "1",
        "question": "Which feature has Marble syndrome?",
        "options": ["Long fingers", "Short stature"],
        "answer": 0,
    }
    path.write_text(json.dumps(row) + "\n", "utf-8")
    return path


QUESTION = "What are the features of Marble syndrome?"
SENDS = {
    "ask": ("ask", QUESTION, "--knowledge", "graph", "--model", FAR),
    "chat": ("chat", "--knowledge", "graph", "--model", FAR),
}


@pytest.mark.parametrize("kind", ["gated", "private"])
@pytest.mark.parametrize("name", sorted(SENDS))
def test_a_model_elsewhere_sees_nothing_closed(homes, run, kind: str, name: str) -> None:
    code, output = run(homes[kind], *SENDS[name], typed=f"{QUESTION}\n")
    assert code == 2, output
    assert f"{kind} evidence" in output
    assert "--allow-remote far.example" in output
    code, output = run(homes[kind], *SENDS[name], "--allow-remote", "near.example", typed=f"{QUESTION}\n")
    assert code == 2, output


def test_private_relations_stay_whatever_is_allowed(homes, run) -> None:
    code, output = run(homes["private"], *SENDS["ask"], "--allow-remote", "far.example")
    assert code == 2
    assert "whatever is allowed" in output


def test_private_notes_pass_only_pseudonymised_and_only_to_the_named_host(homes, run, monkeypatch) -> None:
    asked = ("ask", "long fingers in the tall patient", "--knowledge", "text", "--model", FAR)
    for kind in ("raw notes", "pseudonymised notes"):
        code, output = run(homes[kind], *asked)
        assert code == 2
        assert f"{kind.split()[0].replace('raw', 'private')} evidence" in output
        assert NOTE not in output
    code, output = run(homes["raw notes"], *asked, "--allow-remote", "far.example")
    assert code == 2
    assert "not pseudonymised" in output
    monkeypatch.setattr(RemoteModel, "generate", lambda *_, **__: Generation("Not known.", 1, 1, 0.0))
    code, output = run(homes["pseudonymised notes"], *asked, "--allow-remote", "far.example")
    assert code == 0, output


def test_proposals_from_private_texts_are_not_sent(homes, run, tmp_path) -> None:
    asked = (
        "graph",
        "propose",
        "--collection",
        "notes",
        "--predicates",
        "has_phenotype",
        "--model",
        FAR,
        "--out",
        tmp_path / "out",
    )
    code, output = run(homes["raw notes"], *asked, "--method", "write")
    assert code == 2
    assert "private passages may not be sent to far.example" in output
    assert NOTE not in output


@pytest.fixture
def world_of(monkeypatch: pytest.MonkeyPatch):
    """Return a function that lets `compare` and `run` use a home as it is, without fetching or building."""
    from clinweave.evaluation.comparison import study
    from clinweave.evaluation.knowledge_bases import KnowledgeBase, KnowledgeBaseBuilder

    def use(home: Path) -> None:
        base = KnowledgeBase(home / "graph", "g", home / "index", "i")
        monkeypatch.setattr(KnowledgeBaseBuilder, "default", lambda self: base)
        monkeypatch.setattr(KnowledgeBaseBuilder, "with_texts", lambda self, *_: base)
        monkeypatch.setattr("clinweave.cli.run.fetch_for", lambda _: None)
        assert study.KnowledgeBaseBuilder is KnowledgeBaseBuilder

    return use


@pytest.mark.parametrize("kind", ["gated", "private"])
@pytest.mark.parametrize("command", ["compare", "run"])
def test_comparing_with_a_model_elsewhere_is_refused(
    homes, run, world_of, tmp_path, kind: str, command: str
) -> None:
    world_of(homes[kind])
    questions, recipe = bench(tmp_path), tmp_path / "own.toml"
    for allowed in ("", "near.example"):
        recipe.write_text(
            f'kind = "comparison"\ntitle = "Own"\n[model]\naddress = "{FAR}"\nmethod = "generation"\n'
            f'allow_remote = "{allowed}"\n'
            f'[[tasks]]\ntype = "benchmark"\npath = "{questions.name}"\n',
            "utf-8",
        )
        given = ("--bench", questions, "--model", FAR, "--method", "generation", "--allow-remote", allowed)
        code, output = run(
            homes[kind], command, *((recipe,) if command == "run" else given), "--out", tmp_path / "runs"
        )
        assert code == 2, output
        assert f"{kind} knowledge for benchmark may not be sent to far.example" in output
        assert "--allow-remote far.example" in output


@pytest.mark.parametrize("kind", ["gated", "private"])
def test_a_served_model_elsewhere_sees_nothing_closed(homes, run, monkeypatch, kind: str) -> None:
    import httpx

    from tests.service.conftest import running

    replies = []

    def served(state, *_: object) -> None:
        with running(state) as address:
            body = {"model": state.chat.name, "messages": [{"role": "user", "content": QUESTION}]}
            replies.append(httpx.post(f"{address}/v1/chat/completions", json=body, trust_env=False))

    monkeypatch.setattr("clinweave.service.serve", served)
    for allowed in ("", "near.example"):
        given = ("--knowledge", "graph", "--model", FAR, "--allow-remote", allowed)
        assert run(homes[kind], "serve", *given)[0] == 0
        output = replies[-1].json()["error"]["message"]
        assert replies[-1].status_code == 400, output
        assert f"{kind} evidence may not be sent to far.example" in output


@pytest.mark.parametrize("kind", ["gated", "private"])
def test_exports_are_refused_and_gated_ones_pass_when_named(homes, run, tmp_path, kind: str) -> None:
    out = tmp_path / "out"
    for command in (("graph", "export", "--kgx", out), ("data", "build", "--out", out)):
        code, output = run(homes[kind], *command)
        assert code == 2, output
        assert "may not be exported" in output
        assert not out.exists()
    code, output = run(homes[kind], "graph", "export", "--kgx", out, "--allow-export")
    assert code == (0 if kind == "gated" else 2), output


def test_weights_of_closed_material_are_not_exported(run, homes, tmp_path) -> None:
    for tier in ("gated", "private"):
        folder = tmp_path / tier
        folder.mkdir()
        (folder / "config.json").write_text("{}", "utf-8")
        write_json(folder / "manifest.json", {"kind": "sft", "tier": tier})
        code, output = run(homes["gated"], "export", folder, "--out", tmp_path / "out")
        assert code == 2
        assert f"{tier} material in these weights may not be exported" in output


def test_stages_inherit_the_strictest_tier(homes, tmp_path) -> None:
    training = pytest.importorskip("clinweave.training.runner")
    from clinweave.training import Inputs

    data = tmp_path / "data"
    data.mkdir()
    write_json(data / "manifest.json", {"kind": "data", "tier": "gated"})
    (data / "one.jsonl").write_text("", "utf-8")
    assert training.inherited(Inputs(data=data)) is Tier.GATED
    assert training.inherited(Inputs(data=data / "one.jsonl")) is Tier.GATED
    assert training.inherited(Inputs(data=data, graph=homes["private"] / "graph")) is Tier.PRIVATE
    assert training.inherited(Inputs(data=tmp_path)) is Tier.PUBLIC
    for kind, part, tier in (
        ("gated", "graph", "gated"),
        ("private", "graph", "private"),
        ("raw notes", "index", "private"),
    ):
        folder = homes[kind] / part
        assert json.loads((folder / "manifest.json").read_text("utf-8"))["tier"] == tier
        assert folder.stat().st_mode & 0o77 == 0


# Every command by what it can do; a new one must be put here, and tested above if it sends or writes out.
# `agent` asks the gate for each result of a tool: tests/agent
SENDING = {"agent", "ask", "chat", "compare", "graph propose", "serve", "run"}
SCORING = {
    "molecules optimize"
}  # sends molecules to a scorer at an address: tests of the scorers hold its gate
EXPORTING = {"graph export", "data build", "export", "compendium"}


def test_no_command_that_takes_a_model_address_lacks_the_gate() -> None:
    from importlib import import_module

    found = {}
    for name in COMMANDS:
        command = get_command(import_module(f"clinweave.cli.{name}").app)
        for sub, one in {"": command, **getattr(command, "commands", {})}.items():
            found[f"{name} {sub}".strip()] = {option for item in one.params for option in item.opts}
    takes = {name for name, options in found.items() if "--allow-remote" in options}
    assert takes == (SENDING | SCORING) - {"run"}  # a recipe says it: model.allow_remote
    addressed = {name for name, options in found.items() if "--model" in options}
    # a folder of a generator's own weights, never an address
    folders = {name for name in addressed if name.startswith("molecules ")}
    # notes are private: no option lets a model elsewhere read them; `setup --model` takes names of the catalogue
    # the tools of `mcp` ask as `ask` does without --allow-remote
    folders |= {"summarize", "setup", "mcp"}
    assert addressed - takes - folders == set(), (
        "a command that takes a model's address has no --allow-remote"
    )
    assert {name for name, options in found.items() if "--allow-export" in options} == EXPORTING - {
        "compendium"
    }
