"""Assertion status and experiencer in languages other than English: negated, uncertain, conditional, of a relative.

After NegEx and ConText (see `status.py`), with the cues of `local_status.toml`. A cue governs within its sentence.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from clinweave.knowledge.linking.languages import BY_CHARACTER, folded_word

_REACH = 7  # words between a denial and a finding outside a list
_CHARACTERS = 16  # the same in Chinese
_NEAR = 40  # characters before a finding in which a doubt counts
_BOUNDARY = re.compile(r"(?<!\b[^\W\d_])[.!?;](?=\s|$)|[\n。；！？]")
_COMMA = re.compile(r"[,，]")
_LISTED = re.compile(r"[,、]|\b(?:y|o|e|u|ni|et|ou|und|oder|sowie|noch)\b|[和或及与]")
_ABBREVIATED = re.compile(r"\b(?:v\. ?a\.|z\. ?n\.|d\. ?d\.|dr\.|sra?\.|mme\.)\s*$")
_ASKED = re.compile(r"\s*[?？]")
_SEPARABLE = re.compile(r"\bschl(?:oss|ossen|iess\w*)\b")  # "Wir schlossen eine Epilepsie aus"


def status_of(text: str, start: int, end: int, language: str) -> str:
    """Return the status of a finding at `text[start:end]`: present, absent, uncertain or hypothetical."""
    before, after = _around(text, start, end, language)
    patterns = _patterns(language)
    if _doubted(before, after, language):
        return "uncertain"
    if patterns["denied_after"].search(after) or _denied_before(before, language):
        return "absent"
    if language == "de" and _SEPARABLE.search(before) and re.match(r"[^,]{0,20}\baus\b", after):
        return "absent"
    if patterns["conditional"].search(before[-_NEAR:]) or patterns["conditional_after"].search(after):
        return "hypothetical"
    return "present"


def of_relative(text: str, start: int, end: int, language: str) -> bool:
    """Return whether a finding is a relative's: one is named before it, or just behind it ("en la madre")."""
    before, after = _around(text, start, end, language)
    patterns = _patterns(language)
    if patterns["of_relative_after"].search(after):
        return True
    relatives = list(patterns["relatives"].finditer(before))
    if not relatives:
        return False
    between = before[relatives[-1].end() :]
    return not (patterns["reports"].search(between) or patterns["patients"].search(between))


def _around(text: str, start: int, end: int, language: str) -> tuple[str, str]:
    """Return the sentence before and behind a finding, in lower case, without accents where the cues have none."""
    before, after = text[:start], text[end:]
    for boundary in reversed(list(_BOUNDARY.finditer(before))):
        if not _ABBREVIATED.search(before[: boundary.end()].casefold()):
            before = before[boundary.end() :]
            break
    if boundary_after := _BOUNDARY.search(after):
        after = after[: boundary_after.end() if boundary_after[0] in "?？" else boundary_after.start()]
    if language in BY_CHARACTER:
        return before, after
    return _folded(before), _folded(after)


def _folded(text: str) -> str:
    """Return a text in lower case without accents; Spanish "sí" becomes "+", as "si" means "if"."""
    return folded_word(re.sub(r"\bsí\b", "+", text, flags=re.IGNORECASE)).replace("’", "'")


def _doubted(before: str, after: str, language: str) -> bool:
    patterns = _patterns(language)
    if patterns["doubts_after"].search(after) or (_ASKED.match(after) and _alone(before, language)):
        return True
    near = _COMMA.split(before)[-1] if language in BY_CHARACTER else before
    last = next(reversed(list(patterns["doubts"].finditer(near[-_NEAR:]))), None)
    if last is None:
        return False
    between = near[-_NEAR:][last.end() :]
    return not patterns["stops"].search(between) and not _COMMA.search(between)


def _alone(before: str, language: str) -> bool:
    """Return whether little stands before a finding: "Epilepsia?" in a note doubts it, a question does not."""
    return (
        len(before.strip()) <= 4
        if language in BY_CHARACTER
        else "¿" not in before and len(before.split()) <= 2
    )


def _denied_before(before: str, language: str) -> bool:
    """Return whether the last denial before a finding reaches it."""
    patterns = _patterns(language)
    clause = _COMMA.split(before)[-1] if language == "zh" else before
    clause = patterns["no_denial"].sub(lambda match: "·" * len(match[0]), clause)
    cue = next(reversed(list(patterns["denies"].finditer(clause))), None)
    if cue is None:
        return False
    gap = patterns["lead"].sub("", clause[cue.end() :])
    if patterns["stops"].search(gap) or patterns["turns"].search(gap):
        return False
    if _LISTED.search(gap):
        return True
    return len(gap) <= _CHARACTERS if language in BY_CHARACTER else len(gap.split()) <= _REACH


@cache
def _patterns(language: str) -> Mapping[str, re.Pattern[str]]:
    """Return the compiled cues of a language; `lead` matches any number of its words at the beginning."""
    text = files("clinweave.knowledge.linking").joinpath("local_status.toml").read_text("utf-8")
    cues: dict[str, str] = {"conditional_after": r"(?!)", **tomllib.loads(text)[language]}
    apart = "" if language in BY_CHARACTER else r"[\s'\u2019:]+"
    cues["lead"] = rf"^{apart.replace('+', '*')}(?:{cues['lead']}{apart})*"
    return {name: re.compile(pattern) for name, pattern in cues.items()}
