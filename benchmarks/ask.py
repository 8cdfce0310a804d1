"""Seconds of `clinweave ask` without a model: a cold command, and warm questions in one process.

    python benchmarks/ask.py QUESTIONS.jsonl [--cold 3] [--json]

QUESTIONS has one JSON object with "question" per line. The knowledge base is the one in CLINWEAVE_HOME. The first pass
over the questions opens the parts and is not counted. Processor seconds are those of the command.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import clinweave


def cold(question: str, repeats: int) -> list[tuple[float, float]]:
    """Return the wall and processor seconds of whole commands, each a process of its own."""
    seconds = []
    for _ in range(repeats):
        started, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "clinweave", "ask", question, "--model", "none", "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
        seconds.append((time.perf_counter() - started, processor))
    return seconds


def warm(questions: list[str]) -> list[float]:
    """Return the seconds of each question, asked in a process that has answered all of them once."""
    seconds = []
    with clinweave.open() as base:
        for question in questions:
            base.ask(question)
        for question in questions:
            started = time.perf_counter()
            base.ask(question)
            seconds.append(time.perf_counter() - started)
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions", type=Path)
    parser.add_argument("--cold", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    lines = options.questions.read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines if line.strip()]
    first = cold(questions[0], options.cold)
    each = sorted(warm(questions))
    result = {
        "questions": len(questions),
        "cold_seconds": [round(wall, 2) for wall, _ in first],
        "cold_processor_seconds": [round(processor, 2) for _, processor in first],
        "warm_median": round(statistics.median(each), 3),
        "warm_p95": round(each[min(len(each) - 1, round(0.95 * len(each)))], 3),
        "warm_longest": round(each[-1], 3),
    }
    if options.json:
        print(json.dumps(result))
        return
    shown = ", ".join(f"{wall:.2f} s ({processor:.2f} s of processor time)" for wall, processor in first)
    print(f"cold command: {shown}")
    print(
        f"warm, {len(questions)} questions: median {result['warm_median']} s, p95 {result['warm_p95']} s, "
        f"longest {result['warm_longest']} s"
    )


if __name__ == "__main__":
    main()
