"""The agent beside a single ask: two-hop questions built from the graph, patient records, and AgentClinic's patients.

python benchmarks/agent.py two-hop [--items 40] [--wordings blind] [--model ADDRESS --model-items 12]
python benchmarks/agent.py patients agentclinic_medqa.jsonl.gz
python benchmarks/agent.py clinic agentclinic_medqa.jsonl.gz --model ADDRESS
python benchmarks/agent.py records EHRSQL_FOLDER --demo MIMIC_DEMO.tar.gz --database ehr.duckdb --model ADDRESS

CLINWEAVE_HOME names the knowledge base. Arms are paired by item; differences have 95 % BCa intervals over items. Each
measurement has a control that finishes at once. No connection is opened.
"""

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.agent_parts.clinic import measure_clinic
from benchmarks.agent_parts.journal import Journal
from benchmarks.agent_parts.patients import measure_patients
from benchmarks.agent_parts.records import measure_records
from benchmarks.agent_parts.two_hop import Planned, measure_two_hop


def main() -> None:
    """Read the arguments, measure, and print tables (with --out also write every item)."""
    parser = _parser()
    options = parser.parse_args()
    journal = Journal(options.journal)
    if options.what == "two-hop":
        planned = Planned(options.model, options.model_items, options.minutes)
        items = measure_two_hop(options.items, options.seed, options.wordings, planned, journal)
    elif options.file is None:
        parser.error(f"{options.what} needs the file or folder of its cases")
    elif options.what == "patients":
        items = measure_patients(options.file, options.items, options.seed, options.questions)
    elif not options.model:
        parser.error(f"{options.what} needs --model")
    elif options.what == "clinic":
        items = measure_clinic(options, journal)
    elif options.demo is None or options.database is None:
        parser.error("records needs --demo and --database")
    else:
        items = measure_records(options, journal)
    if options.out:
        options.out.write_text(json.dumps(items, ensure_ascii=False, indent=1), "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["two-hop", "patients", "clinic", "records"])
    parser.add_argument(
        "file", nargs="?", type=Path, help="AgentClinic's patients (.jsonl.gz), or EHRSQL's folder"
    )
    parser.add_argument("--demo", type=Path, help="records: the archive of the MIMIC-IV demo")
    parser.add_argument("--database", type=Path, help="records: the database, built where it is missing")
    parser.add_argument(
        "--items", type=int, default=40, help="questions (two-hop: of each kind) or patients; 0: all"
    )
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument(
        "--wordings",
        choices=["given", "development", "blind"],
        default="given",
        help="two-hop: those that the rules were developed on, or those whose author had not read the rules",
    )
    parser.add_argument("--model", default="", help="the model that plans")
    parser.add_argument(
        "--model-items", type=int, default=12, help="two-hop: questions that the model plans for"
    )
    parser.add_argument("--questions", type=int, default=8, help="questions to a patient")
    parser.add_argument(
        "--minutes", type=float, default=0, help="begin no new item after this time; 0: no limit"
    )
    parser.add_argument("--journal", type=Path, help="file of finished items: a run that was stopped goes on")
    parser.add_argument("--out", type=Path, help="every item as JSON")
    return parser


if __name__ == "__main__":
    main()
