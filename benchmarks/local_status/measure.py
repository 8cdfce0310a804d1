"""Score the status of findings in sentences of five languages, filled with labels of findings.

    python benchmarks/local_status/measure.py TRANSLATIONS --graph GRAPH [--templates FILE] [--labels 10] [--seed 7]

Each template is filled with labels drawn at random. Counts the mentions of the label whose status is the template's
("family": a relative's); a label that is not recognised in a sentence is counted apart.
"""

import argparse
import re
from collections import Counter
from pathlib import Path
from random import Random

from clinweave.knowledge import Graph, Linker, with_translations
from clinweave.knowledge.linking.linker import FAMILY

_OTHER_STATUS = re.compile(r"[(),;]|\b(?:sin|no|sans|pas|ohne|kein|nicht)\b|无|未|不|な[いし]", re.IGNORECASE)


def main() -> None:
    """Print right and wrong statuses by language, and the templates that went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("translations", type=Path)
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--templates", type=Path, default=Path(__file__).parent / "templates.tsv")
    parser.add_argument("--labels", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    linker = with_translations(
        Linker.open(Graph.open(options.graph)), options.graph.parent, folder=options.translations
    )
    right, total, unseen = Counter[str](), Counter[str](), Counter[str]()
    wrong: Counter[str] = Counter()
    draws: dict[str, list[str]] = {}
    for line in options.templates.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        language, expected, template = line.split("\t")
        if language not in draws:
            labels = sorted(set(linker.labels(language).labels.values()))
            plain = [label for label in labels if not _OTHER_STATUS.search(label)]
            draws[language] = Random(f"{options.seed}/{language}").sample(plain, options.labels)
        for label in draws[language]:
            start = template.replace("\\n", "\n").index("{x}")
            text = template.replace("\\n", "\n").replace("{x}", label)
            mentions = linker.for_language(language).link(text, {"HP"})
            item = next((item for item in mentions if item.start <= start < item.end), None)
            if item is None:
                unseen[language] += 1
                continue
            status = "family" if item.experiencer == FAMILY else item.status
            total[language] += 1
            right[language] += status == expected
            if status != expected:
                wrong[f"{language}: {template} is {expected}, read as {status}"] += 1
    for language, count in total.items():
        print(f"{language}: {right[language]} of {count} right, {unseen[language]} not recognised")
    for text, count in wrong.most_common():
        print(f"    {count} x {text}")


if __name__ == "__main__":
    main()
