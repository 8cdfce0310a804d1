"""Write a table of HPO names: what the scripts that make the linker's tables share."""

import argparse
import gzip
import re
from collections.abc import Callable
from pathlib import Path

FOLDER = Path("src/clinweave/knowledge/linking")


def write_table(doc: str, name: str, title: str, names: Callable[[str], dict[str, str]]) -> None:
    """Read the hp.obo named on the command line and write FOLDER/NAME: a heading, then name and identifier per line.

    `doc` describes the script for --help, `title` heads the table with the release, `names` maps the text of the file
    to names and identifiers.
    """
    parser = argparse.ArgumentParser(description=doc.split("\n", 1)[0])
    parser.add_argument("obo", type=Path)
    path = parser.parse_args().obo
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    version = re.search(r"^data-version: (.*)$", text, re.MULTILINE)
    rows = sorted(names(text).items())
    head = f"# {title} ({version[1] if version else 'no version'})\n"
    out = FOLDER / name
    out.write_text(head + "".join(f"{row}\t{curie}\n" for row, curie in rows), "utf-8")
    print(f"{len(rows)} names in {out}")
