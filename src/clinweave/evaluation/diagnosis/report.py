"""The report of a study of diagnosis, from its results alone."""

from collections.abc import Mapping, Sequence

from clinweave.core.reports.blocks import Block, Cell, Details, Figure, Report, Section, Table, Text
from clinweave.core.reports.plots import Estimate, Series, Tone, interval_plot, line_plot
from clinweave.evaluation.diagnosis.conditions import BASELINE, EXPLAINED
from clinweave.evaluation.diagnosis.published import PUBLISHED
from clinweave.evaluation.diagnosis.results import (
    DiagnosisResults,
    FreeText,
    GeneLevel,
    MondoCredit,
    Over,
    Peers,
    ProtocolResult,
    RankRow,
    Robustness,
)
from clinweave.evaluation.diagnosis.results import Estimate as Interval
from clinweave.evaluation.diagnosis.robustness import AT as CURVES_AT
from clinweave.evaluation.diagnosis.robustness import EXPLAINED as CHANGES
from clinweave.evaluation.diagnosis.robustness import LEVELS
from clinweave.evaluation.diagnosis.tables import AT

BEST = ("clinweave", "clinweave-release")
CAUTION = (
    "Exact OMIM id, every candidate counted by itself, ties halved; a case whose disease the release does not know, or "
    "without a usable finding, is a miss. Macro gives every disease the same weight. Intervals: 95 %, "
    "whole publications "
    "resampled; p values are not adjusted over rows. The order of publication is approximated by the PMID; real dates "
    "of publication are not in the packets."
)


def headline(results: DiagnosisResults) -> list[str]:
    """Return the sentences that say what was found; they claim no more than the intervals do."""
    sentences = []
    for protocol in results.protocols:
        rows = {row.condition: row for row in protocol.rows if row.part == "all"}
        best = next((rows[name] for name in BEST if name in rows), None)
        if best is None:
            continue
        over = best.over[0]
        sentences.append(
            f"{protocol.title}: {best.condition} puts the right disease first in {_percent(best.micro[0])} % of "
            f"{best.cases:,} cases, {BASELINE} in {_percent(rows[BASELINE].micro[0])} %: "
            f"{100 * over.difference:+.1f} points (95 % {100 * over.low:+.1f} to {100 * over.high:+.1f})"
            + ("." if over.low > 0 else ", not significant.")
        )
    return sentences or ["No protocol was run."]


def diagnosis_report(results: DiagnosisResults) -> Report:
    """Return the report."""
    explained = EXPLAINED | {"clinweave": f"{EXPLAINED['clinweave']}, and its genes"}
    conditions = tuple(f"{name}: {text}" for name, text in explained.items())
    sections = [
        Section("Conditions", [Text(conditions, bullets=True)]),
        *(_protocol(protocol) for protocol in results.protocols),
        _published(results.mondo_credit),
    ]
    if results.genes:
        sections.append(_genes(results.genes))
    if results.peers:
        sections.append(_peers(results.peers))
    if results.robustness:
        sections.append(_robustness(results.robustness))
    if results.free_text:
        sections.append(_free_text(results.free_text))
    note = f"Every comparison of this project's conditions with {BASELINE} whose interval includes zero or is below it."
    sections.append(Section("Where no gain was shown", [Text(tuple(negatives(results)), bullets=True)], note))
    if results.protocols:
        sections.append(Section("Speed, one core, after loading", [_speed(results.protocols)]))
    return Report(results.title, "diagnosis report", headline(results), CAUTION, sections)


def _protocol(protocol: ProtocolResult) -> Section:
    parts: dict[str, list[RankRow]] = {}
    for row in protocol.rows:
        parts.setdefault(row.part, []).append(row)
    blocks: list[Block] = []
    for part, rows in parts.items():
        about = f"{rows[0].cases:,} cases, {rows[0].diseases} diseases"
        if part == "all":
            blocks += [Text((f"All {about}.",), "note"), *_ranks(rows, protocol.title)]
            continue
        selected = " (a selection: read it beside all cases)" if part == "known disease" else ""
        blocks.append(Details(f"{part.capitalize()}: {about}{selected}", [_rank_table(rows)]))
    return Section(protocol.title, blocks)


def _ranks(rows: Sequence[RankRow], title: str) -> list[Block]:
    """Return top-1 and its difference from the baseline as plots, and all depths as a table."""
    shares = [
        Estimate(
            row.condition, row.micro[0], *row.intervals[0], "soft" if row.condition == BASELINE else "accent"
        )
        for row in rows
    ]
    over = [_estimate(row.condition, row.over[0]) for row in rows if row.over]
    figures = [Figure(interval_plot(shares, f"{title}: top-1"), "Top-1, 95 % interval by publication")]
    if over:
        plot = interval_plot(over, f"{title}: top-1 over {BASELINE}", unit="points", reference=0.0)
        figures.append(Figure(plot, f"Top-1 over {BASELINE}, in points"))
    return [*figures, _rank_table(rows)]


def _estimate(name: str, over: Over) -> Estimate:
    tone: Tone = "up" if over.low > 0 else "down" if over.high < 0 else "none"
    return Estimate(name, over.difference, over.low, over.high, tone)


def _rank_table(rows: Sequence[RankRow]) -> Table:
    head = (
        "Condition", "Top-1/3/10", "Macro, top-1/3/10", "With Mondo credit",
        *(f"Top-{depth} over {BASELINE}" for depth in AT),
    )  # fmt: skip
    return Table(
        head,
        [
            (
                row.condition, shares(row.micro), shares(row.macro), shares(row.credited),
                *(_change((over.difference, over.low, over.high)) for over in row.over),
                *("" for _ in AT[len(row.over):]),
            )
            for row in rows
        ],
        muted=frozenset(index for index, row in enumerate(rows) if row.condition == BASELINE),
    )  # fmt: skip


def _change(change: Interval) -> Cell:
    value, low, high = change
    tone = "up" if low > 0 else "down" if high < 0 else ""
    return Cell(_points(value), f"({_points(low)} to {_points(high)})", tone)


def _published(credit: MondoCredit | None) -> Section:
    rows = [
        (
            item.system,
            f"{item.cases:,}" if item.cases else "other",
            shares(item.shares),
            item.differs,
            item.source,
        )
        for item in PUBLISHED
    ]
    note = "A different protocol: not to be compared with the tables above; the table says what differs."
    if credit:
        note += (
            f" Mondo credit: a candidate that is a Mondo class above the true disease counts where it groups at most "
            f"{credit.limit} OMIM diseases; a sibling never counts. Naming the same ten largest such classes for every "
            f"case would be right in {shares(credit.limited)} % (top-1/3/10); without the limit in "
            f"{shares(credit.unlimited)} %, which is why there is one."
        )
    table = Table(("System", "Cases", "Top-1/3/10", "What differs", "Source"), rows)
    return Section("Published, different protocol", [table], note)


def _genes(result: GeneLevel) -> Section:
    source = ", ".join(f"{name} {release}" for name, release in result.sources.items())
    note = (
        f"Simulated: the causal gene among {result.decoys} genes drawn at random of {result.genes} with a known "
        f"disease; no "
        "variants are looked at, and real candidate lists are not random. The map of genes to diseases "
        f"({source}) is newer than the release. {result.unmapped} of {result.cases} causal genes are not in it "
        f"and count as "
        f"misses. Chance: {100 / (result.decoys + 1):.1f} % at top-1."
    )
    rows = [row for row in result.rows if row.part == "all"]
    rest = [row for row in result.rows if row.part == "rest"]
    blocks = _ranks(rows, "Gene level")
    if rest:
        blocks.append(Details("Diseases on which nothing was chosen", [_rank_table(rest)]))
    return Section("Gene level, simulated", blocks, note)


def _peers(result: Peers) -> Section:
    head = ("Program", "Top-1/3/10", *(f"Top-{depth} over {BASELINE}" for depth in AT), "Milliseconds a case")
    rows: list[tuple[Cell | str, ...]] = []
    for row in result.rows:
        changes: list[Cell | str] = [*map(_change, row.over)] or ["", "", ""]
        rows.append(
            (row.name, shares(row.micro), *changes, f"{row.milliseconds:.2f}" if row.milliseconds else "")
        )
    rows += [(name, f"skipped: {reason}", "", "", "", "") for name, reason in result.skipped.items()]
    note = f"{result.cases} cases drawn with seed {result.seed}, {result.protocol}; the same release for all."
    blocks: list[Block] = [Table(head, rows), Text(result.notes, bullets=True)]
    return Section("Other programs, each in its own environment", blocks, note)


def _robustness(result: Robustness) -> Section:
    names = list(dict.fromkeys(row.condition for row in result.rows))
    figures, tables = [], []
    for kind, levels in LEVELS.items():
        points = {(row.condition, row.level): row for row in result.rows if row.kind == kind}
        used = [level for level in (0.0, *levels) if (names[0], level) in points]
        for depth in CURVES_AT:
            lines = []
            for name in names:
                values = [points[name, level].top(depth) for level in used]
                share, low, high = zip(*values, strict=True)
                lines.append(Series(name, used, share, low, high))
            title = f"{kind.capitalize()}, top-{depth}"
            plot = line_plot(lines, title, CHANGES[kind], f"top-{depth}", x_unit="percent", y_unit="percent")
            figures.append(Figure(plot, title))
        tables.append(
            Table(
                ("Level", *names),
                [
                    (
                        f"{level:.0%}",
                        *(
                            shares([points[name, level].top(depth)[0] for depth in CURVES_AT])
                            for name in names
                        ),
                    )
                    for level in used
                ],
                f"{kind.capitalize()}: {CHANGES[kind]}",
            )
        )
    note = (
        f"{result.cases} cases of known diseases, the own paper left out of every disease; top-1/top-10 in per "
        f"cent. Every "
        "condition sees the same changed cases. Bands: 95 % intervals by publication."
    )
    return Section("Robustness", [*figures, *tables], note)


def _free_text(result: FreeText) -> Section:
    seen = result.recognition
    wording = ", ".join(
        f"{name} {_percent(hit / of)} % of {of}" for name, (hit, of) in seen.by_wording.items() if of
    )
    sentence = (
        f"Recognition, per document and exact id: precision {_percent(seen.precision)} %, recall "
        f"{_percent(seen.recall)} %, F1 {_percent(seen.f1)} %. The term, a wider or a narrower one is met for "
        f"{_percent(seen.near)} % of the findings. Recall by wording: {wording}. Of {seen.absent['written']} negated "
        f"findings {seen.absent['negated']} were read as absent, {seen.absent['taken as present']} as present. Of "
        f"{seen.relatives['written']} findings of relatives {seen.relatives['taken']} were taken as the patient's."
    )
    table = Table(
        (
            "Condition",
            "Curated terms, top-1/3/10",
            "From the text",
            *(f"Difference at top-{depth}" for depth in AT),
        ),
        [
            (row.condition, shares(row.curated), shares(row.text), *map(_change, row.loss))
            for row in result.losses
        ],
    )
    note = (
        f"{result.cases} texts written by rule from the curated findings: labels, synonyms, lay words, "
        f"negation, relatives "
        "and noise. Generated texts are easier than real ones: the dictionary holds most of their wordings."
    )
    example = Details("One of the texts", [Text((result.example,), "quote")])
    return Section("Free text", [Text((sentence,)), table, example], note)


def negatives(results: DiagnosisResults) -> list[str]:
    """Return every comparison in which the best condition shows no gain over the baseline."""
    result = []
    for protocol in results.protocols:
        for row in protocol.rows:
            if row.condition not in BEST or row.part not in {"all", "rest", "known disease"}:
                continue
            flat = [
                f"top-{depth} {100 * over.difference:+.1f} ({100 * over.low:+.1f} to {100 * over.high:+.1f})"
                for depth, over in zip(AT, row.over, strict=True)
                if over.low <= 0
            ]
            if flat:
                result.append(f"{protocol.title}, {row.part}, {row.condition}: {', '.join(flat)}")
    return result or ["none"]


def _speed(protocols: Sequence[ProtocolResult]) -> Table:
    names = list(dict.fromkeys(name for protocol in protocols for name in protocol.milliseconds))

    def cells(milliseconds: Mapping[str, float]) -> list[str]:
        return [f"{milliseconds[name]:.2f}" if name in milliseconds else "" for name in names]

    rows = [(protocol.title, *cells(protocol.milliseconds)) for protocol in protocols]
    return Table(("Milliseconds a case", *names), rows)


def shares(values: Sequence[float]) -> str:
    """Return shares in per cent, as 12.3/45.6."""
    return "/".join(f"{100 * value:.1f}" for value in values)


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}".replace("-", "−")
