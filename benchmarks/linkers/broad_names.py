"""Write broad_names.tsv: the broad layperson synonyms of the HPO that lead to one finding.

    python -m benchmarks.linkers.broad_names hp.obo[.gz]

A synonym that is broader than its finding ("Rash" of *Skin rash*) is taken where it is a broad synonym of one finding
only and no name of another. The linker uses it for findings alone (`everyday.py`).
"""

import re
from collections import defaultdict

from benchmarks.linkers.name_tables import write_table

_SYNONYM = re.compile(r'synonym: "(.*?)" (\w+)( layperson)?')
_UNCLEAR = frozenset({"undergrowth", "breaking out", "blind spot"})  # mostly mean something else


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
    write_table(__doc__, "broad_names.tsv", "Broad layperson synonyms of the Human Phenotype Ontology", broad)
