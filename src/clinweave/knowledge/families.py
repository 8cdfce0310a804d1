"""Word families: "femoral" and "femur", "hypoplastic" and "hypoplasia" are one word to a match in any order."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

# Endings of medical English that turn one part of speech into another; the longest that leaves four letters is cut.
_ENDINGS = sorted(
    "plastic:plas plasia:plas plasi:plas otic:os osis:os ose:os itic:it itis:it emic:em emia:em pathic:path pathy:path "
    "trophic:troph trophy:troph trophied:troph megaly:megal dactyly:dactyl dactylous:dactyl dactylic:dactyl "
    "dactylism:dactyl cephaly:cephal cephalic:cephal cephalous:cephal cephalus:cephal graphic:graph tonic:ton tonia:ton "
    "ification:if ified:if ication:ic ated:at ation:at ating:at ized:iz ization:iz ised:iz isation:iz ement:  ment: "
    "ness: ities: ity: ing: ed: ion: ive: ous: al: ar: ary: ic: ical: ia: ism: ly: y: a: um: us: e:".split(),
    key=lambda rule: -len(rule.partition(":")[0]),
)
_RULES = {ending: left for ending, _, left in (rule.partition(":") for rule in _ENDINGS)}
_LONGEST = max(map(len, _RULES))
_SHORTEST = 4
_WORD = re.compile(r"[a-z]+")


@lru_cache(maxsize=1)
def _heads() -> dict[str, str]:
    """Return the head of each listed word's family."""
    text = files("clinweave.knowledge").joinpath("families.toml").read_text("utf-8")
    lines = (line.split() for line in tomllib.loads(text)["lines"].splitlines())
    return {word: words[0] for words in lines for word in words}


@lru_cache(maxsize=1 << 17)
def family(word: str) -> str:
    """Return what stands for the family of a normalised word: a listed head, else the word without its ending."""
    head = _heads().get(word)
    if head is not None:
        return head
    if len(word) <= _SHORTEST or not _WORD.fullmatch(word):
        return word
    for size in range(min(_LONGEST, len(word) - 1), 0, -1):
        left = _RULES.get(word[-size:])
        if left is not None and len(word) - size + len(left) >= _SHORTEST:
            stem = word[:-size] + left
            return stem[:-1] if len(stem) > _SHORTEST and stem[-1] == stem[-2] and stem[-1] != "s" else stem
    return word
