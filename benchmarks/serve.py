"""A server under load: clients that ask one question after another, at once.

    python benchmarks/serve.py QUESTIONS.jsonl [--clients 32] [--each 5] [--json]

Starts `clinweave serve` (no model, the knowledge base in CLINWEAVE_HOME) on a free port, asks it, and stops it. Prints
the requests per second, the seconds of a request (median, 99th percentile, longest) and every status other than 200.
"""

import argparse
import json
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx


def ask(address: str, questions: list[str], each: int, first: int, found: list[tuple[int, float]]) -> None:
    """Ask `each` questions, beginning with the number `first`, and add status and seconds of each to `found`."""
    with httpx.Client(timeout=300, trust_env=False) as client:
        for number in range(each):
            question = questions[(first + number) % len(questions)]
            started = time.perf_counter()
            reply = client.post(
                f"{address}/chat/completions", json={"messages": [{"role": "user", "content": question}]}
            )
            found.append((reply.status_code, time.perf_counter() - started))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions", type=Path)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--each", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = options.questions.read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines if line.strip()]
    command = [sys.executable, "-m", "clinweave", "serve", "--model", "none", "--port", "0", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    matches: list[tuple[int, float]] = []
    try:
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())["address"]
        ask(address, questions, 1, 0, [])
        threads = [
            threading.Thread(target=ask, args=(address, questions, options.each, number, matches))
            for number in range(options.clients)
        ]
        started = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
    finally:
        server.terminate()
        server.wait()
    each = sorted(value for _, value in matches)
    result = {
        "requests": len(matches),
        "per_second": round(len(matches) / seconds, 1),
        "median": round(statistics.median(each), 3),
        "p99": round(each[min(len(each) - 1, round(0.99 * len(each)))], 3),
        "longest": round(each[-1], 3),
        "errors": {
            str(status): count
            for status, count in Counter(code for code, _ in matches).items()
            if status != 200
        },
    }
    print(
        json.dumps(result)
        if options.json
        else "\n".join(f"{name}: {value}" for name, value in result.items())
    )


if __name__ == "__main__":
    main()
