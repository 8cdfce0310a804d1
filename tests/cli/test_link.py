"""`clinweave link`: one text, files of lines, bad lines, nothing half-written."""

import errno
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clinweave.cli import link, main
from clinweave.core.errors import UserError
from clinweave.knowledge import Linker
from tests.knowledge.named import NamesGraph


@pytest.fixture(autouse=True)
def small_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    linker = Linker.open(NamesGraph(tmp_path / "world"))
    monkeypatch.setattr(link, "_linker", lambda *_: linker)


def run(*arguments: str) -> tuple[str, str]:
    result = CliRunner().invoke(link.app, list(arguments), catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_one_text() -> None:
    printed = json.loads(run("--text", "no seizures", "--json")[0])
    assert [
        (item["start"], item["end"], item["text"], item["id"], item["negated"])
        for item in printed["mentions"]
    ] == [(3, 11, "seizures", "HP:0001250", True)]
    assert "HP:0001250" in run("--text", "seizures [x] \x07")[0]
    assert "no concept" in run("--text", "")[0]


def test_a_note_as_a_text_file(tmp_path: Path) -> None:
    source = tmp_path / "letter.txt"
    source.write_text("He has seizures.\nNo asthma.\n", "utf-8")
    (line,) = [json.loads(item) for item in run(str(source))[0].splitlines()]
    assert line["id"] == "letter"
    assert [(item["text"], item["negated"]) for item in line["mentions"]] == [
        ("seizures", False),
        ("asthma", True),
    ]
    source.rename(tmp_path / "letter.doc")
    with pytest.raises(UserError, match=r"one note is a file \.txt"):
        run(str(tmp_path / "letter.doc"))


def test_a_file(tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts = ["Ünal’s asthma\u2028and fever", "", "\ud800 seizures", "asthma"] * 120
    rows = [json.dumps({"id": number, "text": text}) for number, text in enumerate(texts)]
    source.write_text("\n\n".join(rows))
    printed = json.loads(run(str(source), "--out", str(out), "--prefix", "HP", "--json")[0])
    assert printed == {"documents": 480, "mentions": 480, "errors": 0, "out": str(out)}
    result = lines(out)
    assert [item["id"] for item in result] == list(range(480))
    for text, item in zip(texts, result, strict=True):
        for mention in item["mentions"]:  # type: ignore[attr-defined]
            assert text[mention["start"] : mention["end"]] == mention["text"]
            assert mention["id"].startswith("HP:")
    assert lines(out) == [json.loads(line) for line in run(str(source), "--prefix", "HP")[0].splitlines()]


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        '{"id": NaN, "text": "x"}',
        '{"id": [1e999], "text": "x"}',
        '{"id": 1}',
        '{"id": 1, "text": 5}',
        "[]",
        '{"text": "x"}',
        '{"id": "\\ud800", "text": "x"}',
        "\xff",
        "9" * 5000,
    ],
)
def test_a_bad_line_stops_and_leaves_nothing(tmp_path: Path, bad: str) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b'{"id": 1, "text": "asthma"}\n' + bad.encode("latin-1") + b"\n")
    with pytest.raises(UserError, match=r"in\.jsonl, line 2: .*1 good lines before it"):
        run(str(source), "--out", str(out))
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl", "world"}
    printed = json.loads(run(str(source), "--out", str(out), "--keep-going", "--json")[0])
    assert (printed["documents"], printed["errors"]) == (2, 1)
    assert "line 2" in str(lines(out)[1]["error"])


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="either a file"):
        run()
    with pytest.raises(UserError, match="does not exist"):
        run(str(tmp_path / "nowhere.jsonl"))
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "text": "x"}\n')
    with pytest.raises(UserError, match=r"folder .* does not exist"):
        run(str(source), "--out", str(tmp_path / "no" / "out.jsonl"))
    with pytest.raises(UserError, match="prefix XX"):
        run(str(source), "--prefix", "XX")


def test_a_full_disk_is_one_line_and_leaves_the_old_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    given.write_text('{"id": 1, "text": "seizures"}\n', "utf-8")
    out.write_text("old\n", "utf-8")
    before = sorted(tmp_path.iterdir())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(SystemExit) as stopped:
        main(["link", str(given), "--out", str(out)])
    assert stopped.value.code == 1
    assert capsys.readouterr().err.startswith("error: No space left on device; finished steps are saved")
    assert out.read_text("utf-8") == "old\n"
    assert sorted(tmp_path.iterdir()) == before
