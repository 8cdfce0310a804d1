"""The studies of a recipe beside its protocols: genes, robustness, free text, a language model on top."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.applications.diagnosis import read_findings, release_in
from clinweave.core.errors import UserError
from clinweave.evaluation.diagnosis import arguing, gene_level, reading, robustness
from clinweave.evaluation.diagnosis.arms import ARMS, BASELINE, open_arm
from clinweave.evaluation.diagnosis.chain import Setting
from clinweave.evaluation.diagnosis.desk import Desk
from clinweave.evaluation.diagnosis.protocols import Ranks, known_cases, rank_cases
from clinweave.evaluation.diagnosis.tables import rows

if TYPE_CHECKING:
    from clinweave.evaluation.recipe import ModelSettings

# of each study: raise it when its code gives other results of the same cases
VERSIONS = {"genes": 1, "robustness": 1, "text": 1, "language-model": 1}


def _parameters(desk: Desk, setting: Setting, **more: Any) -> dict[str, Any]:
    return {
        "cases": setting.cases,
        "drop": setting.drop,
        "seed": desk.seed,
        "resamples": desk.resamples,
        **more,
    }


def genes(desk: Desk, setting: Setting, home: Path) -> dict[str, Any]:
    """Return the rank of the causal gene among sampled others, for every arm."""
    known, sources = gene_level.genes_of_diseases(home)
    inputs = {
        **desk.release_inputs(setting.release, setting.mondo, setting.genes),
        "genes": str(sum(map(len, known.values()))),
    }

    def build() -> dict[str, Any]:
        cases, truths = desk.drawn(setting.cases, lambda _, truth: bool(truth.gene))
        found: dict[str, Ranks] = {}
        for name in ARMS:
            if name == "clinweave" and setting.mondo is None:
                continue
            arm = desk.arm(name, setting.release, setting.mondo, setting.genes)
            with desk.bar(f"Genes: {name}", len(cases)) as step:
                found[name] = gene_level.rank_genes(
                    arm, cases, truths, known, drop=setting.drop, seed=desk.seed, step=step
                )
        return {
            "rows": rows(found, truths, BASELINE, resamples=desk.resamples),
            "cases": len(cases),
            "unmapped": sum(one.gene not in known for one in truths),
            "genes": len(known),
            "decoys": gene_level.DECOYS,
            "sources": sources,
        }

    return desk.keep("genes", inputs, _parameters(desk, setting), build, VERSIONS["genes"])


def curves(desk: Desk, setting: Setting, _home: Path) -> dict[str, Any]:
    """Return the curves of robustness of every arm on the same changed cases."""
    arms = ("lrz", "lirical-lr", "resnik", "clinweave-release", *(["clinweave"] if setting.mondo else []))

    def build() -> dict[str, Any]:
        first = desk.arm("clinweave-release", setting.release)
        known = known_cases(first.model, desk.truths)
        cases, truths = desk.drawn(
            setting.cases,
            lambda case, truth: (
                truth.id in known and bool(read_findings(first.model.ontology, case).observed)
            ),
        )
        made = robustness.variants(cases, first.model, desk.seed)
        asked = {id_ for group in made.values() for case in group for id_ in case.observed}
        found = {}
        for name in arms:
            arm = (
                open_arm(name, setting.release, desk.cache, desk.cases, more=asked)
                if name == BASELINE
                else desk.arm(name, setting.release, setting.mondo, setting.genes)
            )
            with desk.bar(f"Robustness: {name}", len(cases)) as step:
                found[name] = robustness.rank_variants(
                    arm, made, truths, drop=setting.drop == "blind", step=step
                )
        return {
            "rows": robustness.curves(found, truths, BASELINE, desk.resamples),
            "cases": len(cases),
            "diseases": len({one.disease for one in truths}),
        }

    inputs = desk.release_inputs(setting.release, setting.mondo, setting.genes)
    return desk.keep("robustness", inputs, _parameters(desk, setting), build, VERSIONS["robustness"])


def texts(desk: Desk, setting: Setting, home: Path) -> dict[str, Any]:
    """Return recognition in made-up case texts, and what it costs in ranks."""
    from clinweave.core.artifacts import read_manifest

    graph = read_manifest(home / "graph")
    if graph is None:
        raise UserError(
            f"{setting.title}: reading texts needs the graph's vocabulary; run `clinweave graph build`"
        )

    def build() -> dict[str, Any]:
        from clinweave.knowledge import Graph, Linker

        name = "clinweave" if setting.mondo else "clinweave-release"
        arm = desk.arm(name, setting.release, setting.mondo, setting.genes)
        known = known_cases(arm.model, desk.truths)
        cases, truths = desk.drawn(
            setting.cases,
            lambda case, truth: truth.id in known and bool(read_findings(arm.model.ontology, case).observed),
        )
        names = reading.term_names(release_in(setting.release).ontology)
        written = reading.write_texts(cases, arm.model, names, desk.seed)
        desk.say("Reading the case texts")
        linked = Linker.open(Graph.open(home / "graph")).link_many([one.text for one in written], ["HP"])
        read = [reading.as_read(case, found) for case, found in zip(cases, linked, strict=True)]
        curated, from_text = {}, {}
        for each in (arm, open_arm(BASELINE, setting.release, desk.cache, desk.cases, more=_asked(read))):
            with desk.bar(f"Free text: {each.name}", 2 * len(cases)) as step:
                curated[each.name] = rank_cases(each, cases, truths, setting.drop, step).ranks
                from_text[each.name] = rank_cases(each, read, truths, setting.drop, step).ranks
        return {
            "cases": len(cases),
            "recognition": reading.recognition(written, read, arm.model),
            "losses": reading.losses(curated, from_text, truths, desk.resamples),
            "example": written[0].text,
        }

    inputs = {
        **desk.release_inputs(setting.release, setting.mondo, setting.genes),
        "graph": str(graph.get("key")),
    }
    return desk.keep("text", inputs, _parameters(desk, setting), build, VERSIONS["text"])


def _asked(cases: Any) -> set[str]:
    return {id_ for case in cases for id_ in case.observed}


def model_on_top(desk: Desk, setting: Setting, home: Path, asked_of: "ModelSettings") -> dict[str, Any]:
    """Return the language model's re-ranking of the first ten against the ranks alone, with controls.

    Findings of patients go to no other machine than this one and the host that the recipe names (`allow_remote`).
    """
    from clinweave.evaluation.cache import Cache
    from clinweave.models import open_model as open_language_model

    def build() -> dict[str, Any]:
        name = "clinweave" if setting.mondo else "clinweave-release"
        arm = desk.arm(name, setting.release, setting.mondo, setting.genes)
        known = known_cases(arm.model, desk.truths)
        cases, truths = desk.drawn(setting.cases, lambda _, truth: truth.id in known)
        language = open_language_model(asked_of.address, home=home, **asked_of.options)
        try:
            from clinweave.applications.diagnosis import guard_findings

            guard_findings(language, asked_of.allow_remote)
            cache = Cache(desk.out / "language.jsonl")
            with desk.bar(f"{language.name} on top", len(cases)) as step:
                asked = arguing.ask_all(
                    arm.model, language, cases, truths, cache, step, drop=setting.drop == "blind"
                )
            return arguing.compare(asked, truths, desk.resamples, language)
        finally:
            language.close()

    inputs = desk.release_inputs(setting.release, setting.mondo, setting.genes)
    parameters = _parameters(desk, setting, model=asked_of.address, options=dict(asked_of.options))
    uses = ("reading", "score", "output")
    return desk.keep("language-model", inputs, parameters, build, VERSIONS["language-model"], uses=uses)
