"""Items below a heading of prohibition ("Do not:"): what the heading and the item say together of what is asked."""

import re

from clinweave.applications.consult.cues import pattern
from clinweave.applications.consult.limits import meets
from clinweave.applications.consult.units import Unit, normal
from clinweave.knowledge import Intent, Query

# Headings and lead-ins of prohibitions, in the languages that questions are read in.
_BAN_HEAD = re.compile(
    r"\s*(?:(?:do not|don't|never|avoid|must not|contra-?indicat\w*|not to be|not recommended|should not"
    r"|(?:[\w-]+ ){1,4}(?:to avoid|(?:to|must|should) be avoided|not to (?:give|use|take|be)|(?:must|should) not)"
    r"|no (?:hacer|dar|usar|administrar|utilizar)|nunca|evitar|contraindica\w*|prohibido"
    r"|ne (?:pas|jamais)|[e\u00e9]viter|contre-indi\w+|interdit\w*"
    r"|nicht(?!-)|nie|niemals|keinesfalls|vermeiden|kontraindi\w+|verboten)\b"
    r"|\u7981\u6b62|\u7981\u5fcc|\u7981\u7528|\u4e0d\u8981|\u4e0d\u5f97|\u907f\u514d|\u907f\u3051\u308b)",
    re.IGNORECASE,
)
_NOT = re.compile(r"\b(?:not|never|cannot)\b|n't\b", re.IGNORECASE)
# Acts whose prohibition says something else than that the drug is forbidden.
_ACTS = {
    name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE)
    for name, words in {
        "stop": r"stop\w*|withh[eo]ld\w*|discontinu\w*|omit\w*|omission|suspend\w*|ceas\w*|paus\w*|interrupt\w*"
        r"|hold(?:s|ing)?|held|withdraw\w*",
        "delay": r"delay\w*|postpon\w*|defer\w*|wait\w*",
        # "reduced ejection fraction" and "raised pressure" are no acts
        "lower": r"(?:reduc|lower|decreas)(?:e|es|ing|tion)?|(?<=be )(?:reduced|lowered|decreased)|halv\w*"
        r"|taper\w*|wean\w*",
        "raise": r"(?:increas|rais)(?:e|es|ing)|(?<=be )(?:increased|raised)|doubl(?:e|es|ed|ing)|exceed\w*|escalat\w*",
        "change": r"chang\w*|switch\w*|replac\w*|substitut\w*|convert\w*",
        "miss": r"miss\w*|skip\w*|forget\w*|leav\w* out|neglect\w*|ignor\w*",
        "refuse": r"avoid\w*|refus\w*|den(?:y|ied|ying)|limit\w*|restrict\w*|remov\w*|hesitat\w*|prevent\w*"
        r"|fail(?:s|ing)? to|lack|absence|under-?dos\w*",
    }.items()
}
_AVOIDED = re.compile(r"\b(?:avoid|prevent)\w*", re.IGNORECASE)  # in a question: of what is asked, or an aim
_REPEATED = re.compile(r"^\W*(?:do not|don't|never)\b|: avoid\W*$", re.IGNORECASE)
_CAUTION = re.compile(r"\bcaution\b|\bmay be (?:used|given)\b", re.IGNORECASE)
_LIMIT = re.compile(
    r"\b(?:above|below|over|under|(?:more|less|at) (?:than|least|most))\s+\d[\d.,]*\s*%?", re.IGNORECASE
)
_CONTINUES = re.compile(r"\b(?:continu\w*|maintain\w*|keep|kept|carr(?:y|ied) on)\b", re.IGNORECASE)
_GIVES = re.compile(
    r"^\W*(?:giv\w+|us(?:e|ing)|start\w*|tak\w+|prescrib\w+|administer\w*|add\w*|offer\w*|continu\w+)\b",
    re.IGNORECASE,
)
# A prohibition under such words is none of the thing itself ("Give adrenaline by rapid injection").
_QUALIFIED = re.compile(
    r"\b(?:by|as|outside|without|before|after|until|unless|if|when|while|except|via|than|above|below|over|under|alone"
    r"|together|within|through|into|faster|again|only|more|less|abruptly|suddenly|rapidly|quickly|routinely)\b",
    re.IGNORECASE,
)
_STEM = 5  # letters that two forms of a word share at least
_EMPTY = frozenset(
    {"a", "an", "the", "in", "of", "to", "any", "and", "or", "with", "for", "from", "is", "be", "if", "when"}
)
_ASKS_ELSE = re.compile(r"^\W*(?:why|when|who|where|how (?:long|often|soon|does|do))\b", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(?:if|when|after|before|while|because|since|whose|who)\b", re.IGNORECASE)
_NOT_GIVEN = re.compile(
    r"(?:\bnot|\bnever|n't|\bcannot)\s+(?:(?:be|to|ever)\s+)*(?:given?|used?|taken?|start(?:ed)?|recommended|allowed"
    r"|safe|suitable|indicated|add(?:ed)?|receive|prescribed?|administer(?:ed)?|offer(?:ed)?|combined?|permitted|done?"
    r"|have|get)\b|\b(?:should|must|may|can)(?:n't| (?:\w+ ){0,3}(?:not|never)\b)",
    re.IGNORECASE,
)
_TO_GIVE = re.compile(
    r"\b(?:give[ns]?|giving|us(?:e|ed|ing)|receiv\w+|take[ns]?|prescri\w+|administer\w*|add(?:ed)?|start\w*|choice"
    r"|choose|chosen|first[- ]line|second[- ]line|treat\w*|therap\w+|recommend\w*|offer\w*|drugs?"
    r"|medicines?|medications?|how (?:much|many)|doses?|dosage"
    r"|antibiotics?|antidotes?|\w+cillins?|analgesi\w+|painkillers?|fluids?|need\w*|get|have|prefer\w*)\b",
    re.IGNORECASE,
)
FORBIDDEN = "The source forbids"
UNKNOWN = "I do not know what should be given; the source forbids"


def is_ban(head: str) -> bool:
    """Say whether a heading or lead-in forbids what stands below it."""
    return bool(_BAN_HEAD.match(head))


def is_banned(unit: Unit) -> bool:
    """Say whether a statement stands under words of prohibition ("Do not:") and does not itself permit."""
    return any(is_ban(head) for head in unit.heads) and not _CAUTION.search(unit.text)


def governs(unit: Unit) -> bool:
    """Say whether a heading of prohibition negates the words of a statement: they hold no prohibition of their own."""
    if unit.kind == "item":
        return any(map(is_ban, unit.heads))
    return any(map(is_ban, unit.heads[-1:])) and bool(_acts(unit.text)) and not _NOT.search(unit.text)


def stance_under_ban(unit: Unit, question: str) -> str:
    """Return what a heading of prohibition and its item say together: "forbidden", "permitted" (to go on), or "".

    "Do not: stop it" forbids to stop, so it permits to continue, and says nothing of starting. "" wherever the item
    names an act that the question does not, or a qualification that it does not name.
    """
    place = max(index for index, head in enumerate(unit.heads) if is_ban(head))
    head = " ".join(unit.heads[place:])  # with the items that a nested item stands under
    item = _REPEATED.sub(" ", unit.text)
    if meets(question, item):  # a limit that the question meets is no open condition
        item = _LIMIT.sub(" ", item)
    text = f"{_BAN_HEAD.sub(' ', head, count=1)} {item}"
    acts, asked = _acts(text), _acts(_AVOIDED.sub(" ", question))
    if _NOT.search(item) or "refuse" in acts or len(acts) > 1:
        return ""
    if not acts:
        qualified = _QUALIFIED.search(item)
        if asked - {"stop"} or (qualified and not _named(item[qualified.start() :], question)):
            return ""
        return "forbidden" if not asked or _named(_GIVES.sub("", item), question) else ""
    if not _named(text, question):
        return ""
    if acts == {"stop"}:
        goes_on = not asked and bool(_CONTINUES.search(question))
        return "permitted" if asked == acts or goes_on else ""
    return "forbidden" if asked == acts else ""


def _acts(text: str) -> set[str]:
    return {name for name, words in _ACTS.items() if words.search(text)}


def _named(text: str, question: str) -> bool:
    """Say whether a question has every word of a text but those of its act; "routine" is a form of "routinely"."""
    for words in _ACTS.values():
        text = words.sub(" ", text)
    asked = normal(question).split()
    return all(
        any(word == other or (min(len(word), len(other)) >= _STEM and _alike(word, other)) for other in asked)
        for word in set(normal(text).split()) - _EMPTY
    )


def _alike(word: str, other: str) -> bool:
    return word.startswith(other) or other.startswith(word)


def several_bans(question: str) -> bool:
    """Say whether a question has more than one word of prohibition ("Is it dangerous to stop it?"): unclear."""
    return len(list(pattern("polarity", "asks_forbidden").finditer(question))) > 1


def asks_what_to_give(query: Query) -> bool:
    """Say whether a question asks which drug or amount is to be given, not what is forbidden."""
    if query.yes_no or query.language != "en" or asks_of_ban(query):
        return False
    drug_asked = bool(_TO_GIVE.search(query.text)) and not _ASKS_ELSE.search(query.text)
    return drug_asked or query.intent in {Intent.DOSE, Intent.TREATMENT}


def asks_of_ban(query: Query) -> bool:
    """Say whether the main clause of a question asks what is forbidden, stopped or not given."""
    main = _CLAUSE.split(query.text)[0]
    main = main if main.strip() else query.text
    return bool(_NOT_GIVEN.search(main) or pattern("polarity", "asks_forbidden").search(main))
