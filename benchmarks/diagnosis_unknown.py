"""Diseases that a release does not know by their OMIM id: in how many ways they could be reached, and how many are.

    python benchmarks/diagnosis_unknown.py CASES.tar.gz RELEASE [--mondo mondo.json] [--genes genes_to_phenotype.txt]
        [--orphadata en_product1.xml] [--settings unannotated_penalty=1.0 ...]

The first table counts cases whose disease has no finding in the release, and what links it to a disease that has: an
equal ORPHA id or kin in Mondo, a gene in HPO's table or in UniProt's list of diseases, an ORPHA id that Orphadata calls
exact or broader. The second ranks all cases with each way added, and shows what it costs the known diseases. Every
mapping is newer than the release: a dated protocol refuses them.
"""

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from clinweave.applications.diagnosis import (
    Case,
    Ranker,
    Release,
    Settings,
    fetched_genes,
    fetched_mondo,
    from_mondo,
    genes_from,
    open_model,
    read_cases,
    release_in,
)
from clinweave.core.artifacts import home
from clinweave.databases import DATABASES, RowLog
from clinweave.evaluation.diagnosis.ranking import rank_cases
from clinweave.evaluation.diagnosis.truth import Truth, read_truth
from clinweave.records import Concept, Relation
from clinweave.resources import located

AT = (1, 3, 10)


class _Arm:
    name = "clinweave"

    def __init__(self, ranker: Ranker) -> None:
        self.model, self.scores = ranker.model, ranker.scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("release", type=Path)
    parser.add_argument("--mondo", type=Path, default=fetched_mondo(home()))
    parser.add_argument("--genes", type=Path, default=fetched_genes(home()))
    parser.add_argument("--orphadata", type=Path, help="Orphadata's product 1")
    parser.add_argument(
        "--settings", nargs="*", default=[], help="constants of the score, as unannotated_penalty=1.0"
    )
    options = parser.parse_args()
    truths, cases = read_truth(options.cases), list(read_cases(options.cases))
    release = release_in(options.release)
    mondo = replace(release, mondo=options.mondo)
    settings = replace(
        Settings(), **{item.split("=")[0]: float(item.split("=")[1]) for item in options.settings}
    )
    rows = open_model(release, home() / "diagnosis", settings).annotations
    annotated = {rows.diseases[place] for place in set(rows.disease[~rows.negated].tolist())}
    unknown = [item for item in truths if item.disease not in annotated]
    _reach(unknown, annotated, _ways(mondo, options.genes, options.orphadata))
    print("\n| ranked with | part | unknown in the first 1/3/10 | known, top-1/3/10 % | all | macro |")
    print("|---|---|---|---|---|---|", flush=True)
    with_genes = replace(mondo, genes=options.genes)
    for name, used, orphanet in (
        ("the release alone", release, False),
        ("+ Mondo", mondo, False),
        ("+ genes", with_genes, False),
        ("+ diseases that Orphanet alone names", with_genes, True),
    ):
        _rank(name, used, (cases, truths), settings, annotated, orphanet=orphanet)


def _ways(release: Release, genes: Path, orphadata: Path | None) -> dict[str, Mapping[str, frozenset[str]]]:
    """Return for each way disease id -> ids linked to it."""
    log = RowLog(keep=0)
    links = from_mondo(DATABASES["mondo"].read({"mondo.json": release.mondo}, log))
    table = {"phenotype.hpoa": release.annotations, "genes_to_phenotype.txt": genes}
    result = {
        "Mondo: an equal ORPHA id": {id_: frozenset(ids) for ids in links.members.values() for id_ in ids},
        "Mondo: related diseases": _kin(release),
        "gene, HPO's table": _sharing(genes_from(DATABASES["hpoa"].read(table, log))),
        "gene, UniProt's list": _sharing(_uniprot(log)),
    }
    if orphadata:
        concepts = [
            item
            for item in DATABASES["orphanet"].read({"en_product1.xml": orphadata}, log)
            if isinstance(item, Concept)
        ]
        result["Orphadata: an exact ORPHA id"] = _crossed((item.id, item.xrefs) for item in concepts)
        result["Orphadata: a broader or narrower one"] = _crossed(
            (item.id, item.related) for item in concepts
        )
    return result


def _kin(release: Release) -> dict[str, frozenset[str]]:
    kin = open_model(release, home() / "diagnosis").related
    return {item.members[0]: frozenset((*item.groups, *item.siblings)) for item in kin}


def _uniprot(log: RowLog) -> dict[str, frozenset[str]]:
    result: dict[str, set[str]] = {}
    for item in DATABASES["uniprot_diseases"].read(located("uniprot-diseases", home()), log):
        if isinstance(item, Relation) and item.predicate == "biolink:gene_associated_with_condition":
            result.setdefault(item.object, set()).add(item.subject)
    return {id_: frozenset(genes) for id_, genes in result.items()}


def _sharing(genes: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    of: dict[str, set[str]] = {}
    for id_, symbols in genes.items():
        for symbol in symbols:
            of.setdefault(symbol, set()).add(id_)
    return {id_: frozenset().union(*(of[item] for item in symbols)) - {id_} for id_, symbols in genes.items()}


def _crossed(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, frozenset[str]]:
    result: dict[str, set[str]] = {}
    for orpha, others in pairs:
        for id_ in others:
            result.setdefault(id_, set()).add(orpha)
    return {id_: frozenset(ids) for id_, ids in result.items()}


def _reach(
    unknown: list[Truth], annotated: set[str], ways: Mapping[str, Mapping[str, frozenset[str]]]
) -> None:
    print("| a disease with findings is linked by | cases (diseases) | development |\n|---|---|---|")
    print(f"| (all cases of an unknown disease) | {_count(unknown)} |")
    any_way: set[str] = set()
    for name, linked in ways.items():
        result = [item for item in unknown if linked.get(item.disease, frozenset()) & annotated]
        any_way |= {item.id for item in result}
        print(f"| {name} | {_count(result)} |")
    print(f"| any of these | {_count([item for item in unknown if item.id in any_way])} |", flush=True)


def _count(cases: list[Truth]) -> str:
    half = [item for item in cases if item.development]
    return " | ".join(f"{len(some):,} ({len({item.disease for item in some})})" for some in (cases, half))


def _rank(
    name: str,
    release: Release,
    asked: tuple[list[Case], list[Truth]],
    settings: Settings,
    annotated: set[str],
    *,
    orphanet: bool,
) -> None:
    model = open_model(release, home() / "diagnosis", settings, orphanet=orphanet)
    ranks = rank_cases(_Arm(Ranker(model)), *asked)
    for part, development in (("development", True), ("rest", False)):
        mine = [item for item in asked[1] if item.development is development]
        unknown = [item for item in mine if item.disease not in annotated]
        known = [item for item in mine if item.disease in annotated]
        hits = "/".join(str(sum(ranks.ranks[item.id] <= at for item in unknown)) for at in AT)
        cells = [
            "/".join(f"{100 * ranks.share(some, at, macro=macro):.1f}" for at in AT)
            for some, macro in ((known, False), (mine, False), (mine, True))
        ]
        print(f"| {name} | {part} | {hits} of {len(unknown)} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
