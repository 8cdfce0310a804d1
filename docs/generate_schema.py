"""Write docs/results.schema.json, the JSON schema of results.json: `python docs/generate_schema.py` (`make docs`)."""

import json
from pathlib import Path

from clinweave.evaluation import results_schema

PAGE = Path(__file__).with_name("results.schema.json")

if __name__ == "__main__":
    PAGE.write_text(json.dumps(results_schema(), indent=1, ensure_ascii=False) + "\n", "utf-8")
