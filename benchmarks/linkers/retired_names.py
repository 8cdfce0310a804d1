"""Write retired_names.tsv: names of obsolete terms of the HPO, each with the one term that replaced it.

    python -m benchmarks.linkers.retired_names hp.obo[.gz]

Texts and older annotations keep such names ("Psychomotor retardation"). Names that a live term has, that lead to
several terms, or that only an editor would write (brackets, identifiers) are left out. For findings alone.
"""

import re
from collections import defaultdict

from benchmarks.linkers.name_tables import write_table

_SYNONYM = re.compile(r'^synonym: "(.*?)" EXACT', re.MULTILINE)
_ANY_SYNONYM = re.compile(r'^synonym: "(.*?)" ', re.MULTILINE)
_NAME = re.compile(r"^name: (?:obsolete )?(.*)$", re.MULTILINE)
_REPLACED = re.compile(r"^replaced_by: (HP:\d+)", re.MULTILINE)
_UNUSABLE = re.compile(r"[,/()\d]|due to|associated with|^heterogeneous$|^abnormal", re.IGNORECASE)


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
    write_table(
        __doc__, "retired_names.tsv", "Names of obsolete terms of the Human Phenotype Ontology", retired
    )
