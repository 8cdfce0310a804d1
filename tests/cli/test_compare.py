import json

import pytest


def test_ones_own_benchmark_under_chosen_arms(small_world, call, tmp_path):
    code, out, _ = call(
        "compare", "--bench", tmp_path / "bench.jsonl", "--arms", "base,graph,lookup", "--out",
        tmp_path / "out", "--count", 4, "--dump-prompts", "--json",
    )  # fmt: skip
    assert code == 0
    results = json.loads(out)
    assert results["tasks"]["bench"]["n"] == 4
    assert set(results["tasks"]["bench"]["arms"]) == {"base", "graph", "lookup"}
    prompts = (tmp_path / "out" / "scored" / "1-benchmark" / "prompts.jsonl").read_text("utf-8").splitlines()
    assert len(prompts) == 12
    assert "Question: Which feature" in json.loads(prompts[0])["messages"][-1]["content"]


def test_the_token_limit_is_kept_and_told(small_world, call, tmp_path):
    code, out, _ = call(
        "compare", "--bench", tmp_path / "bench.jsonl", "--arms", "base,graph", "--out", tmp_path / "out",
        "--max-tokens-total", 60, "--json",
    )  # fmt: skip
    assert code == 0
    arm = json.loads(out)["tasks"]["bench"]["arms"]["graph"]
    assert 0 < arm["n"] < 6
    assert arm["unscored"] == {"tokens": 6 - arm["n"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bench", "none.json"], "there is no none.json"),
        (["--bench", "bench.jsonl", "--corpus", "nowhere"], "there is no nowhere"),
        (["--bench", "bench.jsonl", "--arms", "base,grph"], "did you mean 'graph'"),
        (["--bench", "bench.jsonl", "--arms", "graph"], "lacks base"),
        (["--bench", "bad.json"], "bad.json is not JSON"),
    ],
)
def test_mistakes_are_told(small_world, call, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text("{", "utf-8")
    code, out, err = call("compare", *arguments)
    assert (code, out) == (2, "")
    assert message in err
