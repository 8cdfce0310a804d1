"""Write the table of docs/configuration.md from the settings: `make docs`. A test checks that it is current."""

import json
from dataclasses import fields
from pathlib import Path

from clinweave.core.configuration import Settings, variable

PAGE = Path(__file__).with_name("configuration.md")
BEGIN, END = "<!-- settings: begin -->", "<!-- settings: end -->"


def table() -> str:
    """Return one row for each setting."""
    rows = ["| key | default | what | environment variable | project file |", "|---|---|---|---|---|"]
    for item in fields(Settings):
        allowed = "no" if item.metadata["user_only"] else "yes"
        default = json.dumps(item.default)
        rows.append(
            f"| `{item.name}` | `{default}` | {item.metadata['help']} | `{variable(item.name)}` | {allowed} |"
        )
    return "\n".join(rows)


def page() -> str:
    """Return the page with the current table."""
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE}")
