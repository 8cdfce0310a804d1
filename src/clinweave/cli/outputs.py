"""Check every command's output options before it runs: no input, built folder or other output is overwritten."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError
from clinweave.core.filesystem import is_above, kind_of, output_file, resolved, same

WHOLE_FOLDER, NAMED_FILES, FILE = "replaced as a whole", "files are added", "one file"
OPTIONS = (
    "--out",
    "--html",
    "--report",
    "--pheval",
    "--export",
)  # options that name an output in every command
_ADDED = {"--pheval", "--kgx", "--export"}  # folders into which a few named files are written


def guard(command: Any, path: str = "") -> Any:
    """Make a click command, and every command below it, check its outputs against its inputs when it is called."""
    for name, inner in getattr(command, "commands", {}).items():
        guard(inner, f"{path} {name}".strip())
    if not hasattr(command, "commands"):
        invoke = command.invoke

        def checked(context: Any) -> Any:
            check_outputs(command.params, context.params, exports=path == "export")
            return invoke(context)

        command.invoke = checked
    return command


def check_outputs(options: Iterable[Any], values: Mapping[str, Any], *, exports: bool = False) -> None:
    """Raise `UserError` where an output is an input, holds one, lies in a built folder, or is another output, too.

    `options` are click parameters, `values` what they were given; `exports` says that --kgx is an output.
    """
    outputs: list[tuple[str, Path, str]] = []
    inputs: list[tuple[str, Path]] = []
    for option in options:
        value = values.get(option.name)
        names = [name for name in option.opts if name in OPTIONS or (exports and name == "--kgx")]
        if names:
            paths = [item for item in _flat(value) if isinstance(item, Path)]
            outputs += [(names[0], path, _manner(option, names[0])) for path in paths]
        else:
            inputs += [(max(option.opts, key=len), path) for path in _paths(value)]
    for _, path in inputs:
        if kind_of(path) not in {"", "file", "a folder"}:  # reading it might never end
            raise UserError(f"{path} is not a regular file but {kind_of(path)}; save it to a file first")
    for number, (name, path, manner) in enumerate(outputs):
        real = resolved(output_file(path) if manner is FILE else path)
        _against_inputs(name, real, manner, inputs)
        _not_inside(name, real, manner)
        for other, also, _ in outputs[:number]:
            if resolved(also) == real:
                raise UserError(f"{other} and {name} both name {path}; give each its own")


def _manner(option: Any, name: str) -> str:
    if name in _ADDED:
        return NAMED_FILES
    return WHOLE_FOLDER if "DIR" in (option.metavar or "") else FILE


def _against_inputs(name: str, real: Path, manner: str, inputs: Iterable[tuple[str, Path]]) -> None:
    for option, path in inputs:
        if same(real, path):
            raise UserError(f"{name} {real} is the input {option}; nothing was changed. Give it another name")
        if manner is WHOLE_FOLDER and kind_of(path) and is_above(real, resolved(path)):
            raise UserError(
                f"{name} {real} holds the input {path}; nothing was changed. Give it another name"
            )


def _not_inside(name: str, real: Path, manner: str) -> None:
    """Refuse an output within a folder that was built as a whole: its next build would lose or refuse it."""
    from clinweave.core.artifacts import is_built

    for folder in (real, *real.parents) if manner is NAMED_FILES else real.parents:
        if is_built(folder):
            raise UserError(
                f"{name} {real} lies in {folder}, which clinweave built; choose a path outside it"
            )


def _paths(value: object) -> Iterator[Path]:
    """Yield what an option's value names on disk, also as ID=PATH."""
    for item in _flat(value):
        if isinstance(item, Path):
            yield item
        elif isinstance(item, str):
            yield from filter(_exists, map(_expanded, dict.fromkeys((item, item.partition("=")[2]))))


def _expanded(text: str) -> Path:
    return Path.home() / text[2:] if text.startswith("~/") else Path(text or "\0")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a text that can be no path
        return False


def _flat(value: object) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    elif value is not None:
        yield value
