"""The project's own index of conditions: names as notes write them, and the code that each leads to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import product

from clinweave.knowledge import normal_form

_FILES = (
    "terms_medicine.tsv", "terms_specialties.tsv", "terms_genetics.tsv", "terms_diabetes.tsv", "terms_status.tsv"
)  # fmt: skip
FLAGS = {
    "c": "chronic",
    "s": "symptom",
    "t": "site",
    "x": "status",
    "u": "confirmed only",
    "o": "organism",
    "d": "drug",
    "m": "complication of diabetes",
    "f": "family history",
    "b": "body mass index",
    "e": "external cause",
}
_PAST = re.compile(
    r"(?:personal history of|history of|h/o|hx of|hx|prior|previous|remote|old)\s+", re.IGNORECASE
)
_SIDES = ("right", "left", "the right", "the left", "both", "bilateral")
# Words that choices share.
_SHARED = {
    "systolic": r"systolic|hfr?ef\b(?<!hfpef)|reduced (?:ejection fraction|ef)|hfref",
    "diastolic": r"diastolic|hfpef|preserved (?:ejection fraction|ef)",
    "acuteonchronic": (
        r"acute[- ](?:up)?on[- ]chronic|acute and chronic|acute \w+ on chronic|exacerbat|exac\b|decompensat|\badhf\b"
    ),
    "hypoxic": r"hypox|type (?:1|i) (?:acute |chronic )?resp",
    "hypercapnic": r"hypercap|hypercarb|type (?:2|ii) (?:acute |chronic )?resp",
    "exacerbation": r"exacerbat|exac\b|flare|acute asthma",
    "agitation": r"agitat",
    "major": r"major|\bmdd\b",
    "psychotic": r"(?:with|and) psychotic|psychotic features",
    "moderateabuse": r"depend|moderate|severe|alcoholism|^alcoholic$|withdrawal|addict",
    "fracture": r"fracture",
    "vertebra": r"vertebra|spine|\b[tl]\d{1,2}\b",
    "obstructed": r"incarcerat|strangulat|obstruct",
    "notacute": r"chronic",
    "duetocardiac": r"due to (?:\w+ ){0,2}(?:mi|stemi|arrhythmia|myocardial|vf|vt|v-?fib|ventricular)",
    "ckd": r"\bckd\b|chronic kidney",
    "edema": r"macular (?:o?edema)(?<!without macular edema)(?<!no macular edema)|\bdme\b",
}


@dataclass(frozen=True, slots=True)
class Term:
    """An entry of the index. `choices` are patterns, all of which must hold in the context, and the code then."""

    code: str
    flags: frozenset[str]
    history: str  # code once the condition is over, "" if there is none
    names: tuple[str, ...]
    choices: tuple[tuple[tuple[re.Pattern[str], ...], str], ...]

    @property
    def chronic(self) -> bool:
        """Return whether the condition is present wherever the history names it."""
        return "c" in self.flags


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The terms, and by normal form the codes that past conditions have ("kidney stones" -> Z87.442)."""

    terms: tuple[Term, ...]
    past: dict[str, str]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Return the index; names that only say that a condition is past ("history of ...") are set apart."""
    terms: list[Term] = []
    past: dict[str, str] = {}
    own: dict[str, set[str]] = {}
    rows = list(_rows())
    for term in rows:
        if "x" not in term.flags:
            for name in term.names:
                own.setdefault(normal_form(name), set()).add(term.code)
    for term in rows:
        names, bare = [], []
        for name in term.names:
            match = _PAST.match(name) if "x" in term.flags else None
            if match is None:
                names.append(name)
                continue
            rest = name[match.end() :]
            past.setdefault(normal_form(rest), term.code)
            if normal_form(rest) not in own:
                bare.append(rest)
        if names:
            terms.append(Term(term.code, term.flags, term.history, tuple(names), term.choices))
        if bare:  # a condition that matters only once it is over
            terms.append(Term("", frozenset("h"), term.code, tuple(dict.fromkeys(bare)), ()))
    return Lexicon(tuple(terms), past)


def _rows() -> Iterator[Term]:
    for name in _FILES:
        text = files("clinweave.applications.coding").joinpath(name).read_text("utf-8")
        for line in text.splitlines():
            if line and not line.startswith("#"):
                cells = (line.split("\t") + [""] * 5)[:5]
                names = cells[3].split("; ")
                yield Term(
                    cells[0],
                    frozenset(cells[1]),
                    cells[2],
                    tuple(_sided(names) if "t" in cells[1] else names),
                    tuple(_choice(item) for item in cells[4].split("; ") if item),
                )


def _sided(names: list[str]) -> list[str]:
    """Return names with articles and a side put in ("fracture of the right clavicle"), and "fx" for "fracture"."""
    names = [*names, *(name.replace("fracture", "fx") for name in names if "fracture" in name)]
    parts = [name.partition(" of ") for name in names if " of " in name]
    short = [
        f"{head} {side} {tail.removeprefix('the ')}"
        for head, word, tail in parts
        if " " not in head and not tail.startswith(_SIDES)
        for side in ("right", "left", "r", "l", "rt", "lt")
    ]
    short += [
        f"{name.partition(' ')[0]} {side} {name.partition(' ')[2]}"
        for name in names
        if name.startswith(("fractured ", "broken "))
        for side in ("right", "left")
    ]
    return list(dict.fromkeys([*names, *(item for name in names for item in _with_articles(name)), *short]))


def _with_articles(name: str) -> Iterator[str]:
    """Yield a name with and without "the", and at most one side, after each "of" and "to" that has no side."""
    pieces = re.split(r"( (?:of|to) )", name)
    gaps = [
        number + 1
        for number, piece in enumerate(pieces)
        if piece in {" of ", " to "} and not pieces[number + 1].startswith(_SIDES)
    ]
    for gap in gaps:
        pieces[gap] = pieces[gap].removeprefix("the ")
    for chosen in product(("", "the "), repeat=len(gaps)):
        for sided, side in [(-1, ""), *product(gaps, ("right ", "left ", "r ", "l "))]:
            put = dict(zip(gaps, chosen, strict=True))
            if sided >= 0:
                put[sided] += side
            yield "".join(put.get(number, "") + piece for number, piece in enumerate(pieces))


def _choice(text: str) -> tuple[tuple[re.Pattern[str], ...], str]:
    patterns, _, code = text.rpartition(">")
    return tuple(_compiled(pattern) for pattern in patterns.split("&")), code


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    for name, words in _SHARED.items():
        pattern = pattern.replace(f"{{{name}}}", f"(?:{words})")
    return re.compile(pattern)
