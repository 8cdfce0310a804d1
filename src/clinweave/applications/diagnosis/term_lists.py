"""Lists of findings as people paste them: HPO ids in any notation, or names, with any separator."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from clinweave.applications.diagnosis.ontology import WORD, Ontology, name_key
from clinweave.core.errors import UnknownConceptError, UserError

_ID = re.compile(
    r"(?:https?://\S*?/)?(?<![A-Za-z])HPO?\s*[:_\-.]?\s*(\d{1,7})(?!\d)|(?<![\d.])(\d{7})(?![\d.])",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[;|\n\r\t•·→⇒、=]|\s/\s|[:.](?=\s|$)")
_NUMBERED = re.compile(r"(?:(?<=\s)|(?<=[,;(])|^)\(?\d{1,3}[.)](?=\s*[^\W\d])", re.MULTILINE)  # "1. ", "2) "
_DENIED = re.compile(r"(?:[!¬~]|(?<=\S)[ \t]+-)(?=(?:HPO?[\s:_]*)?\d)", re.IGNORECASE)
_INNER = re.compile(r"[-–—_]")  # between two names that nobody separates otherwise
_LONGEST = 14  # words of a name
_JOINING = frozenset({"and", "plus", "with", "no", "-", "–", "*", "yes", "present", "x", "true"})
_NEGATING = frozenset({"no", "not", "without", "absent", "denies", "denied", "excluded", "negative", "false"})


def read_terms(text: str, ontology: Ontology, option: str) -> tuple[str, ...]:
    """Return the HPO ids of a list, in order and once each; ids are not checked, names must be the ontology's.

    Ids may be written HP:0001166, HP_0001166, hp0001166, HPO:0001166, 0001166, in full-width letters or as a web
    address, and stand between commas, semicolons, bars, tabs, spaces, line breaks or numbers of a list, or one right
    after the other; a name before or after its id is allowed. Raises `UserError` naming the item
    that is neither, with names that resemble it.
    """
    text = re.sub(r"\\[nrt]", "\n", unicodedata.normalize("NFKC", text))  # "\\n" as a shell passes it
    text = _NUMBERED.sub("\n", text)
    if denied := _DENIED.search(text):
        raise UserError(
            f"{option}: {text[denied.start() : denied.end() + 10].strip()!r} looks like a denial; give absent findings "
            "with --excluded, and separate others by commas"
        )
    result: dict[str, None] = {}
    rest = []
    end = 0
    for match in _ID.finditer(text):
        rest.append(text[end : match.start()])
        end = match.end()
        rest.append(f"\n{_curie(match)}\n")
    rest.append(text[end:])
    for piece in _BREAK.split("".join(rest)):
        if re.fullmatch(r"\s*HP:\d{7}\s*", piece):
            result[piece.strip()] = None
        else:
            result.update(dict.fromkeys(_names(piece, ontology, option)))
    return tuple(result)


def _curie(match: re.Match[str]) -> str:
    return f"HP:{(match[1] or match[2]).zfill(7)}"


def _names(piece: str, ontology: Ontology, option: str) -> Iterator[str]:
    """Yield the ids of the names in a piece of text: the longest first, from left to right."""
    words = WORD.findall(piece)
    names = ontology.by_name
    index = 0
    while index < len(words):
        for length in range(min(_LONGEST, len(words) - index), 0, -1):
            place = names.get(name_key(" ".join(words[index : index + length])))
            if place is not None:
                yield ontology.ids[place]
                index += length
                break
        else:
            parts = _INNER.sub(" ", words[index]).split()
            if len(parts) > 1 and all(name_key(part) in names for part in parts):
                yield from (ontology.ids[names[name_key(part)]] for part in parts)
            elif words[index].lower() not in _JOINING or words[index].lower() in _NEGATING:
                raise _refusal(" ".join(words[index:]), words[index].lower(), names, ontology, option)
            index += 1


def _refusal(rest: str, first: str, names: Mapping[str, int], ontology: Ontology, option: str) -> UserError:
    if first in _NEGATING:
        return UserError(f"{option}: {rest[:80]!r} is a denial; give absent findings with --excluded")
    matches = get_close_matches(name_key(rest), names, n=3, cutoff=0.75)
    positions = dict.fromkeys(names[name] for name in matches)
    near = tuple((ontology.ids[position], ontology.names[position]) for position in positions)
    listed = ", ".join(f"{name} ({id_})" for id_, name in near)
    hint = f"; did you mean {listed}?" if near else "; look the finding up at hpo.jax.org and give its id"
    return UnknownConceptError(
        f"{option}: {rest[:80]!r} is no HPO id and no name of HPO {ontology.release}{hint}", near
    )
