"""Replies of a served model to many prompts: live with several requests at once, and by OpenAI's batch files."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow.parquet as pq
import pytest

from clinweave.batch import LocalRunner, make_job, run_batch
from clinweave.core.errors import AccessError, ClinweaveError, UserError


def answer_to(body):
    """Return what the served model says: the last message in capitals; a letter where options are listed."""
    asked = body["messages"][-1]["content"]
    text = "B" if "\nB. " in asked else asked.upper()
    return {
        "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }


class Served:
    """A chat server; `busy` replies are 429 first, `most` is how many requests it had at once."""

    def __init__(self):
        self.busy, self.most, self.asked, now = 0, 0, 0, [0]
        lock, outer = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                with lock:
                    now[0] += 1
                    outer.asked += 1
                    outer.most = max(outer.most, now[0])
                    busy = outer.busy > 0
                    outer.busy -= busy
                time.sleep(0.05)
                with lock:
                    now[0] -= 1
                self._reply(429 if busy else 200, {} if busy else answer_to(body))

            def do_GET(self):
                self._reply(200, {"data": [{"id": "m", "root": "0" * 64}]})

            def _reply(self, status, content):
                data = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/v1#m"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def served():
    server = Served()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def prompts(tmp_path):
    path = tmp_path / "prompts.jsonl"
    rows = [
        {"id": f"p{n}", "prompt": f"what of case {n % 30}", "options": ["rest", "surgery"]} for n in range(40)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def table(result):
    return [row for name in result.parts for row in pq.read_table(result.out / f"{name}.parquet").to_pylist()]


def test_live_replies_come_in_order_with_several_requests_at_once(served, prompts, tmp_path):
    served.busy = 3
    job = make_job("generate", {"model": served.address, "concurrency": 6})
    rows = table(run_batch(job, prompts, tmp_path / "out", runner=LocalRunner(1)))
    assert [row["reply"] for row in rows] == [f"WHAT OF CASE {n % 30}" for n in range(40)]
    assert {(row["finish_reason"], row["prompt_tokens"], row["error"]) for row in rows} == {("stop", 7, None)}
    assert 2 <= served.most <= 6


def test_live_choices_among_options(served, prompts, tmp_path):
    job = make_job("score", {"model": served.address})
    rows = table(run_batch(job, prompts, tmp_path / "out", runner=LocalRunner(1)))
    assert {(row["choice"], row["method"], row["reply"]) for row in rows} == {(1, "generation", "B")}


def test_a_server_that_is_gone_fails_the_part_and_no_row(served, prompts, tmp_path):
    job = make_job("generate", {"model": served.address})
    job.key()
    served.server.shutdown()
    served.server.server_close()
    with pytest.raises(ClinweaveError, match="cannot be reached"):
        run_batch(job, prompts, tmp_path / "out", runner=LocalRunner(1))
    assert not list((tmp_path / "out").glob("*.parquet"))


def test_private_prompts_do_not_leave(prompts, tmp_path):
    job = make_job("generate", {"model": "http://192.0.2.9/v1#m"})
    with pytest.raises(AccessError, match=r"private prompts may not be sent to 192\.0\.2\.9"):
        run_batch(job, prompts, tmp_path / "out", runner=LocalRunner(1))


def results_of(files, fail=()):
    """Write what a server makes of request files, as OpenAI and vLLM write it, in another order; return the folder."""
    folder = files[0].parent / "results"
    folder.mkdir()
    lines = [json.loads(line) for file in files for line in file.read_text("utf-8").splitlines()]
    for number, item in enumerate(reversed(lines)):
        good = number not in fail
        response = {"status_code": 200 if good else 500, "request_id": "r", "body": answer_to(item["body"])}
        error = None if good else {"code": "server_error", "message": "out of memory"}
        line = {"id": f"b{number}", "custom_id": item["custom_id"], "response": response, "error": error}
        with (folder / "results.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")
    return folder, lines


@pytest.mark.parametrize("name", ["generate", "score"])
def test_batch_files_give_what_the_live_server_gives(name, served, prompts, tmp_path):
    job = make_job(name, {"model": "m", "system": "Be brief."})
    files, count, bad = job.requests(prompts, tmp_path / "requests")
    assert (len(files), count, bad) == (1, 30, 0)  # equal prompts are asked once
    folder, lines = results_of(files)
    assert set(lines[0]) == {"custom_id", "method", "url", "body"}
    assert lines[0]["body"]["messages"][0] == {"role": "system", "content": "Be brief."}
    assert "p1" not in files[0].read_text("utf-8")
    read = make_job(name, {"model": "m", "system": "Be brief.", "replies": str(folder)})
    rows = table(run_batch(read, prompts, tmp_path / "read", runner=LocalRunner(1)))
    live = make_job(name, {"model": served.address, "system": "Be brief."})
    assert rows == table(run_batch(live, prompts, tmp_path / "live", runner=LocalRunner(1)))


def test_failed_and_missing_results_are_carried(prompts, tmp_path):
    files, _, _ = make_job("generate", {"model": "m"}).requests(prompts, tmp_path / "requests")
    folder, lines = results_of(files, fail={0})
    results = (folder / "results.jsonl").read_text("utf-8").splitlines(keepends=True)
    (folder / "results.jsonl").write_text("".join(results[:-1]), "utf-8")
    read = make_job("generate", {"model": "m", "replies": str(folder)})
    result = run_batch(read, prompts, tmp_path / "read", runner=LocalRunner(1))
    rows = {row["id"]: row for row in table(result)}
    assert dict(result.errors) == {"LookupError": 2, "ValueError": 1}
    assert rows["p0"]["error"].startswith("LookupError: no result has the reply")
    assert rows["p29"]["error"] == "ValueError: the server refused the request (out of memory)"
    assert len(lines) == 30
    (folder / "results.jsonl").write_text("not JSON\n", "utf-8")
    with pytest.raises((UserError, ClinweaveError), match="line 1: not a result"):
        run_batch(read, prompts, tmp_path / "again", runner=LocalRunner(1))
