"""Normalise a request before rules are matched: lower-case, strip accents, undo obfuscation, correct misspellings."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

_LOOKALIKES = str.maketrans("авекмнорстухіјѕԁɡαορτυνικ", "abekmhopctyxijsdgaoptuvik")
_LETTERS = str.maketrans({"ø": "o", "œ": "oe", "æ": "ae", "ł": "l", "đ": "d", "ı": "i"})
_DIGITS = {"0": "o", "1": "il", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g"}
_SIGNS = {"@": "a", "$": "s", "!": "i", "|": "il", "€": "e", "£": "l", "+": "t"}
_SPACED = re.compile(r"(?<![^\W_])[a-z](?:[ \t.\-_*·|/~]{1,2}[a-z]){3,}(?![^\W_])")
_DISGUISED = re.compile(r"[a-z0-9@$!|€£+*]*[a-z][a-z0-9@$!|€£+*]*")
_WORD = re.compile(r"[a-z]+")
_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"})
_ENGLISH_ENDINGS = re.compile(r"(?<=[a-z])'(?=(?:t|s|m|ve|re|d|ll)\b)")
_COMMON = frozenset(
    {
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "can",
        "do",
        "does",
        "for",
        "from",
        "go",
        "have",
        "he",
        "her",
    }
    | {
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "me",
        "my",
        "no",
        "not",
        "of",
        "off",
        "on",
        "or",
        "our",
    }
    | {
        "out",
        "she",
        "so",
        "that",
        "the",
        "them",
        "then",
        "they",
        "this",
        "to",
        "up",
        "us",
        "want",
        "was",
        "way",
    }
    | {"we", "what", "when", "will", "with", "without", "you", "your"}
)
# Traditional characters of the rules' vocabulary, each followed by its simplified form.
_TRADITIONAL = (
    "殺杀藥药過过們们嗎吗個个麼么兒儿媽妈爺爷嚥咽幾几顆颗會会讓让應应該该嚴严悶闷臉脸說说話话腫肿嚨咙蘇苏現现癲癫癇痫發发燒烧電电"
    "難难頭头暈晕無无傷伤鄰邻劑剂對对給给誰谁結结離离開开這这樣样為为沒没覺觉遠远遺遗書书農农煙烟氣气還还長长來来時时間间醫医"
    "師师護护後后點点錢钱與与從从動动處处壓压雙双側侧斷断體体腦脑搶抢識识請请問问盡尽種种總总夠够絕绝屍尸檢检製制親亲闆板學学"
    "歲岁婦妇實实際际邊边腳脚關关閉闭門门鬱郁慮虑關关繼继續续復复條条將将擺摆脫脱嬰婴狀状療疗亂乱迴回減减輕轻濃浓飲饮飯饭雞鸡"
    "聲声聽听淚泪愛爱憂忧運运針针繩绳樓楼橋桥隱隐裝装騙骗錯错誤误噴喷產产見见視视覽览認认記记計计訴诉試试該该講讲變变"
)
_SIMPLIFIED = str.maketrans(
    dict(zip(_TRADITIONAL[::2], _TRADITIONAL[1::2], strict=True))  # pairs of one character each
)


def fold(text: str) -> str:
    """Return the text in lower case without accents, invisible characters and apostrophes; Chinese simplified."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS).translate(_APOSTROPHES)
    text = unicodedata.normalize("NFD", text)
    text = "".join(sign for sign in text if unicodedata.category(sign) not in {"Mn", "Cf"})
    text = simplified(unicodedata.normalize("NFC", text))
    if re.search(r"[a-z]", text):
        text = text.translate(_LOOKALIKES)
    text = _ENGLISH_ENDINGS.sub("", text).replace("'", " ")
    return re.sub(r"[^\S\n]+", " ", text).strip()


def simplified(text: str) -> str:
    """Return the text with the traditional characters that the rules know in their simplified form."""
    return text.translate(_SIMPLIFIED)


class Vocabulary:
    """The words of the rules: undoes spelling that hides one of them ("k1ll", "s u i c i d e", "suiside")."""

    def __init__(self, words: Iterable[str], corrected: Iterable[str]) -> None:
        """Take all words of the rules, and those of at least five letters whose misspellings are corrected."""
        self._words = frozenset(words)
        self._all = self._words | _COMMON
        self._near: dict[str, set[str]] = {}
        self._longest = max(map(len, self._all), default=0)
        for word in corrected:
            for key in (word, *_deletions(word)):
                self._near.setdefault(key, set()).add(word)
        self._correct = lru_cache(4096)(self._correction)

    def repair(self, text: str) -> str:
        """Return folded text with disguised and misspelt words of the rules in their usual spelling."""
        text = _SPACED.sub(self._joined, text)
        text = _DISGUISED.sub(self._undisguised, text)
        return _WORD.sub(lambda match: self._correct(match[0]), text)

    def _joined(self, match: re.Match[str]) -> str:
        spaced = match[0]
        if re.search(r"[a-z]  [a-z]", spaced):
            parts = [re.sub(r"[^a-z]", "", part) for part in re.split(r" {2}", spaced)]
        else:
            parts = [re.sub(r"[^a-z]", "", spaced)]
        words = [self._segmented(part) for part in parts]
        return " ".join(word for word in words if word) if all(words) else spaced

    def _segmented(self, letters: str) -> str:
        """Return the letters as words of the vocabulary with the fewest cuts, or "" if they are none."""
        best: list[tuple[int, str] | None] = [(0, ""), *([None] * len(letters))]
        for end in range(1, len(letters) + 1):
            for start in range(max(0, end - self._longest), end):
                before, word = best[start], letters[start:end]
                if before is None or word not in self._all:
                    continue
                current = best[end]
                if current is None or before[0] + 1 < current[0]:
                    best[end] = (before[0] + 1, f"{before[1]} {word}".strip())
        final = best[-1]
        return final[1] if final is not None else ""

    def _undisguised(self, match: re.Match[str]) -> str:
        token = match[0]
        if token.isalpha():
            return self._unstretched(token)
        core = token.rstrip("!*+")
        tail = token[len(core) :]
        if core.isalpha() or core.isdigit() or not core:
            return token
        if "*" in core:
            pattern = re.compile(re.escape(core).replace(r"\*", "[a-z]"))
            hidden = [word for word in self._near if len(word) > 3 and pattern.fullmatch(word)]
            hidden = [word for word in hidden if word in self._words]
            return (hidden[0] + tail) if hidden else token
        choices = [(_DIGITS.get(sign) or _SIGNS.get(sign) or sign) for sign in core]
        if sum(len(choice) > 1 for choice in choices) > 4:
            return token
        for letters in product(*choices):
            word = "".join(letters)
            if len(word) > 2 and word in self._words:
                return word + tail
        return token

    def _unstretched(self, token: str) -> str:
        if not re.search(r"([a-z])\1\1", token):
            return token
        for replacement in (r"\1\1", r"\1"):
            word = re.sub(r"([a-z])\1{2,}", replacement, token)
            if word in self._all:
                return word
        return token

    def _correction(self, token: str) -> str:
        if len(token) < 5 or token in self._all:
            return token
        for key in (token, *_deletions(token)):
            for word in self._near.get(key, ()):
                if _slip(token, word):
                    return word
        return token


def _deletions(word: str) -> list[str]:
    return [word[:index] + word[index + 1 :] for index in range(len(word))]


def _slip(token: str, word: str) -> bool:
    """Tell whether two words differ by one slip: a letter more or less, two exchanged, or a similar sound."""
    if token[0] != word[0]:
        return False
    if abs(len(token) - len(word)) == 1:
        return True
    different = [index for index in range(len(word)) if token[index : index + 1] != word[index]]
    if len(token) != len(word):
        return False
    if len(different) == 2 and different[1] == different[0] + 1:
        first, second = different
        return token[first] == word[second] and token[second] == word[first]
    if len(different) == 1:
        pair = {token[different[0]], word[different[0]]}
        return any(pair <= set(alike) for alike in ("aeiouy", "sczx", "ckq", "ij", "vwfb", "mn", "td"))
    return False
