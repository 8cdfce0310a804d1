"""Names of people: after titles, cue words and kin, before degrees, by known names, from the patient's own record."""

# ruff: noqa: E501 - a regular expression or list is one line
import re
from collections.abc import Iterable, Iterator

from clinweave.patients.deid.spans import Kind, Span
from clinweave.patients.deid.words import lists

_UP = "A-ZÀ-ÖØ-ÞŁŚŻČŠŽ"
_LOW = "a-zß-öø-ÿłśżčšžńęąć"
# Title case with apostrophes, hyphens and the digits of synthetic records: O'Brien, Smith-Jones, McDonald, Larue605
_TITLED = rf"(?:[{_UP}]['’])?[{_UP}][{_LOW}]+(?:[{_UP}][{_LOW}]+)?(?:-[{_UP}][{_LOW}]+)*\d{{0,4}}"
_CAPS = rf"(?:[{_UP}]['’])?[{_UP}]{{2,}}(?:['’-][{_UP}]+)*"
_INITIAL = rf"[{_UP}]\.?"
_PARTICLE = r"(?:van der|van den|van|von|de la|de los|de|del|da|di|bin|al|el|le|la|st\.?)"
_WORD = rf"(?:{_TITLED}|{_CAPS})"
_MORE = rf"(?:[ ]+(?:{_PARTICLE}[ ]+)?(?:{_WORD}|{_INITIAL}(?![{_LOW}])))"
_FULL = rf"(?:{_PARTICLE}[ ]+)?{_WORD}{_MORE}{{0,3}}"
_KIN = (
    r"wife|husband|son|daughter|brother|sister|mother|father|mom|dad|friend|partner|boyfriend|girlfriend|fianc[ée]e?|aunt|uncle|niece|"
    r"nephew|cousin|grandson|granddaughter|grandmother|grandfather|caregiver|roommate|neighbor|neighbour|guardian|spouse|twin"
)
_ROLE = (
    r"patient(?: name)?|pt(?: name)?|name|attending(?: physician)?|pcp|primary care (?:physician|provider)|provider|physician|surgeon|"
    r"resident|fellow|intern|dictated by|signed by|electronically signed by|signed|referring (?:physician|provider|doctor|md)|reviewed by|"
    r"transcribed by|attested by|authored by|author|cc|next of kin|emergency contact|contact|mother|father|guardian|spouse|nurse|"
    r"cardiologist|neurologist|oncologist|interpreter|social worker|health care proxy|hcp|proxy|from|to|re|consultant|assistant|anesthesiologist"
)
_RULES = (
    ("title", re.compile(rf"\b(?:Drs?|Mrs?|Ms|Mx|Miss|Prof|Professor|Doctor|Sister|Rev|Father|Sir|Nurse|Capt|Sgt|Hon)\b\.?[ ]+(?P<it>(?:{_INITIAL}[ ]+)?{_FULL})")),
    ("title", re.compile(rf"\b(?:DRS?|MRS?|MS|MISS)\b\.?[ ]+(?P<it>{_FULL})")),
    ("two doctors", re.compile(rf"\bDrs\.?[ ]+{_WORD}(?:,[ ]+{_WORD})*,?[ ]+and[ ]+(?P<it>{_FULL})")),
    ("degree", re.compile(rf"(?P<it>{_WORD}(?:{_MORE}){{0,3}}),?[ ]+(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|PA-C|PA|Ph\.?D\.?|LPN|FNP|DNP|MBBS|FACS|CRNA|PharmD|LCSW|MSW|DDS|DPM|ARNP|CNP|MPH)\b(?![{_LOW}])")),
    ("role", re.compile(rf"(?im:^|(?<=[\s(\[;]))(?i:{_ROLE})[ ]*(?::|#|-(?=[ ]))[ ]*(?:(?i:dr|mrs?|ms)\.?[ ]+)?(?P<it>{_WORD}(?:,[ ]*{_WORD})?{_MORE}{{0,3}})")),
    ("label", re.compile(rf"(?im:^|(?<=[\s(\[;]))(?i:(?:patient|pt|full|last|family|first|given)(?:['’]?s)?[ ]+name)[ ]*[:#][ ]*(?P<it>{_WORD}(?:,[ ]*{_WORD})?{_MORE}{{0,3}})(?=[ ]*(?:$|[\n(\d|;]))")),
    ("kin", re.compile(rf"\b(?:{_KIN})s?,?[ ]+\(?(?:named[ ]+|called[ ]+|is[ ]+)?(?P<it>{_TITLED}(?:[ ]+{_TITLED})?)")),
    ("name is", re.compile(rf"\b(?i:name is|named|called|known as|goes by|introduced (?:him|her)self as)[ ]+[\"“]?(?P<it>{_FULL})")),
    ("seen by", re.compile(rf"\b(?:seen|evaluated|examined|followed|referred|signed|performed|discussed|spoke|spoken|talked|met|reviewed|accompanied|dictated|called|contacted|staffed|assisted)[ ]+(?:by|with|to)[ ]+(?P<it>{_TITLED}[ ]+(?:{_INITIAL}[ ]+)?{_TITLED})")),
    ("patient", re.compile(rf"\b(?i:pt|patient|pt's|client)\.?[ ]+(?P<it>{_TITLED}(?:[ ]+{_TITLED})?)(?=[ ,'’])")),
    ("who was", re.compile(rf"(?P<it>\b{_TITLED}[ ]+(?:{_INITIAL}[ ]+)?{_TITLED})(?:,[ ]+(?:a|an|the)\b|[ ]+(?:was (?:seen|admitted|born|examined|referred|evaluated|discharged|brought)|is (?:a|an|the)\b[ ]+(?:\d|very|pleasant)|presented|presents|reports|denies|states|returns|complains)\b)")),
    ("family name first", re.compile(rf"(?P<it>\b{_CAPS},[ ]+{_CAPS}(?:[ ]+{_INITIAL})?\b)(?=[ ]*(?:$|\n|[(\d|]))")),
)  # fmt: skip
_TOKEN = re.compile(rf"\b(?:[{_UP}]['’])?[{_UP}][{_UP}{_LOW}]+(?:-[{_UP}][{_LOW}]+)*")
_INITIAL_NAME = re.compile(rf"\b[{_UP}]\.[ ]*(?:[{_UP}]\.[ ]*)?(?P<it>{_TITLED})")
_STRONG = frozenset({"title", "two doctors", "degree", "label", "own name"})


def names_in(text: str, own: Iterable[str] = ()) -> Iterator[Span]:
    """Yield the names of people in a note; `own` are the names of the patient as the record has them.

    Each rule that is sure of a name also makes its words names elsewhere in the note.
    """
    sure: set[str] = set()
    for rule, pattern in _RULES:
        for found in pattern.finditer(text):
            start, end = found.span("it")
            whole = rule == "label"  # all of the line is the name, "HODGKIN, WILL" too
            for span in [Span(start, end, Kind.NAME, rule)] if whole else _trimmed(text, start, end, rule):
                sure |= {word for word in _words(text[span.start : span.end]) if len(word) > 2}
                yield span
    for found in _INITIAL_NAME.finditer(text):
        if found["it"].lower() in lists()["family"] | lists()["surname_eponyms"]:
            yield Span(found.start(), found.end(), Kind.NAME, "initial and name")
    yield from _known(text, sure)
    mine = {part for name in own for part in _words(name) if len(part) > 1}
    yield from _repeated(text, mine, "own name")
    yield from _repeated(text, sure - mine - lists()["common"] - lists()["given_words"], "named elsewhere")


def is_sure(span: Span) -> bool:
    """Say whether a name is one even where a dictionary knows the word as a clinical term."""
    return span.rule in _STRONG


def _known(text: str, sure: set[str]) -> Iterator[Span]:
    """Yield known given names with the names that follow them, and known family names."""
    given, family, words = lists()["given"], lists()["family"], lists()["given_words"]
    tokens = list(_TOKEN.finditer(text))
    for place, token in enumerate(tokens):
        word = token[0].lower()
        follower = _beside(text, token, tokens[place + 1] if place + 1 < len(tokens) else None)
        if word in given:
            end = token.end()
            following = follower[0].lower() if follower else ""
            named = bool(follower) and following not in lists()["common"] | lists()["heads"]
            if named and follower is not None:
                end = follower.end()
            if word in words and not (named and following in family):
                continue
            sure |= {part for part in _words(text[token.start() : end]) if len(part) > 2}
            yield Span(token.start(), end, Kind.NAME, "known given name")
        elif word in family:
            yield Span(token.start(), token.end(), Kind.NAME, "known family name")


def _beside(text: str, token: re.Match[str], after: re.Match[str] | None) -> re.Match[str] | None:
    """Return the next capitalised word where only a space, or a space and an initial, lies between."""
    if after is None:
        return None
    between = text[token.end() : after.start()]
    return after if re.fullmatch(rf" (?:{_INITIAL} )?(?:{_PARTICLE} )?", between) else None


def _repeated(text: str, words: set[str], rule: str) -> Iterator[Span]:
    """Yield each capitalised place of the words."""
    if words:
        inner = "|".join(re.escape(word) for word in sorted(words, key=lambda item: (-len(item), item)))
        for found in re.finditer(rf"(?<![\w])(?:{inner})\d{{0,4}}(?![{_LOW}{_UP}\d])", text, re.IGNORECASE):
            if found[0][0].isupper():
                yield Span(found.start(), found.end(), Kind.NAME, rule)


def _trimmed(text: str, start: int, end: int, rule: str) -> Iterator[Span]:
    """Yield the name without words at its edges that are no names ("Dr. Smith Neurology")."""
    common = lists()["common"] | lists()["heads"]
    parts = [(start + item.start(), start + item.end()) for item in re.finditer(r"[^\s,]+", text[start:end])]
    while (
        len(parts) > 1
        and parts[-1][1] - parts[-1][0] > 1
        and text[slice(*parts[-1])].strip(".").lower() in common
    ):
        parts.pop()
    while parts and text[slice(*parts[0])].strip(".").lower() in common - lists()["given_words"]:
        parts.pop(0)
    for place, part in enumerate(parts):
        word = text[slice(*part)].strip(".").lower()
        if place and len(word) > 1 and word in common:
            parts = parts[:place]
            break
    if parts:
        yield Span(parts[0][0], parts[-1][1], Kind.NAME, rule)


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(rf"[{_UP}{_LOW}'’-]+", name) if word.strip("'’-")]
