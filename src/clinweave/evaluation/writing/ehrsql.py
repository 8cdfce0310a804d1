"""EHRSQL: questions on patient records that a model answers with SQL, or refuses where the records cannot answer.

Source: Lee et al. 2024, doi:10.48550/arXiv.2405.06673 (shared task on reliable text-to-SQL). A right query and a right
refusal score 1, a refused question that has an answer 0, and a wrong query or an answer to a question that has none -N
(the reliability score RS(N); the benchmark reports RS(10)).
"""

import ast
import gzip
import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from clinweave.core.errors import UserError
from clinweave.evaluation.writing.ehr_database import NOW
from clinweave.patients import SqlSandbox

SECONDS = 10.0
ROWS = 100  # as the published scorer compares
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
NONE = "null"
_TABLES = {"drug": "prescriptions", "d_labitems.label": "labevents", "d_items.label": "inputevents"}
_USED = re.compile(r"(prescriptions\.drug|d_labitems\.label|d_items\.label) = '((?:[^']|'')*)'")
_SELECTED = re.compile(
    r"SELECT (?:DISTINCT )?(?:prescriptions|T\d)\.(drug)\b|SELECT (?:DISTINCT )?(d_labitems\.label)"
)


@dataclass(frozen=True)
class EhrQuestion:
    """A question with the query and the answer of its authors; both are "null" where the records cannot answer."""

    id: str
    question: str
    query: str
    answer: tuple[tuple[object, ...], ...]

    @property
    def answerable(self) -> bool:
        """Return whether the records answer the question."""
        return self.query != NONE


def read_ehrsql(folder: Path, split: str) -> list[EhrQuestion]:
    """Return the questions of a split ("train", "valid"). Raises `UserError` naming the file and question at fault."""
    parts = {part: _json(folder, f"{split}-{part}.json") for part in ("data", "label", "answer")}
    rows = parts["data"].get("data")
    if not isinstance(rows, list):
        raise UserError(f"{folder}/{split}-data.json: no list of questions under data")
    questions = []
    for row in rows:
        name = str(row.get("id"))
        if name not in parts["label"] or name not in parts["answer"]:
            raise UserError(f"{folder}/{split}-label.json: question {name} has no query or no answer")
        query = str(parts["label"][name])
        answer = (
            () if query == NONE else _answer(parts["answer"][name], f"{folder}/{split}-answer.json: {name}")
        )
        questions.append(EhrQuestion(name, str(row.get("question", "")), query, answer))
    return questions


def _json(folder: Path, name: str) -> dict[str, object]:
    for path, reader in ((folder / name, open), (folder / f"{name}.gz", gzip.open)):
        if path.exists():
            try:
                with reader(path, "rt", encoding="utf-8") as stream:
                    values = json.load(stream)
            except (OSError, ValueError) as error:
                raise UserError(f"{path} is not JSON: {error}") from error
            if isinstance(values, dict):
                return values
            raise UserError(f"{path}: expected an object by question")
    raise UserError(f"there is no {folder / name}(.gz); give the folder of EHRSQL-2024")


def _answer(value: object, where: str) -> tuple[tuple[object, ...], ...]:
    try:
        rows = ast.literal_eval(value) if isinstance(value, str) else value
        if not isinstance(rows, list):
            raise TypeError
        return tuple(tuple(row) for row in rows)
    except (ValueError, SyntaxError, TypeError) as error:
        raise UserError(f"{where}: the answer is no list of rows") from error


def names_in_use(questions: list[EhrQuestion]) -> dict[str, str]:
    """Return name -> the table in which the authors' queries and answers have it."""
    votes: dict[str, Counter[str]] = {}
    for question in questions:
        for column, name in _USED.findall(question.query):
            table = _TABLES[column.removeprefix("prescriptions.")]
            votes.setdefault(name.replace("''", "'"), Counter())[table] += 1
        selected = _SELECTED.match(question.query)
        if selected:
            table = _TABLES[selected[1] or selected[2]]
            for row in question.answer:
                votes.setdefault(str(row[0]), Counter())[table] += 1
    return {name: counts.most_common(1)[0][0] for name, counts in votes.items()}


class SqlResult(NamedTuple):
    """The rows of a query as text, sorted, at most `ROWS`; or why there are none."""

    rows: tuple[tuple[str, ...], ...] = ()
    error: str = ""


class EhrSandbox:
    """Runs queries on EHRSQL's database, whose present time is the end of 2100."""

    def __init__(self, database: Path, seconds: float = SECONDS) -> None:
        self._sandbox = SqlSandbox(database, seconds, NOW)

    def run(self, query: str) -> SqlResult:
        """Return the comparable rows of one SELECT, or the error."""
        result = self._sandbox.run(query)
        return SqlResult(error=result.error) if result.error else SqlResult(comparable_rows(result.rows))

    def close(self) -> None:
        """Close the database."""
        self._sandbox.close()


def comparable_rows(rows: object) -> tuple[tuple[str, ...], ...]:
    """Return rows as the published scorer compares them: numbers to one decimal, as text, sorted, the first 100."""
    listed = [tuple(_cell(cell) for cell in row) for row in rows]  # type: ignore[attr-defined]
    return tuple(sorted(listed)[:ROWS])


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return str(round(float(text), 1)) if _NUMBER.fullmatch(text) else text
