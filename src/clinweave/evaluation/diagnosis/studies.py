"""The studies of a recipe other than its protocols: genes, robustness, free text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis import Case, read_findings, release_in
from clinweave.core.artifacts import read_manifest
from clinweave.core.errors import UserError
from clinweave.evaluation.diagnosis import free_text, gene_level, robustness
from clinweave.evaluation.diagnosis.conditions import BASELINE, CONDITIONS, open_condition
from clinweave.evaluation.diagnosis.context import StudyContext
from clinweave.evaluation.diagnosis.protocol import Setting
from clinweave.evaluation.diagnosis.ranking import Condition, known_cases, rank_cases
from clinweave.evaluation.diagnosis.results import FreeText, GeneLevel, Robustness
from clinweave.evaluation.diagnosis.tables import rows
from clinweave.evaluation.diagnosis.truth import Truth
from clinweave.evaluation.runner import Step, Work

# of each study: raise it when its code gives other results of the same cases
VERSIONS = {"genes": 2, "robustness": 2, "free-text": 2}


@dataclass(frozen=True)
class StudyTask:
    """A study under one protocol: the shared context and where fetched data are."""

    context: StudyContext
    setting: Setting
    home: Path

    def step(self, type_: str) -> Step[Any]:
        """Return the step of a type of task."""
        steps: dict[str, Callable[[], Step[Any]]] = {
            "genes": self._genes_step,
            "robustness": self._robustness_step,
            "free-text": self._free_text_step,
        }
        return steps[type_]()

    @property
    def own(self) -> str:
        """Return the name of this project's condition here: with Mondo if it is given."""
        return "clinweave" if self.setting.mondo else "clinweave-release"

    @property
    def parameters(self) -> dict[str, Any]:
        """Return what every study depends on, besides files."""
        return {
            "count": self.setting.count,
            "leave_out": self.setting.leave_out,
            "seed": self.context.seed,
            "resamples": self.context.resamples,
        }

    def inputs(self) -> dict[str, str]:
        """Return the hashes of the release, of Mondo and of the table of genes."""
        return self.context.release_inputs(self.setting.release, *self.setting.mapped)

    def condition(self, name: str) -> Condition:
        """Return a condition on the release of this study."""
        return self.context.condition(name, self.setting.release, *self.setting.mapped)

    def known(self, condition: Condition) -> tuple[list[Case], list[Truth]]:
        """Return cases of diseases that the release annotates, with a finding that it can use."""
        in_release = known_cases(condition.model, self.context.truths)
        ontology = condition.model.ontology
        return self.context.drawn(
            self.setting.count,
            lambda case, truth: truth.id in in_release and bool(read_findings(ontology, case).observed),
        )

    def _genes_step(self) -> Step[GeneLevel]:
        def inputs() -> dict[str, str]:
            diseases, _ = gene_level.genes_of_diseases(self.home)
            return {**self.inputs(), "genes of diseases": str(sum(map(len, diseases.values())))}

        return self.context.step(
            "genes",
            GeneLevel,
            self._genes,
            VERSIONS["genes"],
            inputs=inputs,
            parameters=self.parameters,
            title=self.setting.title,
        )

    def _genes(self, work: Work) -> GeneLevel:
        """Return the rank of the causal gene among sampled others, for every condition."""
        setting, seed = self.setting, self.context.seed
        diseases, sources = gene_level.genes_of_diseases(self.home)
        cases, truths = self.context.drawn(setting.count, lambda _, truth: bool(truth.gene))
        ranks = {}
        for name in CONDITIONS:
            if name == "clinweave" and setting.mondo is None:
                continue
            condition = self.condition(name)
            with work.progress.bar(f"Genes: {name}", len(cases)) as step:
                ranks[name] = gene_level.rank_genes(
                    condition, cases, truths, diseases, leave_out=setting.leave_out, seed=seed, step=step
                )
        return GeneLevel(
            rows=rows(ranks, truths, BASELINE, resamples=self.context.resamples),
            cases=len(cases),
            unmapped=sum(truth.gene not in diseases for truth in truths),
            genes=len(diseases),
            decoys=gene_level.DECOYS,
            sources=sources,
        )

    def _robustness_step(self) -> Step[Robustness]:
        return self.context.step(
            "robustness",
            Robustness,
            self._robustness,
            VERSIONS["robustness"],
            inputs=self.inputs,
            parameters=self.parameters,
            title=self.setting.title,
        )

    def _robustness(self, work: Work) -> Robustness:
        """Return the curves of every condition on the same changed cases."""
        setting, context = self.setting, self.context
        names = (
            "lrz",
            "lirical-lr",
            "resnik",
            "clinweave-release",
            *(["clinweave"] if setting.mondo else []),
        )
        first = context.condition("clinweave-release", setting.release)
        cases, truths = self.known(first)
        changed = robustness.variants(cases, first.model, context.seed)
        more = _terms(case for group in changed.values() for case in group)
        ranks = {}
        for name in names:
            condition = self._baseline(more) if name == BASELINE else self.condition(name)
            with work.progress.bar(f"Robustness: {name}", len(cases)) as step:
                ranks[name] = robustness.rank_variants(
                    condition, changed, truths, leave_paper_out=self._leaves_paper_out(), step=step
                )
        return Robustness(
            rows=tuple(robustness.curves(ranks, truths, BASELINE, context.resamples)),
            cases=len(cases),
            diseases=len({truth.disease for truth in truths}),
        )

    def _leaves_paper_out(self) -> bool:
        return self.setting.leave_out == "paper_from_every_disease"

    def _baseline(self, more: set[str]) -> Condition:
        context = self.context
        return open_condition(BASELINE, self.setting.release, context.cache, context.cases, more=more)

    def _free_text_step(self) -> Step[FreeText]:
        graph = read_manifest(self.home / "graph")
        if graph is None:
            raise UserError(
                f"{self.setting.title}: reading texts needs the graph's vocabulary; run `clinweave graph build`"
            )
        return self.context.step(
            "free-text",
            FreeText,
            self._free_text,
            VERSIONS["free-text"],
            inputs=lambda: {**self.inputs(), "graph": str(graph.get("key"))},
            parameters=self.parameters,
            title=self.setting.title,
        )

    def _free_text(self, work: Work) -> FreeText:
        """Return recognition in generated case texts, and what it costs in ranks."""
        from clinweave.knowledge import Graph, Linker

        setting, context = self.setting, self.context
        condition = self.condition(self.own)
        cases, truths = self.known(condition)
        names = free_text.term_names(release_in(setting.release).ontology)
        texts = free_text.write_texts(cases, condition.model, names, context.seed)
        work.progress.status("Reading the case texts")
        linker = Linker.open(Graph.open(self.home / "graph"))
        linked = linker.link_many([text.text for text in texts], ["HP"])
        read = [free_text.as_read(case, mentions) for case, mentions in zip(cases, linked, strict=True)]
        curated, from_text = {}, {}
        for ranker in (condition, self._baseline(_terms(read))):
            with work.progress.bar(f"Free text: {ranker.name}", 2 * len(cases)) as step:
                curated[ranker.name] = rank_cases(ranker, cases, truths, setting.leave_out, step).ranks
                from_text[ranker.name] = rank_cases(ranker, read, truths, setting.leave_out, step).ranks
        return FreeText(
            cases=len(cases),
            recognition=free_text.recognition(texts, read, condition.model),
            losses=free_text.losses(curated, from_text, truths, context.resamples),
            example=texts[0].text,
        )


def _terms(cases: Iterable[Case]) -> set[str]:
    return {term for case in cases for term in case.observed}
