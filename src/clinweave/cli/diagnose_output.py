"""What `clinweave diagnose` writes and prints: lines, files, the marked text, and the ranking as a table."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from clinweave.core.artifacts import appearing, write_text
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from clinweave.applications.diagnosis import Case, DiagnosisResult, Letter, Model, RankedDisease
    from clinweave.records import Mention

_STYLES = {
    "present": "bold green",
    "absent": "red",
    "uncertain": "yellow",
    "relative": "magenta",
}
_SHOWN = 10  # ranks
_WIDE = 118  # columns of a terminal that has room for findings in the table
_FOR, _AGAINST = 4, 3  # findings shown of a rank
_MANY = 3  # onsets that are shown one by one
_LONG = 20_000  # characters of a text of which only what surrounds the findings is printed
_AROUND = 80  # characters printed around the findings of a long text
_MODES = {
    "Autosomal dominant inheritance": "AD",
    "Autosomal recessive inheritance": "AR",
    "X-linked inheritance": "XL",
    "X-linked dominant inheritance": "XLD",
    "X-linked recessive inheritance": "XLR",
    "Mitochondrial inheritance": "mitochondrial",
}


@dataclass(frozen=True)
class Targets:
    """The files to write, each where its option was given."""

    out: Path | None
    page: Path | None
    pheval: Path | None
    marked: Path | None
    phenopacket: Path | None

    def check(self, text: Path | None) -> None:
        """Raise `UserError` before any work where a file could not be written in the end."""
        if self.marked and text is None:
            raise UserError("--marked writes the text of --text FILE with its findings; give --text too")
        if self.phenopacket:
            from clinweave.applications.diagnosis import check_target

            check_target(self.phenopacket)


def write_lines(
    items: "Iterable[tuple[Case, Letter | None]]",
    ranked: "Callable[[Case, Letter | None], DiagnosisResult]",
    model: "Model",
    targets: Targets,
    set_status: Callable[[str], object],
) -> "tuple[dict[str, int], list[DiagnosisResult]]":
    """Rank the cases and write what was asked for; return counts, and the lines that are shown or put on the page."""
    counts = {"cases": 0, "with_problems": 0, "unranked": 0}
    lines: list[DiagnosisResult] = []
    packets: list[dict[str, Any]] = []
    with _output(targets.out) as write:
        for case, letter in items:
            set_status(f"ranking: {counts['cases']:,} cases")
            line = ranked(case, letter)
            if letter:
                line["read"] = letter.summary()
            counts["cases"] += 1
            counts["with_problems"] += bool(line["problems"])
            counts["unranked"] += not line["ranking"]
            write(json.dumps(line, ensure_ascii=False) + "\n")
            _write_outputs(case, letter, line, model, targets, packets)
            if targets.out is None or targets.page:
                lines.append(line)
    _finish(lines, packets, model, targets)
    return counts, lines


def _write_outputs(  # noqa: PLR0917 - what belongs to one case, and where to put it
    case: "Case",
    letter: "Letter | None",
    line: "DiagnosisResult",
    model: "Model",
    targets: Targets,
    packets: list[dict[str, Any]],
) -> None:
    """Write the files of one case, and keep its phenopacket."""
    from clinweave.applications.diagnosis import marked_text, phenopacket_of, read_findings, write_pheval

    if letter and targets.marked:
        write_text(targets.marked, marked_text(letter), private=True)
    if targets.pheval:
        write_pheval(line, targets.pheval)
    if targets.phenopacket:
        packets.append(phenopacket_of(case, read_findings(model.ontology, case), model.ontology))


def _finish(
    lines: "list[DiagnosisResult]", packets: list[dict[str, Any]], model: "Model", targets: Targets
) -> None:
    from clinweave.applications.diagnosis import write_page, write_phenopackets

    if targets.phenopacket:
        write_phenopackets(packets, targets.phenopacket)
    if targets.page:
        write_page(lines, dict(model.sources), targets.page)


@contextmanager
def _output(out: Path | None) -> "Iterator[Callable[[str], object]]":
    """Yield what writes a line: to a file that appears whole or not at all, or nowhere."""
    if out is None:
        yield lambda _: None
        return
    with appearing(out, private=True) as work, work.open("w", encoding="utf-8") as stream:
        yield stream.write


def unranked(line: "DiagnosisResult", genes: Path | None, *, read: bool) -> str:
    """Return why nothing was ranked for the one patient, and what to do."""
    if line["observed"] and genes:
        return f"{genes}: no ranked disease is of one of these genes; leave --genes out, or check the symbols"
    problems = "; ".join(line["problems"][:5])
    if read:  # the warnings have said already how little was read
        others = "; ".join(item for item in line["problems"][:5] if not item.startswith("little was read"))
        return (
            "no finding of the patient was recognised in the text, so nothing can be ranked"
            f"{f' ({others})' if others else ''}; name findings with --hpo"
        )
    return f"nothing can be ranked: {problems}; give at least one observed finding with --hpo"


def tell(lines: "list[DiagnosisResult]", counts: dict[str, int], out: Path | None, as_json: bool) -> None:
    """Print what was done: JSON, or tables of the lines (none where they went to a file)."""
    if as_json:
        typer.echo(json.dumps({**counts, "out": str(out)} if out else {**counts, "cases": lines}))
        return
    if out:
        typer.echo(
            "{cases} cases, {with_problems} with problems, {unranked} unranked".format(**counts), err=True
        )
    for line in lines:
        _show(line)


def _show(line: "DiagnosisResult") -> None:
    from rich.markup import escape

    from clinweave.applications.diagnosis import subtype_notes
    from clinweave.cli.console import Console

    screen = Console()
    if letter := line.get("read"):
        _show_letter(letter)
    if line["none_of_these"] is not None:  # something is ranked
        wide = screen.width >= _WIDE
        screen.print(_table(line, wide=wide))
        if not wide:
            _show_reasons(line, screen.print)
        screen.print(f"Share: of belief among all ranked diseases. Prior {escape(line['prior'])}.")
        screen.print(f"None of these: {_percent(line['none_of_these'])} (the disease is not listed)")
        for note in subtype_notes(line):
            screen.print(escape(note))
    else:
        screen.print(f"{escape(line['id'])}: not ranked")
    if line["none_fits"] and line["ranking"]:
        screen.print("No match: the findings support no disease better than chance.")
    names = {member: entry["name"] for entry in line["ranking"] for member in entry["members"]}
    for item in line["next"]:
        first = escape(", ".join(names.get(disease, disease) for disease in item["order_if_present"][:3]))
        screen.print(
            f"Look for next: {escape(item['name'])} ({item['finding']}), {item['bits']:.2f} bits expected; if present, "
            f"the order is: {first}"
        )
    for problem in line["problems"]:
        screen.print(f"Note: {escape(_printable(problem))}")


def _table(line: "DiagnosisResult", *, wide: bool) -> "Table":
    """Return the first ranks; `wide` has room for the findings in columns of their own."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(_printable(line["id"])))
    table.add_column("rank", no_wrap=True)
    table.add_column("disease", overflow="fold", ratio=None if wide else 1)
    table.add_column("id", no_wrap=True)
    for name in ("share", "score"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("findings for", "findings against") if wide else ():
        table.add_column(name, overflow="fold")
    for entry in line["ranking"][:_SHOWN]:
        cells = (
            str(entry["rank"]),
            f"{escape(entry['name'])}{escape(_facts(entry))}",
            "\n".join([*entry["members"], *filter(None, [entry["mondo"]])]),
            _percent(entry["share"]),
            f"{entry['score']:.1f}",
        )
        both = (escape("\n".join(_reasons(entry, sign))) for sign in (1, -1)) if wide else ()
        table.add_row(*cells, *both)
    return table


def _reasons(entry: "RankedDisease", sign: int) -> list[str]:
    """Return the findings that say most for (`sign` 1) or against (-1) a disease, with their contributions."""
    reasons = sorted(
        (reason for reason in entry["reasons"] if reason["finding"] and sign * reason["says"] > 0),
        key=lambda reason: -abs(reason["says"]),
    )
    return [
        f"{'no ' if reason.get('excluded') else ''}{reason['name']} {reason['says']:+.1f}"
        for reason in reasons[: _FOR if sign > 0 else _AGAINST]
    ]


def _show_reasons(line: "DiagnosisResult", show: Callable[[str], object]) -> None:
    """Print the findings of the explained ranks below a table that has no room for them."""
    from rich.markup import escape

    for entry in line["ranking"][:_SHOWN]:
        parts = [
            f"{word} {'; '.join(reasons)}"
            for word, reasons in (("for:", _reasons(entry, 1)), ("against:", _reasons(entry, -1)))
            if reasons
        ]
        if parts:
            show(escape(f"{entry['rank']} {entry['name']}, {', '.join(parts)}"))


def _facts(entry: "RankedDisease") -> str:
    """Return genes, inheritance, onset and prevalence in a line below the name, as far as they are stated."""
    genes = ", ".join(entry["genes"][:3]) + (", ..." if len(entry["genes"]) > 3 else "")
    modes = ", ".join(_MODES.get(mode, mode) for mode in entry["inheritance"])
    onsets = [name.removesuffix(" onset").lower() for name in entry["onset"]]
    onset = ", ".join(onsets) if len(onsets) <= _MANY else f"{onsets[0]} to {onsets[-1]}"
    parts = [genes, modes, f"onset {onset}" if onset else "", entry["prevalence"]]
    stated = "; ".join(part for part in parts if part)
    return f"\n{stated}" if stated else ""


def _show_letter(letter: dict[str, Any]) -> None:
    from rich.text import Text

    from clinweave.applications.diagnosis import segments, unread_share
    from clinweave.cli.console import Console
    from clinweave.records import Mention

    names = Mention.__dataclass_fields__
    marks = [Mention(**{key: mark[key] for key in mark if key in names}) for mark in letter["marks"]]
    kinds = {(mark["start"], mark["end"], mark["id"]): mark["kind"] for mark in letter["marks"]}
    cell = Text()
    long = len(letter["text"]) > _LONG
    for piece, group in segments(letter["text"], marks):
        style = _STYLES[kinds[group[0].start, group[0].end, group[0].id]] if group else ""
        labels = "; ".join(_label(mark, kinds[mark.start, mark.end, mark.id]) for mark in group)
        cell.append(_printable(piece if group or not long else _elided(piece)), style)
        cell.append(f" [{labels}]" if labels else "", "dim")
    counts = letter["counts"]
    Console().print(cell)
    if long:
        Console().print("\nText without findings was left out here; --marked FILE has all of it.")
    Console().print(
        "\nRead: "
        + ", ".join(f"{counts[kind]} {kind}" for kind in _STYLES)
        + f"; {unread_share(letter['sentences_without'], letter['sentences'])}"
    )


def _elided(piece: str) -> str:
    """Return text without a finding, its middle left out."""
    return f"{piece[:_AROUND]} [...] {piece[-_AROUND:]}" if len(piece) > 3 * _AROUND else piece


def _label(mark: "Mention", kind: str) -> str:
    from clinweave.applications.diagnosis import denied_of_relatives, note_of

    why = f", {note}" if (note := note_of(mark)) else ""
    kind = "absent in relatives" if denied_of_relatives(mark) else kind
    return f"{kind}: {mark.name} {mark.id}{why}"


def _percent(share: float) -> str:
    percent = 100 * share
    return "<0.1 %" if percent < 0.1 else f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"


def _printable(text: str) -> str:
    """Return text without characters that would steer the terminal."""
    return "".join(
        letter if letter in "\n\t" or unicodedata.category(letter) not in {"Cc", "Cf"} else " "
        for letter in text
    )
