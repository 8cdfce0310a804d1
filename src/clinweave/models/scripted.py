"""A model that follows a script: for tests, for trying a recipe, and for repeating an exchange exactly.

The script is JSON: {"name": "...", "rules": [RULE, ...], "otherwise": "reply", "capabilities": ["generate", ...],
"seconds": 0}, or the list of rules alone. "seconds" pass before each reply, to try out a slow model. A RULE has "when"
(a substring of the prompt) or "matches" (a regular expression, whose groups "reply" may use as \\1), and "reply" and/or
"scores" ({option text: log-likelihood per token}). The first rule that fits and has what is asked for is used. Options
without a scripted score are scored by how far the prompt names them.
"""

import hashlib
import json
import re
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from clinweave.core.errors import NotCapableError, UserError
from clinweave.models.base import Capability, Generation, Message, OnText, OptionScore
from clinweave.models.prompts import checked, checked_options

_PIECE = re.compile(r"\w+|[^\w\s]")
_KEYS = frozenset({"when", "matches", "reply", "scores"})
_ABSENT, _PRESENT, _WHOLE = -5.0, 4.0, 0.1


class ScriptedModel:
    """A deterministic model. Its tokens are words and marks."""

    local = True

    def __init__(self, script: Any, *, name: str = "scripted", source: str = "script") -> None:
        body = {"rules": script} if isinstance(script, list) else script
        if not isinstance(body, dict):
            raise UserError(f"{source}: a script is a list of rules or an object with rules.")
        strange = sorted(set(body) - {"name", "rules", "otherwise", "capabilities", "seconds"})
        if strange:
            raise UserError(
                f"{source}: unknown key {strange[0]!r}; use name, rules, otherwise, capabilities or seconds."
            )
        self.name = str(body.get("name", name))
        self._seconds = _seconds(source, body.get("seconds", 0))
        self._otherwise = str(body.get("otherwise", "I do not know."))
        try:
            declared = body.get("capabilities", list(Capability))
            self.capabilities = frozenset(Capability(word) for word in declared)
        except ValueError as error:
            raise UserError(f"{source}: {error}; use {', '.join(Capability)}.") from error
        self._rules = [_rule(source, number, rule) for number, rule in enumerate(body.get("rules", []), 1)]
        text = json.dumps(body, sort_keys=True).encode()
        self._digest, self._sha256 = zlib.crc32(text), hashlib.sha256(text).hexdigest()

    @classmethod
    def open(cls, path: Path) -> "ScriptedModel":
        """Read a script. Raises `UserError` naming the file and the rule at fault."""
        try:
            script = json.loads(path.read_text("utf-8-sig"))
        except FileNotFoundError as error:
            raise UserError(f"There is no script {path}.") from error
        except (ValueError, OSError) as error:
            raise UserError(f"{path} is not a JSON script: {error}") from error
        return cls(script, name=f"scripted:{path.stem}", source=str(path))

    def _fitting(self, prompt: str, key: str) -> tuple[re.Match[str], Mapping[str, Any]] | None:
        for pattern, rule in self._rules:
            match = pattern.search(prompt) if key in rule else None
            if match:
                return match, rule
        return None

    def _need(self, capability: Capability) -> None:
        if capability not in self.capabilities:
            raise NotCapableError(f"The model {self.name} does not declare {capability}.")

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int = 256,
        temperature: float = 0.0,  # noqa: ARG002 - a script has no chance in it
        seed: int = 0,  # noqa: ARG002
        stop: Sequence[str] = (),
        top_p: float = 1.0,  # noqa: ARG002
    ) -> Generation:
        """Return the reply of the first fitting rule, cut at `stop` and at `max_tokens` words."""
        self._need(Capability.GENERATE)
        begun = time.perf_counter()
        prompt = _joined(checked(messages))
        fitting = self._fitting(prompt, "reply")
        reply = self._otherwise
        if fitting:
            match, rule = fitting
            reply = match.expand(rule["reply"]) if "matches" in rule else rule["reply"]
        for word in stop:
            reply = reply.split(word, 1)[0]
        pieces = list(_PIECE.finditer(reply))
        reason = "stop"
        if len(pieces) > max_tokens:
            reply, reason = reply[: pieces[max_tokens - 1].end()] if max_tokens else "", "length"
        count = min(len(pieces), max_tokens)
        time.sleep(self._seconds)
        return Generation(reply, len(_PIECE.findall(prompt)), count, time.perf_counter() - begun, reason)

    def stream(self, messages: Sequence[Message], on_text: OnText, **options: Any) -> Generation:
        """Return the reply of `generate`, passed on word by word."""
        self._need(Capability.STREAM)
        reply = self.generate(messages, **options)
        written = ""
        for count, piece in enumerate(re.findall(r"\s*\S+|\s+$", reply.text), 1):
            written += piece
            if on_text(piece):
                return replace(reply, text=written, completion_tokens=count, finish_reason="stopped")
        return reply

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> list[OptionScore]:
        """Return scripted scores, else the share of an option's words that the prompt has (its whole text helps)."""
        self._need(Capability.SCORE)
        prompt = _joined(checked(messages))
        fitting = self._fitting(prompt, "scores")
        scripted = fitting[1]["scores"] if fitting else {}
        words = {word.casefold() for word in _PIECE.findall(prompt)}
        scores = []
        for option in checked_options(options):
            pieces = _PIECE.findall(option)
            share = sum(piece.casefold() in words for piece in pieces) / len(pieces)
            occurrences = min(prompt.casefold().count(option.strip().casefold()), 9)
            logit = scripted.get(option, _ABSENT + _PRESENT * share + _WHOLE * occurrences)
            scores.append(OptionScore(float(logit) * len(pieces), tuple(_tokens(option))))
        return scores

    def tokenise(self, text: str) -> list[int]:
        """Return one number per word or mark."""
        self._need(Capability.TOKENISE)
        return _tokens(text)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of words and marks."""
        return len(_PIECE.findall(_joined(checked(messages))))

    def describe(self) -> dict[str, str | int | float]:
        """Return the script's name, size and checksum."""
        return {"backend": "scripted", "name": self.name, "rules": len(self._rules), "crc32": self._digest}

    def identity(self) -> str:
        """Return the sha256 of the script."""
        return self._sha256

    def close(self) -> None:
        """Do nothing: no resource is open."""


def _seconds(source: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 3600:
        raise UserError(f"{source}: seconds is a number from 0 to 3600.")
    return float(value)


def _joined(messages: Sequence[Message]) -> str:
    return "\n".join(message["content"] for message in messages)


def _tokens(text: str) -> list[int]:
    return [zlib.crc32(piece.encode()) for piece in _PIECE.findall(text)]


def _rule(source: str, number: int, rule: object) -> tuple[re.Pattern[str], Mapping[str, object]]:
    where = f"{source}, rule {number}"
    if not isinstance(rule, dict) or set(rule) - _KEYS or ("when" in rule) == ("matches" in rule):
        raise UserError(f"{where}: a rule is an object with when or matches, and reply and/or scores.")
    if not isinstance(rule.get("reply", ""), str) or not isinstance(rule.get("scores", {}), dict):
        raise UserError(f"{where}: reply is a text, scores an object of numbers by option.")
    try:
        values = [float(value) for value in rule.get("scores", {}).values()]
        pattern = re.compile(rule["matches"] if "matches" in rule else re.escape(rule["when"]))
        if "matches" in rule and "reply" in rule:
            re.compile(f"{pattern.pattern}|").search("").expand(rule["reply"])  # type: ignore[union-attr]
    except (re.error, IndexError, TypeError, ValueError) as error:
        raise UserError(f"{where}: {error}.") from error
    if any(value > 0 for value in values):
        raise UserError(f"{where}: a log-likelihood is at most 0.")
    return pattern, rule
