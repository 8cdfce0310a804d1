"""Telephone numbers, e-mail and web addresses, and addresses of computers and devices on a network."""

# ruff: noqa: E501 - a regular expression is one line
import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

from clinweave.patients.deid.identifiers import CODE_BEFORE
from clinweave.patients.deid.spans import Kind, Span
from clinweave.patients.deid.words import places

_FLAGS = re.IGNORECASE
_AT, _DOT = (
    r"(?:\s?@\s?|\s?[\[(]\s?at\s?[\])]\s?|\s+at\s+)",
    r"(?:\.|\s\.\s|\s?[\[(]\s?dot\s?[\])]\s?|\s+dot\s+)",
)
_TOP = r"(?:com|org|net|edu|gov|mil|int|info|example|test|nhs|ac|co|uk|us|ca|de|fr|es|it|nl|be|ch|at|eu|in|cn|jp|au|nz|ie|vn|ru|br|mx|hk|sg|health|hospital)"
_CONTACTS = (
    ("e-mail", re.compile(r"[\w.+'\u2019-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b")),
    ("e-mail spelt out", re.compile(rf"\b[\w+-]{{1,40}}(?:{_DOT}[\w+-]{{1,40}}){{0,3}}{_AT}[\w-]{{1,40}}(?:{_DOT}[\w-]{{1,30}}){{0,3}}{_DOT}{_TOP}\b", _FLAGS)),
    ("web address", re.compile(r"\b(?:https?://|ftp://|www\.)[^\s<>\"']+", _FLAGS)),
    ("social media account", re.compile(r"(?<![\w.])@[A-Za-z_][\w.]{2,30}\b")),
    ("account after its word", re.compile(r"\b(?:twitter|facebook|instagram|skype|whatsapp|wechat|telegram|tiktok|snapchat|linkedin)\b(?: (?:id|handle|account|name|user))?\s*[:=]?\s*(?P<it>@?[\w.-]*[\w])(?=[\s,;.)]|$)", _FLAGS)),
    ("hardware address", re.compile(r"\b(?:[0-9A-F]{2}[:-]){5}[0-9A-F]{2}\b", _FLAGS)),
    ("telephone", re.compile(r"(?<![\d.])(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]{0,2}\d{3}[-. ]\d{4}(?:\s*(?:x|ext\.?)\s*\d{1,6})?(?!\d)", _FLAGS)),
    ("telephone abroad", re.compile(r"(?<!\w)(?:\+(?=[1-9](?:[ ./()-]{0,3}\d){6})|00(?=[1-9]))\d{1,3}(?:[ ./-]?\(?\d{1,4}\)?){2,6}(?!\d)")),
    ("telephone after its word", re.compile(
        r"\b(?:phone|tel|telephone|fax|pager|beeper|bleep|extn|dect|cell|mobile|mob|extension|ext|call|ring|ruf|text|sms|whatsapp|dial|contact(?: no\.?| number)?|t\u00e9l|telefon|tel\u00e9fono|m\u00f3vil|handy|portable)\b[.:# ]{0,3}(?:number |no\.? |is |at |on |him |her |them )*"
        r"(?P<it>\(?\+?\d[\d()./-]{1,14}\d(?:[ ]?[ /-][ ]?\d{2,6}){0,4}|\(?0\d{1,4}\)?(?:[ ]?[ /-][ ]?\d{2,6}){1,4})", _FLAGS)),
)  # fmt: skip
_IP4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d{1,2})?(?![\d.]\d)")
_IP6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:/\d{1,3})?(?![\w:])", _FLAGS)
_CANDIDATE = re.compile(
    r"(?<![\w.,/+-])\(?\d{2,5}\)?(?:[ ./-]{1,2}\d{2,8}){1,4}(?![\w/%]|[.,]\d|\s?(?:mg|mL|mmHg|%))"
)
_REGIONS = ("GB", "DE", "FR", "ES", "IT", "NL", "IN", "JP", "CN", "VN", "AU", "BR", "MX", "RU")
_DATE = re.compile(
    r"\(?(?:\d{1,2}([./-])\d{1,2}\1(?:19|20)\d{2}|(?:19|20)\d{2}([./-])\d{1,2}\2\d{1,2})(?!\d)"
)
_FEWEST_DIGITS, _MAX_DIGITS = 8, 13


def contacts(text: str) -> Iterator[Span]:
    """Yield telephone numbers, e-mail and web addresses, and network addresses."""
    for rule, pattern in _CONTACTS:
        group = "it" if "it" in pattern.groupindex else 0
        for match in pattern.finditer(text):
            before = text[max(0, match.start(group) - 24) : match.start(group)]
            if match.start(group) < match.end(group) and not (
                rule.startswith("telephone") and CODE_BEFORE.search(before)
            ):
                yield Span(*match.span(group), Kind.CONTACT, rule)
    for pattern in (_IP4, _IP6):
        for match in pattern.finditer(text):
            if _is_address(match[0].partition("/")[0]):
                yield Span(*match.span(), Kind.CONTACT, "network address")
    for match in _CANDIDATE.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        if not CODE_BEFORE.search(before) and _is_telephone(
            match[0], named=bool(_town_before().search(before))
        ):
            yield Span(*match.span(), Kind.CONTACT, "national telephone number")


def _is_address(text: str) -> bool:
    """Tell whether an address of a computer is one; times such as 10:15:30 are none."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _town_before() -> re.Pattern[str]:
    """Return what matches a town at the end of a text: a number after it is most likely a telephone's."""
    return re.compile(rf"(?:{places()})[\s:,(]{{1,3}}$")


def _is_telephone(text: str, *, named: bool) -> bool:
    """Tell whether grouped digits are a valid number of a country (Google's libphonenumber, by phonenumbers).

    Numbers with the national prefix 0 need to be valid in one country; others also need the usual groups, or a town
    before them (`named`).
    """
    import phonenumbers

    digits = "".join(letter for letter in text if letter.isdigit())
    if not _FEWEST_DIGITS <= len(digits) <= _MAX_DIGITS or _DATE.match(text):
        return False
    groups = [part for part in text.replace("/", " ").replace("-", " ").replace(".", " ").split() if part]
    if (
        not digits.startswith("0")
        and not named
        and (len(groups) < 2 or len(groups[-1].strip("()")) < 3 or len(digits) < 9)
    ):
        return False
    for region in _REGIONS:
        try:
            if phonenumbers.is_valid_number_for_region(phonenumbers.parse(text, region), region):
                return True
        except phonenumbers.NumberParseException:
            return False
    return False
