"""Several models in one comparison: one is at an address, as a larger model on a server would be."""

import json
from threading import Thread

import pytest

import clinweave
from clinweave.cli.compare import _names
from clinweave.models import open_model

OPTIONS = ["fever", "cough", "rash", "tremor"]


@pytest.fixture
def models(small_world, monkeypatch, tmp_path):
    """Let addresses be opened; write a benchmark whose answer is always the first option."""
    from clinweave.evaluation import language_model

    monkeypatch.setattr(language_model, "open_model", open_model)
    rows = [
        {"id": f"q{i}", "question": f"Which feature has disease {i % 6}?", "options": OPTIONS, "answer": 0}
        for i in range(12)
    ]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return tmp_path


def script(folder, name, rules, **more):
    """Write a script whose replies or scores depend on what is in the prompt; return its address."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"name": name, "rules": rules, **more}), "utf-8")
    return f"scripted:{path}"


def scores(**values):
    return {option: values.get(option, -5.0) for option in OPTIONS}


@pytest.fixture
def small_and_large(models):
    """Two scripted models: the small one is wrong unless it reads facts, the large one is right without."""
    small = [
        {"when": "Facts:", "scores": scores(fever=-0.1)},
        {"when": "Question", "scores": scores(rash=-0.1)},
    ]
    large = [{"when": "Question", "scores": scores(fever=-0.1)}]
    return script(models, "small", small), script(models, "large", large)


def compare(call, folder, *addresses, more=()):
    named = [part for address in addresses for part in ("--model", address)]
    code, out, err = call(
        "compare", "--bench", folder / "b.jsonl", *named, "--conditions", "base,graph,lookup", "--out",
        folder / "out", "--json", *more,
    )  # fmt: skip
    assert code == 0, err
    return json.loads(out)


def rows(results, family):
    return {
        (row["condition"], row["baseline"]): row
        for row in results["comparisons"]
        if (row["family"], row["metric"]) == (family, "accuracy")
    }


def test_models_are_compared_on_the_same_items_as_conditions_are(small_and_large, call, models):
    results = compare(call, models, *small_and_large)
    conditions = results["tasks"]["b"]["conditions"]
    assert set(conditions) == {
        "base",
        "graph",
        "lookup",
        "base@large",
        "graph@large",
        "lookup@large",
    }
    between = rows(results, "models")
    assert set(between) == {("base@large", "base"), ("graph@large", "graph")}
    assert between["base@large", "base"]["difference"] == 1.0
    assert between["graph@large", "graph"]["difference"] == 0.0
    # the graph adds everything to the small model and nothing to the large one
    (gain,) = rows(results, "gains").values()
    assert (gain["difference"], gain["n"]) == (-1.0, 12)
    assert rows(results, "conditions")["graph@large", "base@large"]["difference"] == 0.0
    assert results["model"]["name"] == "small"
    assert results["models"]["large"]["name"] == "large"
    assert results["model"]["weights"] != results["models"]["large"]["weights"]
    assert results["tasks"]["b"]["changes"]["graph@large"]["same"] == 12


def test_the_report_and_the_leaderboard_know_both_models(small_and_large, call, models):
    compare(call, models, *small_and_large)
    page = (models / "out" / "report.html").read_text("utf-8")
    assert "Model alone: large vs. small" in page
    assert "What knowledge adds to one model, minus what it adds to the other." in page
    assert call("leaderboard", "add", models / "out", "--to", models / "board")[0] == 0
    code, out, _ = call("leaderboard", "show", models / "board", "--json")
    assert code == 0
    shown = {row["condition"]: row["model"] for board in json.loads(out) for row in board["rows"]}
    assert (shown["base"], shown["base@large"]) == ("small", "large")


def test_the_scores_of_the_first_model_are_kept_when_a_second_one_is_added(small_and_large, call, models):
    first = compare(call, models, small_and_large[0])
    step = models / "out" / "steps" / "samples" / "1-benchmark" / "result.json"
    written = step.stat().st_mtime_ns
    both = compare(call, models, *small_and_large)
    assert step.stat().st_mtime_ns == written
    assert first["tasks"]["b"]["conditions"]["base"] == both["tasks"]["b"]["conditions"]["base"]


def test_a_model_at_an_address_is_one_more_column(models, call, tmp_path):
    """The stub is clinweave's own chat address over a script, asked as a server with 8 billion parameters would be."""
    rule = [{"when": "Question", "reply": "fever"}]
    local = script(models, "local", [{"when": "Question", "reply": "rash"}])
    with served(open_model(script(models, "stub", rule))) as address:
        results = compare(call, models, local, address, more=("--method", "generation"))
    assert rows(results, "models")["base@stub-8b", "base"]["difference"] == 1.0
    assert results["models"]["stub-8b"]["method"] == "generation"
    assert results["skipped"] == []


def test_likelihoods_and_parsed_replies_of_two_models_are_not_compared(models, call, small_and_large):
    with served(open_model(script(models, "stub", [{"when": "Question", "reply": "fever"}]))) as address:
        results = compare(call, models, small_and_large[0], address)
    assert rows(results, "models") == {}
    (first, *_) = results["skipped"]
    assert first["task"] == "b, base@stub-8b against base"
    assert "different methods (generation, option-text)" in first["reason"]


def test_mistakes_in_models_are_told_before_anything_is_run(tmp_path):
    text = (
        'kind = "comparison"\n[knowledge]\nconditions = ["base"]\ncontrols = []\n'
        '[[tasks]]\ntype = "graph-questions"\n'
    )
    for models, message in (
        ('[[models]]\naddress = "x"\n', r"models\.0\.name is ''"),
        ('[[models]]\naddress = "none"\nname = "a"\n', r"models\.0\.address is 'none'"),
        ('[[models]]\nname = "a"\n[[models]]\nname = "a"\n', "names another model already"),
        (
            '[[models]]\nname = "a"\n[[primary]]\ntasks = ["t"]\ncondition = "base@b"\n',
            "'base@b' is no condition",
        ),
    ):
        (tmp_path / "r.toml").write_text(text + models, "utf-8")
        with pytest.raises(clinweave.UserError, match=message):
            clinweave.run(tmp_path / "r.toml", out=tmp_path / "out")


def test_weights_that_are_not_there_are_missed_before_the_first_model_is_asked(tmp_path, call):
    (tmp_path / "r.toml").write_text(
        'kind = "comparison"\n[model]\naddress = "smollm2"\n[[models]]\nname = "tuned"\naddress = "runs/none/sft"\n'
        '[knowledge]\nconditions = ["base"]\ncontrols = []\n[[tasks]]\ntype = "graph-questions"\n',
        "utf-8",
    )
    code, _, err = call("run", tmp_path / "r.toml", "--out", tmp_path / "out")
    assert code == 2
    assert "there are no weights at runs/none/sft" in " ".join(err.split())


def test_bad_rows_of_a_benchmark_are_counted_and_the_run_goes_on(small_and_large, call, models):
    with (models / "b.jsonl").open("a") as stream:
        stream.write(json.dumps({"id": "bad", "question": "Q?", "options": OPTIONS}) + "\n")
    (models / "r.toml").write_text(
        f'kind = "comparison"\nresamples = 100\n[model]\naddress = "{small_and_large[0]}"\n'
        '[knowledge]\nconditions = ["base"]\ncontrols = []\n'
        '[[tasks]]\ntype = "benchmark"\npath = "b.jsonl"\ncount = 0\n',
        "utf-8",
    )
    assert call("run", models / "r.toml", "--out", models / "out")[0] == 2
    change = "tasks.0.bad_rows=leave-out"
    code, out, err = call("run", models / "r.toml", "--set", change, "--out", models / "out", "--json")
    assert code == 0, err
    results = json.loads(out)
    assert results["tasks"]["b"]["n"] == 12
    (left,) = results["skipped"]
    assert left["task"] == "benchmark, 1 rows"
    assert left["reason"] == "b.jsonl, row 13: no field 'answer'"


def test_compare_leaves_bad_rows_out_by_an_option_and_says_so_when_it_refuses(small_and_large, call, models):
    bad = [
        {"question": "Which of equal ones?", "options": ["same", "same "], "answer": "same"},
        {"question": "Which without an answer?", "options": OPTIONS},
    ]
    with (models / "b.jsonl").open("a") as stream:
        stream.write("".join(json.dumps(row) + "\n" for row in bad))
    asked = ("compare", "--bench", models / "b.jsonl", "--model", small_and_large[0], "--conditions", "base",
             "--out", models / "out", "--json")  # fmt: skip
    code, _, err = call(*asked)
    assert code == 2
    assert "b.jsonl, row 13, field options: all are equal, 'same'" in " ".join(err.split())
    assert "--bad-rows leave-out" in " ".join(err.split())
    code, out, err = call(*asked, "--bad-rows", "leave-out")
    assert code == 0, err
    results = json.loads(out)
    assert results["tasks"]["b"]["n"] == 12
    assert results["skipped"][0]["task"] == "benchmark, 2 rows"


def test_names_of_models_come_from_their_addresses():
    addresses = [
        "http://h:1/v1#meta/llama 8b",
        "a/b.gguf",
        "c/b.gguf",
        "qwen2.5-coder-1.5b",
        "http://h:1/v1#...",
    ]
    assert _names(addresses) == ["llama-8b", "b", "b-3", "qwen2.5-coder-1.5b", "model"]


class served:  # noqa: N801 - used as a function
    """A chat address over a model, on this machine."""

    def __init__(self, model):
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

        class Chat(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.send({"data": [{"id": "stub-8b"}]})

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send({"choices": [{"message": {"content": model.generate(asked["messages"]).text}}]})

            def send(self, body):
                data = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)

    def __enter__(self):
        Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/v1#stub-8b"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
