"""The agent beside a single ask: two-hop questions built from the graph, and AgentClinic's simulated patients.

python benchmarks/agent.py two-hop [--items 40] [--model FILE --model-items 12]
python benchmarks/agent.py patients agentclinic_medqa.jsonl.gz

CLINWEAVE_HOME names the knowledge base. Arms are paired by item; differences have 95 % BCa intervals over items. The
control is the agent with no calls allowed: it must equal the single ask. No connection is opened.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.agent_parts.patients import measure_patients
from benchmarks.agent_parts.two_hop import measure_two_hop


def main() -> None:
    """Read the arguments, measure, and print tables (with --out also write every item)."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["two-hop", "patients"])
    parser.add_argument("file", nargs="?", type=Path, help="AgentClinic's patients, .jsonl.gz")
    parser.add_argument(
        "--items", type=int, default=40, help="questions of each kind, or patients; 0 for all"
    )
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument(
        "--development", action="store_true", help="two-hop: the wordings that the rules were developed on"
    )
    parser.add_argument("--model", default="", help="also with this model as planner")
    parser.add_argument("--model-items", type=int, default=12)
    parser.add_argument("--questions", type=int, default=8, help="questions to a patient")
    parser.add_argument("--out", type=Path, help="every item as JSON")
    options = parser.parse_args()
    if options.what == "two-hop":
        items = measure_two_hop(
            options.items, options.seed, options.model, options.model_items, development=options.development
        )
    elif options.file is None:
        parser.error("patients needs the file of patients")
    else:
        items = measure_patients(options.file, options.items, options.seed, options.questions)
    if options.out:
        options.out.write_text(json.dumps(items, ensure_ascii=False, indent=1), "utf-8")


if __name__ == "__main__":
    main()
