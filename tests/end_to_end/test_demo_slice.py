"""The whole chain on a slice of the real databases with the real weights, and a model behind a real server."""

import json

import pytest

pytestmark = pytest.mark.weights


def test_every_condition_is_scored_and_nothing_is_lost(demo_slice):
    result = demo_slice.results()
    task = result["tasks"]["graph-questions"]
    assert task["n"] == 8
    assert set(task["conditions"]) == {"base", "text", "graph", "both", "lookup", "gold-removed"}
    for name, condition in task["conditions"].items():
        # what a look-up leaves undecided was run, and counts as not right
        not_run = sum(count for why, count in condition["unscored"].items() if why != "undecided")
        assert condition["n"] + not_run == 8, name
    pairs = {(row["condition"], row["baseline"]) for row in result["comparisons"]}
    assert {("text", "base"), ("graph", "base"), ("both", "base")} <= pairs
    for row in result["comparisons"]:
        assert -1 <= row["low"] <= row["difference"] <= row["high"] <= 1
        assert 0 <= row["p_raw"] <= row["p"] <= 1
    samples = (demo_slice.out / "samples.jsonl").read_text("utf-8").splitlines()
    assert len(samples) >= 8


def test_the_graph_helps_on_what_it_contains_and_not_without_it(demo_slice):
    result = demo_slice.results()["tasks"]["graph-questions"]["conditions"]
    assert result["graph"]["accuracy"] > result["base"]["accuracy"]
    assert result["graph"]["accuracy"] > result["gold-removed"]["accuracy"]


def test_a_second_run_changes_nothing(demo_slice):
    before = demo_slice.results()
    report = (demo_slice.out / "report.html").stat().st_size
    demo_slice.call("run", demo_slice.recipe, "--out", demo_slice.out, "--offline")
    after = demo_slice.results()
    assert {**after, "timings": 0} == {**before, "timings": 0}
    assert (demo_slice.out / "report.html").stat().st_size == pytest.approx(report, rel=0.01)


def test_ones_own_model_behind_a_real_server(demo_slice, weights, tmp_path):
    """`compare` with an OpenAI-compatible address: generation is parsed, and what cannot be read is counted."""
    xllamacpp = pytest.importorskip("xllamacpp")
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel = str(weights), 2048, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.warmup = False
    server = xllamacpp.Server(params)
    bench = {
        "medqa": {
            "1": {"question": "Which sign is typical of Marfan syndrome?", "answer": "B",
                  "options": {"A": "Short stature", "B": "Arachnodactyly", "C": "Polydactyly", "D": "Deafness"}},
            "2": {"question": "Which sign is typical of Usher syndrome type 1?", "answer": "A",
                  "options": {"A": "Hearing impairment", "B": "Clubfoot", "C": "Jaundice", "D": "Hernia"}},
        }
    }  # fmt: skip
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "usher.txt").write_text(
        "Usher syndrome type 1 begins with hearing impairment at birth.", "utf-8"
    )
    (tmp_path / "bench.json").write_text(json.dumps(bench), "utf-8")
    done = demo_slice.call(
        "compare", "--model", f"{server.listening_address}/v1#smollm2", "--bench", tmp_path / "bench.json",
        "--corpus", corpus, "--conditions", "base,text", "--databases", "hpo,hpoa", "--offline", "--concurrency", 2,
        "--out", tmp_path / "out", "--json",
    )  # fmt: skip
    result = json.loads(done.stdout)
    (task,) = result["tasks"].values()
    for condition in task["conditions"].values():
        assert condition["n"] == 2  # an unreadable reply is counted as wrong, never guessed
        assert condition["method"] == "generation"
    assert result["model"]["name"]
    del server
