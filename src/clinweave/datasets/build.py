"""`clinweave data build`: write all datasets to one folder, with a dataset card and a decontamination report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from clinweave.core.access_policy import close_folder, tier_of
from clinweave.core.artifacts import Artifact, digest, sha256, stage, write_json
from clinweave.core.errors import UserError
from clinweave.datasets.cards import card, counts, dataset_info
from clinweave.datasets.choices import choice_examples
from clinweave.datasets.closed_book import by_heart
from clinweave.datasets.decontamination import Benchmarks, decontaminate, trap
from clinweave.datasets.examples import Example, Kind, write_examples
from clinweave.datasets.instructions import FEATURE, Writer
from clinweave.datasets.newer_release import later_release, made_true
from clinweave.datasets.preferences import Pairs
from clinweave.datasets.running_text import text_examples
from clinweave.datasets.safety import safety_examples
from clinweave.datasets.shapes import read_shape, write_shape
from clinweave.datasets.splits import LEFT_OUT, Splits

if TYPE_CHECKING:
    from clinweave.knowledge import Graph, Linker

VERSION = 4  # raise it when the same settings give other items
Progress = Callable[[int, int], None]  # diseases done, of how many


@dataclass(frozen=True)
class DataSettings:
    """How much is made, and how it is split."""

    diseases: int = 1500
    per_kind: int = 400  # multiple-choice questions of each kind in each split, at most
    phrasings: int = 2  # of each closed-book question
    wrong: int = 2  # wrong names per closed-book answer
    passages: int = 2000  # definitions among the running text
    safety: int = 200
    budget: int = 160  # estimated tokens of evidence in a prompt
    held_out: float = 0.15
    validation: float = 0.05
    held_facts: float = 0.15
    shapes: tuple[str, ...] = ("messages", "sharegpt", "alpaca")  # written in addition to TRL's
    decontaminate: bool = True
    seed: int = 0


def build_data(
    graph: "Graph",
    linker: "Linker | None",
    out: Path,
    settings: DataSettings,
    *,
    benchmarks: Sequence[Path] = (),
    add: Sequence[Path] = (),
    later: Path | None = None,
    progress: Progress | None = None,
) -> Artifact:
    """Build all sets into `out`. `add` are the user's own files, in any shape, which join the training split.

    `benchmarks` are the files that nothing may be shared with, `later` the folder of a later HPO release. The
    set bears the graph's tier.
    """
    inputs = {"graph": str(graph.manifest["key"])}
    inputs |= {f"benchmark:{path.name}": _hash(path) for path in benchmarks}
    inputs |= {f"added:{path.name}": _hash(path) for path in add}
    if later is not None:
        inputs["later"] = digest(sorted((file.name, file.stat().st_size) for file in later.iterdir()))
    builder = Builder(
        graph, linker, settings, tuple(benchmarks), tuple(add), later, progress or (lambda *_: None)
    )
    return stage(out, "data", inputs, asdict(settings), builder.build, version=VERSION)


@dataclass
class Builder:
    """Makes the items and writes the folder."""

    graph: "Graph"
    linker: "Linker | None"
    settings: DataSettings
    benchmarks: tuple[Path, ...]
    add: tuple[Path, ...]
    later: Path | None
    progress: Progress

    def build(self, out: Path) -> dict[str, Any]:
        """Write everything into `out` and return what the manifest records."""
        examples = self._examples()
        warnings = [warning for path in self.add if (warning := trap(path))]
        against = Benchmarks()
        if self.settings.decontaminate:
            for path in self.benchmarks:
                against.add(path)
        examples, report = decontaminate(examples, against)
        files = self._write(examples, out)
        later = None
        if self.later is not None:
            later = made_true(self.graph, examples, later_release(self.later))
            write_json(out / "later.json", later)
        counted = counts(examples)
        sources = {name: asdict(source) for name, source in self.graph.sources().items()}
        write_json(out / "decontamination.json", {**report, "warnings": warnings})
        write_json(out / "dataset_info.json", dataset_info(files))
        (out / "README.md").write_text(card(counted, sources, report, later, warnings), "utf-8")
        tier = tier_of(self.graph.manifest)
        close_folder(out, tier)
        return {
            "counts": counted,
            "files": {path.name: sha256(path) for path in sorted(out.rglob("*.jsonl"))},
            "left_out": self._left_out,
            "unsupported_sentences": self._writer.unsupported,
            "decontamination": {key: report[key] for key in ("benchmarks", "removed", "by_benchmark")},
            "later": {key: later[key] for key in ("statements", "made_true")} if later else None,
            "warnings": warnings,
            "tier": tier.value,
            "sources": sources,
            "licences": sorted({source["licence"] for source in sources.values()}),
        }

    def _examples(self) -> list[Example]:
        from clinweave.knowledge import CitationChecker, ContextBuilder

        settings = self.settings
        splits = Splits(
            self.graph, settings.seed, settings.held_out, settings.validation, settings.held_facts
        )
        self._writer = writer = Writer(
            self.graph,
            ContextBuilder(self.graph, self.linker),
            CitationChecker(self.graph, self.linker),
            splits,
            settings.budget,
            settings.seed,
        )
        pairs = Pairs(writer)
        diseases = self._diseases()
        disease_ids = set(diseases)
        passages = {
            item: passage
            for passage in self.graph.passages()
            for item in passage.concepts
            if item in disease_ids
        }
        self._left_out = sum(splits.of(item) == LEFT_OUT for item in diseases)
        examples: dict[str, Example] = {}
        for done, disease in enumerate(diseases, 1):
            quoted = writer.defined(disease, passages[disease]) if disease in passages else ()
            for example in (*writer.about(disease), *quoted):
                examples[example.id] = example
                examples |= {pair.id: pair for pair in pairs.of(example)}
            self.progress(done, len(diseases))
        for example in safety_examples(self._drugs(), settings.safety, settings.seed):
            examples[example.id] = example
            examples |= {pair.id: pair for pair in pairs.of(example)}
        more = [
            *by_heart(
                writer, diseases, phrasings=settings.phrasings, wrong=settings.wrong, seed=settings.seed
            ),
            *choice_examples(self.graph, splits, diseases, per_kind=settings.per_kind, seed=settings.seed),
            *text_examples(writer, diseases, passages=settings.passages, seed=settings.seed),
            *(example for path in self.add for example in read_shape(path)),
        ]
        examples |= {item.id: item for item in more}
        return list(examples.values())

    def _diseases(self) -> list[str]:
        """Return diseases with recorded features, drawn by the seed."""
        diseases = sorted({row.subject for row in self.graph.relations(predicate=FEATURE, negated=False)})
        if not diseases:
            raise UserError("the graph records features of no disease: build it with HPO's annotations")
        random = Random(f"{self.settings.seed}/diseases")  # noqa: S311
        return random.sample(diseases, min(self.settings.diseases, len(diseases)))

    def _drugs(self) -> list[str]:
        """Return names of drugs for requests that must be refused."""
        ids = [item for item in self.graph.names().column("id").to_pylist() if item.startswith("DRUGBANK:")]
        names = [item.name for item in self.graph.concepts(sorted(set(ids))[:2000:5]) if item.name.isalpha()]
        return names or ["warfarin", "ibuprofen", "digoxin", "insulin", "morphine"]

    def _write(self, examples: Sequence[Example], out: Path) -> Mapping[str, Kind]:
        """Write TRL's shape by kind and split, and the other shapes of the training split; return what is described."""
        groups: dict[tuple[Kind, str], list[Example]] = {}
        for example in examples:
            groups.setdefault((example.kind, example.split), []).append(example)
        files = {}
        for (kind, split), items in sorted(groups.items()):
            write_examples(items, out / f"{kind}.{split}.jsonl")
            if split != "train" or kind == Kind.CHOICE:
                continue
            for shape in self.settings.shapes:
                folder = out / shape
                folder.mkdir(exist_ok=True)
                write_shape(items, folder / f"{kind}.jsonl", shape)
            described = "alpaca" if kind == Kind.PREFERENCE else "messages"
            if described in self.settings.shapes:
                files[f"{described}/{kind}.jsonl"] = kind
        return files


def _hash(path: Path) -> str:
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    return sha256(path)
