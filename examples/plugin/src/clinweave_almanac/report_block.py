"""A report block: accuracy by chance for each task of a comparison."""

from collections.abc import Mapping
from typing import Any

from clinweave.core.reports.blocks import Section, Table


def chance(results: Mapping[str, Any]) -> Section | None:
    """Return the section, None for results of another kind."""
    if results["kind"] != "comparison":
        return None
    rows = [(name, f"{task['floors']['chance']:.2f}") for name, task in results["tasks"].items()]
    return Section("Chance by task", [Table(("task", "chance"), rows)])
