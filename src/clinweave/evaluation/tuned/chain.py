"""From a recipe with stages to results: data, training, measuring. Every stage resumes."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import Artifact, write_json
from clinweave.datasets import DataSettings, build_data, read_examples
from clinweave.evaluation.chain import weights_key
from clinweave.evaluation.tuned.measure import Measured, measure
from clinweave.evaluation.tuned.recipe import BASE, Tuning
from clinweave.evaluation.tuned.results import by_kin, summarise
from clinweave.evaluation.worlds import Worlds
from clinweave.knowledge import Graph, Linker
from clinweave.training import Inputs, base_weights, export, run_stage, write_replay

Say = Callable[[str], None]


@dataclass
class TuneRun:
    """Where a run writes, and how it tells what it does."""

    recipe: Tuning
    out: Path
    home: Path
    say: Say = lambda _: None

    def run(self) -> dict[str, Any]:
        """Build data, train every stage, measure every arm; return what results.json holds."""
        self.out.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_json(self.out / "recipe.json", asdict(self.recipe))
        data = self._data()
        made = self._train(data.path)
        found = self._measure(made, data.path)
        results = {
            **summarise(self.recipe, found),
            "kin": by_kin(found, near_trained(data.path, Graph.open(self.home / "graph"))),
            "recipe": self._plain(),
            "base": weights_key(self.recipe.base),
            "data": {
                key: data.manifest[key]
                for key in ("counts", "decontamination", "later", "left_out", "warnings")
            },
            "stages": {name: _told(one.manifest) for name, one in made.items()},
        }
        if self.recipe.export:
            self.say(f"Exporting {self.recipe.export}")
            shown = {f"{arm}: {name}": value for arm, name, value in results["headline"]}
            out = export(
                made[self.recipe.export].path, self.out / "export", title=self.recipe.name, results=shown
            )
            results["export"] = out.manifest["parity"]
        write_json(self.out / "results.json", results)
        return results

    def _data(self) -> Artifact:
        self.say("Knowledge graph")
        Worlds(self.home, (), self.say).usual()
        self.say("Training data")
        graph = Graph.open(self.home / "graph")
        values: dict[str, Any] = {
            "seed": self.recipe.seed,
            **{key: tuple(one) if isinstance(one, list) else one for key, one in self.recipe.data.items()},
        }
        settings = DataSettings(**values)
        avoid = [Path(one) for one in self.recipe.avoid if Path(one).exists()]
        later = Path(self.recipe.later) if self.recipe.later and Path(self.recipe.later).exists() else None
        return build_data(
            graph,
            Linker.open(graph),
            self.out / "data",
            settings,
            benchmarks=avoid,
            later=later,
            progress=lambda done, total: self.say(f"Training data: disease {done} of {total}"),
        )

    def _train(self, data: Path) -> dict[str, Artifact]:
        made: dict[str, Artifact] = {}
        replay = self._replay()
        for stage in self.recipe.stages:
            self.say(f"{stage.name}: {stage.type}")
            inputs = Inputs(
                base=self.recipe.base if stage.start == BASE else str(made[stage.start].path),
                data=data,
                reward=made[stage.reward].path if stage.reward else None,
                graph=self.home / "graph" if stage.type in {"ppo", "grpo"} else None,
                replay=replay,
                home=self.home,
                told=lambda done, total, logged, name=stage.name: self.say(  # type: ignore[misc]
                    f"{name}: step {done} of {total}"
                    + (f", loss {logged['loss']:.3f}" if "loss" in logged else "")
                ),
            )
            settings = {"threads": self.recipe.threads, **stage.settings}
            made[stage.name] = run_stage(stage.type, settings, inputs, self.out / "stages" / stage.name)
        return made

    def _replay(self) -> Path | None:
        if not self.recipe.replay:
            return None
        self.say(f"Replay: {self.recipe.replay} replies of the base itself")
        weights = base_weights(self.recipe.base, self.home)
        return write_replay(
            weights,
            self.out / "replay",
            self.recipe.replay,
            self.recipe.seed,
            threads=self.recipe.threads or None,
        ).path

    def _measure(self, made: Mapping[str, Artifact], data: Path) -> list[Measured]:
        graph = Graph.open(self.home / "graph")
        found: list[Measured] = []
        for arm in dict.fromkeys((*self.recipe.arms, *filter(None, (self.recipe.blind,)))):
            weights = base_weights(self.recipe.base, self.home) if arm == BASE else made[arm].path
            self.say(f"Measuring {arm}")
            out = self.out / "measured" / arm
            found += measure(arm, weights, data, graph, self.recipe, out, self.say)
        return found

    def _plain(self) -> dict[str, Any]:
        """Return the recipe with file names in place of folders."""
        names = tuple(Path(one).name for one in self.recipe.avoid)
        measures = replace(
            self.recipe.measures, benchmarks=tuple(Path(one).name for one in self.recipe.measures.benchmarks)
        )
        later = Path(self.recipe.later).name
        return asdict(replace(self.recipe, avoid=names, later=later, measures=measures))


def near_trained(data: Path, graph: Graph) -> set[str]:
    """Return the ids of held-out facts above or below which a trained fact of the same disease stands."""
    trained: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in read_examples(data / "instruction.train.jsonl"):
        if one.gold and one.task == "closed-book":
            subject, predicate, target = one.gold
            trained[one.cluster, predicate].add(target if subject == one.cluster else subject)
    near = set()
    for one in read_examples(data / "choice.held-out-facts.jsonl"):
        assert one.gold
        subject, predicate, target = one.gold
        answer = target if subject == one.cluster else subject
        if trained[one.cluster, predicate] & (graph.ancestors(answer) | graph.descendants(answer)):
            near.add(one.id)
    return near


def _told(manifest: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("kind", "steps", "items", "too_long", "tokens", "tokens_shared", "rows", "loss", "seconds", "precision",
            "memory", "held_out", "reward_model", "parameters")  # fmt: skip
    return {key: manifest[key] for key in keys if key in manifest}
