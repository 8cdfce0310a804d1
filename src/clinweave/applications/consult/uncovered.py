"""Tables on what a question asks that have no row for the value it states."""

from collections.abc import Iterator, Sequence

from clinweave.applications.consult.limits import meets
from clinweave.applications.consult.matching import Facet, facets_of, match
from clinweave.applications.consult.quoting import LEAST_OWN
from clinweave.applications.consult.units import Unit, units_of
from clinweave.knowledge import Origin, Query, origin_of
from clinweave.records import Evidence


def uncovered_value(query: Query, evidence: Sequence[Evidence]) -> str:
    """Return a sentence that names the first table whose rows are all for other values than the asked one, else ""."""
    tables: dict[tuple[str, ...], bool] = {}
    for unit in _rows(evidence, facets_of(query)):
        other = meets(query.text, unit.text, " ".join(unit.heads)) is False
        tables[unit.heads] = tables.get(unit.heads, True) and other
    name = next((" > ".join(dict.fromkeys(heads)) for heads, other in tables.items() if other), "")
    return f"No row of the table under “{name}” covers the value in the question." if name else ""


def _rows(evidence: Sequence[Evidence], facets: Sequence[Facet]) -> Iterator[Unit]:
    """Yield the table rows of the user's own documents that speak of most of what the question names."""
    for item in evidence:
        if item.passage is not None and origin_of(item.passage) == Origin.OWN:
            rows = (unit for unit in units_of(item.passage) if unit.kind == "row")
            yield from (unit for unit in rows if match(unit, facets).coverage >= LEAST_OWN)
