"""Files that accompany a built dataset: LLaMA-Factory's dataset_info.json and a dataset card."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from clinweave.datasets.examples import Example, Kind
from clinweave.datasets.preferences import REJECTIONS

_TAGS = {"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant",
         "system_tag": "system"}  # fmt: skip


def dataset_info(files: Mapping[str, Kind]) -> dict[str, object]:
    """Return LLaMA-Factory's description of the files (its sharegpt reader with OpenAI's tags reads chat messages)."""
    info: dict[str, object] = {}
    for name, kind in files.items():
        title = f"clinweave_{name.removesuffix('.jsonl').replace('/', '_').replace('.', '_')}"
        if kind == Kind.TEXT:
            info[title] = {"file_name": name, "columns": {"prompt": "text"}}
        elif kind == Kind.PREFERENCE:
            columns = {
                "prompt": "instruction",
                "system": "system",
                "chosen": "chosen",
                "rejected": "rejected",
            }
            info[title] = {"file_name": name, "formatting": "alpaca", "ranking": True, "columns": columns}
        else:
            info[title] = {"file_name": name, "formatting": "sharegpt", "columns": {"messages": "messages"},
                            "tags": _TAGS}  # fmt: skip
    return info


def counts(examples: Sequence[Example]) -> dict[str, dict[str, dict[str, int]]]:
    """Return kind -> split -> task (and kind of rejection) -> number of items."""
    result: dict[str, dict[str, Counter[str]]] = {}
    for example in examples:
        name = f"{example.task}: {example.rejection}" if example.rejection else example.task
        result.setdefault(example.kind.value, {}).setdefault(example.split, Counter())[name] += 1
    return {
        kind: {split: dict(sorted(tasks.items())) for split, tasks in sorted(splits.items())}
        for kind, splits in sorted(result.items())
    }


def card(
    counted: Mapping[str, Mapping[str, Mapping[str, int]]],
    sources: Mapping[str, Mapping[str, object]],
    decontamination: Mapping[str, object],
    later: Mapping[str, object] | None,
    warnings: Sequence[str],
) -> str:
    """Return the dataset card (README.md with YAML front matter)."""
    total = sum(count for splits in counted.values() for tasks in splits.values() for count in tasks.values())
    size = next(name for limit, name in _SIZES if total < limit)
    lines = [
        "---",
        "language: [en]",
        "license: other",
        "license_name: as-the-sources-below",
        "pretty_name: clinweave training set",
        f"size_categories: [{size}]",
        "task_categories: [text-generation, question-answering]",
        "tags: [medical, citations, preference]",
        "---",
        "# clinweave training set",
        "",
        "Made from records of the sources below; no sentence was written by a language model. For research, not for",
        "clinical decisions. Diseases are split by family; tested diseases and their relatives are not trained on.",
        "",
        *_sources(sources),
        *_items(counted),
        "Faults of rejected replies: "
        + "; ".join(f"{name}: {meaning}" for name, meaning in REJECTIONS.items())
        + ".",
        "",
        "## Decontamination",
        "",
        *_decontaminated(decontamination),
    ]
    lines += _later(later)
    if warnings:
        lines += ["", "## Warnings", "", *(f"- {warning}" for warning in warnings)]
    return "\n".join(lines) + "\n"


def _sources(sources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [
        f"| {source['name']} | {source['release']} | {source['licence']} |" for source in sources.values()
    ]
    return ["## Sources", "", "| source | release | licence |", "|---|---|---|", *rows, ""]


def _items(counted: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[str]:
    rows = [
        f"| {kind} | {split} | {task} | {count} |"
        for kind, splits in counted.items()
        for split, tasks in splits.items()
        for task, count in tasks.items()
    ]
    return ["## Items", "", "| kind | split | task | items |", "|---|---|---|---|", *rows, ""]


def _later(later: Mapping[str, Any] | None) -> list[str]:
    if later is None:
        return []
    true, of = later["made_true"], later["statements"]
    listing = ", ".join(f"{name} {true.get(name, 0)} of {count}" for name, count in of.items()) or "none made"
    return [
        "",
        "## Later release",
        "",
        f"Statements taken as false that a later release of HPO's annotations makes true: {listing}.",
        "Absence of a record is not a negation.",
    ]


def _decontaminated(report: Mapping[str, Any]) -> list[str]:
    if not report["benchmarks"]:
        return ["**Not checked against any benchmark: no file was given.**"]
    files = ", ".join(f"{name} ({count})" for name, count in report["benchmarks"].items())
    return [
        f"Compared with {files}, by equal text and by runs of {report['words']} words: "
        f"{report['removed']} of {report['examples']} items removed (decontamination.json names them)."
    ]


_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1e12, "100K<n<1M"))
