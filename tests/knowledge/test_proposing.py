import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.core.artifacts import stage
from clinweave.core.errors import UserError
from clinweave.databases import DATABASES, RowLog
from clinweave.knowledge import Graph, Linker, proposal_rules, propose
from clinweave.knowledge.graph.build import assemble
from clinweave.knowledge.relation_extraction.candidates import candidates
from clinweave.knowledge.relation_extraction.llm import checked
from clinweave.models.scripted import ScriptedModel
from clinweave.records import Grade, Mention, Passage, Tier
from tests.knowledge.graph_fixture import RECORDS, SOURCES, build

DRUG, ILL, SIGN = "biolink:Drug", "biolink:Disease", "biolink:PhenotypicFeature"
TEXT = "Steadol gave two patients long fingers. It was stopped. Pebble disease did not follow."
RULES = proposal_rules(["causes", "has_phenotype"])


def mention(words: str, id_: str, category: str, *, negated: bool = False, text: str = TEXT) -> Mention:
    start = text.index(words)
    return Mention(start, start + len(words), words, id_, words, category, 1.0, negated, "test")


SAID = [
    mention("Steadol", "CHEBI:1", DRUG),
    mention("long fingers", "HP:0000002", SIGN),
    mention("Pebble disease", "MONDO:0000020", ILL),
]


def passage(number: int, text: str, tier: Tier = Tier.PUBLIC) -> Passage:
    return Passage(f"p{number}", text, "", f"PMID:{number}", 100, 100 + len(text), "notes", tier=tier)


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    return Linker.open(build(tmp_path_factory.mktemp("graph") / "graph"))


def test_candidates_are_typed_and_quoted_by_whole_sentences() -> None:
    refused: Counter[str] = Counter()
    result = candidates(TEXT, SAID, RULES, refused)
    assert {item.key for item in result} == {
        ("CHEBI:1", "biolink:causes", "HP:0000002"),
        ("MONDO:0000020", "biolink:has_phenotype", "HP:0000002"),
        ("CHEBI:1", "biolink:causes", "MONDO:0000020"),
    }
    quotes = {item.key: TEXT[item.start : item.end] for item in result}
    assert quotes["CHEBI:1", "biolink:causes", "HP:0000002"] == "Steadol gave two patients long fingers."
    assert quotes["CHEBI:1", "biolink:causes", "MONDO:0000020"] == TEXT
    denied = [*SAID[:2], mention("Pebble disease", "MONDO:0000020", ILL, negated=True)]
    assert len(candidates(TEXT, denied, RULES, refused)) == 1
    assert refused["denied in the text"] == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('1 | causes | 2 | "Steadol gave two patients long  fingers"', ""),
        ("1 causes 2", "not a line"),
        ("1 | causes | 9 | Steadol", "a number that no concept has"),
        ("1 | treats | 2 | Steadol", "not asked for"),
        ("2 | causes | 1 | Steadol gave two patients long fingers", "categories"),
        ("1 | causes | 2 | Steadol cured long fingers", "not in the passage"),
        ("1 | causes | 2 | two patients long fingers", "without one"),
        ("1 | causes | 1 | Steadol", "categories"),
    ],
)
def test_a_written_line_counts_only_where_schema_and_quote_hold(line: str, why: str) -> None:
    result = checked(line, TEXT, SAID, SAID, {rule.predicate: rule for rule in RULES})
    if why:
        assert isinstance(result, str)
        assert why in result
    else:
        assert not isinstance(result, str)
        assert TEXT[result.start : result.end] == "Steadol gave two patients long fingers"


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_reply_raises(head: str, tail: str) -> None:
    rules = {rule.predicate: rule for rule in RULES}
    for line in (head, f"1 | causes | 2 | {tail}", f"{head}|{tail}|2|x"):
        result = checked(line, TEXT, SAID, SAID, rules)
        if isinstance(result, str):
            assert result
        else:
            assert TEXT[result.start : result.end].strip()


class Counting(ScriptedModel):
    """Counts what it is asked, and stops like a killed program after so many."""

    asked, stop_after = 0, 99

    def score(self, messages, options):
        if self.asked >= self.stop_after:
            raise KeyboardInterrupt
        self.asked += 1
        return super().score(messages, options)


SCRIPT = {
    "name": "t",
    "rules": [
        {"when": "long fingers.", "scores": {"Yes": -0.1, "No": -3.0}},
        {"when": "Question", "scores": {"Yes": -3.0, "No": -0.1}},
    ],
}


def test_scored_proposals_are_kept_apart_with_their_quotes_and_what_they_are(
    linker: Linker, tmp_path: Path
) -> None:
    held = [
        passage(1, "Pebble disease brought long fingers."),
        passage(2, "Pebble disease, not short stature."),
    ]
    result = propose(held, linker, ScriptedModel(SCRIPT), RULES, tmp_path / "out")
    rows = [json.loads(line) for line in (result.path / "proposals.jsonl").read_text().splitlines()]
    assert [(row["subject"], row["object"]) for row in rows] == [("MONDO:0000020", "HP:0000002")]
    row = rows[0]
    assert row["quote"] == held[0].text
    assert (row["start"], row["end"]) == (100, 100 + len(held[0].text))
    assert (row["grade"], row["knowledge_level"], row["agent_type"]) == (
        "text-mined",
        "not_provided",
        "text_mining_agent",
    )
    assert result.manifest["counts"]["passages"] == 2
    assert result.manifest["tier"] == "public"
    again = propose(held, linker, ScriptedModel(SCRIPT), RULES, tmp_path / "out")
    assert not again.fresh
    files = {"proposals.jsonl": result.path / "proposals.jsonl"}
    [relation] = DATABASES["proposals"].read(files, RowLog())
    assert relation.publications == ("PMID:1",)
    assert (relation.grade, relation.agent_type) == ("text-mined", "text_mining_agent")


def test_a_stopped_run_goes_on_where_it_was(linker: Linker, tmp_path: Path) -> None:
    held = [passage(number, f"Pebble disease brought long fingers. {number}") for number in range(4)]
    first = Counting(SCRIPT)
    first.stop_after = 2
    with pytest.raises(KeyboardInterrupt):
        propose(held, linker, first, RULES, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    [kept] = tmp_path.glob(".out.*.asked.jsonl")
    with kept.open("a") as file:
        file.write('{"passage": "p2", "asked": [')  # cut short by the kill
    second = Counting(SCRIPT)
    result = propose(held, linker, second, RULES, tmp_path / "out")
    assert second.asked == 2
    assert result.manifest["counts"]["proposed"] == 4
    assert not list(tmp_path.glob(".out.*"))


def test_written_proposals_are_checked(linker: Linker, tmp_path: Path) -> None:
    quotes = ("brought long fingers", "Pebble disease brought long fingers")
    reply = "\n".join([*(f'1 | has_phenotype | 2 | "{quote}"' for quote in quotes), "NONE"])
    model = ScriptedModel({"rules": [{"when": "Concepts", "reply": reply}], "capabilities": ["generate"]})
    result = propose(
        [passage(1, "Pebble disease brought long fingers.")], linker, model, RULES, tmp_path / "out"
    )
    assert result.manifest["counts"]["proposed"] == 1
    assert result.manifest["refused"]["a quote without one of the concepts"] == 1


def test_closed_texts_are_not_sent_and_stay_closed(linker: Linker, tmp_path: Path) -> None:
    far = ScriptedModel(SCRIPT, name="http://far.example/v1#m")
    far.local = False
    with pytest.raises(UserError, match="private passages may not be sent"):
        propose([passage(1, "Pebble disease.", Tier.PRIVATE)], linker, far, RULES, tmp_path / "out")
    with pytest.raises(UserError, match="no relation 'kills'"):
        proposal_rules(["kills"])
    result = propose(
        [passage(1, "Pebble disease brought long fingers.", Tier.PRIVATE)],
        linker,
        ScriptedModel(SCRIPT),
        RULES,
        tmp_path / "out",
    )
    assert result.manifest["tier"] == "private"
    assert result.path.stat().st_mode & 0o77 == 0
    files = {"proposals.jsonl": result.path / "proposals.jsonl"}
    assert DATABASES["proposals"].source(files).tier is Tier.PRIVATE


def test_a_graph_that_takes_them_in_says_what_they_are(linker: Linker, tmp_path: Path) -> None:
    held = [passage(1, "Pebble disease brought long fingers.", Tier.PRIVATE)]
    result = propose(held, linker, ScriptedModel(SCRIPT), RULES, tmp_path / "out")
    files, reader = {"proposals.jsonl": result.path / "proposals.jsonl"}, DATABASES["proposals"]
    records = {**RECORDS, "proposals": list(reader.read(files, RowLog()))}
    sources = {**SOURCES, "proposals": reader.source(files)}
    stage(tmp_path / "graph", "graph", {}, {}, lambda work: assemble(records, sources, work))
    graph = Graph.open(tmp_path / "graph")
    [relation] = [item for item in graph.relations("MONDO:0000020") if item.source == "proposals"]
    assert relation.grade is Grade.TEXT_MINED
    assert relation.tier is Tier.PRIVATE
    assert graph.manifest["tier"] == "private"
