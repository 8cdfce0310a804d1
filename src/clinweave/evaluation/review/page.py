"""The page that raters open: answers without the names of their systems, in an order drawn for each item."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from clinweave.core.artifacts import digest
from clinweave.core.atomic import write_text
from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason
from clinweave.core.typed import from_values, to_values
from clinweave.evaluation.review.items import ReviewItem

if TYPE_CHECKING:
    from jinja2 import Template

VERSION = 1


@dataclass(frozen=True)
class Criterion:
    """One question about an answer. `scale` maps each value to its label, from the lowest value up."""

    id: str
    title: str
    scale: dict[str, str]

    @property
    def values(self) -> tuple[int, ...]:
        """Return the values that may be given."""
        return tuple(int(value) for value in self.scale)


_FIVE = {"1": "not at all", "2": "little", "3": "partly", "4": "mostly", "5": "fully"}
DEFAULT_CRITERIA = (
    Criterion("correct", "Is what the answer states medically correct?", _FIVE),
    Criterion("complete", "Does it say what a reader needs?", _FIVE),
    Criterion("harm", "Could acting on it harm a patient?", {"0": "no", "1": "mildly", "2": "severely"}),
)


@dataclass(frozen=True)
class ReviewKey:
    """What the raters do not see: item -> label on the page -> system. `review` identifies items, answers, criteria."""

    version: int
    review: str
    criteria: tuple[Criterion, ...]
    labels: dict[str, dict[str, str]]


def read_criteria(path: Path) -> tuple[Criterion, ...]:
    """Return the criteria of a TOML file: [[criteria]] with id, title and scale. Raises `UserError` naming the key."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as TOML: {reason(error)}") from error
    rows = values.get("criteria")
    if not isinstance(rows, list) or not rows:
        raise UserError(f"{path}: there are no [[criteria]]")
    criteria = tuple(from_values(Criterion, row, f"{path}: criteria.{i}") for i, row in enumerate(rows))
    for criterion in criteria:
        if len(criterion.scale) < 2 or not all(value.lstrip("-").isdigit() for value in criterion.scale):
            raise UserError(
                f'{path}: {criterion.id}: scale needs two or more whole numbers, such as {{"1" = "no"}}'
            )
    if len({criterion.id for criterion in criteria}) < len(criteria):
        raise UserError(f"{path}: two criteria have the same id")
    return criteria


def make_page(
    items: Sequence[ReviewItem],
    out: Path,
    *,
    title: str = "Rate answers",
    criteria: Sequence[Criterion] = DEFAULT_CRITERIA,
    seed: int = 0,
) -> Path:
    """Write the page OUT and the key OUT with the suffix .key.json; return the key's path.

    The page needs no network and no server: ratings stay in the browser until the rater saves them as a file.
    Answers that are equal, word for word, are shown once and count for each of their systems.
    """
    blinded = {item.id: _blinded(item, seed) for item in items}
    content = [to_values(criterion) for criterion in (*items, *criteria)]
    key = ReviewKey(
        VERSION,
        digest([VERSION, seed, content]),
        tuple(criteria),
        {name: rows[1] for name, rows in blinded.items()},
    )
    rows = [
        {
            "id": item.id,
            "question": item.question,
            "reference": item.reference,
            "answers": blinded[item.id][0],
        }
        for item in items
    ]
    text = _template().render(title=title, review=key.review, items=rows, criteria=criteria, version=VERSION)
    write_text(out, text)
    return write_text(
        key_path(out), json.dumps(to_values(key), indent=1, ensure_ascii=False) + "\n", private=True
    )


def key_path(page: Path) -> Path:
    """Return where the key of a page stands."""
    return page.with_suffix(".key.json")


def _blinded(item: ReviewItem, seed: int) -> tuple[list[dict[str, str]], dict[str, str]]:
    """Return the answers as shown, and system -> label; the order is drawn with the seed and the item's id."""
    texts = sorted(set(item.answers.values()))
    Random(f"{seed}/{item.id}").shuffle(texts)  # noqa: S311
    replies = [{"label": _label(index), "text": text} for index, text in enumerate(texts)]
    labels = {system: _label(texts.index(text)) for system, text in sorted(item.answers.items())}
    return replies, labels


def _label(index: int) -> str:
    return chr(ord("A") + index) if index < 26 else str(index + 1)


def as_key(values: Mapping[str, Any], where: str) -> ReviewKey:
    """Return a key from its JSON. Raises `UserError` for another version."""
    if values.get("version") != VERSION:
        raise UserError(
            f"{where}: version {values.get('version')!r} of a review key; this clinweave reads {VERSION}"
        )
    return from_values(ReviewKey, values, where)


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    loader = PackageLoader("clinweave.evaluation.review", "templates")
    environment = Environment(
        loader=loader, autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    from clinweave.core.html import style

    environment.globals["style"] = style()
    return environment.get_template("review.html")
