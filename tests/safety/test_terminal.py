"""Text from files and models is shown without driving the terminal, in every command."""

import io
import json
import re
import unicodedata
from pathlib import Path

import pytest
from rich.table import Table

from clinweave.cli.console import Console, HarmlessStream, harmless
from tests.safety.calling import clinweave

SOURCES = Path(__file__).parents[2] / "src" / "clinweave"
NASTY = "gout \x1b]0;PWNED\x07\x1b[31m\x9b2J\x08\x7f\u202eabc\u2028\r\x00 end"


def is_harmless(text: str) -> bool:
    return not any(
        unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text if letter not in "\n\t"
    )


def test_every_control_character_is_escaped_and_nothing_else() -> None:
    for code in (*range(0x2100), *range(0xD7F0, 0xE010)):
        letter = chr(code)
        shown = harmless(letter)
        assert is_harmless(shown), hex(code)
        if is_harmless(letter) and not 0x200E <= code <= 0x2069 and code != 0x61C:
            assert shown == letter
    assert harmless("é 中\n\tok\r\n") == "é 中\n\tok\n"


def test_a_console_escapes_text_in_strings_and_tables_and_keeps_its_own_styles() -> None:
    stream = io.StringIO()
    table = Table("name")
    table.add_row(NASTY)
    screen = Console(file=stream, force_terminal=True, color_system="truecolor", no_color=False, width=200)
    screen.print(table)
    screen.print(f"[bold]{NASTY}[/bold]", highlight=False)
    shown = stream.getvalue()
    assert "\x1b[1m" in shown
    assert is_harmless(re.sub("\x1b\\[[0-9;]*m", "", shown))
    assert "\x1b[31m" not in shown
    assert shown.count("abc") == 2


def test_json_stays_json() -> None:
    stream = io.StringIO()
    HarmlessStream(stream).write(json.dumps({"text": NASTY + "\ud800"}, ensure_ascii=False))
    assert is_harmless(stream.getvalue())
    assert json.loads(stream.getvalue())["text"] == NASTY + "\ud800"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_commands_that_show_texts_of_files(work: Path, more: tuple[str, ...]) -> None:
    (work / "notes").mkdir()
    (work / "notes" / "a.txt").write_text(NASTY.replace("\0", ""))
    (work / "kgx").mkdir()
    name = NASTY.replace("\r", "").replace("\0", "").replace("\u2028", "")
    (work / "kgx" / "nodes.tsv").write_text(
        f"id\tcategory\tname\nMONDO:1\tbiolink:Disease\t{name}\nMONDO:2\tbiolink:Disease\tpodagra\n"
    )
    (work / "kgx" / "edges.tsv").write_text(
        f"subject\tpredicate\tobject\tevidence\nMONDO:1\tbiolink:related_to\tMONDO:1\t{name}\n"
    )
    assert clinweave("graph", "import", "--kgx", "kgx").code == 0
    assert clinweave("index", "add", "notes").code == 0
    for command in (
        ("index", "search", "gout"),
        ("graph", "show", "MONDO:1"),
        ("graph", "search", "gout"),
        ("graph", "info"),
        ("link", "--text", f"podagra {NASTY}"),
    ):
        called = clinweave(*command, *more)
        assert called.code == 0, called
        assert re.search("gout|podagra|info", called.out + command[1])
        assert is_harmless(called.out + called.err), command


def test_an_error_message_is_harmless_too(work: Path) -> None:
    called = clinweave("link", "--graph", "x", "no\x1b[31mfile\n.jsonl")
    assert called.code == 2
    assert is_harmless(called.err)
    assert called.err.count("\n") == 1


def test_no_module_prints_past_these() -> None:
    uses = re.compile(r"^\s*(from rich\.console import|import rich\b|from rich import)", re.MULTILINE)
    for path in SOURCES.rglob("*.py"):
        text, name = path.read_text("utf-8"), str(path.relative_to(SOURCES))
        if uses.search(text) and name != "cli/console.py":
            assert not name.startswith("cli/"), name
            # progress bars with titles of our own, on standard error
            assert text.count("Console(") == text.count("Console(stderr=True)"), name
