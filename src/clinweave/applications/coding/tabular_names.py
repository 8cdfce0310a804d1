"""Names of the tabular list as terms, for conditions that the project's own index lacks."""

import re
from collections.abc import Iterator

from clinweave.applications.coding.codebook import Codebook, Entry
from clinweave.applications.coding.lexicon import Term, lexicon
from clinweave.applications.coding.patterns import table

_WORD = re.compile(r"[a-z0-9]+")
_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_TAIL = re.compile(
    r"(?:,\s*(?:unspecified|so stated|uncomplicated|initial encounter).*| NOS| NEC)$", re.IGNORECASE
)
_OF_SITE = re.compile(r"([^,]+), unspecified ([a-z ]+)")
_HEAD = re.compile(r"^(?:unspecified|other(?: specified)?)\s", re.IGNORECASE)
# Endings of names of one word that are a disease by themselves; forms have lost their last "s".
_DISEASE = re.compile(
    r"(?:iti|osi|iasi|asi|cephaly|dactyly|opia|tropia|orism|oidism|ituitarism|itis|osis|aemia|emia|oma|pathy|algia|ectasis|plegia|trophy|lepsy|phobia|cele|penia|philia|uria|plasia|megaly|rrhea|rrhage|genesis|spadias|"
    r"cytosis|iasis|sclerosis|malacia|ptosis|stenosis|edema|asthenia|toxicity)$"
)
_ACUTE_CHAPTERS = ("A", "B", "O", "P", "S", "T", "J0", "J1", "J2", "N10", "K35", "H10", "H65", "H66")
_LEFT_OUT = ("U", "V", "W", "X", "Y", "Z", "O", "P", "R65")
# Single words that state a value, or one of several things at once; the project's index has those that can be coded.
_VAGUE = ("D72", "D75.8", "E87", "I82.9", "I70", "R", "T", "M24", "M25", "M99", "L98", "F48")
# Names that notes use in another sense than the tabular list.
_MISLEADING = frozenset(table("words")["misleading"])


def tabular_terms(book: Codebook) -> Iterator[Term]:
    """Yield a term for each code whose title or inclusion terms a note may use as they stand."""
    own = {_form(name) for term in lexicon().terms for name in term.names}
    seen: set[str] = set()
    of_sites = _of_several_sites(book)
    for code, entry in book.entries.items():
        if code.startswith(_LEFT_OUT) or "classified elsewhere" in entry.title:
            continue
        names = []
        for name in _names(entry):
            form = _form(name)
            if form in of_sites and code not in of_sites[form]:
                continue
            if form not in own and form not in seen and _usable(form, code):
                seen.add(form)
                names.append(name)
        if names:
            yield Term(code, _flags(code, entry, book), "", tuple(names), ())


def _of_several_sites(book: Codebook) -> dict[str, list[str]]:
    """Return names that several sites have where they say none ("Primary osteoarthritis"), with the code of no site."""
    codes: dict[str, dict[str, str]] = {}
    for code, entry in book.entries.items():
        match = _OF_SITE.fullmatch(entry.title)
        if match and code in book.billable:
            codes.setdefault(_form(match[1]), {})[code] = match[2]
    return {
        form: [code for code, site in sites.items() if site == "site"]
        for form, sites in codes.items()
        if len({code[:-1] for code in sites}) > 1
    }


def _names(entry: Entry) -> Iterator[str]:
    for name in (entry.title, *entry.names):
        if _HEAD.match(name) or len(name) > 80:
            continue
        plain = _TAIL.sub("", _BRACKETS.sub("", name)).strip()
        yield plain
        if plain != (whole := _TAIL.sub("", name).strip()) and "(" in whole:
            yield whole.replace("(", "").replace(")", "")


def _form(name: str) -> str:
    """Return the words of a name; the linker's own normal form is slow for single names."""
    return " ".join(word.removesuffix("s") for word in _WORD.findall(name.lower()))


def _usable(form: str, code: str) -> bool:
    words = form.split()
    if not words or form in _MISLEADING or not any(character.isalpha() for character in form):
        return False
    if len(words) > 1:
        return len(form) > 7
    return len(form) > 6 and not code.startswith(_VAGUE) and _DISEASE.search(form) is not None


def _flags(code: str, entry: Entry, book: Codebook) -> frozenset[str]:
    flags = set()
    if code.startswith("R"):
        flags.add("s")
    elif not code.startswith(_ACUTE_CHAPTERS) and "acute" not in entry.title.lower():
        flags.add("c")
    if code not in book.billable and any(
        " right " in f" {book.title(leaf).lower()} " for leaf in book.leaves(code)[:12]
    ):
        flags.add("t")
    return frozenset(flags)
