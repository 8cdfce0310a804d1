"""Entries of one record that contradict each other: both are shown with their dates, none is preferred."""

from collections.abc import Iterator

from clinweave.applications.summary.record import Entry, Record
from clinweave.applications.summary.results import Line

SECTION = "Contradictions"
MAX_DISAGREEMENTS = 50


def disagreements(record: Record) -> tuple[Line, ...]:
    """Return the contradictions between entries of a record, at most 50 of each kind."""
    lines: list[Line] = []
    for kind in (_allergies, _present_and_absent, _two_values, _outside_life):
        for number, line in enumerate(kind(record)):
            if number < MAX_DISAGREEMENTS:
                lines.append(line)
    return tuple(lines)


def _allergies(record: Record) -> Iterator[Line]:
    """Yield "no known allergy" against a recorded allergy."""
    entries = [item for item in record.entries if item.allergy]
    general = [
        item
        for item in entries
        if item.status == "absent" and "no " in item.name.lower() and "know" in item.name.lower()
    ]
    for denial in general:
        for item in entries:
            if item.status == "present":
                yield _line(f"{denial.name} ({_day(denial)}), but {item.name} ({_day(item)}).", denial, item)


def _present_and_absent(record: Record) -> Iterator[Line]:
    """Yield problems and allergies that one entry states and another denies; a drug not given is no contradiction."""
    by_code: dict[str, dict[str, Entry]] = {}
    for item in record.of("problem", status=""):
        by_code.setdefault(item.code, {})[item.status] = item
    for states in by_code.values():
        if "present" in states and "absent" in states:
            yes, no = states["present"], states["absent"]
            yield _line(f"{yes.name}: recorded as present ({_day(yes)}) and as absent ({_day(no)}).", yes, no)


def _two_values(record: Record) -> Iterator[Line]:
    """Yield two different numbers of one measurement at one moment."""
    seen: dict[tuple[str, str, object], Entry] = {}
    for item in record.of("lab", "observation"):
        if item.number is None or item.time is None:
            continue
        other = seen.setdefault((item.code, item.unit, item.time), item)
        if other.number != item.number and other.id != item.id:
            yield _line(f"{item.name}, {item.time}: {other.value} and {item.value}.", other, item)


def _outside_life(record: Record) -> Iterator[Line]:
    """Yield the first entry before birth and the last one after the day of death."""
    born, died = record.facts.get("born"), record.facts.get("died")
    dated = [item for item in record.entries if item.time is not None]
    early = [item for item in dated if born and born.date and item.date < born.date and len(born.value) >= 10]
    late = [item for item in dated if died and died.date and item.date > died.date]
    if early and born:
        yield _line(
            f"{early[0].name} ({_day(early[0])}) is dated before birth ({born.value}).", born, early[0]
        )
    if late and died:
        yield _line(
            f"{late[-1].name} ({_day(late[-1])}) is dated after death ({died.value}).", died, late[-1]
        )


def _line(text: str, first: Entry, second: Entry) -> Line:
    return Line(SECTION, text, (first.citation, second.citation), "mixed")


def _day(item: Entry) -> str:
    return item.date or "undated"
