"""Write broad_names.tsv: the broad layperson synonyms of the HPO that lead to one finding.

    python benchmarks/linkers/broad_names.py hp.obo[.gz]

A synonym that is broader than its finding ("Rash" of *Skin rash*) is taken where it is a broad synonym of one finding
only and no name of another. The linker uses it for findings alone (`everyday.py`).
"""

import argparse
import gzip
import re
from collections import defaultdict
from pathlib import Path

_SYNONYM = re.compile(r'synonym: "(.*?)" (\w+)( layperson)?')
_UNCLEAR = frozenset({"undergrowth", "breaking out", "blind spot"})  # mostly mean something else
_OUT = Path("src/clinweave/knowledge/linking/broad_names.tsv")


def main() -> None:
    """Write the table and print how many names it has."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("obo", type=Path)
    path = parser.parse_args().obo
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    version = re.search(r"^data-version: (.*)$", text, re.MULTILINE)
    rows = sorted(broad(text).items())
    head = f"# Broad layperson synonyms of the Human Phenotype Ontology ({version[1] if version else 'no version'})\n"
    _OUT.write_text(head + "".join(f"{name}\t{curie}\n" for name, curie in rows), "utf-8")
    print(f"{len(rows)} names in {_OUT}")


def broad(text: str) -> dict[str, str]:
    """Return the finding of each broad layperson synonym (lower case) that leads to one finding."""
    owners: dict[str, set[str]] = defaultdict(set)
    others: set[str] = set()
    for stanza in text.split("\n[Term]\n")[1:]:
        curie = stanza[4 : stanza.index("\n")]
        if "is_obsolete: true" in stanza:
            continue
        name = re.search(r"^name: (.*)$", stanza, re.MULTILINE)
        others |= {name[1].lower()} if name else set()
        for words, scope, lay in _SYNONYM.findall(stanza):
            if scope != "BROAD":
                others.add(words.lower())
            elif lay:
                owners[words.lower().strip()].add(curie)
    return {
        words: next(iter(curies))
        for words, curies in owners.items()
        if len(curies) == 1 and words not in others | _UNCLEAR and not re.search(r"[,/(]", words)
    }


if __name__ == "__main__":
    main()
