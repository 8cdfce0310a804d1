"""Fields of a form, and files that come with it. Both stay in memory: no temporary file is written."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from clinweave.core.errors import UserError

MAX_FIELDS = 500
MAX_TEXT = 1_000_000  # characters of one field


class Upload(NamedTuple):
    """A file of a form."""

    name: str
    content: bytes


@dataclass(frozen=True)
class FormFields:
    """The fields of a form by name, in order, and its files that are not empty."""

    values: Mapping[str, Sequence[str]]
    files: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """Return the last value of a field."""
        values = self.values.get(name)
        return values[-1] if values else default

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of a field, each once."""
        return tuple(dict.fromkeys(self.values.get(name, ())))


async def read_form(request: Request) -> FormFields:
    """Return the form in the body of a request. Raises `UserError` for one that cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _with_files(request)
    if kind != "application/x-www-form-urlencoded":
        raise UserError("the request is not a form")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("utf-8"), keep_blank_values=True, errors="replace",
            max_num_fields=MAX_FIELDS,
        )  # fmt: skip
    except ValueError as error:
        raise UserError(f"the form cannot be read: {error}") from error
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(_checked(value))
    return FormFields(values)


async def _with_files(request: Request) -> FormFields:
    from starlette.formparsers import MultiPartException, MultiPartParser

    body = await request.body()

    class InMemory(MultiPartParser):
        spool_max_size = len(body) + 1  # a larger file would go to the disk

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    try:
        form = await InMemory(
            request.headers, stream(), max_files=2, max_fields=MAX_FIELDS, max_part_size=MAX_TEXT * 4
        ).parse()
    except MultiPartException as error:
        raise UserError(f"the form cannot be read: {error.message}") from error
    values: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    for name, value in form.multi_items():
        if not isinstance(value, UploadFile):
            values.setdefault(name, []).append(_checked(value))
            continue
        content = await value.read()
        if value.filename and content:
            files[name] = Upload(value.filename, content)
        await value.close()
    return FormFields(values, files)


def _checked(text: str) -> str:
    """Return the text of a field with the line breaks that browsers send made plain."""
    if len(text) > MAX_TEXT:
        raise UserError(f"a field has {len(text):,} characters; at most {MAX_TEXT:,} are read")
    return text.replace("\r\n", "\n").replace("\r", "\n")
