"""Names of people: after titles, cue words and relationships, before degrees, as subjects of a person's actions, by
name lists, and from the patient's own record. Every rule examines a bounded span, to keep run time linear in the
note's length."""

# ruff: noqa: E501 - a regular expression or list is one line
import re
from collections.abc import Iterable, Iterator

from clinweave.patients.deid.letters import LOWER as _LOW
from clinweave.patients.deid.letters import UPPER as _UP
from clinweave.patients.deid.other_scripts import names_in_other_scripts
from clinweave.patients.deid.spans import Kind, Span
from clinweave.patients.deid.words import lists

# Title case with apostrophes, hyphens and the digits of synthetic records: O'Brien, al-Rashid, McDonald, Larue605
_TITLED = (
    rf"(?:[aAeE]l-)?(?:[{_UP}]['\u2019])?[{_UP}][{_LOW}]{{1,30}}(?:[{_UP}][{_LOW}]{{1,30}})?"
    rf"(?:-[{_UP}{_LOW}][{_LOW}]{{1,30}}){{0,3}}(?:['\u2019][{_LOW}]{{2,10}})?\d{{0,4}}"
)
_CAPS = rf"(?<![{_UP}])(?:[{_UP}]['\u2019])?[{_UP}]{{2,30}}(?:['\u2019-][{_UP}]{{1,30}}){{0,3}}(?![{_UP}])"
_INITIAL = rf"[{_UP}](?:\.|(?![{_LOW}{_UP}\w]))"
_PARTICLE = (
    r"(?:van der|van den|van de|van 't|van \u2019t|van|von der|von und zu|von|zu|zur|de la|de los|de las|de|del|della|di|da|dos|das|do|du|des|d['\u2019]|"
    r"bin|ibn|bint|abu|al|el|le|la|den|ten|ter|st\.?|y|'t)"
)
_WORD = rf"(?:{_TITLED}|{_CAPS})"
_MORE = rf"(?:[ ]+(?:{_PARTICLE}[ ]+){{0,2}}(?:{_WORD}|{_INITIAL}))"
_FULL = rf"(?:{_PARTICLE}[ ]+)?(?:{_INITIAL}[ ]?){{0,3}}{_WORD}{_MORE}{{0,3}}"
_LOWER_NAME = rf"[{_LOW}](?:['\u2019][{_LOW}])?[{_LOW}]{{2,20}}(?:-[{_LOW}]{{2,20}})?"
_KIN = (
    r"wife|husband|son|daughter|brother|sister|mother|father|mom|dad|mum|friend|partner|boyfriend|girlfriend|fianc[\u00e9e]e?|aunt|uncle|niece|"
    r"nephew|cousin|grandson|granddaughter|grandmother|grandfather|caregiver|carer|roommate|neighbor|neighbour|guardian|spouse|twin|stepson|stepdaughter|"
    r"landlord|landlady|boss|colleague|employer|girl|boy|baby"
)
_ROLE = (
    r"patient(?: name)?|pt(?: name)?|name|attending(?: physician)?|pcp|primary care (?:physician|provider)|provider|physician|surgeon|"
    r"resident|fellow|intern|dictated by|signed by|electronically signed by|signed|referring (?:physician|provider|doctor|md)|reviewed by|"
    r"transcribed by|attested by|authored by|author|cc|next of kin|nok|emergency contact|contact|mother|father|guardian|spouse|nurse|"
    r"cardiologist|neurologist|oncologist|interpreter|social worker|health care proxy|hcp|proxy|from|to|re|consultant|assistant|anesthesiologist|"
    r"anaesthetist|gp|registrar|midwife|keyworker|carer|surname|forename|first name|last name|maiden name|preferred name|alias|aka|dear|"
    r"pathologist|radiologist|therapist|ordering|ordered by|witness(?:ed by)?|attn|"
    r"paciente|nombre(?: completo)?|apellidos?|m[e\u00e9]dic[oa](?: tratante| curante)?|firmado(?: por)?|enfermer[oa]|familiar|"
    r"patiente|nom(?: de naissance)?|pr[e\u00e9]noms?|m[e\u00e9]decin(?: traitant)?|sign[e\u00e9](?: par)?|infirmi[e\u00e8]re?|"
    r"patientin|nachname|vorname|familienname|geburtsname|(?:haus)?(?:arzt|\u00e4rztin)|angeh\u00f6riger?|unterschrift|"
    r"pati\u00ebnte?|naam|achternaam|voornaam|huisarts|behandelaar|paziente|nome|cognome|utente|enfermeir[oa]"
)
_KIN_ABROAD = (
    r"fils|fille|\u00e9pouse|\u00e9poux|mari|fr\u00e8re|s(?:\u0153|oe)ur|m\u00e8re|p\u00e8re|hij[oa]|espos[oa]|herman[oa]|madre|padre|moglie|marito|figli[oa]|"
    r"fratello|sorella|zoon|dochter|echtgenote|broer|zus|moeder|vader"
)
_KIN_LISTED = r"Wife|Husband|Son|Daughter|Brother|Sister|Mother|Mom|Mum|Dad|Partner|Spouse|Aunt|Uncle|Niece|Nephew|Cousin|Friend|Grandson|Granddaughter|Carer|Neighbou?r"
# Grades before a name ("seen by RN Lee"), after a word for who acts: "RN Notified" is a sentence.
_GRADE = (
    r"RN|LPN|LVN|CNA|CRNA|NP|FNP|DNP|PA|PA-C|MA|PT|OT|SLP|SW|LCSW|EMT|HCA|SHO|SpR|ST[1-8]|FY[12]|CNS|ANP|MD"
)
_BEFORE_GRADE = r"[Bb]y|with|per|from|to|via|saw|told|informed|notified|paged|called"
_VIETNAMESE = "Nguy\u1ec5n|Tr\u1ea7n|L\u00ea|Ph\u1ea1m|Hu\u1ef3nh|Ho\u00e0ng|Phan|V\u0169|V\u00f5|\u0110\u1eb7ng|B\u00f9i|\u0110\u1ed7|H\u1ed3|Ng\u00f4|D\u01b0\u01a1ng|L\u00fd|\u0110inh|Tr\u01b0\u01a1ng|\u0110o\u00e0n"
_TITLE = (
    r"Drs?|Mrs?|Ms|Mx|Miss|Prof|Professor|Doctor|Sister|Rev|Reverend|Father|Fr|Sir|Dame|Lady|Lord|Nurse|Capt|Captain|Sgt|Sergeant|Lt|Col|Maj|Major|Hon|Judge|"
    r"Pastor|Rabbi|Imam|Herrn?|Frau|Kolleg(?:e|in|en)|[Cc]ollega|[Hh]eer|Fr\u00e4ulein|Monsieur|Madame|Mme|Mlle|Se\u00f1ora?|Srta|Sra?|Don|Do\u00f1a|Dra|Signora?|Sig|[Dd]hr|[Mm]evrouw|[Mm]evr|[Mm]w|Dott|Ing|Dipl|Sheikh|Hajji|Smt|Shri|Sri|Kumari"
)
_FACULTY = r"(?:(?:med|rer|nat|phil|dent|vet|habil|h\.\s?c|univ)\.[ ]*){0,3}"  # "Dr. med. K. Haas"
_DOES = (
    r"(?:was|were|is|are) (?:seen|admitted|born|examined|referred|evaluated|discharged|brought|reviewed|transferred|intubated|found|known|counsel?led|informed|told|called|"
    r"a \d|an? \d|very|a pleasant|a lovely|short of breath|well known|feeling|doing|worried|here|accompanied|married|retired|allergic|upset|alert)|"
    r"presented|presents|reports?|reported|denies|denied|states|stated|says|said|returns|returned|complains?|complained|c/o|takes|took|smokes|drinks|lives|lived|"
    r"works|worked|tolerates|tolerated|feels|felt|endorses|admits|tells|told|asks|asked|wants|wishes|agrees|agreed|refuses|refused|declines|declined|"
    r"phoned|telephoned|called|rang|emailed|attended|attends|drove|walks|visited|came|arrived|signed|has a (?:history|past)|has (?:had|been (?:seen|unwell|well|taking|feeling|on))|"
    r"had (?:a|an) (?:fall|seizure|stroke)|remembers|recalls|woke|understands|thanks|brought|accompanied|needs help|underwent"
)
# of one capitalised word alone: only what no finding, test or drug does ("Nausea reported", "Effusion was seen")
_ACTS = (
    r"(?:was (?:admitted|discharged|born|brought in)|is (?:an? \d|short of breath|married|retired|upset|worried|unwell|allergic))|"
    r"reports|denies|states|says|said|complains|c/o|takes|took|smokes|drinks|lives|lived|works|worked|tolerates|feels|felt|endorses|admits|tells|told|"
    r"asks|wants|wishes|agrees|refuses|declines|phoned|telephoned|drove|walks|remembers|recalls|woke|understands|thanks|signed|has a history"
)
_TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "prof", "sr", "fr"})
_MARKER = r"(?=[ ]*\(?(?:dob|d\.o\.b|mrn|born|aged?\b|nhs|hosp|\d{1,3}[ ]?(?:yo|y/o|yrs?|y\.o|m\b|f\b)))"
# In _TITLE patterns a point without a space ("Mr.Smith") and none at all ("DrJones") are both seen in notes.
_RULES = (
    ("title", re.compile(rf"\b(?:{_TITLE})\b(?:\.\s*|[ ]+)(?:(?i:{_TITLE})\.?[ ]+)?{_FACULTY}(?P<it>{_FULL})")),
    ("title", re.compile(rf"\b(?:Dr|Mr|Mrs|Prof)(?P<it>[{_UP}][{_LOW}]{{2,30}}{_MORE}{{0,2}})")),
    ("title", re.compile(rf"\b(?:DRS?|MRS?|MS|MISS|PROF)\b\.?[ ]+(?P<it>{_FULL})")),
    ("two doctors", re.compile(rf"\bDrs\.?[ ]+{_WORD}(?:,[ ]+{_WORD}){{0,5}},?[ ]+and[ ]+(?P<it>{_FULL})")),
    ("degree", re.compile(rf"\b(?P<it>{_WORD}{_MORE}{{0,3}}),?[ ]*(?:M\.?D\.?|D\.?O\.?|R\.?N\.?|N\.?P\.?|PA-C|Ph\.?D\.?|LPN|FNP|DNP|MBBS|FACS|FRCP|FRCS|MRCP|CRNA|PharmD|LCSW|MSW|DDS|DPM|ARNP|CNP|MPH)\b(?![{_LOW}])")),
    ("role", re.compile(rf"(?im:^|(?<=[\s(\[;]))(?i:{_ROLE})[ ]*(?::|#|-(?=[ ]))[ ]*(?:(?i:dr|mrs?|ms)\.?[ ]+)?(?P<it>(?:{_INITIAL}[ ]?){{0,3}}{_WORD}(?:,[ ]*{_WORD})?{_MORE}{{0,3}})")),
    ("grade", re.compile(rf"\b(?:{_BEFORE_GRADE})[ ]+(?:the[ ]+)?(?:{_GRADE})\b\.?[ ]+(?P<it>{_FULL})")),
    ("Vietnamese name", re.compile(rf"(?<!\w)(?P<it>(?:{_VIETNAMESE})(?:[ ]{_TITLED}){{1,3}})(?!\w)")),
    ("Vietnamese title", re.compile(rf"(?<!\w)(?:[Bb]\u1ec7nh nh\u00e2n|[Bb]\u00e1c s[\u0129i]|BS\.|BN\.|\u00d4ng|B\u00e0|Ch\u1ecb|Anh|\u0110i\u1ec1u d\u01b0\u1ee1ng)[ :]{{1,2}}(?P<it>{_FULL})")),
    ("label", re.compile(rf"(?im:^|(?<=[\s(\[;]))(?i:(?:patient|pt|full|last|family|first|given|maiden|sur|fore)(?:['\u2019]?s)?[ ]?name)[ ]*[:#][ ]*(?P<it>{_WORD}(?:,[ ]*{_WORD})?{_MORE}{{0,3}})(?=[ ]*(?:$|[\n(\d|;,.]))")),
    ("kin", re.compile(rf"\b(?:{_KIN})s?,?[ ]+[(\[]?(?:named[ ]+|called[ ]+|is[ ]+|of[ ]+)?(?P<it>{_TITLED}(?:[ ]+{_TITLED}){{0,3}})")),
    ("kin", re.compile(rf"\b(?:{_KIN_ABROAD})[ ]+(?P<it>{_TITLED}(?:[ ]+{_TITLED}){{0,2}})")),
    ("kin", re.compile(rf"\b(?:{_KIN_LISTED})(?:,[ ]+|[ ]+\()(?P<it>{_TITLED}(?:[ ]+{_TITLED}){{0,2}})(?=[,)][ ]*(?:at (?:the )?bedside|in attendance|accompan\w+|who|present\b|(?:{_DOES})))")),
    ("whose kin", re.compile(rf"\b(?P<it>{_TITLED})['\u2019]s[ ]+(?:{_KIN})\b")),
    ("kin behind", re.compile(rf"\b(?P<it>(?!\w+ly,){_TITLED}(?:[ ]+{_TITLED})?),[ ]+(?:his|her|their|my|the patient['\u2019]s)[ ]+(?:\w+[ ]+)?(?:{_KIN})\b")),
    ("newborn", re.compile(rf"\b(?i:baby (?:boy|girl))[ ]+(?P<it>(?![{_UP}{_LOW}]+(?i:ed|ing)\b){_FULL})")),
    ("child of", re.compile(rf"\b[BSD]/O\.?[ ]+(?P<it>{_FULL})")),
    ("child of", re.compile(rf"\b(?P<it>{_TITLED}(?:[ ]+{_TITLED}){{0,2}})[ ]+(?:[SD]/[Oo]\.?|W/[Oo]\.?[ ]+(?:Shri|Sri|Mr|Late))[ ]+(?={_WORD})")),
    ("name is", re.compile(rf"\b(?i:name is|named|called|known as|goes by|introduced (?:him|her)self as|n\u00e9e|formerly|aka|a\.k\.a\.)[ ]+[\"\u201c]?(?P<it>{_FULL})")),
    ("seen by", re.compile(rf"\b(?:seen|evaluated|examined|followed|referred|signed|performed|discussed|spoke|spoken|talked|met|reviewed|accompanied|dictated|called|contacted|staffed|assisted|saw|told|informed|phoned|visited|brought in)[ ]+(?:by|with|to)?[ ]*(?P<it>{_TITLED}[ ]+(?:{_INITIAL}[ ]+)?{_TITLED})")),
    ("seen by one name", re.compile(rf"\b(?:with|by)[ ](?P<it>{_TITLED})[ ]+(?:present|at the bedside|in attendance|at bedside)\b")),
    ("patient", re.compile(rf"(?<![Tt]he[ ])\b(?i:pt|patient|pt's|client)\.?[ ]+(?P<it>{_TITLED}(?:[ ]+{_TITLED}){{0,3}})(?=[ ,'\u2019.])")),
    ("in brackets", re.compile(rf"\b(?:{_KIN}|contact|carer|nurse|patient|pt)[^.\n]{{0,20}}[(\[](?P<it>{_TITLED}(?:[ ]+{_TITLED})?)[)\]]")),
    ("who was", re.compile(rf"\b(?P<it>{_TITLED}[ ]+(?:{_INITIAL}[ ]+)?(?:{_PARTICLE}[ ]+){{0,2}}{_TITLED})(?:,[ ]+(?:an?|the|aged?|\d{{1,3}}|(?:was |is )?(?:referred|seen|born|presenting|accompanied|admitted|followed|known)|who)\b|[ ]+(?:{_DOES})\b)")),
    ("Arabic name", re.compile(rf"\b(?P<it>(?:Abu|Umm|Ibn|Bint|Abd(?:ul|el|al)?)[ -](?:(?:[aAeE]l-|bin[ ]|ibn[ ]|bint[ ]|ben[ ])?{_TITLED}[ ]?){{1,4}})(?<![ ])")),
    ("both were", re.compile(rf"\b(?P<it>{_TITLED}[ ]+{_TITLED})[ ]+and[ ]+{_TITLED}[ ]+{_TITLED}[ ]+(?:{_DOES})\b")),
    ("family name first", re.compile(rf"\b(?P<it>{_CAPS},[ ]?{_CAPS}(?:[ ]+{_INITIAL})?)(?=[ ]*(?:$|\n|[(\d|]))")),
    ("family name first", re.compile(rf"\b(?P<it>{_TITLED},[ ]?{_TITLED})(?:[ ]{_INITIAL})?(?=[ ]*(?::|\((?i:dob|mrn|\d)))")),
    ("family name first", re.compile(rf"\b(?P<it>{_LOWER_NAME},[ ]?{_LOWER_NAME}){_MARKER}")),
    ("lower case after a title", re.compile(rf"\b(?:[Mm]rs\.?|[Mm][rsx]\.|[Pp]rof\.?|[Dd]r\.|(?:this is|by|saw|with|dear|hi|hello) (?:[Dd]octor|[Dd]r))[ ]+(?P<it>{_LOWER_NAME}(?:[ ]{_LOWER_NAME})?)(?=[\s,.;:)'\u2019]|$)")),
    ("lower case after a title", re.compile(rf"\b(?:[Mm][rsx]|[Mm]iss|[Dd]r)[ ]+(?P<it>{_LOWER_NAME})(?=[ ]+(?:c/o|{_DOES})(?!\w)|['\u2019]s\b)")),
    ("lower case after a title", re.compile(rf"\b(?:{_KIN})[ ]+(?P<it>(?![{_LOW}]+(?:ly|s|ed|ing)\b){_LOWER_NAME})[ ]+(?:c/o|rang|{_DOES})(?!\w)")),
    ("known given name in lower case", re.compile(rf"\b(?i:patient|pt|it['\u2019]?s|this is|i am|i['\u2019]?m|name is|by|with|from|client|{_KIN}),?[ ]+(?P<it>{_LOWER_NAME}(?:[ ](?!(?:[{_LOW}]+(?:ly|ed|ing)|mrn|dob)\b){_LOWER_NAME})?)(?![\w'\u2019-])")),
    ("known name after a title", re.compile(rf"\b(?:[Mm][rsx]|[Mm]iss|[Dd]r)[ ]+(?P<it>{_LOWER_NAME})(?=[\s,.;:)'\u2019]|$)")),
    ("lower case after a title", re.compile(rf"\b[Pp]t\b\.?[ ]+(?P<it>(?![{_LOW}]+(?:ly|s|ed|ing)\b){_LOWER_NAME})[ ]+(?:c/o|{_DOES})(?!\w)")),
    ("lower case before a birth date", re.compile(rf"(?:^|(?<=\n)|(?<=[.;][ ]))(?P<it>{_LOWER_NAME}[ ]{_LOWER_NAME}){_MARKER}")),
)  # fmt: skip
_CAPITALS_RULES = frozenset({"role", "family name first"})
_LOWER_RULES = frozenset(
    {
        "lower case after a title",
        "lower case before a birth date",
        "known given name in lower case",
        "known name after a title",
    }
)
_ALONE = re.compile(
    rf"(?:(?<=[.!?;:\n][ ])|(?<=\n)|^|(?<=\band[ ])|(?<=[(\u201c\"])|(?<=[\u201d\"][ ]))(?P<it>{_TITLED}|{_CAPS})[ ]+(?:{_ACTS})\b"
)
_TOKEN = re.compile(
    rf"(?<!\w)(?:[{_UP}]['\u2019])?[{_UP}][{_UP}{_LOW}]{{1,40}}(?:-[{_UP}{_LOW}][{_LOW}]{{1,30}}){{0,3}}"
)
_INITIAL_NAME = re.compile(rf"\b[{_UP}]\.[ ]*(?:[{_UP}]\.[ ]*)?(?P<it>{_TITLED})")
_INITIALS = re.compile(
    rf"(?<![\w.])(?P<it>(?:[{_UP}]\.[ ]?){{2,3}}[{_UP}]?\.?)(?=[ ](?:{_DOES}|is an?\b|was\b|has\b)|,[ ](?:an?|\d{{1,3}}|aged?)\b)"
)
_STRONG = frozenset(
    {
        "title",
        "two doctors",
        "degree",
        "label",
        "own name",
        "lower case after a title",
        "another script",
        "name in its script",
        "named person acts",
    }
)
_AFTER_NAME = re.compile(rf"(?:[ ]+(?:{_PARTICLE}[ ]+){{0,2}}(?:[aAeE]l-)?[{_UP}][{_LOW}]{{1,30}})+")


def names_in(text: str, own: Iterable[str] = ()) -> Iterator[Span]:
    """Yield the names of people in a note; `own` are the names of the patient as the record has them.

    Each rule that is sure of a name also makes its words names elsewhere in the note.
    """
    sure: set[str] = set()
    for span in _by_rule(text):
        sure |= {word for word in _words(text[span.start : span.end]) if len(word) > 2}
        yield span
    for match in _INITIAL_NAME.finditer(text):
        if match["it"].lower() in lists()["family"] | lists()["surname_eponyms"] | sure:
            yield Span(match.start(), match.end(), Kind.NAME, "initial and name")
    for span in (*_listed(text), *_alone(text, sure), *names_in_other_scripts(text)):
        sure |= {word for word in _words(text[span.start : span.end]) if len(word) > 2}
        yield span
    yield from _initials(text)
    mine = {part for name in own for part in _words(name) if len(part) > 1}
    yield from _repeated(text, mine, "own name")
    elsewhere = sure - mine - lists()["never_alone"]
    yield from _repeated(text, elsewhere - lists()["common"] - lists()["given_words"], "named elsewhere")
    yield from _repeated_words(text, elsewhere & lists()["given_words"])


def is_sure(span: Span) -> bool:
    """Say whether a name is one even where a dictionary knows the word as a clinical term."""
    return span.rule in _STRONG


def _by_rule(text: str) -> Iterator[Span]:
    for rule, pattern in _RULES:
        for match in pattern.finditer(text):
            start, end = match.span("it")
            if rule in _LOWER_RULES:
                yield from _lower_case(text, start, end, rule)
            elif rule == "label":  # all of the line is the name, "HODGKIN, WILL" too
                yield Span(start, end, Kind.NAME, rule)
            elif rule not in _CAPITALS_RULES or not _is_short_form(text, start, end):
                yield from _trimmed(text, start, end, rule)


def _lower_case(text: str, start: int, end: int, rule: str) -> Iterator[Span]:
    """Yield a name in lower case as far as its words are no general words."""
    words = text[start:end].lower().split()
    word_count = next((index for index, word in enumerate(words) if word in _not_lower_names()), len(words))
    if not word_count:
        return
    if rule == "known given name in lower case":
        accepted = words[0] in lists()["given"] - lists()["given_words"] - lists()["family_words"]
    elif rule == "known name after a title":
        accepted = text[start:end] in lists()["family"] | lists()["given"] | lists()["surname_eponyms"]
    else:
        accepted = word_count == len(words) or rule == "lower case after a title"
    if accepted:
        yield Span(start, start + len(" ".join(words[:word_count])), Kind.NAME, rule)


def _is_short_form(text: str, start: int, end: int) -> bool:
    """Say whether what stands after a role are short forms of the clinic ("CC: RLQ pain", "Father: CAD, MI")."""
    parts = re.findall(r"[^\s,]+", text[start:end])
    if not all(re.fullmatch(rf"[{_UP}]{{2,4}}", part) for part in parts):
        return False
    abbreviated = all(part.lower() in lists()["abbreviations"] for part in parts)
    return abbreviated or (len(parts) == 1 and re.match(rf"[ ]+[{_LOW}]", text[end : end + 4]) is not None)


def _not_lower_names() -> frozenset[str]:
    return lists()["common"] | lists()["after_title"]


def _alone(text: str, sure: set[str]) -> Iterator[Span]:
    """Yield one capitalised word that does what only a person does ("April reports headaches", "Graves takes").

    One after whom a disease is called is a person only where the note has such a person ("Mr Parkinson").
    """
    stop = lists()["common"] | lists()["heads"] | lists()["not_people"]
    for match in _ALONE.finditer(text):
        word = match["it"].lower()
        if word in _TITLES:
            continue
        if word in lists()["eponyms"]:
            if word in sure:
                yield Span(*match.span("it"), Kind.NAME, "named person acts")
        elif word not in stop and not (match["it"].isupper() and len(word) < 4):
            yield Span(*match.span("it"), Kind.NAME, "who acts")


def _initials(text: str) -> Iterator[Span]:
    """Yield initials that are used as a name ("J.R.T. is a 54-year-old man"), and the same without points."""
    for match in _INITIALS.finditer(text):
        letters = re.sub(r"[^\w]", "", match["it"])
        if letters.lower() in lists()["abbreviations"]:
            continue
        yield Span(*match.span("it"), Kind.NAME, "initials")
        pattern = (
            rf"(?<![\w.]){'[. ]{0,2}'.join(letters)}(?!\w)\.?"
            if len(letters) > 2
            else rf"(?<![\w.]){letters[0]}\.[ ]?{letters[1]}\."
        )
        for again in re.finditer(pattern, text):
            yield Span(*again.span(), Kind.NAME, "initials")


def _listed(text: str) -> Iterator[Span]:
    """Yield known given names with the names that follow them, and known family names."""
    given_names, family, words = lists()["given"], lists()["family"], lists()["given_words"]
    general = lists()["common"] | lists()["heads"]
    tokens = list(_TOKEN.finditer(text))
    for index, token in enumerate(tokens):
        word = token[0].lower()
        follower = _next_name(text, token, tokens[index + 1] if index + 1 < len(tokens) else None)
        following = follower[0].lower() if follower else ""
        named = bool(follower) and following not in general
        if word in given_names | words:
            end = follower.end() if named and follower is not None else token.end()
            if (
                word in words
                and word not in given_names
                and not (named and following in family | lists()["family_words"])
            ):
                continue
            if word in words and not (named and following in family | lists()["family_words"]):
                continue
            after = _AFTER_NAME.match(text, end)
            if named and after and not (_words(after[0]) and set(_words(after[0])) & general):
                end = after.end()
            yield Span(token.start(), end, Kind.NAME, "known given name")
        elif word in family:
            yield Span(token.start(), token.end(), Kind.NAME, "known family name")


def _next_name(text: str, token: re.Match[str], after: re.Match[str] | None) -> re.Match[str] | None:
    """Return the next capitalised word where only a space, an initial, or a line's end lies between."""
    if after is None:
        return None
    between = text[token.end() : after.start()]
    if between == "\n":  # a name divided by the line's end: the second part stands alone before a mark
        return after if text[after.end() : after.end() + 1] in (".", ",", ";") else None
    return after if re.fullmatch(rf" (?:{_INITIAL} )?(?:{_PARTICLE} ){{0,2}}", between) else None


def _repeated(text: str, words: set[str], rule: str) -> Iterator[Span]:
    """Yield each place of the words; one in lower case only where the word is no word of the language."""
    if not words:
        return
    inner = "|".join(re.escape(word) for word in sorted(words, key=lambda item: (-len(item), item)))
    ordinary = (
        lists()["family_words"] | lists()["surname_eponyms"] | lists()["given_words"] | lists()["eponyms"]
    )
    for match in re.finditer(rf"(?<![\w])(?:{inner})\d{{0,4}}(?![{_LOW}{_UP}\d])", text, re.IGNORECASE):
        unusual = match[0].lower() not in ordinary and (len(match[0]) > 3 or "'" in match[0])
        if match[0][0].isupper() or unusual:
            yield Span(match.start(), match.end(), Kind.NAME, rule)


def _repeated_words(text: str, words: set[str]) -> Iterator[Span]:
    """Yield a name that is also a word ("Will", "April") only where it acts as a person or stands in a vocative."""
    for word in sorted(words):
        for match in re.finditer(
            rf"(?<!\w){word.capitalize()}(?=['\u2019]s\b|[ ]+(?:is|was|has|had|{_DOES})\b|,)", text
        ):
            before = text[max(0, match.start() - 6) : match.start()].lower()
            if not re.search(r"\b(?:in|on|by|last|next|since)\s$", before):
                yield Span(match.start(), match.end(), Kind.NAME, "named elsewhere")


def _trimmed(text: str, start: int, end: int, rule: str) -> Iterator[Span]:
    """Yield the name without words at its edges that are no names ("Dr. Smith Neurology")."""
    common = lists()["common"] | lists()["heads"] | lists()["not_people"] | lists()["conditions"]
    parts = [(start + item.start(), start + item.end()) for item in re.finditer(r"[^\s,]+", text[start:end])]
    trailing = common - lists()["given_words"] if rule == "title" else common
    while (
        len(parts) > 1
        and parts[-1][1] - parts[-1][0] > 1
        and text[slice(*parts[-1])].strip(".").lower() in trailing
    ):
        parts.pop()
    months = frozenset() if rule == "title" else frozenset({"april", "may", "june", "august"})
    names = lists()["given_words"] - months
    while parts and text[slice(*parts[0])].strip(".").lower() in common - names:
        if rule == "title" and len(parts) > 1 and text[slice(*parts[0])].lower() in lists()["given_words"]:
            break
        parts.pop(0)
    for index, part in enumerate(parts):
        word = text[slice(*part)].strip(".").lower()
        if (
            index
            and len(word) > 1
            and word in common - (lists()["given_words"] if rule == "title" else frozenset())
        ):
            parts = parts[:index]
            break
    if parts:
        yield Span(parts[0][0], parts[-1][1], Kind.NAME, rule)


def _words(name: str) -> list[str]:
    return [word.lower() for word in re.findall(rf"[{_UP}{_LOW}'\u2019-]+", name) if word.strip("'\u2019-")]
