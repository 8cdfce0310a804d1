"""A tool: a read-only function of a knowledge base with a name, a typed input and a typed output."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from clinweave.core.errors import UserError
from clinweave.core.typed import from_values, json_schema, to_values
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Tier
from clinweave.tools.errors import ErrorKind, ToolError, typed_errors

Input = TypeVar("Input")
Output = TypeVar("Output")
JSON = dict[str, object]

LONGEST_TEXT = 100_000  # characters of a note
LONGEST_QUESTION = 20_000  # characters; `ask` has the same limit
LONGEST_NAME = 300  # characters of a name or identifier
MAX_ITEMS = 50  # of a list in the input


@dataclass(frozen=True)
class Parameter:
    """What a field of an input means, and its limits: characters of a text, items of a list, range of a number.

    `item_length` limits each text of a list. A text with `required` may not be blank.
    """

    description: str
    max_length: int = LONGEST_NAME
    required: bool = False
    minimum: int = 1
    maximum: int = 50
    max_items: int = MAX_ITEMS
    item_length: int = LONGEST_NAME


@dataclass(frozen=True)
class Tool(Generic[Input, Output]):
    """One definition for Python, HTTP, MCP and the agent.

    `input` is a data class whose fields are `Annotated[..., Parameter(...)]`, `output` a data class. `function` raises
    `UserError` or `ToolError` for what it cannot answer; it never returns an empty result without a note on it.
    `tier` says who may see a result.
    """

    name: str
    title: str
    description: str
    input: type[Input]
    output: type[Output]
    function: Callable[[KnowledgeBase, Input], Output]
    tier: Callable[[Output], Tier] = lambda _: Tier.PUBLIC

    @property
    def input_schema(self) -> JSON:
        """Return the JSON schema of the arguments, an object."""
        return _input_schema(self.input)

    @property
    def output_schema(self) -> JSON:
        """Return the JSON schema of the result as `to_values` writes it, an object."""
        return _object_schema(self.output)

    def read(self, arguments: object) -> Input:
        """Return checked arguments. Raises `ToolError` naming the argument that is missing, unknown or too long."""
        return read_input(self.input, arguments)

    def call(self, base: KnowledgeBase, arguments: object) -> Output:
        """Return the result for arguments as JSON values. Raises `ToolError`, and nothing else of clinweave's."""
        checked = self.read(arguments)
        with typed_errors():
            return self.function(base, checked)

    def call_json(self, base: KnowledgeBase, arguments: object) -> JSON:
        """Return the result as JSON values that fit `output_schema`."""
        values: JSON = to_values(self.call(base, arguments))
        return values


def read_input(kind: type[Input], arguments: object) -> Input:
    """Return the data class of JSON values, within the limits of its parameters. Raises `ToolError`."""
    if not isinstance(arguments, Mapping):
        raise ToolError(ErrorKind.INVALID_ARGUMENTS, "the arguments are not a JSON object")
    parameters = _parameters(kind)
    for name, value in arguments.items():
        if name in parameters:
            _check(str(name), value, parameters[name])
    try:
        checked = from_values(kind, arguments)
    except UserError as error:
        raise ToolError(ErrorKind.INVALID_ARGUMENTS, str(error).lstrip(": ")) from None
    return checked


def _check(name: str, value: object, limits: Parameter) -> None:
    """Raise `ToolError` where a value is beyond its limits; wrong types are left to the reader."""
    if isinstance(value, str):
        _check_text(name, value, limits.max_length)
        if limits.required and not value.strip():
            raise ToolError(ErrorKind.INVALID_ARGUMENTS, f"{name} is empty", argument=name)
    elif isinstance(value, list | tuple):
        if len(value) > limits.max_items:
            raise ToolError(
                ErrorKind.INVALID_ARGUMENTS,
                f"{name} has {len(value):,} items and the limit is {limits.max_items}",
                argument=name,
            )
        for item in value:
            if isinstance(item, str):
                _check_text(name, item, limits.item_length)
    elif (
        isinstance(value, int)
        and not isinstance(value, bool)
        and not limits.minimum <= value <= limits.maximum
    ):
        raise ToolError(
            ErrorKind.INVALID_ARGUMENTS,
            f"{name} is {value if abs(value) < 10**9 else 'too large'}; give {limits.minimum} to {limits.maximum}",
            argument=name,
        )


def _check_text(name: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise ToolError(
            ErrorKind.TEXT_TOO_LONG,
            f"{name} has {len(text):,} characters and the limit is {limit:,}",
            argument=name,
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ToolError(
            ErrorKind.INVALID_ARGUMENTS,
            f"{name} holds half of a surrogate pair, which is no text",
            argument=name,
        ) from None


def _parameters(kind: type) -> dict[str, Parameter]:
    """Return the parameter of each field. Raises `TypeError` for a field without one: a tool's own fault."""
    parameters = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        stated = [item for item in get_args(hint)[1:] if isinstance(item, Parameter)]
        if get_origin(hint) is not Annotated or not stated:
            raise TypeError(f"{kind.__name__}.{name} needs Annotated[..., Parameter(...)]")
        parameters[name] = stated[0]
    return parameters


def _input_schema(kind: type) -> JSON:
    schema = _object_schema(kind)
    properties: dict[str, Any] = schema["properties"]  # type: ignore[assignment]
    parameters = _parameters(kind)
    required = []
    for item in fields(kind):
        properties[item.name] = _limited(properties[item.name], parameters[item.name])
        if item.default is MISSING:
            required.append(item.name)
        else:
            properties[item.name]["default"] = to_values(item.default)
    return {**schema, "required": required}


def _limited(schema: JSON, limits: Parameter) -> JSON:
    """Return the schema of a field with its description and limits."""
    described = {**schema, "description": limits.description}
    if schema.get("type") == "string":
        return described | {"maxLength": limits.max_length} | ({"minLength": 1} if limits.required else {})
    if schema.get("type") == "integer":
        return described | {"minimum": limits.minimum, "maximum": limits.maximum}
    if schema.get("type") == "array":
        items = {"type": "string", "maxLength": limits.item_length}
        return described | {"maxItems": limits.max_items, "items": items}
    return described


def _object_schema(kind: type) -> JSON:
    """Return the schema of a data class with its own keys on top, as MCP asks for; nested classes are in `$defs`."""
    schema = json_schema(kind, kind.__name__)
    definitions: dict[str, Any] = schema["$defs"]
    top = definitions.pop(kind.__name__)
    return {"title": schema["title"], **top, **({"$defs": definitions} if definitions else {})}
