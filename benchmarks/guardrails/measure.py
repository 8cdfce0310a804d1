"""Measure the guardrails on written requests: recall by language and category, false alarms on ordinary questions.

python benchmarks/guardrails/measure.py [--half test|dev|both] [--misses] [--questions FILE ...]
"""

import argparse
import hashlib
import json
import tomllib
from collections import Counter
from pathlib import Path

from clinweave.core.guardrails import screen
from clinweave.records import Audience

HERE = Path(__file__).parent
TEST_SHARE = 0.7


def half(text: str) -> str:
    """Return "test" or "dev" for a request, by a coin that its text decides."""
    digest = hashlib.sha256(text.encode()).digest()
    return "test" if digest[0] / 256 < TEST_SHARE else "dev"


def requests(path: Path, wanted: str = "both") -> list[tuple[str, str, str]]:
    """Return (language, category, request) of a file of requests."""
    rows = []
    for language, sections in tomllib.loads(path.read_text("utf-8")).items():
        for category, lines in sections.items():
            rows += [(language, category, line) for line in lines.strip().splitlines()]
    return [row for row in rows if wanted == "both" or half(row[2]) == wanted]


def alarm(text: str, audience: Audience) -> str:
    """Return the category that withholds the answer, or ""."""
    guardrail = screen(text, audience=audience)
    return "" if guardrail is None or guardrail.answerable else str(guardrail.category)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--half", default="test", choices=["test", "dev", "both"])
    parser.add_argument("--requests", type=Path, default=HERE / "unseen.toml")
    parser.add_argument("--misses", action="store_true", help="also print the requests that passed")
    parser.add_argument("--questions", nargs="*", default=[], help="files of ordinary questions, one a line")
    arguments = parser.parse_args()
    caught: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for language, category, text in requests(arguments.requests, arguments.half):
        result = alarm(text, Audience.PUBLIC)
        for key in ((language, category), (language, "danger"), ("all", category), ("all", "danger")):
            if key[1] == "danger" and category == "ordinary":
                continue
            total[key] += 1
            caught[key] += bool(result)
        if arguments.misses and bool(result) == (category == "ordinary"):
            print(f"{language}\t{category}\t{result or 'passed'}\t{text}")
    for key in sorted(total):
        print(f"{key[0]:4} {key[1]:14} {caught[key]:4} of {total[key]:4}  {caught[key] / total[key]:.1%}")
    for name in arguments.questions:
        texts = [line for line in Path(name).read_text("utf-8").splitlines() if line.strip()]
        texts = [json.loads(line)["question"] if line.startswith("{") else line for line in texts]
        for audience in Audience:
            count = Counter(filter(None, (alarm(text, audience) for text in texts)))
            print(f"{name} {audience}: {sum(count.values())} of {len(texts)} held back {dict(count)}")


if __name__ == "__main__":
    main()
