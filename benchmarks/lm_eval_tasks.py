"""Run a condition of clinweave as a model of the lm-evaluation-harness on two of the harness's own tasks.

    python benchmarks/lm_eval_tasks.py PUBMEDQA.json MEDQA.json [--model smollm2] [--conditions base,graph] [--limit 20]

Needs `pip install lm-eval`. The tasks are `pubmedqa` and `medqa_4options` as the harness defines them (prompt, choices,
metric); only their data come from local files, PubMedQA's labelled JSON and MedQA's with four options, since nothing is
downloaded. Prints the harness's accuracy and standard error by task and condition.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from clinweave.evaluation.comparison.lm_eval_model import NAME, register

_PUBMEDQA, _MEDQA = "pubmedqa", "medqa_4options"
_FILES = {_PUBMEDQA: "pubmedqa/pubmedqa.yaml", _MEDQA: "medqa/medqa.yaml"}
_FIELDS = {_PUBMEDQA: "QUESTION", _MEDQA: "sent1"}  # what retrieval sees of a document


def pubmedqa_rows(path: Path) -> list[dict[str, Any]]:
    """Return PubMedQA's questions in the shape of the harness's data set."""
    return [
        {"QUESTION": row["QUESTION"], "CONTEXTS": row["CONTEXTS"], "final_decision": row["final_decision"]}
        for row in json.loads(path.read_text("utf-8")).values()
    ]


def medqa_rows(path: Path) -> list[dict[str, Any]]:
    """Return MedQA's questions of four options in the shape of the harness's data set."""
    rows = []
    for row in json.loads(path.read_text("utf-8")):
        texts = list(row["options"].values())
        if len(texts) == 4:
            endings = {f"ending{index}": text for index, text in enumerate(texts)}
            rows.append({"sent1": row["question"], **endings, "label": texts.index(row["answer"])})
    return rows


def write_task(task: str, rows: list[dict[str, Any]], folder: Path) -> str:
    """Write a task that is the harness's own but for where its data lie; return its name."""
    import lm_eval

    own = Path(lm_eval.__file__).parent / "tasks" / _FILES[task]
    data, name = folder / f"{task}.jsonl", f"{task}_local"
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    lines = [
        f"include: {own}", f"task: {name}", "dataset_path: json", "dataset_name: null",
        f"dataset_kwargs: {{data_files: {{test: {data}}}}}", "training_split: null", "validation_split: null",
        "test_split: test", "num_fewshot: 0",
    ]  # fmt: skip
    (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    return name


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pubmedqa", type=Path)
    parser.add_argument("medqa", type=Path)
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--conditions", default="base,graph")
    parser.add_argument("--limit", type=int, default=20, help="items of each task")
    asked = parser.parse_args()
    register()
    import lm_eval
    from lm_eval.tasks import TaskManager

    print("| task | condition | n | acc (stderr) |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = {_PUBMEDQA: pubmedqa_rows(asked.pubmedqa), _MEDQA: medqa_rows(asked.medqa)}
        names = {task: write_task(task, rows[: asked.limit], Path(folder)) for task, rows in data.items()}
        manager = TaskManager(include_path=folder)
        for task, name in names.items():
            for condition in asked.conditions.split(","):
                arguments = f"model={asked.model},condition={condition},question={_FIELDS[task]}"
                result = lm_eval.simple_evaluate(
                    model=NAME, model_args=arguments, tasks=[name], task_manager=manager
                )
                own = result["results"][name]
                print(
                    f"| {task} | {condition} | {min(asked.limit, len(data[task]))} | {own['acc,none']:.3f} "
                    f"({own['acc_stderr,none']:.3f}) |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
