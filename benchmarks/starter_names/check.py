"""Check clinweave's own names (`starter_names.tsv`) against a graph and score written questions with them alone.

    python benchmarks/starter_names/check.py [--graph DIR] [--translations DIR] [--ask HOME]     (default: home/graph)

Prints rows whose identifier or English label is not the graph's, names that two rows share, and the questions whose
findings and diseases are not all linked, each in the vocabulary of the identifier that is expected. Without
--translations no fetched name is used. --ask also answers each question from the graph of a home, without a model.
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

from clinweave.core.artifacts import home
from clinweave.knowledge import Graph, Linker, with_translations
from clinweave.knowledge.linking.starter_names import starter_names
from clinweave.knowledge_base import KnowledgeBase


def main() -> None:
    """Print mismatches and the share of questions that are linked, and answered."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--graph", type=Path, default=None)
    parser.add_argument("--translations", type=Path, default=None)
    parser.add_argument("--ask", type=Path, default=None)
    options = parser.parse_args()
    graph = Graph.open(options.graph or home() / "graph")
    linker = Linker.open(graph)
    check_names(linker)
    linked: Counter[str] = Counter()
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as empty:
        reading = with_translations(linker, Path(empty), folder=options.translations)
        for code, question, expected in questions():
            total[code] += 1
            missing = [
                curie
                for curie in expected
                if curie
                not in {item.id for item in reading.link(question)}
                | {item.id for item in reading.link(question, {curie.partition(":")[0]})}
            ]
            linked[code] += not missing
            if missing:
                print(f"not linked: {question} {missing}")
    print("linked: " + ", ".join(f"{code} {linked[code]} of {total[code]}" for code in total))
    if options.ask:
        answers(options.ask)


def questions() -> list[tuple[str, str, list[str]]]:
    """Return language, question and expected identifiers."""
    lines = (Path(__file__).parent / "questions.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(code, question, expected.split()) for code, question, expected in rows]


def check_names(linker: Linker) -> None:
    """Print identifiers and labels that are not the graph's, and names that several rows have."""
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


def answers(folder: Path) -> None:
    """Print how many questions are answered from the graph, and how many answers carry names in the language."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    with KnowledgeBase(folder) as base:
        for code, question, _ in questions():
            answer = base.ask(question, retrievers=("graph",))
            counts[code]["questions"] += 1
            counts[code]["language detected"] += answer.language == code
            counts[code]["answered"] += not answer.abstained
            counts[code]["with names in the language"] += bool(answer.labels) and not answer.abstained
            if answer.abstained or answer.language != code:
                print(f"not answered ({answer.language}): {question} {answer.text.splitlines()[0]}")
        for code, count in counts.items():
            print(f"{code}: {', '.join(f'{name} {number}' for name, number in count.items())}")
        coverage(base)


def coverage(base: KnowledgeBase) -> None:
    """Print how many diseases of the graph have a name in each language, by the files at hand and clinweave's own."""
    vocabulary = base.linker.vocabulary
    rows = zip(vocabulary.ids.to_pylist(), vocabulary.categories.to_pylist(), strict=True)
    diseases = {curie for curie, category in rows if category == "biolink:Disease"}
    for code in base.linker.languages:
        named = {item.id for item in base.linker.labels(code).names} & diseases
        print(f"{code}: {len(named):,} of {len(diseases):,} diseases of the graph have a name")


if __name__ == "__main__":
    main()
