"""The written citation pairs: they are read, balanced over kinds, and a bad line is named."""

from collections import Counter
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.datasets import NamedConcepts, read_written_pairs

FOLDER = Path(__file__).parents[1] / "knowledge" / "citation_pairs"
FILES = sorted(FOLDER.glob("*.jsonl"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_read_and_holds_one_label(path):
    pairs = read_written_pairs(path, NamedConcepts())
    assert {pair.supported for pair in pairs} == {path.stem.startswith("true")}
    assert len({(pair.sentence, pair.evidence, pair.question) for pair in pairs}) == len(pairs)
    assert all(pair.sentence and pair.evidence for pair in pairs)


def test_no_kind_of_false_sentence_outweighs_the_others():
    pairs = read_written_pairs(FOLDER / "false_first.jsonl", NamedConcepts())
    counts = Counter(pair.kind for pair in pairs)
    assert len(pairs) >= 200
    assert min(counts.values()) >= 5
    assert max(counts.values()) <= 0.1 * len(pairs)


def test_a_bad_line_is_named(tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_text('{"kind": "unit", "supported": false, "sentence": "A."}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"bad.jsonl, line 1: .*evidence"):
        read_written_pairs(path, NamedConcepts())
