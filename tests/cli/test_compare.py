import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

import clinweave


def test_ones_own_benchmark_under_chosen_conditions(small_world, call, tmp_path):
    code, out, _ = call(
        "compare", "--bench", tmp_path / "bench.jsonl", "--conditions", "base,graph,lookup", "--out",
        tmp_path / "out", "--count", 4, "--dump-prompts", "--json",
    )  # fmt: skip
    assert code == 0
    results = json.loads(out)
    assert results["tasks"]["bench"]["n"] == 4
    assert set(results["tasks"]["bench"]["conditions"]) == {"base", "graph", "lookup"}
    prompts = (
        (tmp_path / "out" / "steps" / "samples" / "1-benchmark" / "prompts.jsonl")
        .read_text("utf-8")
        .splitlines()
    )
    assert len(prompts) == 8  # a look-up sends nothing
    first = json.loads(prompts[0])
    assert "Question: Which feature" in first["messages"][-1]["content"]
    assert (first["method"], len(first["scored_replies"])) == ("option-text", 4)


def test_the_python_api_gives_the_results_of_the_command(small_world, call, tmp_path):
    bench, names = tmp_path / "bench.jsonl", ["base", "graph", "lookup"]
    results = clinweave.compare(bench, conditions=names, out=tmp_path / "api")
    code, out, _ = call(
        "compare", "--bench", bench, "--conditions", ",".join(names), "--out", tmp_path / "cli", "--budget", 400,
        "--json",
    )  # fmt: skip
    assert code == 0
    assert [row.difference for row in results.comparisons] == [
        row["difference"] for row in json.loads(out)["comparisons"]
    ]
    read = clinweave.read_results(tmp_path / "api")
    assert read.comparisons == results.comparisons
    tables = clinweave.result_tables(read)
    assert set(tables["tasks.conditions"]["key_2"].to_pylist()) == set(names)
    assert tables["comparisons"].num_rows == len(results.comparisons)


def test_the_python_api_names_an_unknown_condition(small_world, tmp_path):
    with pytest.raises(clinweave.UserError, match="grahp"):
        clinweave.compare(tmp_path / "bench.jsonl", conditions=["base", "grahp"], out=tmp_path / "out")


def test_the_token_limit_is_kept_and_told(small_world, call, tmp_path):
    code, out, _ = call(
        "compare", "--bench", tmp_path / "bench.jsonl", "--conditions", "base,graph", "--out", tmp_path / "out",
        "--max-tokens-total", 60, "--json",
    )  # fmt: skip
    assert code == 0
    arm = json.loads(out)["tasks"]["bench"]["conditions"]["graph"]
    assert 0 < arm["n"] < 6
    assert arm["unscored"] == {"tokens": 6 - arm["n"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bench", "none.json"], "there is no none.json"),
        (["--bench", "bench.jsonl", "--corpus", "nowhere"], "there is no nowhere"),
        (["--bench", "bench.jsonl", "--conditions", "base,grph"], "did you mean 'graph'"),
        (["--bench", "bench.jsonl", "--conditions", "graph"], "lacks base"),
        (["--bench", "bad.json"], "bad.json is not JSON"),
        (["--bench", "bench.jsonl", "--graph", "nowhere"], "there is no graph in nowhere"),
        (["--bench", "bench.jsonl", "--graph", "x", "--databases", "hpo"], "not both"),
    ],
)
def test_mistakes_are_told(small_world, call, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.json").write_text("{", "utf-8")
    code, out, err = call("compare", *arguments)
    assert (code, out) == (2, "")
    assert message in err


class Chat(BaseHTTPRequestHandler):
    """A chat server whose weights can be exchanged behind one name; `stated` is what it says of them."""

    reply, stated, asked = "A", "", 0

    def log_message(self, *_):
        pass

    def do_GET(self):
        entry = {"id": "m", "object": "model", **({"sha256": Chat.stated} if Chat.stated else {})}
        self._send({"data": [entry]})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Chat.asked += 1
        self._send({"choices": [{"message": {"content": Chat.reply}}]})

    def _send(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def real_models(small_world, monkeypatch):
    """The small world with models opened by their address."""
    from clinweave.evaluation import language_model
    from clinweave.models import open_model

    monkeypatch.setattr(language_model, "open_model", open_model)


@pytest.fixture
def server():
    served = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    Thread(target=served.serve_forever, daemon=True).start()
    Chat.reply, Chat.stated, Chat.asked = "A", "", 0
    yield f"http://127.0.0.1:{served.server_port}/v1#m"
    served.shutdown()
    served.server_close()


def accuracy(call, tmp_path, model, *more):
    code, out, err = call(
        "compare", "--bench", tmp_path / "two.jsonl", "--model", model, "--conditions", "base", "--offline", "--json",
        "--out", tmp_path / "shared", *more,
    )  # fmt: skip
    assert code == 0, err
    return json.loads(out)["tasks"]["two"]["conditions"]["base"]["accuracy"]


def two_questions(tmp_path):
    rows = [{"question": f"Which one, {n}?", "options": ["x", "y"], "answer": "A"} for n in range(2)]
    (tmp_path / "two.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")


@pytest.mark.parametrize("more", [(), ("--reuse-unidentified",)])
def test_a_server_with_other_weights_never_gets_the_scores_of_before(
    real_models, call, tmp_path, server, more
):
    two_questions(tmp_path)
    assert accuracy(call, tmp_path, server, *more) == 1.0
    Chat.reply = "B"
    assert accuracy(call, tmp_path, server, *more) == 0.0


def test_scores_of_a_server_are_reused_when_it_states_its_weights_or_when_asked(
    real_models, call, tmp_path, server
):
    two_questions(tmp_path)
    accuracy(call, tmp_path, server)
    asked = Chat.asked
    accuracy(call, tmp_path, server)
    assert Chat.asked == 2 * asked  # nobody says that the weights are the same
    Chat.stated = "a" * 64
    accuracy(call, tmp_path, server)
    asked = Chat.asked
    accuracy(call, tmp_path, server)
    assert Chat.asked == asked
    Chat.stated = "b" * 64
    accuracy(call, tmp_path, server)
    assert Chat.asked > asked
    Chat.stated = ""
    accuracy(call, tmp_path, server, "--reuse-unidentified")
    asked = Chat.asked
    accuracy(call, tmp_path, server, "--reuse-unidentified")
    assert Chat.asked - asked == 4  # the fixed questions alone


def test_two_models_of_one_name_in_one_folder_have_their_own_scores(real_models, call, tmp_path):
    two_questions(tmp_path)
    result = []
    for folder, reply in (("a", "x"), ("b", "y"), ("c", "x")):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "model.json"
        path.write_text(json.dumps({"name": "m", "capabilities": ["generate"], "otherwise": reply}), "utf-8")
        os.utime(path, (1, 1))
        result.append(accuracy(call, tmp_path, f"scripted:{path}"))
    assert result == [1.0, 0.0, 1.0]


def test_a_dead_server_is_an_error_and_no_floor(real_models, call, tmp_path):
    two_questions(tmp_path)
    code, out, err = call(
        "compare", "--bench", tmp_path / "two.jsonl", "--model", "http://127.0.0.1:9/v1#m", "--conditions", "base",
        "--offline", "--out", tmp_path / "dead",
    )  # fmt: skip
    assert code == 1
    assert "cannot be reached" in err
    assert "floor" not in out + err


def test_a_comparison_without_a_model_is_refused_before_anything_is_built(small_world, call, tmp_path):
    code, _, err = call(
        "compare", "--bench", tmp_path / "bench.jsonl", "--model", "none", "--out", tmp_path / "out"
    )
    assert code == 2
    assert "needs a language model" in err


def test_the_terminal_shows_differences_of_accuracy(small_world, call, tmp_path):
    arguments = (
        "compare",
        "--bench",
        tmp_path / "bench.jsonl",
        "--conditions",
        "base,graph",
        "--out",
        tmp_path / "out",
    )
    code, _, _ = call(*arguments)
    assert code == 0
    results = clinweave.read_results(tmp_path / "out")
    row = next(row for row in results.comparisons if row.condition == "graph" and row.metric == "accuracy")
    assert len({each.metric for each in results.comparisons}) == 3
    out = call(*arguments)[1] + call(*arguments)[2]
    assert f"{100 * row.difference:+.0f} ({100 * row.low:+.0f}, {100 * row.high:+.0f})" in out
