"""Measure types and names of a source tree: `python tools/code_measures.py [src/clinweave] [--by package|file]`.

Counted per package: uses of `Any` per 1,000 code lines, the share of functions that return `dict[str, Any]`, and how
often a vague name is assigned (variables, arguments, attributes, functions) per 1,000 names assigned.
"""

import argparse
import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# names that say nothing of what they hold; fields of a data class count like any other assigned name
VAGUE = (
    "found",
    "one",
    "place",
    "known",
    "told",
    "at",
    "said",
    "held",
    "kept",
    "made",
    "wanted",
    "often",
    "who",
)


@dataclass
class Measures:
    """Counts of one file, or of several when added up."""

    code_lines: int = 0
    any_uses: int = 0
    functions: int = 0
    untyped_dicts: int = 0
    names: int = 0
    vague: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Measures") -> None:
        self.code_lines += other.code_lines
        self.any_uses += other.any_uses
        self.functions += other.functions
        self.untyped_dicts += other.untyped_dicts
        self.names += other.names
        self.vague.update(other.vague)

    @property
    def any_per_1000_lines(self) -> float:
        return 1000 * self.any_uses / max(self.code_lines, 1)

    @property
    def untyped_dict_percent(self) -> float:
        return 100 * self.untyped_dicts / max(self.functions, 1)

    def per_1000_names(self, name: str) -> float:
        return 1000 * self.vague[name] / max(self.names, 1)


def _names(node: ast.AST) -> Iterator[str]:
    """Yield the names that a node assigns: variables, attributes, arguments, functions and classes."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name


def measure(path: Path) -> Measures:
    """Measure one file. Blank lines, comments and docstrings are not code lines."""
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    result = Measures(code_lines=len(_code_lines(tree, text)))
    for node in ast.walk(tree):
        result.any_uses += isinstance(node, ast.Name) and node.id == "Any"
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            result.functions += 1
            returns = ast.unparse(node.returns) if node.returns else ""
            result.untyped_dicts += "dict[str, Any]" in returns
        for name in _names(node):
            result.names += 1
            plain = name.lstrip("_")
            if plain in VAGUE:
                result.vague[plain] += 1
    return result


def _code_lines(tree: ast.AST, text: str) -> set[int]:
    """Return the numbers of the lines that hold code."""
    strings = {
        number
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate(text.splitlines(), 1)
    return {number for number, line in lines if re.match(r"\s*[^\s#]", line)} - strings


def _group(path: Path, root: Path, by: str) -> str:
    parts = path.relative_to(root).parts
    if by == "file":
        return "/".join(parts)
    return "/".join(parts[:-1][:2]) or "."


def main() -> None:
    """Print a table, the worst group first, and the total."""
    parser = argparse.ArgumentParser(description="Measure types and names.")
    parser.add_argument("root", nargs="?", type=Path, default=Path("src/clinweave"))
    parser.add_argument("--by", choices=("package", "file"), default="package")
    options = parser.parse_args()
    groups: dict[str, Measures] = {}
    total = Measures()
    for path in sorted(options.root.rglob("*.py")):
        measures = measure(path)
        groups.setdefault(_group(path, options.root, options.by), Measures()).add(measures)
        total.add(measures)
    print(f"{'lines':>7} {'Any':>5} {'/1000':>6} {'dicts':>5} {'%':>5}  vague names  group")
    for name, item in sorted(
        groups.items(), key=lambda pair: -pair[1].any_uses - sum(pair[1].vague.values())
    ):
        _row(name, item)
    _row("total", total)
    print("per 1,000 names: " + ", ".join(f"{name} {total.per_1000_names(name):.2f}" for name in VAGUE))


def _row(name: str, item: Measures) -> None:
    vague = " ".join(f"{key} {count}" for key, count in item.vague.most_common(5))
    print(
        f"{item.code_lines:7} {item.any_uses:5} {item.any_per_1000_lines:6.1f} "
        f"{item.untyped_dicts:5} {item.untyped_dict_percent:5.1f}  {name}  {vague}"
    )


if __name__ == "__main__":
    main()
