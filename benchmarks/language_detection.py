"""How often clauses of English texts are taken for another language, or for one that is not read.

    python benchmarks/language_detection.py FILE [FILE ...]

A file is lines {"text"}, PubTator, CSV, OBO (labels) or plain text, gzip or not. Clauses end at . ; , and line breaks.
"""

import argparse
import csv
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

from clinweave.knowledge import unread_language
from clinweave.knowledge.linking.languages import language_of


def main() -> None:
    """Print the counts of each file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("files", nargs="+", type=Path)
    print(f"{'file':<40}{'clauses':>9}{'not English':>13}")
    for path in parser.parse_args().files:
        clauses = [
            part for text in texts(path) for part in re.split(r"\n|(?<=[.;,])\s+", text) if part.strip()
        ]
        wrong = sum(language_of(part) != "en" or bool(unread_language(part, ())) for part in clauses)
        print(f"{path.name:<40}{len(clauses):>9}{wrong:>13}")


def texts(path: Path) -> Iterator[str]:
    """Yield the texts of a file."""
    raw = path.read_bytes()
    content = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")
    name = path.name.removesuffix(".gz")
    if name.endswith(".jsonl"):
        yield from (json.loads(line)["text"] for line in content.splitlines() if line.strip())
    elif name.endswith(".csv"):
        yield from (cell for row in list(csv.reader(content.splitlines(keepends=True)))[1:] for cell in row)
    elif name.endswith(".obo"):
        yield from (line.removeprefix("name: ") for line in content.splitlines() if line.startswith("name: "))
    elif "PubTator" in name or name.endswith("_corpus.txt"):
        yield from (row[1] for row in re.findall(r"^(\d+\|[ta]\|)(.*)$", content, re.MULTILINE))
    else:
        yield content


if __name__ == "__main__":
    main()
