"""A problem-oriented summary of one record: templates around names, dates and values copied from its entries."""

from collections.abc import Callable, Iterable, Sequence

from clinweave.applications.summary.checks import unsupported_numbers
from clinweave.applications.summary.disagreements import disagreements
from clinweave.applications.summary.record import Entry, Record
from clinweave.applications.summary.results import LeftOut, Line, Summary

MAX_LINES = 25  # lines of a section
_WORDS = {"absent": "recorded as absent or not given", "uncertain": "recorded as uncertain"}
Groups = dict[str, list[Entry]]


def summarize_record(record: Record, most: int = MAX_LINES) -> Summary:
    """Return the summary of a record with at most `most` lines of a section; what is not shown is listed."""
    lines: list[Line] = [_patient(record)]
    left_out: list[LeftOut] = []
    for section, entries, describe in _sections(record):
        groups = sorted(_by_name(entries).values(), key=_recency, reverse=True)
        for items in groups[:most]:
            line = describe(section, items)
            wrong = _unsupported(line)
            if wrong is None:
                lines.append(line)
            else:
                left_out.append(wrong)
        left_out += _not_shown(section, groups[most:])
    lines += _absences(record)
    order = {name: number for number, name in enumerate(dict.fromkeys(_ORDER))}
    lines.sort(key=lambda line: order[line.section])
    return Summary(
        f"Record {record.id}", tuple(lines), disagreements(record), tuple(left_out), _warnings(record)
    )


_ORDER = (
    "Patient", "Allergies", "Problems", "Past problems", "Medications", "Immunisations", "Results", "Observations",
    "Procedures", "Visits", "Family history", "Uncertain", "Absent or not given",
)  # fmt: skip
Describe = Callable[[str, list[Entry]], Line]


def _sections(record: Record) -> list[tuple[str, list[Entry], Describe]]:
    """Return (section, entries, template) of everything that is shown."""
    problems = [item for item in record.of("problem") if not item.allergy and not item.of_family]
    drugs = record.of("drug")
    plain = [item for item in record.of("observation") if not item.of_family]
    clinical = [item for item in record.entries if item.kind not in {"note", "visit", "person"}]
    return [
        ("Allergies", [item for item in record.of("problem", "observation") if item.allergy], _stated),
        ("Problems", [item for item in problems if not item.of_past], _course),
        ("Past problems", [item for item in problems if item.of_past], _stated),
        ("Medications", [item for item in drugs if not item.vaccine], _course),
        ("Immunisations", [item for item in drugs if item.vaccine], _course),
        ("Results", record.of("lab"), _values),
        ("Observations", plain, _values),
        ("Procedures", record.of("procedure"), _course),
        ("Visits", record.of("visit"), _course),
        ("Family history", [item for item in clinical if item.of_family and item.status == "present"], _family),
        ("Uncertain", [item for item in clinical if item.status == "uncertain"], _marked),
        ("Absent or not given", [item for item in clinical if item.status == "absent"], _marked),
    ]  # fmt: skip


def _patient(record: Record) -> Line:
    facts = record.facts
    parts = [facts["sex"].value] if "sex" in facts else ["sex not recorded"]
    parts.append(f"born {facts['born'].value}" if "born" in facts else "birth not recorded")
    if "died" in facts:
        parts.append(f"died {facts['died'].value}")
    return Line("Patient", f"{', '.join(parts)}.", tuple(item.citation for item in facts.values()))


def _course(section: str, items: list[Entry]) -> Line:
    """Return when something was recorded first and last, with what the last entry states."""
    first, last = items[0], items[-1]
    if len(items) == 1:
        return _line(section, f"{last.name}: {_on(last)}{_stating(last)}.", items)
    text = f"{last.name}: {len(items)} entries, first {_on(first)}, last {_on(last)}{_stating(last)}."
    return _line(section, text, [first, last])


def _stated(section: str, items: list[Entry]) -> Line:
    last = items[-1]
    return _line(section, f"{last.name}: {_on(last)}{_stating(last)}.", items[-1:], _status(last))


def _values(section: str, items: list[Entry]) -> Line:
    """Return the last value and the one before it, and of how many."""
    last = items[-1]
    text = f"{last.name}: {last.value or 'no value'}, {_on(last)}"
    cited = [last]
    if len(items) > 1:
        before = items[-2]
        text += f"; before: {before.value or 'no value'}, {_on(before)}; {len(items)} entries since {_on(items[0])}"
        cited = list(dict.fromkeys([items[0], before, last]))
    return _line(section, f"{text}.", cited)


def _family(section: str, items: list[Entry]) -> Line:
    last = items[-1]
    return _line(section, f"{last.name}{_stating(last)}: {_on(last)}.", items[-1:], "family")


def _marked(section: str, items: list[Entry]) -> Line:
    last = items[-1]
    often = f"{len(items)} entries, last " if len(items) > 1 else ""
    text = f"{last.name}, {_WORDS[last.status]}: {often}{_on(last)}{_stating(last)}."
    return _line(section, text, items[-1:], last.status)


def _line(section: str, text: str, cited: Sequence[Entry], status: str = "") -> Line:
    return Line(section, text, tuple(item.citation for item in cited), status or _status(cited[-1]))


def _status(item: Entry) -> str:
    if item.status == "present" and (item.of_past or item.ended):
        return "historical"
    return item.status


def _on(item: Entry) -> str:
    return item.date or "undated"


def _stating(item: Entry) -> str:
    return f" ({item.value})" if item.value else ""


def _by_name(entries: Iterable[Entry]) -> Groups:
    """Return entries of one code and name together, in order of time."""
    groups: Groups = {}
    for item in entries:
        groups.setdefault(f"{item.code} {item.status}", []).append(item)
    return groups


def _recency(items: list[Entry]) -> tuple[bool, str, int]:
    """Order groups: what goes on before what is over, the latest first, then the most frequent."""
    return not items[-1].ended, items[-1].date, len(items)


def _unsupported(line: Line) -> LeftOut | None:
    """Return why a sentence is left out: a number in it stands in none of the entries that it cites."""
    counted = [word for word in line.text.split() if word.isdigit() and f"{word} entries" in line.text]
    sources = [f"{item.text} {item.date}" for item in line.citations]
    name = line.text.partition(":")[0]
    if wrong := unsupported_numbers(line.text, [*sources, name, *counted]):
        return LeftOut(line.text, f"{', '.join(wrong)} stands in none of the cited entries", line.citations)
    return None


def _not_shown(section: str, groups: list[list[Entry]]) -> list[LeftOut]:
    return [
        LeftOut(items[-1].name, f"{section}: beyond the number of lines shown", (items[-1].citation,))
        for items in groups
    ]


def _absences(record: Record) -> list[Line]:
    """Say what the record holds no entry of: that nothing is recorded does not mean that there is nothing."""
    clinical = [item for item in record.entries if item.status in {"present", "absent", "uncertain"}]
    held = {
        "Allergies": any(item.allergy for item in clinical),
        "Problems": any(item.kind == "problem" for item in clinical),
        "Medications": any(item.kind == "drug" and not item.vaccine for item in clinical),
        "Results": any(item.kind == "lab" for item in clinical),
        "Family history": any(item.of_family for item in clinical),
    }
    names = {
        "Allergies": "allergy",
        "Problems": "problem",
        "Medications": "medication",
        "Results": "laboratory result",
    }
    return [
        Line(
            section,
            f"The record holds no {names.get(section, section.lower())} entry; that is not a denial.",
            (),
        )
        for section, any_entry in held.items()
        if not any_entry
    ]


def _warnings(record: Record) -> tuple[str, ...]:
    warnings = []
    if not any(item.id for item in record.entries):
        warnings.append(
            "the store has no ids of entries, so citations have dates only; `clinweave patients load` again adds them"
        )
    if old := sum(item.status == "historical" for item in record.entries):
        warnings.append(f"{old} superseded entries were not read")
    return tuple(warnings)
