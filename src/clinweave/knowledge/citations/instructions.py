"""Passages that speak to a language model. Nothing in such a passage supports a sentence, and it is reported."""

import base64
import binascii
import re
import unicodedata
from functools import lru_cache

from clinweave.knowledge.citations.inflection import is_verb, lemma, word_set
from clinweave.knowledge.citations.patterns import instructions
from clinweave.knowledge.linking.languages import foreign_words, language_of, unread_language
from clinweave.records import Passage

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
_TAGS = re.compile("[\U000e0020-\U000e007e]{4,}")
_ORDERS = instructions()
_ENCODED = re.compile(
    r"(?<![\w/+])(?:[A-Za-z0-9+/]{20,}={0,2}|(?:[0-9a-fA-F]{2}[\s:]?){16,}|(?:%[0-9a-fA-F]{2}){8,}|(?:\\x[0-9a-fA-F]{2}){6,}|(?:\\u[0-9a-fA-F]{4}){6,}|(?:&#x?[0-9a-fA-F]{2,5};){6,})(?![\w/+])"
)
_SQUEEZED = re.compile(
    r"(?:ignore|disregard|forget|override)(?:all|any|the|your|every)*(?:previous|prior|above|earlier|preceding|of|these|other)*(?:instructions?|rules|prompts?|guidelines|directions)"
    r"|systemprompt|youarenow|donotfollow(?:your|the)",
)
_LEET = str.maketrans("013457@$!|", "oieastasil")
_LOOKALIKES = str.maketrans("аеорсухіѕјԁһӏοαερτυνικ", "aeopcyxisjdhloaeptuvik")


_ENGLISH = re.compile(r"\b(?:the|of|is|are|and|in|every|with|for|to|a|an|by|not|can|it)\b", re.IGNORECASE)
_ENGLISH_ALONE = re.compile(r"\b(?:the|of|is|are|and|every|with|by|not|can|may|should|must)\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_MIN_ENGLISH, _MIN_FOREIGN, _MIN_LATIN, _MIN_PLAIN = 2, 3, 3, 2
_LATIN_WORD = re.compile(r"\b[A-Za-z]{3,}\b")
# Two letters in a row of a script that English clinical text does not use; single Greek letters are common in it.
_OTHER_SCRIPT = re.compile(
    "[\u0400-\u04ff]{2,}|[\u0590-\u05ff]{2,}|[\u0600-\u06ff]{2,}|[\u0900-\u0dff]{2,}|[\u0e00-\u0e7f]{2,}"
    "|[\u3040-\u30ff\u4e00-\u9fff]{2,}|[\u3040-\u30ff\u4e00-\u9fff][:：,，。]|[\uac00-\ud7af]{2,}|[\u0370-\u03ff]{4,}"
)
_NAME_IN_BRACKETS = re.compile(r"(?<=\w )[(（][^\W\d_]{1,4}[)）]")  # "angelica root (当归)"
_IN_BRACKETS = re.compile(r"\([^()]*-[^()]*\)")  # how a word is spoken
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+|\n+")
_ENGLISH_SHARE = 0.2  # most function words of English in a sentence of another language
_FOREIGN = word_set(
    "le les des une vous votre vos tu tes est sont dans avec pour que qui ceci cela sans toujours ne pas ces cette "
    "der das und ist nicht sie ihr ihre du dein deine bitte dass mit ohne immer alle diese diesen folgenden sind auf "
    "el los las una usted tus sus es por para con sin siempre esta esto eso debes que como "
    "il lo gli della delle sei tuo tua devi questo questa non sempre che "
    "voce você seu sua isto sempre uma não deve "
    "het een niet jij je uw deze dit altijd van "
    "jest nie ten ta to twoje zawsze wszystkie "
    "bir ve bu için değil her zaman senin och att inte du din alltid"
) - word_set(
    "es to sin a her les el la de van das du dit ten non con per lo sua il der zaman ve est ne se tu sei por mit"
)


def speaks_to_model(passage: Passage) -> bool:
    """Tell whether a passage, its title or its headings speak to a language model: it is no evidence then."""
    return gives_orders(" ".join((passage.title, passage.section, passage.text)))


@lru_cache(maxsize=2048)
def gives_orders(text: str) -> bool:
    """Tell whether a text speaks to a language model ("ignore previous instructions"), in any script or disguise."""
    shown = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text))
    latin = shown.lower().translate(_LOOKALIKES)
    return bool(
        _TAGS.search(text)
        or _ORDERS.search(text)
        or (shown != text and _ORDERS.search(shown))
        or (latin != shown.lower() and _ORDERS.search(latin))
        or _SQUEEZED.search(_letters(latin))
        or _SQUEEZED.search(_letters(latin.translate(_LEET)))
        or _other_language(shown)
        or any(_written_text(match.group()) for match in _ENCODED.finditer(shown))
    )


def _other_language(text: str) -> bool:
    """Tell whether an English text holds a stretch in another script or tongue, where an order may hide unseen."""
    bare = _NAME_IN_BRACKETS.sub(" ", text)
    if _OTHER_SCRIPT.search(bare) and len(_LATIN_WORD.findall(text)) >= _MIN_LATIN:
        return True
    parts = [_IN_BRACKETS.sub(" ", part) for part in _SENTENCE_END.split(text)]
    if any(map(_foreign, parts)) and any(map(_english, parts)):
        return True
    if len(_ENGLISH.findall(text)) < _MIN_ENGLISH:
        return False
    for sentence in re.split(r"[.!?\n]+", text.lower()):
        words = re.findall(r"[^\W\d_]+", sentence)
        found = _FOREIGN & set(words)
        if len(found) >= _MIN_FOREIGN and len(found) >= len(words) / 4:
            return True
    return False


def _english(sentence: str) -> bool:
    """Tell whether a sentence is plainly English: lines of a page in another language may have no word of it."""
    if len(_WORD.findall(sentence)) < _MIN_FOREIGN or _foreign(sentence):
        return False
    verbs = (lemma(word) for word in _WORD.findall(sentence.lower()))
    return bool(_ENGLISH_ALONE.search(sentence)) or any(form and is_verb(word) for word, form in verbs)


def _foreign(sentence: str) -> bool:
    """Tell whether a sentence is in another language than English."""
    if len(sentence.split()) < _MIN_FOREIGN:
        return False
    if len(_ENGLISH.findall(sentence)) > _ENGLISH_SHARE * len(sentence.split()):
        return False
    plain = foreign_words() & set(re.findall(r"[^\W\d_]+", sentence.casefold()))
    if len(plain) < _MIN_PLAIN and not re.search(r"[^\x00-\x7f]", sentence):
        return False  # "every 24 hours; Comment:" has one word that French has as well
    return language_of(sentence) != "en" or bool(unread_language(sentence))


def _letters(text: str) -> str:
    """Return the letters alone: "i g n o r e" and "i.g.n.o.r.e" as "ignore"."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"[^a-z]", "", plain)


def _written_text(piece: str) -> bool:
    """Tell whether a stretch is written text in base64, hexadecimal or an escape: a guideline has none."""
    if re.match(r"(?:%|\\x|\\u|&#)", piece):
        return True
    packed = re.sub(r"[\s:]", "", piece)
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", packed) and _readable(bytes.fromhex(packed)):
        return True
    try:
        return _readable(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    except (binascii.Error, ValueError):
        return False


def _readable(data: bytes) -> bool:
    """Tell whether bytes are text with spaces or letters throughout."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return len(text) >= 8 and sum(letter.isalpha() or letter in " .,:!?'-\n" for letter in text) >= 0.9 * len(
        text
    )
