"""Codes of skin ulcers: site, side and depth or stage make the code (L89, L97)."""

import re

from clinweave.applications.coding.draft import Draft, Drafts

_SIDE = ((re.compile(r"\b(?:right|rt|r)\b"), "1"), (re.compile(r"\b(?:left|lt|l)\b"), "2"))
_STAGES = (
    (re.compile(r"unstag"), "0"),
    (re.compile(r"deep tissue|\bdti\b|\bdtpi\b"), "6"),
    (re.compile(r"(?:stage|grade|st|category)\s*-?(?:4|iv)\b"), "4"),
    (re.compile(r"(?:stage|grade|st|category)\s*-?(?:3|iii)\b"), "3"),
    (re.compile(r"(?:stage|grade|st|category)\s*-?(?:2|ii)\b"), "2"),
    (re.compile(r"(?:stage|grade|st|category)\s*-?(?:1|i)\b"), "1"),
)
# pattern, digits of the site, whether a side follows
_PRESSURE = (
    (re.compile(r"sacr|coccyx|coccyg|tailbone"), "15", False),
    (re.compile(r"heel"), "6", True),
    (re.compile(r"buttock|ischi|gluteal"), "3", True),
    (re.compile(r"\bhip\b|trochanter"), "2", True),
    (re.compile(r"ankle|malleol"), "5", True),
    (re.compile(r"elbow"), "0", True),
    (re.compile(r"occip|scalp|\bhead\b"), "81", False),
)
_LOWER_LIMB = (
    (re.compile(r"heel|midfoot"), "4"),
    (re.compile(r"\btoes?\b|hallux|forefoot|plantar|metatars|\bfoot\b|\bfeet\b|dfu"), "5"),
    (re.compile(r"ankle|malleol"), "3"),
    (re.compile(r"calf|\bshin\b"), "2"),
    (re.compile(r"thigh"), "1"),
)
_DEPTH = (
    (re.compile(r"necrosis of (?:the )?bone|bone necrosis|necrotic bone"), "4"),
    (
        re.compile(
            r"(?:bone|osteomyelitis).{0,30}(?:exposed|involve|probe)|"
            r"(?:exposed|involv\w+|probes? to|down to|to) (?:the )?bone"
        ),
        "6",
    ),
    (re.compile(r"necrosis of (?:the )?muscle|muscle necrosis"), "3"),
    (
        re.compile(r"muscle (?:exposed|involve)|(?:exposed|involv\w+|down to|to) (?:the )?(?:muscle|tendon)"),
        "5",
    ),
    (re.compile(r"fat layer|subcutaneous|fat exposed|full[- ]thickness"), "2"),
    (re.compile(r"breakdown of (?:the )?skin|superficial|skin breakdown|partial[- ]thickness"), "1"),
)


def pressure_ulcer(context: str) -> str:
    """Return the code of a pressure ulcer (L89) for the words about it."""
    stage = next((digit for pattern, digit in _STAGES if pattern.search(context)), "9")
    for pattern, site, sided in _PRESSURE:
        if pattern.search(context):
            return f"L89.{site}{_side(context) if sided else ''}{stage}"
    return f"L89.9{ {'9': '0', '0': '5'}.get(stage, stage) }"


def skin_ulcer(context: str) -> str:
    """Return the code of a non-pressure ulcer of the lower limb (L97) for the words about it."""
    depth = next((digit for pattern, digit in _DEPTH if pattern.search(context)), "9")
    site = next((digit for pattern, digit in _LOWER_LIMB if pattern.search(context)), "9")
    return f"L97.{site}{_side(context)}{depth}"


def _side(context: str) -> str:
    return next((digit for pattern, digit in _SIDE if pattern.search(context)), "0")


def code_venous_ulcers(drafts: Drafts, text: str) -> None:
    """Add the disease of the veins to an ulcer that the note calls venous."""
    for code in drafts.having(["L97"]):
        if not any(_VENOUS.search(item.clause.lower()) for item in drafts.codes[code].findings):
            continue
        varices = drafts.having(["I83.0", "I83.9"])
        if varices or _VARICES.search(text):
            cause = f"I83.0{_OF_VEINS.get(code[5], '0')}{code[4]}"
            drafts.replace(varices, cause, "varicose veins with an ulcer", "I.A.13", [code])
        else:
            drafts.add(Draft("I87.2", list(drafts.codes[code].findings), ["I.A.13"], chronic=True))


_VENOUS = re.compile(r"\b(?:venous|varicose|stasis)\b")
_VARICES = re.compile(r"(?<!no )\bvaricose veins?\b")
_OF_VEINS = {"1": "1", "2": "2"}
