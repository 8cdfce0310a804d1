"""Rank of the true disease from the text of a letter, beside its rank from the findings that its author listed.

    python benchmarks/letters.py LETTERS.jsonl [--graph DIR] [--release DIR] [--prevalence en_product9_prev.xml]

A line is {"id", "style", "text", "disease", "present", "absent", "family"}; findings are HPO labels. The text is read
as `clinweave diagnose --text` reads it, without age and sex. A control ranks each letter by the findings read in the
next one. A rank is that of the very OMIM id. Recall is the share of the author's findings that were read as present, by
the very term or one above or below it. Intervals are Wilson's, 95 %.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis import (
    PRIORS,
    Case,
    Diagnoser,
    Ontology,
    Prior,
    Release,
    fetched_genes,
    fetched_mondo,
    fetched_release,
    from_mentions,
    open_model,
    read_findings,
    release_in,
)
from clinweave.core.artifacts import home
from clinweave.core.statistics import wilson
from clinweave.knowledge import Graph, Linker, NoteReader, with_translations

_TOP = 10_000


def main() -> None:
    """Print one row a letter, then the shares of letters whose disease is among the first."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("letters", type=Path)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    parser.add_argument(
        "--release", type=Path, help="folder with hp.obo and phenotype.hpoa; default: the fetched one"
    )
    parser.add_argument(
        "--prevalence", type=Path, help="Orphadata's en_product9_prev.xml, for the prior by prevalence"
    )
    parser.add_argument("--summary", action="store_true", help="print no row of a single letter")
    options = parser.parse_args()
    letters = [json.loads(line) for line in options.letters.read_text("utf-8").splitlines() if line.strip()]
    files = release_in(options.release) if options.release else fetched_release(home())
    release = Release(
        files.ontology, files.annotations, fetched_mondo(home()), fetched_genes(home()), options.prevalence
    )
    model = open_model(release, home() / "diagnosis")
    reader = NoteReader(with_translations(Linker.open(Graph.open(options.graph)), home()))
    read = [from_mentions(letter["id"], reader.read(letter["text"])) for letter in letters]
    listed = [_listed(letter, model.ontology) for letter in letters]
    shifted = [*read[1:], *read[:1]]
    _recognition(letters, read, listed, model.ontology, options.summary)
    priors: Sequence[Prior] = PRIORS if options.prevalence else PRIORS[:1]
    for prior in priors:
        diagnoser = Diagnoser(model, prior)
        for arm, cases in (
            ("the text", read),
            ("the author's findings", listed),
            ("control: next letter", shifted),
        ):
            ranks = [
                _rank(diagnoser, case, letter["disease"].split()[0])
                for case, letter in zip(cases, letters, strict=True)
            ]
            _shares(f"{arm}, prior {prior}", ranks)
            if not options.summary and not arm.startswith("control"):
                print(
                    "   ",
                    " ".join(
                        f"{letter['id']}:{rank or '-'}" for letter, rank in zip(letters, ranks, strict=True)
                    ),
                )


def _listed(letter: dict[str, Any], ontology: Ontology) -> Case:
    """Return the case of the labels that the author listed. Labels of no term are left out."""

    def ids(key: str) -> tuple[str, ...]:
        places = [ontology.named(label) for label in letter[key]]
        return tuple(ontology.ids[place] for place in places if place is not None)

    return Case(letter["id"], ids("present"), ids("absent"))


def _rank(diagnoser: Diagnoser, case: Case, disease: str) -> int:
    """Return the rank of a disease, 0 where it is not ranked."""
    line = diagnoser.diagnose(case, top=_TOP, explained=0)
    return next((entry["rank"] for entry in line["ranking"] if entry["id"] == disease), 0)


def _recognition(
    letters: Sequence[dict[str, Any]],
    read: Sequence[Case],
    listed: Sequence[Case],
    ontology: Ontology,
    summary: bool,
) -> None:
    met = total = false = told = 0
    for letter, case, gold in zip(letters, read, listed, strict=True):
        mine, true = read_findings(ontology, case), read_findings(ontology, gold)
        related = [_related(ontology, term, mine.observed) for term in true.observed]
        met, total = met + sum(related), total + len(related)
        wrong = [term for term in mine.observed if not _related(ontology, term, true.observed)]
        false, told = false + len(wrong), told + len(mine.observed)
        if not summary:
            missed = [
                ontology.names[term] for term, hit in zip(true.observed, related, strict=True) if not hit
            ]
            print(
                f"{letter['id']} ({letter['style']}): {sum(related)} of {len(related)} read; missed {', '.join(missed)}"
            )
            print(f"    read besides: {', '.join(ontology.names[term] for term in wrong)}")
    print(
        f"findings read: recall {100 * met / max(total, 1):.0f} % of {total}; {false} of {told} read are not listed"
    )


def _related(ontology: Ontology, term: int, others: Sequence[int]) -> bool:
    return any(other in ontology.ancestors[term] or term in ontology.ancestors[other] for other in others)


def _shares(title: str, ranks: Sequence[int]) -> None:
    parts = []
    for at in (1, 3, 10):
        hits = sum(0 < rank <= at for rank in ranks)
        interval = wilson(hits, len(ranks))
        parts.append(
            f"first {at}: {hits}/{len(ranks)} ({100 * interval.low:.0f} to {100 * interval.high:.0f} %)"
        )
    print(f"{title}: {', '.join(parts)}")


if __name__ == "__main__":
    main()
