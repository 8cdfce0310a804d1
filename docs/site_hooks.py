"""Hooks of the documentation site: pages from the repository's root, the results schema, and GitHub's Markdown."""

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

DOCS = Path(__file__).parent
ROOT = DOCS.parent
# file of the repository -> page of the site
PAGES = {
    "README.md": "readme.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
    "examples/README.md": "examples.md",
}
_LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
_BLOCK = re.compile(r"([-*] |\d+\. |\|)")  # the first line of a list or a table
_FENCE = re.compile(r"\s*(```|~~~)")


def on_files(files: Any, config: Any) -> Any:
    """Add the pages that do not lie in docs/."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text("utf-8")
        files.append(File.generated(config, page, content=relinked(text, source)))
    files.append(File.generated(config, "results_schema.md", content=schema_page()))
    files.append(File.generated(config, "compendium.md", content=compendium_page()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return a page of docs/ with links that stay within the site, and its blocks set apart."""
    source = page.file.src_uri
    if source not in {*PAGES.values(), "results_schema.md", "compendium.md"}:
        markdown = relinked(markdown, f"docs/{source}")
    return with_blank_lines(markdown)


def relinked(text: str, source: str) -> str:
    """Return the text of a file of the repository with its links to files as links to pages."""
    folder = posixpath.dirname(source)
    page = PAGES.get(source) or source.removeprefix("docs/")

    def link(match: "re.Match[str]") -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        inside = PAGES.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else "")
        if not inside:
            raise ValueError(f"{source}: the link to {match[1]} leads to no page; write it as code")
        return posixpath.relpath(inside, posixpath.dirname(page) or ".") + (match[2] or "")

    return _LINK.sub(link, text)


def with_blank_lines(text: str) -> str:
    """Return Markdown with a blank line before each list and table, which Python-Markdown needs and GitHub does not."""
    lines: list[str] = []
    in_code = False
    for line in text.splitlines():
        if _FENCE.match(line):
            in_code = not in_code
        previous = lines[-1] if lines else ""
        if not in_code and _BLOCK.match(line) and previous.strip() and not _continues(previous, line):
            lines.append("")
        lines.append(line)
    return "\n".join(lines) + "\n"


def _continues(previous: str, line: str) -> bool:
    """Say whether a line goes on with the block of the line above."""
    if line.startswith("|"):
        return previous.startswith("|")
    return bool(_BLOCK.match(previous)) or previous.startswith(" ")


def schema_page() -> str:
    """Return a page of the schema of results.json: one table for each class."""
    schema = json.loads((DOCS / "results.schema.json").read_text("utf-8"))
    parts = [
        "# Schema of results",
        "",
        "`results.json` of every run follows [this JSON schema](results.schema.json).",
        "",
    ]
    for name, definition in schema["$defs"].items():
        parts += [f"## {name} {{#{_anchor(name)}}}", "", definition.get("description", ""), ""]
        if properties := definition.get("properties"):
            parts += ["| key | type |", "|---|---|"]
            parts += [f"| `{key}` | {_type(value)} |" for key, value in properties.items()]
            parts.append("")
    return "\n".join(parts)


def compendium_page() -> str:
    """Return the compendium as one sortable table per kind (sort.js), each fact with its source."""
    from clinweave.compendium import load, named_systems

    kinds = {"system": "Systems", "model": "Models", "dataset": "Datasets", "database": "Databases"}
    entries = load(ROOT / "compendium")
    named = named_systems(entries)
    missing = ", ".join(system.name for system in named if not system.entry)
    lead = f"{len(entries)} entries. Click a heading to sort. `clinweave compendium` exports them."
    covered = (
        f"Of {len(named)} systems that the figures and tables of the survey arXiv:2502.20988 name, "
        f"{sum(bool(system.entry) for system in named)} have an entry (`clinweave compendium --survey`). No public "
        f"source was found for {missing}."
    )
    parts = ["# Compendium", "", lead, "", covered, ""]
    for kind, title in kinds.items():
        parts += [f"## {title}", "", "| name | what | access | licence | knowledge | size | reported | sources |",
                  "|---|---|---|---|---|---|---|---|"]  # fmt: skip
        for entry in entries:
            if entry.kind == kind:
                parts.append(f"| {' | '.join(map(_plain_cell, _entry_cells(entry)))} |")
        parts.append("")
    return "\n".join(parts)


def _entry_cells(entry: Any) -> list[str]:
    return [
        entry.name, entry.summary, entry.access, entry.licence,
        "; ".join(f"{each.which} ({each.merged_how})" for each in entry.knowledge),
        "; ".join(f"{each.value} {each.what} ({each.as_of}; {each.source})" for each in entry.size),
        "; ".join(
            f"{each.benchmark}, {each.metric}: {each.value} ({each.source}; {each.trust})" for each in entry.reported
        ),
        "; ".join(entry.sources),
    ]  # fmt: skip


def _plain_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("[", "\\[")


def _anchor(name: str) -> str:
    return name.lower().replace(".", "-")


def _type(value: Any) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{_anchor(name)})"
    if "anyOf" in value:
        return " or ".join(map(_type, value["anyOf"]))
    if "enum" in value:
        return ", ".join(f"`{item}`" for item in value["enum"])
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}" if "items" in value else "list"
    if value.get("type") == "object":
        return f"table of {_type(value.get('additionalProperties', {}))}"
    return str(value.get("type", "any"))
