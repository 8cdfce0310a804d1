"""Objectives: transforms, several scorers as one, scorers over HTTP and as a program, order of equal scores."""

import json
import math
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

from clinweave.applications.molecules.optimization import (
    HttpScorer,
    ProgramScorer,
    Search,
    open_scorer,
    optimise,
    rows_of,
    transform_of,
)
from clinweave.core.errors import AccessError, UserError

pytestmark = pytest.mark.molecules

SMILES = ["CCO", "c1ccccc1", "CC(=O)Nc1ccc(O)cc1"]


@pytest.mark.parametrize(
    ("parameters", "values"),
    [
        ({"type": "sigmoid", "low": 0, "high": 10, "k": 0.5}, {5: 0.5, 6: 1 / (1 + 10**-0.5), -1e9: 0.0, 1e9: 1.0}),
        ({"type": "reverse_sigmoid", "low": 0, "high": 10, "k": 0.5}, {5: 0.5, 6: 1 - 1 / (1 + 10**-0.5)}),
        ({"type": "sigmoid", "low": 2, "high": 2}, {1.9: 0.0, 2.1: 1.0}),
        (
            {"type": "double_sigmoid", "low": 1, "high": 3},
            {1: 0.5, 3: 0.5, 1.5: 1 / (1 + 10**-0.75), 2.5: 1 - 1 / (1 + 10**0.75), 99: 0.0},
        ),
        ({"type": "step", "low": 1, "high": 2}, {1: 1, 2: 1, 0.9: 0, 2.1: 0}),
        ({"type": "right_step", "high": 2}, {2: 1, 1.9: 0}),
        ({"type": "left_step", "low": 2}, {2: 1, 2.1: 0}),
        ({"type": "value_mapping", "mapping": {"0": 0.1, "1": 0.9}}, {0: 0.1, 1: 0.9}),
        ({"type": "exponential_decay", "k": 2}, {-3: 1.0, 0: 1.0, 0.5: math.exp(-1), 1e6: 0.0}),
    ],
)  # fmt: skip
def test_transforms_are_those_of_the_formulas(parameters, values):
    transform = transform_of(parameters, "here")
    for x, wanted in values.items():
        assert transform(x) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ({"type": "sigmoidal"}, "no transform 'sigmoidal'; choose from sigmoid, "),
        ({"type": "sigmoid", "low": 1}, "sigmoid needs high"),
        ({"type": "step", "low": 1, "high": 2, "k": 1}, "step has no 'k'"),
        ({"type": "step", "low": "a", "high": 2}, "low must be a number"),
        ({"type": "step", "low": 3, "high": 2}, "low 3 is above high 2"),
        ({"type": "exponential_decay"}, "exponential_decay needs k"),
        ({"type": "exponential_decay", "k": 0}, "k must be above 0"),
        ({"type": "value_mapping", "mapping": {"x": 1}}, "numbers to numbers"),
        ({"type": "value_mapping", "mapping": {"1": 2}}, "between 0 and 1"),
    ],
)
def test_transforms_that_cannot_be_are_refused(parameters, problem):
    with pytest.raises(UserError, match=problem):
        transform_of(parameters, "here")


BOTH = """
aggregation = "{mean}"
[[scorer]]
scorer = "qed"
weight = 2
[[scorer]]
scorer = "logp"
transform = {{ type = "step", low = 1, high = 3 }}
"""


def test_several_scorers_are_one(tmp_path: Path):
    path = tmp_path / "both.toml"
    path.write_text(BOTH.format(mean="arithmetic_mean"))
    scorer = open_scorer(str(path))
    qed = [scored.value for scored in open_scorer("qed")(SMILES)]
    answers = scorer(SMILES)
    logp = [answer.parts["logp (raw)"] for answer in answers]
    inside = [float(1 <= value <= 3) for value in logp]
    assert inside == [0.0, 1.0, 1.0]
    assert [answer.value for answer in answers] == pytest.approx(
        [(2 * first + other) / 3 for first, other in zip(qed, inside, strict=True)]
    )
    path.write_text(BOTH.format(mean="geometric_mean"))
    other = open_scorer(str(path))
    assert other.identity != scorer.identity
    assert [answer.value for answer in other(SMILES)] == pytest.approx(
        [0, *(value ** (2 / 3) for value in qed[1:])]
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"at least one table \[\[scorer\]\]"),
        ("[[scorer]]\nscorer = 'logp'", "logp is not bounded by 0 and 1"),
        ("[[scorer]]\nscorer = 'qed'\nweight = -1", "weight must be"),
        ("[[scorer]]\nscorer = 'qed'\nweigth = 1", "no key weigth"),
        ("[[scorer]]\nscorer = 'qed'\n[[scorer]]\nscorer = 'qed'", "two scorers have one name"),
        ("aggregation = 'sum'\n[[scorer]]\nscorer = 'qed'", "aggregation must be"),
        ("[[scorer]]\nscorer = 'qde'", "did you mean"),
        ("[[scorer", "both.toml"),
    ],
)
def test_files_that_cannot_be_are_refused(tmp_path: Path, text, problem):
    (tmp_path / "both.toml").write_text(text)
    with pytest.raises(UserError, match=problem):
        open_scorer(str(tmp_path / "both.toml"))


def test_a_program_scores_and_its_failures_are_counted(tmp_path: Path):
    program = tmp_path / "p.py"
    program.write_text(
        "import json, sys\n"
        "for line in sys.stdin:\n"
        "    text = line.strip()\n"
        "    print(json.dumps({'score': len(text), 'half': len(text) / 2}) if 'N' not in text else 'oops')\n"
    )
    scorer = open_scorer(f"exec:{sys.executable} {program}")
    answers = scorer(SMILES)
    assert [answer.value for answer in answers[:2]] == [3, 8]
    assert answers[0].parts == {"half": 1.5}
    assert math.isnan(answers[2].value)
    assert "not a number" in answers[2].problem
    program.write_text("import sys\nprint(1)\n")
    assert {answer.problem for answer in scorer(SMILES)} == {"1 scores for 3 molecules"}
    program.write_text("import sys\nsys.exit('broken')\n")
    assert {answer.problem for answer in scorer(SMILES)} == {"exit code 1: broken"}
    program.write_text("import time\ntime.sleep(30)\n")
    late = ProgramScorer(f"{sys.executable} {program}", seconds=0.5)(SMILES)
    assert {answer.problem for answer in late} == {"no answer within 0.5 s"}
    with pytest.raises(UserError, match="no-such-program"):
        open_scorer("exec:no-such-program")(SMILES)


class _Service(BaseHTTPRequestHandler):
    def do_POST(self):
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["smiles"]
        reply = {
            "/good": {"scores": [len(text) for text in given]},
            "/short": {"scores": [1]},
            "/other": {"answers": []},
        }.get(self.path)
        self.send_response(200 if reply else 500)
        self.end_headers()
        self.wfile.write(json.dumps(reply).encode())

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("allow", ["", "elsewhere.example"])
def test_structures_leave_only_for_the_host_that_was_named(tmp_path, allow):
    (tmp_path / "both.toml").write_text(
        '[[scorer]]\nscorer = "https://scores.example/v1"\ntransform = {type = "step", low = 0, high = 1}'
    )
    for text in ("https://scores.example/v1", str(tmp_path / "both.toml")):
        with pytest.raises(
            AccessError,
            match=r"gated structures may not be sent to scores\.example: name it with --allow-remote",
        ):
            open_scorer(text, allow_remote=allow)
        assert open_scorer(text, allow_remote="scores.example")


def test_no_proxy_sees_what_stays_on_this_machine(monkeypatch):
    server = HTTPServer(("127.0.0.1", 0), _Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    try:
        assert open_scorer(f"http://127.0.0.1:{server.server_port}/good")(SMILES)[0].value == 3
    finally:
        server.shutdown()
        server.server_close()


def test_a_service_scores_and_bad_replies_are_counted():
    server = HTTPServer(("127.0.0.1", 0), _Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        assert [answer.value for answer in open_scorer(f"{base}/good")(SMILES)] == [3, 8, 18]
        assert {answer.problem for answer in HttpScorer(f"{base}/short")(SMILES)} == {
            "1 scores for 3 molecules"
        }
        assert "no JSON object" in HttpScorer(f"{base}/other")(SMILES)[0].problem
        assert "500" in HttpScorer(f"{base}/bad")(SMILES)[0].problem
    finally:
        server.shutdown()
        server.server_close()
    assert "ConnectError" in HttpScorer(f"{base}/good")(SMILES)[0].problem


def test_of_equal_scores_the_more_similar_to_the_start_comes_first(tmp_path: Path):
    script = tmp_path / "same.py"
    script.write_text("def score(smiles): return 1.0\n")
    pool = ("CCCCCCC", "CC(=O)Nc1ccc(OC)cc1", "c1ccncc1")
    search = Search(open_scorer(str(script)), 4, "CC(=O)Nc1ccc(O)cc1", method="graph-ga", pool=pool)
    rows = rows_of(optimise(search), 4, tmp_path)
    alike = [row["similarity to start"] for row in rows]
    assert alike == sorted(alike, reverse=True)
    assert rows[0]["smiles"] == "CC(=O)Nc1ccc(O)cc1"
