"""Recognition, negation and speed of the linker, beside a plain dictionary, spaCy, flashtext2 and ahocorasick_rs.

    python benchmarks/linking.py CORPUS [CORPUS ...] [--graph DIR] [--peers] [--speed] [--negation] [--errors]

A corpus is lines {"id", "text", "mentions"} or a folder with `Text` and `Annotations` (HPO), or PubTator (MeSH, OMIM;
diseases and chemicals apart). Scoring: `linkers/corpora.py`. "live" leaves out gold whose identifier the graph lacks
(for HPO: what is no phenotypic abnormality). The graph for all corpora: `clinweave graph build --databases
all,mesh_supplement`.
"""

import argparse
import random
from collections.abc import Callable
from pathlib import Path

from linkers import errors, negation, peers, speed, status
from linkers.corpora import FATES, Corpus, Found, Scorer, fold, read

from clinweave.core.artifacts import home
from clinweave.knowledge import Graph, Linker
from clinweave.knowledge.linking.crosswalk import STATED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("corpora", nargs="*", type=Path)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    parser.add_argument("--ablations", action="store_true", help="the linker without each of its parts")
    parser.add_argument(
        "--peers", action="store_true", help="spaCy, flashtext2 and ahocorasick_rs (extra: bench)"
    )
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--errors", action="store_true", help="classes of errors on corpora of findings")
    parser.add_argument(
        "--no-spacy", action="store_true", help="no speed of spaCy, whose matcher takes minutes to build"
    )
    parser.add_argument("--negation", action="store_true")
    parser.add_argument(
        "--status", type=Path, metavar="HP.OBO", help="fill the templates of status with these labels"
    )
    parser.add_argument("--text", type=Path, help="what speed is measured on; default: the corpora, repeated")
    parser.add_argument("--megabytes", type=float, default=10.0)
    parser.add_argument("--names", type=int, default=500_000)
    options = parser.parse_args()
    if options.negation:
        negations()
    if not options.corpora and not options.text and not options.status:
        return
    graph = Graph.open(options.graph)
    linker = Linker.open(graph)
    if options.status:
        statuses(linker, status.labels(options.status))
    corpora = [corpus for path in options.corpora for corpus in read(path)]
    recognition(graph, linker, corpora, ablations=options.ablations, with_peers=options.peers)
    for corpus in corpora if options.errors else ():
        if corpus.prefixes == ("HP",):
            errors.report(graph, linker, Scorer(graph), corpus)
    if options.speed or options.text:
        texts = [text for corpus in corpora for text in corpus.texts]
        if options.text:
            texts = options.text.read_text("utf-8", "replace").split("\n\n")
        slow = not options.no_spacy
        speed.report(graph, linker, texts, options.megabytes, options.names, peers=options.peers, slow=slow)


def recognition(
    graph: Graph, linker: Linker, corpora: list[Corpus], *, ablations: bool, with_peers: bool
) -> None:
    """Print precision, recall and F1 of each arm on each corpus, and how much of the gold is within reach."""
    scorer = Scorer(graph)
    named = frozenset(map(fold, linker.vocabulary.names.to_pylist()))
    print(f"{'corpus':<34}{'mentions':>9}{'id in the graph':>17}{'and words a name':>18}")
    for corpus in corpora:
        total, known, words = scorer.ceiling(corpus, named)
        print(f"{corpus.name:<34}{total:>9}{known / total:>16.1%}{words / total:>18.1%}")
    reach(scorer, corpora)
    print(
        f"\n{'corpus':<34}{'arm':<34}{'span P':>7}{'R':>6}{'F1':>6}{'doc P':>7}{'R':>6}{'F1':>6}   live: F1, F1"
    )
    for corpus in corpora:
        for name, find in arms(linker, ablations=ablations, with_peers=with_peers).items():
            result = find(corpus)
            score, live = scorer.score(corpus, result), scorer.score(corpus, result, live=True)
            figures = [*score.span.scores, *score.document.scores]
            cells = "".join(f"{value:{7 if at % 3 == 0 else 6}.3f}" for at, value in enumerate(figures))
            print(
                f"{corpus.name:<34}{name:<34}{cells}   {live.span.scores[2]:.3f} {live.document.scores[2]:.3f}",
                flush=True,
            )


def reach(scorer: Scorer, corpora: list[Corpus]) -> None:
    """Print what became of the HPO identifiers that were marked, and the recall and F1 that they leave within reach."""
    result = [corpus for corpus in corpora if corpus.prefixes == ("HP",)]
    for corpus in result:
        counts = scorer.fates(corpus)
        total = max(1, counts.total())
        recall = sum(counts[fate] for fate in FATES[:3]) / total
        shares = ", ".join(f"{fate} {count / total:.1%}" for fate, count in counts.items())
        best = f"recall {recall:.3f}, F1 {2 * recall / (1 + recall):.3f}"
        print(f"{corpus.name}, ids of mentions: {shares}; ceiling: {best}")


def arms(
    linker: Linker, *, ablations: bool, with_peers: bool
) -> dict[str, Callable[[Corpus], list[set[Found]]]]:
    """Return what is compared on a corpus, by name."""
    words = linker.vocabulary

    def by(arm: Linker) -> Callable[[Corpus], list[set[Found]]]:
        return lambda one: [
            {Found(item.start, item.end, item.id) for item in mentions}
            for mentions in arm.link_many(one.texts, one.prefixes, one.categories)
        ]

    def each(make: Callable[[dict[str, str]], peers.Finder]) -> Callable[[Corpus], list[set[Found]]]:
        def run(one: Corpus) -> list[set[Found]]:
            find = make(peers.names_of(linker, one))
            return [find(text) for text in one.texts]

        return run

    own = Linker(words, furthest=STATED, usage=False, judged=False, any_order=False)
    result = {"linker": by(linker), "linker, not judged": by(Linker(words, judged=False))}
    if ablations:
        result |= {
            "linker, own word order": by(Linker(words, any_order=False)),
            "linker, names of its vocabulary": by(Linker(words, furthest=STATED)),
            "linker, no alternating words": by(Linker(words, varied=False)),
            "linker, without usage": by(Linker(words, usage=False)),
        }
    result |= {
        "plain dictionary, own names": lambda one: each_own(own, one),
        "plain dictionary, all names": each(peers.plain),
    }
    if with_peers:
        result |= {name: each(make) for name, make in peers.PEERS.items()}
    return result


def each_own(own: Linker, corpus: Corpus) -> list[set[Found]]:
    """Return what a plain dictionary of the asked vocabulary's own names finds."""
    find = peers.plain(peers.names_of(own, corpus))
    return [find(text) for text in corpus.texts]


def negations() -> None:
    """Print the negation figures on both halves."""
    print(f"{'negation':<14}{'arm':<24}{'findings':>9}{'P':>7}{'R':>7}{'F1':>7}")
    for part in ("development", "report"):
        for name, precision, recall, score, total in negation.table(part):
            print(f"{part:<14}{name:<24}{total:>9}{precision:>7.3f}{recall:>7.3f}{score:>7.3f}")
    print()


def statuses(linker: Linker, labels: list[str]) -> None:
    """Print how findings in filled templates are read, by part and status."""
    named = frozenset(map(str.lower, linker.vocabulary.names.to_pylist()))
    labels = [label for label in labels if label.lower() in named]
    print(f"{'status, templates':<20}{'status':<16}{'findings':>9}{'wrong':>9}{'not recognised':>16}")
    for part in status.PARTS:
        draw = random.Random(0)
        filled = [
            status.fill(template, labels, draw) for template in status.templates(part) for _ in range(20)
        ]
        for name, right, wrong, lost in status.report(status.outcomes(linker, filled, ["HP"])):
            total = right + wrong + lost
            print(f"{part:<20}{name:<16}{total:>9}{wrong / max(1, right + wrong):>9.2%}{lost / total:>16.2%}")
    print()


if __name__ == "__main__":
    main()
