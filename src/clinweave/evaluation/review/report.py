"""The report of a review: ratings by system, differences, agreement, comments."""

from clinweave.core.reports.blocks import Block, Cell, Report, Section, Table, Text
from clinweave.evaluation.review.ratings import ReviewResults


def review_report(results: ReviewResults, title: str = "Human ratings") -> Report:
    """Return the page of a review."""
    lead = [f"{len(results.raters)} raters: {', '.join(results.raters)}.", *_lead(results)]
    caution = "Raters did not see which system wrote an answer."
    return Report(title, "review report", lead, caution, [review_section(results), *_comments(results)])


def review_section(results: ReviewResults) -> Section:
    """Return means, differences and agreement, as a section that the report of a comparison also shows."""
    means = Table(
        ("Criterion", "System", "Items", "Mean", "95 % CI"),
        [
            (row.criterion, row.system, str(row.items), f"{row.mean:.2f}", f"{row.low:.2f} to {row.high:.2f}")
            for row in results.means
        ],
        "Mean rating",
    )
    differences = Table(
        ("Criterion", "Comparison", "Items", "Difference", "95 % CI", "Holm-adjusted p"),
        [
            (row.criterion, f"{row.system} vs. {row.baseline}", str(row.items),
             Cell(f"{row.difference:+.2f}", tone=_tone(row.low, row.high, row.p)),
             f"{row.low:+.2f} to {row.high:+.2f}", "< 0.001" if row.p < 0.001 else f"{row.p:.3f}")
            for row in results.differences
        ],
        "Paired differences between systems",
    )  # fmt: skip
    agreement = Table(
        ("Criterion", "Krippendorff's alpha (ordinal)", "Answers rated twice or more", "Quadratic kappa by pair"),
        [
            (row.criterion, _number(row.alpha), str(row.answers),
             "; ".join(f"{pair}: {_number(value)}" for pair, value in row.kappa.items()) or "–")
            for row in results.agreement
        ],
        "Agreement between raters",
        "An alpha below 0.67 is usually taken as too low for conclusions. – : not defined, as with one rater or "
        "one value throughout.",
    )  # fmt: skip
    blocks: list[Block] = [means]
    if results.differences:
        blocks.append(differences)
    blocks.append(agreement)
    left = ", ".join(f"{name} {count}" for name, count in results.unrated.items() if count)
    if left:
        blocks.append(Text((f"Answers left without a value of some criterion: {left}.",), "warning"))
    return Section("Human ratings", blocks, "Intervals are bootstrapped over items (BCa).")


def _lead(results: ReviewResults) -> list[str]:
    significant = [row for row in results.differences if row.p < 0.05 and (row.low > 0 or row.high < 0)]
    if not results.differences:
        return []
    if not significant:
        return ["No difference between systems is shown."]
    return [
        f"{row.criterion}: {row.system} against {row.baseline} {row.difference:+.2f} "
        f"(95 % CI {row.low:+.2f} to {row.high:+.2f})."
        for row in significant
    ]


def _comments(results: ReviewResults) -> list[Section]:
    rows = [(row.item, " = ".join(row.systems), row.rater, row.text) for row in results.comments]
    head = ("Item", "System", "Rater", "Comment")
    return [Section("Comments", [Table(head, rows)])] if rows else []


def _tone(low: float, high: float, p: float) -> str:
    return "up" if p < 0.05 and low > 0 else "down" if p < 0.05 and high < 0 else ""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
