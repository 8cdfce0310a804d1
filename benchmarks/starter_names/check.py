"""Check clinweave's own names (`starter_names.tsv`) against a graph and score written questions with them alone.

    python benchmarks/starter_names/check.py [--graph DIR]     (default: home/graph)

Prints rows whose identifier or English label is not the graph's, names that two rows share, and the questions whose
findings and diseases are not all linked without any fetched translation.
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from clinweave.core.artifacts import home
from clinweave.knowledge import Graph, Linker, with_translations
from clinweave.knowledge.linking.starter_names import starter_names


def main() -> None:
    """Print mismatches and the share of questions that are linked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--graph", type=Path, default=None)
    graph = Graph.open(parser.parse_args().graph or home() / "graph")
    linker = Linker.open(graph)
    columns = (linker.vocabulary.ids.to_pylist(), linker.vocabulary.labels.to_pylist())
    labels = dict(zip(*columns, strict=True))
    used: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for item in starter_names().values():
        if labels.get(item.id) != item.label:
            print(f"mismatch: {item.id} is {labels.get(item.id)!r} in the graph, {item.label!r} in the list")
        for code, names in item.names.items():
            for name in names:
                used[code, name.casefold()].add(item.id)
    for (code, name), identifiers in sorted(used.items()):
        if len(identifiers) > 1:
            print(f"shared name: {code} {name}: {', '.join(sorted(identifiers))}")
    print(f"{len(starter_names())} concepts, {sum(map(len, used.values()))} names")
    linked: Counter[str] = Counter()
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as empty:
        reading = with_translations(linker, Path(empty))
        for line in (Path(__file__).parent / "questions.tsv").read_text("utf-8").splitlines():
            if line.startswith("#"):
                continue
            code, question, expected = line.split("\t")
            identifiers = {mention.id for mention in reading.link(question)}
            total[code] += 1
            linked[code] += set(expected.split()) <= identifiers
            if not set(expected.split()) <= identifiers:
                print(f"not linked: {question} {sorted(identifiers)}")
    print(", ".join(f"{code} {linked[code]} of {total[code]}" for code in total))


if __name__ == "__main__":
    main()
