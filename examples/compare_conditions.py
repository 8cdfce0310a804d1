"""Compare a model without evidence and with a knowledge graph on the same questions. No download is needed.

The graph, the four questions and the model are made up: the scripted model prefers the option that its prompt names, so
the graph must help, and four questions are too few for a significant difference. Give your own instead:

python examples/compare_conditions.py --model http://127.0.0.1:8000/v1#my-model --bench benchmark.json
"""

import argparse
import tempfile
from pathlib import Path

import clinweave
from clinweave.knowledge import build_graph

FOLDER = Path(__file__).parent / "comparison"


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare a model with and without a knowledge graph.")
    parser.add_argument("--model", default=f"scripted:{FOLDER / 'model.json'}")
    parser.add_argument("--bench", type=Path, default=FOLDER / "questions.jsonl")
    parser.add_argument("--out", type=Path, help="folder of report.html and results.json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        graph = Path(work) / "graph"
        tables = {path.name: path for path in (FOLDER / "graph").iterdir()}
        build_graph({"example": tables}, graph)
        results = clinweave.compare(
            options.bench,
            model=options.model,
            graph=graph,
            conditions=["base", "graph", "wrong-entity"],
            out=options.out or Path(work) / "out",
        )
    for result in results.tasks.values():
        for name, condition in result.conditions.items():
            low, high = condition.interval
            interval = f"95 % CI {low:.2f} to {high:.2f}"
            print(f"{name}: accuracy {condition.accuracy:.2f} ({interval}), n = {condition.n}")
    for row in results.comparisons:
        interval = f"95 % CI {row.low:+.2f} to {row.high:+.2f}"
        print(
            f"{row.metric}, {row.condition} - {row.baseline}: {row.difference:+.2f} ({interval}), p = {row.p:.3f}"
        )


if __name__ == "__main__":
    main()
