"""A sentence as a typed claim: its concepts, a predicate, polarity, frequency, sex and onset. Or nothing.

The reading is closed-world: after the concepts and the words of `wording` are taken out, one pattern of `frames` must
cover all that is left. A word that no pattern knows makes the sentence one that cannot be verified.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from clinweave.core.predicates import HAS_PHENOTYPE
from clinweave.knowledge.citations.frames import frames
from clinweave.knowledge.citations.wording import Limits, Unclear, limits_of

_TOKEN = re.compile(r"\w+")
_LONGEST = 40  # words of a name: chemicals have many
_INTRO = re.compile(
    r"^(?:in (?:the )?(?:(?:given|cited|shown) )?(?:records?|evidence|graph|database|sources?) ?, ?|"
    r"(?:yes|indeed|also|additionally|furthermore|moreover|in addition|overall|therefore|thus|so|hence|"
    r"specifically|clinically)"
    r"(?: ,|:)? |(?:according to|based on|as stated in|per) (?:the )?(?:(?:given|provided|above|shown|"
    r"numbered) )?"
    r"(?:evidence|records?|items?|sources?|graph|database|information|passages?)(?: (?:above|provided|given|"
    r"shown))?(?: ,)? "
    r"|(?:the )?(?:evidence|records?|items?|sources?|graph|database|passages?) (?:states?|says?|shows?|"
    r"lists?|indicates?|"
    r"notes?|records?)(?: that)?(?: :)? |(?:it is (?:known|recorded|reported|stated|documented)|note) that "
    r"|(?:the )?answer is(?: that)?(?: :)? |(?:evidence|answer) : )+"
)
_OUTRO = re.compile(
    r",? (?:according to|as stated in|as recorded in|as noted in|per) (?:the )?(?:(?:given|cited|provided|shown) )?"
    r"(?:evidence|records?|sources?|graph|database|passages?)$"
)
_REWRITES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"n['’]t\b"), " not"),
    (
        re.compile(
            r"\bof (?:the )?(\d+) (patients|people|individuals|cases|persons) ((?:with|who have) [^,]*?) ?, (\d+) "
        ),
        r"\4 of \1 \2 \3 ",
    ),
    (re.compile(r"\bcannot\b"), "can not"),
    (
        re.compile(
            r"\b(?:should|must) (?:not|never) be (?:used|given|taken|prescribed|administered) (?:in|by|for|"
            r"to)\b"
        ),
        "is contraindicated in",
    ),
    (re.compile(r"\b(?:should|must) be avoided (?:in|by)\b"), "is contraindicated in"),
    (re.compile(r"(?<=@)(\d+)['’]s\b"), r"\1 's"),
    (re.compile(r"(?<!\d)-|-(?!\d)"), " "),
    (re.compile(r"(?<!\d)\.|\.(?!\d)|[\"“”'’*_`!?…]"), " "),
    (re.compile(r"([,;:()])"), r" \1 "),
)
_FILLER = re.compile(
    r"(?<![@\w])(?:the|a|an|that of|both|either|its|their|each other|respectively|s)(?![\w])"
)
_THINGS = (
    r"(?:gene|treatment|therapy|drug|medicine|medication|cause|disease|disorder|condition|syndrome|chemical|compound|"
    r"role|symptom|sign|feature|finding|manifestation|contraindication|indication|agent|remedy|cure)"
)
# "The gene for X is Y", "Y is the gene for X", "the symptoms of X are A and B": these and no others.
_EXCLUSIVE = re.compile(
    rf"\b(?:is|was|remains) the (?:@\d+|(?:\w+ )?{_THINGS}\b)|\bare the (?:@\d+|(?:\w+ )?{_THINGS}s?\b)"
    rf"|^(?:yes , )?the (?:\w+ )?{_THINGS} (?!@).*\b(?:is|was) (?:an? |the )?@\d+$"
    rf"|^(?:yes , )?the (?:\w+ )?{_THINGS}s (?!@).*\b(?:are|were) @\d+(?!.* (?:among|one of|some of|feature|symptom))"
)
# Forms that say only that a finding occurs.
_EXISTENTIAL = re.compile(
    r"\b(?:can|may|might|could|features?|symptoms?|signs?|findings?|manifestations?|phenotypes?|abnormalit(?:y|ies)|seen|"
    r"observed|found|reported|described|recorded|documented|noted|present|detected|encountered|listed|identified|"
    r"occurs?|appears?|develops?|arises?|include|includes|associated|part of)\b"
)
_SOME = re.compile(r"\b(?:some|sometimes|at times|several|certain|a number of|a few)\b")
_AND = r"(?: ?(?:[,;]|\band\b|\bor\b|\band/or\b|\bas well as\b|\balong with\b))+ ?"


class Span(NamedTuple):
    """A stretch of the sentence that names a concept; homonyms give several ids."""

    start: int
    end: int
    ids: frozenset[str]


class Part(NamedTuple):
    """The concept at one place of a claim, with what the sentence says of it alone ("(7/12)")."""

    ids: frozenset[str]
    text: str
    limits: Limits | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence after its concepts, frequency, sex, onset and denial are taken out."""

    skeleton: str
    parts: tuple[Part, ...]
    limits: Limits = field(default_factory=Limits)
    some: bool = False  # "some patients", "sometimes"


@dataclass(frozen=True, slots=True)
class Claim:
    """One typed statement: each subject stands in `predicate` to each object."""

    predicate: str
    subjects: tuple[Part, ...]
    objects: tuple[Part, ...]
    limits: Limits
    direct: bool = False
    existential: bool = True  # it says that the finding occurs, not that patients have it


def words(text: str) -> tuple[str, ...]:
    """Return the lower-case words of a text, accents and punctuation aside."""
    plain = unicodedata.normalize("NFKD", text)
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return tuple(_TOKEN.findall(kept.lower().replace("_", " ")))


def find(sentence: str, names: Mapping[tuple[str, ...], Iterable[tuple[str, str]]]) -> list[Span]:
    """Return the stretches that are a name in `names` (words -> (name, id) pairs), longest first, no overlaps.

    Short names with capitals (gene symbols, abbreviations) must be written as in the vocabulary.
    """
    tokens = [(match.start(), match.end(), words(match.group())) for match in _TOKEN.finditer(sentence)]
    result: list[Span] = []
    for first in range(len(tokens)):
        key: tuple[str, ...] = ()
        for last in range(first, min(len(tokens), first + _LONGEST)):
            key += tokens[last][2]
            for name, curie in _named(names, key):
                start, end = _with_marks(sentence, tokens[first][0], tokens[last][1], name)
                surface = sentence[start:end]
                if _same_case(name, surface) and _marks(name) == _marks(surface):
                    result.append(Span(start, end, frozenset({curie})))
    return without_overlaps(result)


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """Return the longest spans that do not overlap, in order; of equal spans the ids are joined."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda item: (item.start - item.end, item.start)):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
        else:
            kept = [
                Span(item.start, item.end, item.ids | span.ids) if item[:2] == span[:2] else item
                for item in kept
            ]
    return sorted(kept)


def read(sentence: str, spans: Sequence[Span]) -> Reading:
    """Return the reading of a sentence whose concepts stand at `spans`. Raises `Unclear` for what is not plain."""
    text, parts = _masked(sentence, spans)
    text = re.sub(
        r"^\s*no\s*[,;:.]\s*(?=.*\b(?:not|never|avoided|contraindicated|lacks?|free of|absent)\b)", "", text
    )
    for pattern, plain in _REWRITES:
        text = pattern.sub(plain, text)
    exclusive = _EXCLUSIVE.search(" ".join(text.split()))
    if exclusive:
        raise Unclear("the sentence says that it is the only one, and a record does not say so")
    text = _OUTRO.sub("", _INTRO.sub("", " ".join(text.split()) + " ").strip())
    text, parts = _parenthesised(text, parts)
    some = bool(_SOME.search(text))
    text, limits = limits_of(text)
    text = re.sub(r"[()]|\bpart of the\b", " ", _FILLER.sub(" ", text))
    text = " ".join(text.split()).strip(" ,;:")
    text = re.sub(
        r"^((?:in|among|for|with|within|of|when|as) (?:\w+ )*(?:@\d+|compound|drug)(?: was \w+)?) ,",
        r"\1 :",
        text,
    )
    text = re.sub(
        rf"@\d+(?:{_AND}@\d+)+", lambda match: "@" + "+".join(re.findall(r"\d+", match.group())), text
    )
    return Reading(" ".join(text.split()), tuple(parts), limits, some)


def claims(reading: Reading, predicate: str) -> list[Claim]:
    """Return the ways in which the reading states `predicate`; none where no pattern covers every word."""
    result = []
    for frame in frames(predicate):
        match = frame.pattern.fullmatch(reading.skeleton)
        if match is None or (frame.needs_share and reading.limits.share is None):
            continue
        result.append(
            Claim(
                predicate,
                _parts(reading, match["s"]),
                _parts(reading, match["o"]),
                reading.limits,
                frame.direct,
                predicate != HAS_PHENOTYPE or bool(_EXISTENTIAL.search(reading.skeleton)) or reading.some,
            )
        )
    return result


def _parts(reading: Reading, token: str) -> tuple[Part, ...]:
    return tuple(reading.parts[int(number)] for number in token[1:].split("+"))


def _named(
    names: Mapping[tuple[str, ...], Iterable[tuple[str, str]]], key: tuple[str, ...]
) -> Iterable[tuple[str, str]]:
    """Return the names for these words, or for their singular ("hypoglycemic agents")."""
    if key in names:
        return names[key]
    if key and key[-1].endswith("s") and len(key[-1]) > 4:
        return names.get((*key[:-1], key[-1][:-1]), ())
    return ()


def _same_case(name: str, surface: str) -> bool:
    symbol = len(name) <= 6 and any(letter.isupper() for letter in name[1:])
    return not symbol or name == surface


def _with_marks(sentence: str, start: int, end: int, name: str) -> tuple[int, int]:
    """Return the stretch with the marks that the name has at its ends: "(+)-" or "(2+)"."""
    inner = re.search(r"\w(?:.*\w)?", name)
    before, after = (name[: inner.start()], name[inner.end() :]) if inner else ("", "")
    start -= len(before) * sentence.startswith(before, max(0, start - len(before)), start)
    return start, end + len(after) * sentence.startswith(after, end)


def _marks(text: str) -> list[str]:
    """Return the marks that tell one chemical from another: (+) from (-), 3' from 3."""
    return re.findall(r"[+±'′″]|(?<=\()[-−]", text.replace("’", "'"))


def _masked(sentence: str, spans: Sequence[Span]) -> tuple[str, list[Part]]:
    pieces, position = [], 0
    for number, span in enumerate(spans):
        pieces += [sentence[position : span.start].lower().replace("@", " "), f" @{number} "]
        position = span.end
    pieces.append(sentence[position:].lower().replace("@", " "))
    text = (
        unicodedata.normalize("NFKC", "".join(pieces)).replace("–", "-").replace("—", "-").replace("−", "-")
    )
    return text, [Part(span.ids, sentence[span.start : span.end], None) for span in spans]


def _parenthesised(text: str, parts: list[Part]) -> tuple[str, list[Part]]:
    """Join "@1 ( @2 )" where both name one concept, and give "( 7/12 )" to the concept before it."""
    parts = list(parts)

    def settle(match: re.Match[str]) -> str:
        number, inside = int(match[1]), match[2].strip()
        if other := re.fullmatch(r"@(\d+)", inside):
            same = parts[number].ids & parts[int(other[1])].ids
            return match[1].join(("@", "")) if same else match.group()
        rest, limits = limits_of(inside.replace(",", " "))
        rest = re.sub(r"\b(?:in|of|patients|cases|individuals|people|with|frequency)\b|%", " ", rest)
        if rest.strip() or limits.negated:
            return match.group()
        parts[number] = parts[number]._replace(limits=limits)
        return f"@{number}"

    return re.sub(r"@(\d+) \( ([^()]*) \)", settle, text), parts


__all__ = [
    "Claim",
    "Part",
    "Reading",
    "Span",
    "Unclear",
    "claims",
    "find",
    "read",
    "without_overlaps",
    "words",
]
