"""Parse which option a model's reply names, strictly: an unclear reply names none.

In this order: a structured answer (JSON, \\boxed{}, <answer>); statements ("the answer is (C)", "B is correct", "I
choose B"), of which the last one counts and one that is denied counts against its option; a first or last line that is
an option's text or begins with its letter. A letter whose sentence rejects it ("A. Aspirin is wrong here"), a list of
all options, and several options at once ("both A and C") name none.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL | re.IGNORECASE)
_LOOKALIKE = dict(zip("АВСЕНКМОРТХΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABCEHKMOPTXABEZHIKMNOPTYX", strict=True))
_LONE = re.compile(rf"(?<!\w)[{''.join(_LOOKALIKE)}](?!\w)")
_MARKS = str.maketrans(
    {"。": ".", "、": ",", "，": ",", "“": '"', "”": '"', "’": "'", "‘": "'", "–": "-", "—": "-"}
)
_DRESS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)|\\(?:text|textbf|mathrm|mathbf|mathit)(?=\{)")
_TAGS = re.compile(r"</?(?:b|strong|i|em|u|p|code|span|br)\s*/?>", re.IGNORECASE)
_CONTROL = re.compile(r"<\|[^|<>\n]{1,40}\|>|</?s>|<(?:eos|bos|end_of_turn|EOT)>")  # marks of chat templates
_BULLET = re.compile(r"^(?:[-•>#]+\s+)+|\s+-$")
_BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_TAGGED = re.compile(r"<(answer|final_answer|final|choice|option)>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_JSON_KEYS = (  # the first that a reply has
    "answer_choice", "final_answer", "answer", "choice", "option", "answer_idx", "selected", "letter", "label",
)  # fmt: skip
_NOUN = (
    r"(?:answers?|options?|choices?|letter|diagnosis|selection|pick"
    r"|réponse|antwort|respuesta|resposta|risposta|ответ|答案|选项)"
)
_ARTICLE = re.compile(r"[\s\"'(:]*(?:(?:the|an?)\s+(?=\w{2}))?", re.IGNORECASE)
_LEAD = re.compile(
    rf"(?:(?:\b|(?<=[^\x00-\x7f]))(?:(?:final|correct|best|right|single|most\s+(?:likely|appropriate)|my|richtige|bonne|correcta)\s+)*{_NOUN}"
    r"(?:\s+(?:here|to\s+this\s+question|choice|option|correcta))*\s*"
    r"(?::|=|-|(?:is|was|would\s+be|should\s+be|must\s+be|seems\s+to\s+be|appears\s+to\s+be|ist|est|es|è)(?!\w)\s*:?|[是为]\s*:?)"
    r"|\b(?:it|this|that)(?:\s+is|'s|\s+must\s+be|\s+should\s+be)(?!\w)"
    r"|\b(?:choose|select|pick|opt\s+for|go(?:ing)?\s+(?:with|for)|vote\s+for|answer\s+with|settle\s+on)\b|选择?)\s*",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"(?:(?:most\s+)?(?:likely|probably|clearly|definitely|certainly|therefore|thus|indeed|simply|surely)\s+|[\"'(\[{]+"
    r"|(?:the\s+)?(?:option|choice|letter|answer)\s+|[:=]\s*|\s)*",
    re.IGNORECASE,
)
_AFTER_LETTER = re.compile(
    r"[\"')\]}]*(?:\s*$|\s*[.,;:!?)\]}\"(/&+]|\s*\n|\s+-|\s+(?:because|since|as|for|due|and|or|is|over|rather|instead|und|et"
    r"|y|o|ou|oder)\b|\s*[^\x00-\x7f])",
    re.IGNORECASE,
)
_ALSO = re.compile(
    r"[\"')\]}]*\s*(?:(?P<listed>[,;])|and|or|/|&|\+|und|oder|et|ou|y|o|,\s*(?:and|or))\s*(?:also\s+|option\s+)?[(\"']*([A-Z])"
    r"(?!\w|'s)(?P<says>\s+(?:is|was|are|would|only|has|can|does|acts|seems)\b)?"
)
_SEVERAL = re.compile(r"\s*(?:both|either|neither|all|none|any|several|between)\b", re.IGNORECASE)
_DENIED = re.compile(
    r"(?:\b(?:not|never|no|isn't|wasn't|cannot|can't|don't|won't|wouldn't|shouldn't|nor|neither|avoid|reject|exclude"
    r"|rules?\s+out|ruled\s+out|eliminate|rather\s+than|instead\s+of|nicht|pas|不)(?:\s+\w+){0,2}\s*"
    r"|\b(?:wrong|incorrect|false|worst|unlikely|least(?:\s+(?:likely|appropriate))?|(?:mistake|error|wrong|incorrect)\s+to)\s+)$",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"(?:(?<=^)|(?<=[.!?;:,(\n])|(?<=\bso)|(?<=\band)|(?<=\bor)|(?<=\bbut)|(?<=\boption)|(?<=\bchoice)|(?<=\banswer)"
    r"|(?<=\bthat)|(?<=\btherefore)|(?<=\bhence)|(?<=\bthus))\s*[(\"']*([A-Z])[)\"']*"
    r"(?:\s*[:=-]\s*(?=(?:not\s+|in)?(?:correct|right|true|wrong|false)\b)|\s+(?:is|was|are|seems|looks|must\s+be)\s+)"
    r"(?:clearly\s+|definitely\s+|probably\s+)?(not\s+|in)?(?:the\s+)?(?:only\s+)?"
    r"(correct|right|true|best|answer|wrong|false|eliminated|ruled\s+out|excluded)\b"
    r"(?!(?:\s+\w+)?\s+(?:to|for|in)\s+(?:an?\s+)?(?:different|another|other)\b)",
    re.IGNORECASE | re.MULTILINE,
)
_PAIRED = re.compile(r"(?<!\w)([A-Z])\W{0,3}(?:,|and|or|/|&|\+)\W{0,3}$")
_BUT = re.compile(r"\bnot\s+\(?([A-Z])\)?\s*,?\s*but\s+(?:rather\s+)?\(?([A-Z])(?!\w)")
_RETRACTED = re.compile(
    r"[\s,;)?-]*\b(?:wait|no|actually|sorry|correction|but|(?:which|that|this|it)\s+(?:is|was|would\s+be)\s+(?:wrong|incorrect|false|not\s+(?:right|correct|true)))\b",
    re.IGNORECASE,
)
_CORRECTS = re.compile(r"\b(?:actually|wait|correction|instead)\b", re.IGNORECASE)
_CAUSE = re.compile(r"\b(?:because|since|as|due\s+to|for)\b", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:so|therefore|thus|hence|definitely|certainly|clearly|probably|(?:most\s+)?likely|i(?:'d|\s+would)?\s+say"
    r"|option|choice|answer|letter)\b[\s,:]*",
    re.IGNORECASE,
)
_SAID_OF_IT = re.compile(
    r"^\W*(?:this|that|it|which)\b[^.!?]*(?:\b(?:wrong|incorrect|not|false)\b|n't\b)", re.IGNORECASE
)
_BAD = frozenset({"wrong", "false", "eliminated", "ruled out", "excluded"})
_LEADING = re.compile(
    r"(?:(?:option|choice|answer|letter)\s+)?[(\[{\"']*([A-Za-z])(?!\w)[)\]}\"']*\s*([.:,;/)-]*)\s*(.*)",
    re.I | re.S,
)
_REJECTS = re.compile(
    r"\b(?:wrong|incorrect|not|unlikely|false|rul(?:e|ed|es)\s+out|exclud\w*|eliminat\w*|insufficient|inappropriate"
    r"|contraindicated|less\s+likely|never|cannot|no|nor|neither|rather|falsch|faux)\b|n't\b",
    re.IGNORECASE,
)
_TURNS = re.compile(
    r"\b(?:but|however|although|though|yet|actually|wait|instead|on\s+second\s+thought|correction|unless|or)\b",
    re.IGNORECASE,
)
_REASON = re.compile(r"^\W*(?:because|since|as|due\s+to|for|given)\b", re.IGNORECASE)
_LISTED = re.compile(r"^\W*([A-Za-z])\s*[.):\]]", re.MULTILINE)


def parsed(reply: str, options: Sequence[str]) -> int | None:
    """Return the index of the option that a reply names, or None. Of equal options the first is named."""
    return _Reader(options).read(reply)


def option_labels(count: int) -> list[str]:
    """Return the labels of options in a prompt: letters, or numbers for more than 26."""
    return list(LETTERS[:count]) if count <= len(LETTERS) else [str(number) for number in range(1, count + 1)]


def option_key(text: str) -> str:
    """Return what makes options equal: the text, blanks and Unicode composition aside."""
    return " ".join(unicodedata.normalize("NFC", text).split())


class _Reader:
    """Reads replies about one set of options."""

    def __init__(self, options: Sequence[str]) -> None:
        self.labels = option_labels(len(options))
        keys = [option_key(option) for option in options]
        self.first = [keys.index(key) for key in keys]  # place -> first place of the same text
        plain: dict[str, set[int]] = {}
        for index, option in enumerate(options):
            plain.setdefault(_plain(option), set()).add(self.first[index])
        # texts that differ by case alone cannot be distinguished in a reply
        self.texts = {
            text: indices.copy().pop() for text, indices in plain.items() if text and len(indices) == 1
        }
        self.denied: set[int] = set()
        self.by_length = sorted(self.texts, key=len, reverse=True)

    def read(self, reply: str) -> int | None:
        """Return the option that the reply names."""
        text = _cleaned(reply)
        if not text:
            return None
        structured = _structured(_THOUGHT.sub("", reply), text)
        if structured is not None:
            return self.value(structured)
        picks = self.statements(text)
        if picks is not None:
            return picks.pop() if len(picks) == 1 else None
        lines = [line for line in text.splitlines() if line.strip()]
        named = {self.line(line, text) for line in {lines[0], lines[-1]}} - {None} - self.denied
        return named.pop() if len(named) == 1 else None

    def value(self, value: Any) -> int | None:
        """Read the value of a structured answer: a label, a text, or both; a list only where it has one item."""
        if isinstance(value, list):
            return self.value(value[0]) if len(value) == 1 else None
        if not isinstance(value, str):
            return None
        text = _cleaned(value).strip().strip("\"'(){}[]. ")
        return self.label(text) if len(text) <= 2 and self.label(text) is not None else self.line(text, text)

    def label(self, text: str) -> int | None:
        """Return the option with this label."""
        name = text.upper()
        return self.first[self.labels.index(name)] if name in self.labels else None

    def statements(self, text: str) -> set[int] | None:
        """Return the options of the last statement about the answer; None if there is no statement.

        An empty set means a statement that names none or that is taken back.
        """
        events: list[tuple[int, bool, set[int]]] = []
        for match in _LEAD.finditer(text):
            denied = bool(_DENIED.search(text[max(0, match.start() - 30) : match.start()]))
            event = self.named_after(text, match.end())
            if event is not None:
                events.append((match.start(), not (denied or event[0]), event[1]))
        for match in _VERDICT.finditer(text):
            index = self.label(match[1]) if match[1].isupper() or match[1] == match[0].strip() else None
            if index is not None:
                bad = " ".join(match[3].lower().split()) in _BAD
                paired = _PAIRED.search(text[: match.start(1)])
                other = self.label(paired[1]) if paired else None
                events.append(
                    (match.start(1), bad == bool(match[2]), {index, index if other is None else other})
                )
        for match in _BUT.finditer(text):
            denied_one, index = self.label(match[1]), self.label(match[2])
            if denied_one is not None and index is not None:
                events += [(match.start(), False, {denied_one}), (match.start(2), True, {index})]
        events.sort(key=lambda event: event[0])
        picks = [(offset, indices) for offset, good, indices in events if good]
        self.denied = {index for _, good, indices in events if not good for index in indices}
        if not picks:
            return None
        offset, indices = picks[-1]
        taken_back = any(not good and later > offset and indices & others for later, good, others in events)
        return set() if taken_back else indices

    def named_after(self, text: str, offset: int) -> tuple[bool, set[int]] | None:
        """Return (denied, options) of a statement from `offset` on; None if it names no option."""
        denial = re.match(r"\s*(?:not|n't|never)\s+", text[offset:], re.IGNORECASE)
        offset += denial.end() if denial else 0
        if _SEVERAL.match(text, offset):
            return bool(denial), set()
        start = _FILLER.match(text, offset).end()  # type: ignore[union-attr]
        spelt = self.text_at(text, offset) or self.text_at(text, start)
        named = self.letter_after(text, start) if spelt is None else self.text_after(text, *spelt)
        return None if named is None else (bool(denial), named)

    def text_after(self, text: str, end: int, index: int) -> set[int]:
        """Return the options of a statement that spells out one, whose text ends at `end`."""
        behind = re.match(r"\W{0,3}[(\[]([A-Za-z])[)\]]", text[end:])
        if _RETRACTED.match(text, end) or (behind and self.label(behind[1]) not in {None, index}):
            return set()
        return {index} | self.also(text, end)

    def letter_after(self, text: str, start: int) -> set[int] | None:
        """Return the options of a statement that names a label at `start`; None if there is no label."""
        letter = re.match(r"[A-Za-z](?!\w)|\d{1,3}(?!\w)", text[start:])
        index = self.label(letter[0]) if letter else None
        if letter is None or index is None or not _AFTER_LETTER.match(text, start + letter.end()):
            return None
        end = start + letter.end()
        if _RETRACTED.match(text, end):
            return set()
        between = re.match(r"\W*", text[end:])[0]  # type: ignore[index]
        other = self.text_at(text, end + len(between)) if "\n" not in between else None
        if other is not None and other[1] != index:
            new_sentence = ". " in between and re.match(r"\s+\S", text[other[0] :])
            return {index} if new_sentence else {index, other[1]}
        return {index} | self.also(text, end)

    def also(self, text: str, offset: int) -> set[int]:
        """Return a second option that is named in the same breath ("B or C")."""
        match = _ALSO.match(text, offset)
        if not match or (match["listed"] and match["says"]):
            return set()
        index = self.label(match[2])
        return set() if index is None else {index}

    def text_at(self, text: str, offset: int) -> tuple[int, int] | None:
        """Return (end, index) of the longest option text that begins at `offset` or after an article there."""
        begin = offset + _ARTICLE.match(text[offset:]).end()  # type: ignore[union-attr]
        folded = text[begin:].casefold()
        for option in self.by_length:
            if (
                len(option) > 1
                and folded.startswith(option)
                and not folded[len(option) : len(option) + 1].isalnum()
            ):
                return begin + len(option), self.texts[option]
        return None

    def line(self, line: str, full_reply: str) -> int | None:
        """Return the option that a line is: its text, its label, or a label with a remark that does not reject it."""
        text = _BULLET.sub("", line.strip()).strip("\"' ")
        spelt_out = self.texts.get(_plain(text))
        if spelt_out is not None and self.label(_plain(text)) in {None, spelt_out}:
            return spelt_out
        bare = _OPENING.sub("", text).strip("()[]{}\"'.,:;! ")
        if self.label(bare) is not None:
            return self.label(bare) if spelt_out is None else None
        spelt = self.text_at(text, 0)
        if spelt is not None:
            behind = re.fullmatch(r"\W{0,3}[(\[]?([A-Za-z])[)\]]?\W*", text[spelt[0] :])
            return spelt[1] if behind and self.label(behind[1]) == spelt[1] else None
        match = _LEADING.fullmatch(text)
        if not match or len({item.upper() for item in _LISTED.findall(full_reply)}) > 1:
            return None
        index = self.label(match[1])
        return index if index is not None and self.stands(index, match) else None

    def stands(self, index: int, match: re.Match[str]) -> bool:
        """Say whether a line that begins with a letter names the option: the remark behind it does not reject it."""
        letter, mark, rest = match[1], match[2], match[3]
        own = self.text_at(rest, 0)
        if own is not None:
            remark = rest[own[0] :]
            if own[1] != index:
                return False
        else:
            remark = rest
            because = bool(_REASON.match(rest))
            if not (because or _is_label(letter, mark, rest, match.string[match.end(1) :])):
                return False
        if self.also(match.string, match.end(1)):
            return False
        first, later = _clause(remark)
        if _TURNS.search(first) or _CORRECTS.search(later) or _SAID_OF_IT.search(later):
            return False
        return not _REJECTS.search(_CAUSE.split(first, maxsplit=1)[0])


def _is_label(letter: str, mark: str, rest: str, behind: str) -> bool:
    """Say whether a leading letter is a label and no word or part of a name ("A patient", "E. coli", "e.g.")."""
    if not mark or letter.islower() or (mark[:1] in {".", "-"} and behind[1:2].isalnum()):
        return False
    return rest[:1].isupper() if mark in {".", "-"} else True


def _clause(text: str) -> tuple[str, str]:
    """Return (first sentence, the rest)."""
    match = re.search(r"[.!?](?:\s|$)|\n", text)
    return (text[: match.start()], text[match.end() :]) if match else (text, "")


def _structured(raw: str, text: str) -> object:
    """Return the value of a JSON answer, a box or a tag; None where the reply has none."""
    for match in re.finditer(r"\{[^{}]*\}", raw):
        try:
            value = json.loads(match[0])
        except (ValueError, RecursionError):
            continue
        fields = {str(key).lower().replace(" ", "_"): item for key, item in value.items()}
        for key in _JSON_KEYS:
            if key in fields and fields[key] is not None:
                return fields[key]
    for pattern, group in ((_BOXED, 1), (_TAGGED, 2)):
        values = [match[group] for match in pattern.finditer(text)]
        if values:
            return values[-1]
    return None


def _cleaned(reply: str) -> str:
    """Return a reply without thoughts and emphasis, with full-width and look-alike letters as ASCII."""
    text = _THOUGHT.sub("", reply).translate(_MARKS)
    text = "".join(map(_ascii, text)) if not text.isascii() else text
    text = _TAGS.sub("", _CONTROL.sub("", text))
    return _DRESS.sub("", _LONE.sub(lambda match: _LOOKALIKE[match[0]], text)).strip()


def _ascii(character: str) -> str:
    """Return the ASCII form of a full-width, circled or mathematical character; superscripts stay what they are."""
    plain = unicodedata.normalize("NFKC", character)
    keeps = len(plain) != 1 or not plain.isascii() or unicodedata.category(character) in {"No", "Lm"}
    return character if keeps else plain


def _plain(text: str) -> str:
    words = " ".join(_cleaned(option_key(text)).casefold().split())
    return re.sub(r"^(?:the|an?)\s+(?=\w{2})", "", words).strip(".!,;: \"'")
