"""Words of frequency, negation, sex and onset in a sentence: each is taken out, or the sentence is not understood."""

import re
from dataclasses import dataclass

PEOPLE = (
    r"(?:(?:affected |reported |studied |published |described )?"
    r"(?:patients?|people|individuals?|persons?|subjects?|cases?|those|someone|anyone))"
)
_ABOUT = r"(?:about |around |approximately |roughly |some )?"
_SLIVER = 1e-9  # "more than 50 %" does not hold for 50 %
_NUMBER = r"\d+(?:\.\d+)?"

# A claimed share must contain the recorded one. "Frequent" and "occasional" are HPO's own classes.
_WORDS: tuple[tuple[str, float, float], ...] = (
    (r"very (?:frequent(?:ly)?|common(?:ly)?|often)", 80, 100),
    (r"(?:obligate|always|invariably|universal(?:ly)?|constant(?:ly)?)", 100, 100),
    (r"(?:all|every|each)", 100, 100),
    (r"(?:excluded)", 0, 0),
    (r"very (?:rare(?:ly)?|infrequent(?:ly)?|uncommon(?:ly)?)", 0.001, 4.999),
    (r"(?:rare(?:ly)?|seldom)", 0.001, 4.999),
    (r"(?:uncommon(?:ly)?|infrequent(?:ly)?|few|(?:small )?minority of)", 0.001, 29.999),
    (r"occasional(?:ly)?", 5, 29.999),
    (r"frequent", 30, 79.999),
    (r"(?:common(?:ly)?|often|frequently|many|typical(?:ly)?)", 30, 100),
    (r"(?:about |around |roughly )?half", 45, 55),
    (
        rf"(?:most(?= (?:of\b|{PEOPLE}))|usual(?:ly)?|generally|mostly|(?:large |great |vast )?majority of)",
        50.001,
        100,
    ),
)
# These say only that it happens: harmless beside a positive record.
_EXISTENTIAL = r"(?:sometimes|at times|some(?: of)?|several|certain|a number of)"
# A negation that these phrases change is not a plain denial.
_UNCLEAR = re.compile(
    r"\bnot (?:all|every|always|only|necessarily|just|merely|uncommon\w*|rare\w*|unusual\w*|infrequent\w*|often|"
    r"usually|commonly|frequently|typically|yet|known|clear|certain|sure|established|recorded in|reported in|listed)\b"
    r"|\b(?:may|might|could|can|need|would) not\b|\bcannot\b|\bno longer\b|\bnot (?:be )?exclu\w+"
    r"|(?:,|\band|\bor|\bbut) (?:not|no)\b"  # "A, not B" denies one of two
    r"|\bnot (?:been )?(?:recorded|reported|described|documented|observed|found|seen)\b"
)
# These deny or limit something else than the statement itself: who is meant, or that there is more.
_OTHER_SCOPE = re.compile(
    r"\bwithout\b|\bwith no\b|\b(?:not|never) (?:having|with|affected|suffering|carrying|in|among)\b|\bnon\b"
    r"|\b(?:only|solely|exclusively|sole|nearly|almost|just|unlike|other than|except)\b"
)
ABSENCE = re.compile(
    r"\bno (?:known )?(?:record|records|evidence|data|information|report|reports|mention|documentation|knowledge)\b"
    r"|(?:,|\band|\bor|\bbut) (?:not|no)\b"  # "A, not B" denies one of two
    r"|\bnot (?:been )?(?:recorded|reported|described|documented|mentioned|listed|known)\b|\bunknown\b|\bunclear\b"
)
_NEGATION = re.compile(r"\b(?:not|no|never|neither|none of)\b")
_LACKING: tuple[tuple[str, str], ...] = (  # phrases of absence, and the same without the denial
    (r"\b(?:lacks|lack|lacking)\b", "has"),
    (r"\b(?:is|are) (?:free of|free from|devoid of)\b", "has"),
    (r"\b(?:absent|missing|excluded) (?:in|from|among)\b", "present in"),
    (r"\b(?:is|are) (?:absent|excluded)$", "is present"),
)
_SEX = {"MALE": r"(?:males?|men)", "FEMALE": r"(?:females?|women)"}  # boys and girls are an age as well
ONSETS: dict[str, str] = {  # HPO onset terms
    "HP:0003577": r"(?:congenital|at birth|birth)",
    "HP:0030674": r"(?:antenatal|prenatal)",
    "HP:0003623": r"(?:neonatal|(?:the )?neonatal period)",
    "HP:0003593": r"(?:infantile|infancy)",
    "HP:0011463": r"childhood",
    "HP:0003621": r"(?:juvenile|adolescence|adolescent)",
    "HP:0003581": r"(?:adult|adulthood)",
    "HP:0011462": r"young adult(?:hood)?",
    "HP:0003596": r"middle age",
    "HP:0003584": r"late",
}


@dataclass(frozen=True, slots=True)
class Share:
    """A claimed share of patients in per cent; `count` of `total` where the sentence counts."""

    low: float
    high: float
    count: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything a sentence adds to its bare triple."""

    share: Share | None = None
    sex: str = ""
    onset: str = ""
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Unclear(Exception):  # noqa: N818
    """The sentence cannot be read as one plain statement; `reason` says why."""

    reason: str


def take_negation(text: str) -> tuple[str, bool]:
    """Return the text without its one denial, and whether there was one. Raises `Unclear` for anything subtler."""
    if _OTHER_SCOPE.search(text):
        raise Unclear("the sentence speaks of those without it, or limits the statement")
    if ABSENCE.search(text):
        raise Unclear("that there is no record is not a statement that something is absent")
    if _UNCLEAR.search(text) or re.match(r"no\s*,", text):
        raise Unclear("the negation is not a plain one")
    count = 0
    for pattern, plain in _LACKING:
        text, replaced = re.subn(pattern, plain, text)
        count += replaced
    count += len(_NEGATION.findall(text))
    text = re.sub(r"\bnor\b", "or", _NEGATION.sub(" ", text))
    if count > 1:
        raise Unclear("more than one negation")
    return _squeeze(text), count == 1


def take_share(text: str) -> tuple[str, Share | None]:
    """Return the text without its statement of frequency, and that statement. Raises `Unclear` for two of them."""
    shares: list[Share] = []

    def counted(match: re.Match[str]) -> str:
        count, total = int(match[1]), int(match[2])
        if not total > 0 or count > total:
            raise Unclear("the count is not a share")
        shares.append(Share(100 * count / total, 100 * count / total, count, total))
        return " "

    def percent(match: re.Match[str]) -> str:
        shares.append(_percent(match))
        return " "

    text = re.sub(rf"{_ABOUT}\b(\d+) ?(?:/|of the|of|out of) ?(\d+)\b(?: of)?", counted, text)
    text = re.sub(
        rf"(more than |over |at least |less than |under |fewer than |up to |at most )?{_ABOUT}({_NUMBER})"
        rf"(?: ?% ?)?(?:(?:-|to| to | - )({_NUMBER}))? ?(?:%|percent|per cent)(?: of)?",
        percent,
        text,
    )
    for pattern, low, high in _WORDS:
        text, times = re.subn(rf"\b{pattern}\b(?: of\b)?", " ", text)
        shares.extend([Share(low, high)] * times)
    text = re.sub(rf"\b{_EXISTENTIAL}\b", " ", text)
    if len(shares) == 2 and (counted_share := _same_count(*shares)) is not None:
        shares = [counted_share]
    if len(shares) > 1:
        raise Unclear("more than one statement of frequency")
    return _squeeze(text), shares[0] if shares else None


def take_people(text: str) -> tuple[str, str, str]:
    """Return the text without sex and onset, the sex ("MALE", "FEMALE", "") and the onset term ("" if none)."""
    sexes = [sex for sex, words in _SEX.items() if re.search(rf"\b{words}\b", text)]
    onsets: list[str] = []
    for term, words in ONSETS.items():
        text, times = re.subn(
            rf"\b(?:with )?(?:an? )?(?:{words} onset|onset (?:in|at|during) {words})\b", " ", text
        )
        onsets.extend([term] * bool(times))
    if len(sexes) > 1 or len(onsets) > 1:
        raise Unclear("more than one group of patients")
    for words in _SEX.values():
        text = re.sub(rf"\b{words} (?={PEOPLE})", " ", text)
        text = re.sub(rf"\b(?:in|among) {words}(?= with\b)", "in patients", text)
        text = re.sub(rf"^{words}(?= with\b)", "patients", text)
        text = re.sub(rf"\b(?:in|among) {words}\b", " ", text)
    return _squeeze(text), sexes[0] if sexes else "", onsets[0] if onsets else ""


def limits_of(text: str) -> tuple[str, Limits]:
    """Return the text without frequency, sex, onset and denial, and what they say."""
    text, negated = take_negation(text)
    text, share = take_share(text)
    text, sex, onset = take_people(text)
    if negated and share is not None:
        raise Unclear("a denied frequency")
    return text, Limits(share, sex, onset, negated)


def _same_count(first: Share, second: Share) -> Share | None:
    """Return the count where a sentence gives it together with its percentage: "45 of 60 (75 %)"."""
    for count, share in ((first, second), (second, first)):
        if count.total is not None and share.total is None and share.low <= count.low <= share.high:
            return count if share.high - share.low <= 1 else None
    return None


def _percent(match: re.Match[str]) -> Share:
    bound = (match[1] or "").strip()
    low = float(match[2])
    high = float(match[3] or match[2])
    if not 0 <= low <= high <= 100:
        raise Unclear("the percentage is not a share")
    if bound == "at least":
        return Share(low, 100)
    if bound in ("more than", "over"):
        return Share(low + _SLIVER, 100)
    if bound in ("less than", "under", "fewer than"):
        return Share(0, high - _SLIVER)
    if bound:
        return Share(0, high)
    if match[3]:
        return Share(low, high)
    digits = len(match[2].partition(".")[2])
    half = 0.5 * 10.0**-digits
    return Share(max(0, low - half), min(100, high + half))


def _squeeze(text: str) -> str:
    return " ".join(text.split())
