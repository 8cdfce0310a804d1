"""Write retired_names.tsv: names of obsolete terms of the HPO, each with the one term that replaced it.

    python benchmarks/linkers/retired_names.py hp.obo[.gz]

Texts and older annotations keep such names ("Psychomotor retardation"). Names that a live term has, that lead to
several terms, or that only an editor would write (brackets, identifiers) are left out. For findings alone.
"""

import argparse
import gzip
import re
from collections import defaultdict
from pathlib import Path

_SYNONYM = re.compile(r'^synonym: "(.*?)" EXACT', re.MULTILINE)
_ANY_SYNONYM = re.compile(r'^synonym: "(.*?)" ', re.MULTILINE)
_NAME = re.compile(r"^name: (?:obsolete )?(.*)$", re.MULTILINE)
_REPLACED = re.compile(r"^replaced_by: (HP:\d+)", re.MULTILINE)
_UNUSABLE = re.compile(r"[,/()\d]|due to|associated with|^heterogeneous$|^abnormal", re.IGNORECASE)
_OUT = Path("src/clinweave/knowledge/linking/retired_names.tsv")


def main() -> None:
    """Write the table and print how many names it has."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("obo", type=Path)
    path = parser.parse_args().obo
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
    version = re.search(r"^data-version: (.*)$", text, re.MULTILINE)
    rows = sorted(retired(text).items())
    head = f"# Names of obsolete terms of the Human Phenotype Ontology ({version[1] if version else 'no version'})\n"
    _OUT.write_text(head + "".join(f"{name}\t{curie}\n" for name, curie in rows), "utf-8")
    print(f"{len(rows)} names in {_OUT}")


def retired(text: str) -> dict[str, str]:
    """Return the term that replaced the obsolete one of each name (lower case)."""
    live: set[str] = set()
    spoken: set[str] = set()
    owners: dict[str, set[str]] = defaultdict(set)
    stanzas = text.split("\n[Term]\n")[1:]
    for stanza in stanzas:
        if "is_obsolete: true" not in stanza:
            live.add(stanza[4 : stanza.index("\n")])
            spoken |= {name.lower() for name in (*_NAME.findall(stanza), *_ANY_SYNONYM.findall(stanza))}
    for stanza in stanzas:
        heir = _REPLACED.search(stanza)
        if "is_obsolete: true" in stanza and heir and heir[1] in live:
            for name in (*_NAME.findall(stanza), *_SYNONYM.findall(stanza)):
                owners[name.lower().strip()].add(heir[1])
    return {
        name: next(iter(heirs))
        for name, heirs in owners.items()
        if len(heirs) == 1 and name not in spoken and not _UNUSABLE.search(name)
    }


if __name__ == "__main__":
    main()
