"""Fractures of bones with osteoporosis (guideline I.C.13.d), and sides that another name of a condition states."""

from clinweave.applications.coding.choose import side_of
from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Drafts
from clinweave.applications.coding.patterns import pattern

_FRAGILE = pattern("fragile")
_FORCEFUL = pattern("forceful")
_PATHOLOGICAL = {
    "S72": "M80.05",
    "S52": "M80.03",
    "S42.2": "M80.02",
    "S42.3": "M80.02",
    "S22.0": "M80.08",
    "S32.0": "M80.08",
    "S82": "M80.06",
    "S92": "M80.07",
    "S32": "M80.0A",
    "S22": "M80.0A",
}


def code_fragility_fractures(drafts: Drafts, text: str, book: Codebook) -> None:
    """Code a fracture of a patient with osteoporosis as pathological, where a healthy bone would not have broken."""
    if not drafts.having(["M81.0"]) or not _FRAGILE.search(text) or _FORCEFUL.search(text):
        return
    for code in drafts.having(list(_PATHOLOGICAL)):
        stem = next(target for top, target in _PATHOLOGICAL.items() if code.startswith(top))
        side = side_of(book.title(code).lower())
        leaf = (
            f"{stem}{ {'right': '1', 'left': '2'}.get(side, '9') }"
            if len(stem) == 6 and stem[-1] in "23567"
            else stem
        )
        if full := book.with_seventh(leaf, code[-1] if code[-1] in "ADGKPS" else "A"):
            drafts.replace([code, "M81.0"], full, "a minor fall breaks no healthy bone", "I.C.13.d")


def drop_unsided(drafts: Drafts, book: Codebook) -> None:
    """Drop a code without its side where the same sentence names the condition again with the side.

    "Glue ear (chronic otitis media with effusion, bilateral)" is one condition of both ears.
    """
    sided = [
        code for code in drafts.codes if side_of(book.title(code).lower()) and not drafts.codes[code].missing
    ]
    for code in [code for code, draft in drafts.codes.items() if "side" in draft.missing]:
        sentences = {item.sentence for item in drafts.codes[code].findings}
        for other in sided:
            same = other[:3] == code[:3] and all(
                any(_overlap(sentence, item.sentence) for item in drafts.codes[other].findings)
                for sentence in sentences
            )
            if same:
                drafts.remove([code], f"{other} names the side", "I.B.13")
                break


def _overlap(first: tuple[int, int], second: tuple[int, int]) -> bool:
    return first[0] < second[1] and second[0] < first[1]
