"""Postal addresses, towns and institutions, in the forms of English-speaking and other countries."""

# ruff: noqa: E501 - a regular expression is one line
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from clinweave.patients.deid.letters import LOWER, UPPER
from clinweave.patients.deid.spans import Kind, Span
from clinweave.patients.deid.words import lists, places

_FLAGS = re.IGNORECASE
_NAME = rf"(?:(?:St|Ste|Mt|Ft)\.?[ ])?[{UPPER}][{LOWER}{UPPER}'\u2019-]{{1,40}}"
_STREET = (
    r"Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Way|Terrace|Terr?|Parkway|Pkwy|Circle|Cir|"
    r"Highway|Hwy|Square|Sq|Trail|Crescent|Cres|Close|Gardens|Gdns|Grove|Gr|Mews|Hill|Row|Walk|Rise|View|Park|Green|Parade|Alley|Loop|Quay|"
    r"Embankment|Wharf|Broadway|Esplanade|Villas|Cottages|Buildings|Heights|Ridge|Meadows?|Fields?|Vale|Passage|Yard"
)
_UNIT = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|#)\.?\s*#?\w+"
_STATE = r"A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]"
_UK_POSTCODE = r"(?:GIR ?0AA|[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d(?:\d|[ABEHMNPRVWXY])?|\d[A-HJKPS-UW]) ?\d[ABD-HJLNP-UW-Z]{2})"
_FACILITY = (
    r"Hospital|Medical Cent(?:er|re)|Health Cent(?:er|re)|Cancer Cent(?:er|re)|Clinic|Nursing Home|Care Home|Rehabilitation(?: Cent(?:er|re))?|"
    r"Hospice|University|College|School|Primary(?: School)?|Academy|Church|Infirmary|Healthcare|Health System|Medical Group|Senior Living|Nursing Facility|"
    r"Manor|Surgery|Practice|Prison|Synagogue|Mosque|Cathedral|Kindergarten|Nursery|Krankenhaus|Klinikum|H\u00f4pital|Ziekenhuis|Ospedale"
)
_GERMAN = rf"[{UPPER}][{LOWER}{UPPER}-]{{1,40}}(?:stra\u00dfe|strasse|str\.|weg|platz|allee|gasse|ufer|damm|gracht|straat|laan|plein|kade)"
_ROMANCE = r"(?:rue|avenue|av\.|boulevard|bd|place|all\u00e9e|impasse|chemin|quai|calle|c/|avenida|avda\.?|paseo|plaza|carrer|via|viale|piazza|corso|rua|travessa|largo)"
_ROMANCE_NAME = rf"(?:(?:de la|de los|de las|de l['\u2019]|d['\u2019]|du|des|de|del|della|dei|la|le|las|los)\s*)?[{UPPER}][{LOWER}{UPPER}'\u2019-]{{1,40}}(?:[ ]+(?:(?:de la|de|du|del|y|et)[ ]+)?[{UPPER}][{LOWER}'\u2019-]{{1,40}}){{0,3}}"
_TOWN_AFTER = rf"(?:,?\s+(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:[ ]?[A-Z]{{2}})?[ ]+{_NAME}(?:[ ]{_NAME}){{0,2}})?"
_CJK = r"[\u4e00-\u9fff]"
_TOWN_BEFORE = re.compile(rf"\b{_NAME}(?:[ -](?:on|upon|le|in|under|{_NAME})){{0,3}},?\s{{1,3}}$")
_AFTER_NAME = re.compile(rf",[ ](?P<it>[{UPPER}][{LOWER}]{{2,30}})(?=[.;\n]|$)")
# After a street, perhaps with floor and door between: a postcode with its town, or a town before its code or a clause's end.
_CODE_AND_TOWN = re.compile(
    rf"(?:,?\s+[\w.\u00ba\u00aa\u00b0/-]{{1,6}}(?:\s[\w.\u00ba\u00aa\u00b0]{{1,4}})?)??,?\s{{1,3}}(?P<it>(?:[A-Z]{{1,2}}-)?\d{{4,6}}(?:[ ]?[A-Z]{{2}})?[ ]+(?P<town>{_NAME}(?:[ -]{_NAME}){{0,2}}))"
)
_TOWN_AFTER_PLACE = re.compile(
    rf",\s{{1,3}}(?P<it>(?P<town>{_NAME}(?:[ -]{_NAME}){{0,2}})(?:[ ]\([A-Z]{{2}}\)|[,\s\u2013-]{{1,3}}(?:[A-Z]{{2,3}}[ ]+)?\d{{4,6}}(?!\d))?)(?=\s*(?:[).;,\n]|\[|\(|$)|\s+[A-Z]\d[A-Z])"
)
# clinical scales, stages and criteria called after a town ("Vancouver classification B1", "Rome IV criteria")
_NAMED_AFTER_TOWNS = (
    r"heart|scale|score|classification|criteria|criterion|consensus|guidelines?|equation|agitation|system|protocol|grade|grading|stage|staging|rules?|repair|"
    r"screening|chromosome|questionnaire|bowel|index|definition|regimen|procedure|technique|brace|angle|virus|diet|nomenclature"
)
_BEFORE_TOWN = frozenset(
    {"street", "German or Dutch street", "Romance street", "foreign facility", "facility", "flat"}
)
# where a person works or lives: what follows in capitals is a place
_PLACE_CUE = (
    r"lives? (?:alone )?(?:in|at|near)|living in|resid(?:es?|ing) (?:in|at)|resident (?:of|in|at)|moved (?:here )?(?:to|from)|born (?:and raised )?in|raised in|grew up in|"
    r"travell?(?:ed|ing|s)? (?:to|from)|native of|visit(?:ed|ing) (?:family |relatives |friends )?in|trip to|transferred (?:from|to)|from out of|emigrated from|"
    r"works? (?:as an? \w+ )?(?:at|for|in)|employed (?:at|by)|worked (?:as an? \w+ )?(?:at|for|in)|originally from|comes from|retired from|hometown of|"
    r"(?:city|town|village|county|mayor|vicar|sheriff|pastor|bishop|parish|people|citizen|duke|student|headmaster|postmaster|librarian) (?:of|at|in)|"
    r"(?:teacher|farmer|nurse|pupil|teaches|studies|student|fisherman|shopkeeper|baker|butcher|postman|miner|priest|monk|prisoner|inmate|soldier|officer|lecturer|professor|cook|cleaner|driver|caretaker|janitor) (?:at|in|from|near)|"
    r"home in|house in|farm (?:in|near)|holiday in|vacation in|on holiday (?:in|to)|returned from|flew (?:to|from)|arrived from|deported from|refugee from"
)


@lru_cache(maxsize=1)
def _places() -> tuple[tuple[str, re.Pattern[str]], ...]:
    place_names = places()
    return (
        ("street", re.compile(
            rf"\b(?:{_UNIT},?\s+)?\d{{1,6}}[A-Za-z]?(?:[-/]\d{{1,4}}[A-Za-z]?)?,?\s+(?:[NSEW]\.?\s+)?(?:{_NAME}[ ]+){{1,4}}(?:{_STREET})\b\.?(?:,?\s*{_UNIT})?")),
        ("flat", re.compile(r"\b(?:Flat|Apartment|Apt\.?|Appt\.?)\s+(?:\d{1,4}[A-Za-z]?|[A-Z])\b(?=,)")),
        ("German or Dutch street", re.compile(rf"(?<!\w){_GERMAN}\s+\d{{1,4}}\s?[a-z]?(?!\w){_TOWN_AFTER}")),
        ("Romance street", re.compile(rf"\b(?:\d{{1,4}}(?:\s?(?:bis|ter))?,?\s+)?(?i:{_ROMANCE})\s+{_ROMANCE_NAME}(?:,?\s+(?:n\.?\u00ba\s?)?\d{{1,4}})?(?!\w){_TOWN_AFTER}")),  # with a house number, see _trimmed
        ("Chinese address", re.compile(rf"(?:{_CJK}{{2,8}}?(?:\u7701|\u81ea\u6cbb\u533a))?(?:{_CJK}{{2,8}}?\u5e02){_CJK}{{0,12}}?(?:\u8def|\u8857|\u9053|\u5df7|\u6751|\u9547|\u5c0f\u533a)(?:\d{{1,5}}(?:\u53f7|\u5f04|\u680b|\u5ba4|\u697c|\u5355\u5143)?)*")),
        ("post box", re.compile(r"\b(?:P\.?\s?O\.?\s?Box|Postfach)\s+\d+", _FLAGS)),
        ("town and UK postcode", re.compile(rf"\b{_UK_POSTCODE}\b")),
        ("town and state", re.compile(rf"\b{_NAME}(?: {_NAME}){{0,2}},\s*(?:(?:{_STATE})(?=,?\s*\d{{5}})|{place_names})\b(?:,?\s*\d{{5}}(?:-\d{{4}})?)?")),
        ("town and state code", re.compile(rf"\b(?:in|from|to|of|at|near)\s+(?P<it>{_NAME}(?: {_NAME}){{0,2}},\s*(?:{_STATE}))\b")),
        ("state and zip", re.compile(rf"\b(?:{_STATE})\s+\d{{5}}(?:-\d{{4}})?\b")),
        ("zip", re.compile(r"\b(?:zip(?: ?code)?|postcode|postal code|PLZ|code postal|c\u00f3digo postal)\b\s*:?\s*(?P<it>[A-Z0-9]{2,5}(?:[ -][A-Z0-9]{3,4})?)\b", _FLAGS)),
        ("Canadian postcode", re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] \d[A-Z]\d\b")),
        ("facility", re.compile(rf"\b(?:(?:{_NAME}(?:['\u2019]s)?|of|and|the|&)[ ]+){{1,5}}(?:{_FACILITY})\b")),
        ("foreign facility", re.compile(rf"\b(?:H\u00f4pital|Hospital|Cl\u00ednica|Clinique|Klinik|Klinikum|Krankenhaus|Ospedale|Charit\u00e9)\s+(?P<it>{_ROMANCE_NAME})")),
        ("known place", re.compile(rf"\b(?:{place_names})\b(?!(?:\s+(?:[A-Z][a-z]+|[IVX]+)){{0,2}}\s+(?i:{_NAMED_AFTER_TOWNS})\b)")),
        ("place after its word", re.compile(rf"\b(?i:{_PLACE_CUE})\s+(?:the\s+)?(?P<it>{_NAME}(?:[ -](?:on |upon |le |in |of )?{_NAME}){{0,3}})")),
        ("address after its label", re.compile(rf"\b(?i:home address|address|adresse|anschrift|domicilio|direcci[o\u00f3]n|indirizzo|adres|morada)[ ]*:[ ]*(?P<it>(?=[{UPPER}\d])(?:[^\n|;.]|\.(?!\s|$)|(?<=\b\w\w)\.[ ]|(?<=\b\w)\.[ ]){{4,90}})")),
        ("address in lower case", re.compile(
            rf"\b\d{{1,5}}\s+(?:[nsew]\.?\s+)?(?:[a-z]{{3,20}}\s+){{1,2}}(?i:{_STREET})\b\.?(?:,?\s+(?i:{_UNIT}))?(?:,?\s+(?:[a-z]{{3,20}}\s+)?[a-z]{{3,20}},?\s+(?i:{_STATE})\b,?\s+\d{{5}}(?:-\d{{4}})?)")),
        ("address in lower case", re.compile(
            rf"\b(?:lives? at|resid(?:es|ing) at|staying at|address is|home is)\s+(?P<it>\d{{1,5}}\s+(?:[nsew]\.?\s+)?(?:[a-z]{{3,20}}\s+){{1,2}}(?i:{_STREET})\b\.?(?:,?\s+(?i:{_UNIT}))?)")),
        ("town and state in lower case", re.compile(rf"\b[a-z]{{3,20}}(?:[ ][a-z]{{3,20}})?,?[ ]+(?i:{_STATE})[ ]+\d{{5}}(?:-\d{{4}})?(?!\d)")),
        ("known place in lower case", re.compile(rf"\b(?:in|from|to|near)\s+(?P<it>{place_names.lower()})\b")),
        ("Indian address", re.compile(r"\b(?:R/o|[Rr]esident of|[Rr]esiding at)[:\s]+(?P<it>(?:H\.? ?No|House|Flat|Plot|Vill(?:age)?|Door|D\.? ?No|Ward)(?:[^\n|;.]|\.(?!\s|$)|(?<=No)\.[ ]){4,90})")),
        ("Russian address", re.compile(r"(?:\u0433\.|\u0433\u043e\u0440\u043e\u0434|\u0443\u043b\.|\u0443\u043b\u0438\u0446\u0430|\u043f\u0440\.|\u043f\u0440\u043e\u0441\u043f\u0435\u043a\u0442|\u043f\u0435\u0440\.)[ ]?[\u0410-\u042f\u0401][\u0430-\u044f\u0451-]+(?:[ ][\u0410-\u042f\u0401][\u0430-\u044f\u0451-]+)?(?:,?[ ](?:\u0434|\u0434\u043e\u043c|\u043a\u0432|\u043a\u043e\u0440\u043f)\.?[ ]?\d+[\u0430-\u044f]?){0,3}")),
        ("county", re.compile(rf"\b{_NAME}(?: {_NAME})? (?:County|Township|Parish|Village|Shire|Borough)\b")),
    )  # fmt: skip


def places_in(text: str) -> Iterator[Span]:
    """Yield addresses, towns, states with zip codes, and institutions with a name of their own.

    A place that a rule is sure of is marked wherever its name stands again.
    """
    sure: set[str] = set()
    for rule, pattern in _places():
        group = "it" if "it" in pattern.groupindex else 0
        for match in pattern.finditer(text):
            start, end = match.span(group)
            if rule == "town and UK postcode" and (
                town := _TOWN_BEFORE.search(text[max(0, start - 60) : start])
            ):
                start -= len(town[0])
            span = _trimmed(text, Span(start, end, Kind.PLACE, rule))
            if span is None:
                continue
            if (
                rule in ("place after its word", "town and UK postcode")
                and len(name := _town(text, span)) > 3
            ):
                sure.add(name)
            yield span
    for name in sorted(sure):
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            yield Span(*match.span(), Kind.PLACE, "place named elsewhere")


def _general_words() -> frozenset[str]:
    """Return the words that name no town."""
    names = ("common", "heads", "not_people", "generic_places", "not_places")
    return frozenset().union(*(lists()[name] for name in names))


def places_after_names(text: str, names: Iterable[Span]) -> Iterator[Span]:
    """Yield the town that follows a person's name and a comma and ends the clause ("Prof. van 't Hoff, Leiden.")."""
    general = _general_words()
    for span in names:
        match = _AFTER_NAME.match(text, span.end)
        if match and match["it"].lower() not in general:
            yield Span(*match.span("it"), Kind.PLACE, "town after a name")


def places_after_places(text: str, places: Iterable[Span]) -> Iterator[Span]:
    """Yield the town that follows a street or an institution ("Calle Olmo 15, 41003 Sevilla", "(H\u00f4pital Nord, Lyon)")."""
    general = _general_words()
    for span in places:
        if span.rule not in _BEFORE_TOWN:
            continue
        match = _CODE_AND_TOWN.match(text, span.end) or _TOWN_AFTER_PLACE.match(text, span.end)
        if match and match["town"].split()[0].lower() not in general:
            yield Span(*match.span("it"), Kind.PLACE, "town after a place")


def _town(text: str, span: Span) -> str:
    return re.sub(rf",?\s*{_UK_POSTCODE}.*", "", text[span.start : span.end]).strip(" ,")


def _trimmed(text: str, span: Span) -> Span | None:
    """Return the span without general words at its beginning ("the Medical Clinic"), or None where nothing is left."""
    if span.rule == "Romance street":
        return span if re.search(r"\d", text[span.start : span.end]) else None
    if span.rule not in {
        "facility",
        "place after its word",
        "town and state",
        "town and UK postcode",
        "town and state code",
    }:
        return span
    start = span.start
    general = lists()["generic_places"] | lists()["common"]
    words = [(match.start(), match[0]) for match in re.finditer(r"\S+", text[span.start : span.end])]
    while words and _plain(words[0][1]) in general:
        words.pop(0)
    if not words:
        return None
    start = span.start + words[0][0]
    if span.rule == "facility" and (
        len(words) == 1 or all(_plain(word) in lists()["generic_places"] for _, word in words[:-1])
    ):
        return None
    if span.rule == "place after its word" and _plain(words[0][1]) in lists()["not_places"]:
        return None
    return span._replace(start=start)


def _plain(word: str) -> str:
    return word.strip(".,;:()").lower()
