"""The report of batch jobs: rows, bad rows by kind, parts and time of each job."""

from clinweave.core.reports.blocks import Block, Report, Section, Table, Text
from clinweave.evaluation.batch.results import BatchResults, JobResult

_READ = (
    "Each job's folder has one Parquet file per part; manifest.json lists them in the order of the input.",
    'A bad row has its "error" and nulls; the input and its line are in the error where the row could not be read.',
    "parts already there were finished by an earlier run; parts tried again lost their worker or failed.",
)


def headline(results: BatchResults) -> list[str]:
    """Return one sentence per job."""
    return [f"{item.name}: {_sentence(item)}" for item in results.jobs]


def batch_report(results: BatchResults) -> Report:
    """Return the report."""
    head = ("job", "input", "rows", "bad rows", "parts", "already there", "tried again", "seconds", "folder")
    rows = [
        (f"{item.name} ({item.job})" if item.name != item.job else item.name, item.input, f"{item.rows:,}",
         f"{sum(item.errors.values()):,}", f"{item.parts:,}", f"{item.resumed:,}", f"{item.retried:,}",
         f"{item.seconds:,.1f}", item.folder)
        for item in results.jobs
    ]  # fmt: skip
    blocks: list[Block] = [Table(head, rows), Text(_READ, bullets=True)]
    bad = [(item.name, kind, f"{count:,}") for item in results.jobs for kind, count in item.errors.items()]
    sections = [Section("Jobs", blocks)]
    if bad:
        sections.append(Section("Bad rows", [Table(("job", "error", "rows"), bad)]))
    caution = "Counts of rows and errors; nothing here says how good a job's results are."
    return Report(results.recipe.heading, "batch", headline(results), caution, sections)


def _sentence(result: JobResult) -> str:
    bad = ", ".join(f"{count:,} {kind}" for kind, count in result.errors.items())
    return (
        f"{result.rows:,} rows in {result.parts:,} parts, {sum(result.errors.values()):,} bad"
        f"{f' ({bad})' if bad else ''}; {result.folder}."
    )
