"""Case texts written from findings: varied wording, lay words, negation, family history and noise, by a seed.

Nothing is copied from a published report: sentences are put together from the frames in texts.toml, and a finding is
named by its label, by one of its synonyms, by lay words, or in another word order. What is noise (relatives' findings,
what was ruled out, treatments) is known, which allows scoring recognition as well as ranks. Made-up texts are easier
than real ones: a dictionary knows the labels and synonyms they are written with; the lay words are not taken from it.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from clinweave.applications.diagnosis import Case

WORDINGS = ("label", "synonym", "lay", "reordered")


class Named(NamedTuple):
    """A finding as a text words it, and how: label, synonym, lay or reordered."""

    id: str
    words: str
    wording: str


@dataclass(frozen=True)
class CaseText:
    """A text, and what it truly says of the patient."""

    id: str
    text: str
    present: tuple[Named, ...]
    absent: tuple[Named, ...]
    relatives: tuple[Named, ...]  # of others, and to be left out


@cache
def _frames() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))


def write_text(
    case: Case, names: Mapping[str, tuple[str, ...]], others: Sequence[str], seed: int = 0
) -> CaseText:
    """Return a text for a case.

    `names` maps an HPO id to its label and synonyms; `others` are ids from which a relative's findings are drawn.
    Findings without a name are left out.
    """
    random = Random(f"{seed} {case.id}")  # noqa: S311 - texts that repeat
    frames = _frames()
    present = [_named(id_, names[id_], random) for id_ in dict.fromkeys(case.observed) if id_ in names]
    absent = [_named(id_, names[id_], random) for id_ in dict.fromkeys(case.excluded) if id_ in names][:6]
    mentioned = {*case.observed, *case.excluded}
    pool = [id_ for id_ in others if id_ not in mentioned and id_ in names]
    count = random.choice((0, 1, 1, 2))
    relatives = [_named(id_, names[id_], random) for id_ in random.sample(pool, min(count, len(pool)))]
    person = {"FEMALE": "girl", "MALE": "boy"}.get(case.sex, "patient")
    pronoun = {"FEMALE": "she", "MALE": "he"}.get(case.sex, "the patient")
    first = present[: random.randint(1, 3)] if present else []
    sentences = (
        [_filled(random.choice(frames["opening"]), first, random, who=person, pronoun=pronoun)]
        if first
        else []
    )
    middle = _grouped(present[len(first) :], frames["present"], random, person, pronoun)
    middle += _grouped(absent, frames["absent"], random, person, pronoun)
    middle += _grouped(relatives, frames["relatives"], random, person, pronoun, most=1)
    middle += random.sample(frames["noise"], random.randint(2, 4))
    random.shuffle(middle)
    text = " ".join(_sentence(item) for item in [*sentences, *middle])
    return CaseText(case.id, text, tuple(present), tuple(absent), tuple(relatives))


def _named(id_: str, names: Sequence[str], random: Random) -> Named:
    lay = _frames()["lay"].get(id_.replace(":", "_"), ())
    label, synonyms = names[0], names[1:]
    wording = random.choices(
        WORDINGS, (4, 3 if synonyms else 0, 4 if lay else 0, 1 if label.count(" ") == 1 else 0)
    )[0]
    if wording == "lay":
        return Named(id_, random.choice(lay), wording)
    if wording == "synonym":
        return Named(id_, _plain(random.choice(synonyms)), wording)
    if wording == "reordered":
        head, _, last = _plain(label).partition(" ")
        return Named(id_, f"{last} that was {head}", wording)
    return Named(id_, _plain(label), wording)


def _plain(name: str) -> str:
    """Return a name as it stands in a sentence: small first letter, but for abbreviations."""
    return name if name[:2].isupper() or name[1:2].isdigit() else name[:1].lower() + name[1:]


def _grouped(  # noqa: PLR0917 - findings, frames, and the person described
    findings: Sequence[Named], frames: Sequence[str], random: Random, person: str, pronoun: str, most: int = 4
) -> list[str]:
    result, start = [], 0
    while start < len(findings):
        size = random.randint(1, most)
        result.append(
            _filled(
                random.choice(frames), findings[start : start + size], random, who=person, pronoun=pronoun
            )
        )
        start += size
    return result


def _filled(frame: str, findings: Sequence[Named], random: Random, **words: str) -> str:
    listed = [finding.words for finding in findings]
    joiner = random.choice((" and ", " as well as ")) if "{no}" not in frame else " or "
    text = listed[0] if len(listed) == 1 else ", ".join(listed[:-1]) + joiner + listed[-1]
    return frame.replace("{findings}", text).replace("{no}", text).format(**words)


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."
