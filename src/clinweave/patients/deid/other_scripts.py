"""Names in scripts without capital letters (Chinese, Japanese, Korean, Arabic, ...) and in Cyrillic or Greek.

In a note that is mostly in Latin letters, a run in another script is a name or address as a person writes it, and is taken
out whole. In a note in that script only what stands after a word for a person or before a form of address is.
"""

# ruff: noqa: E501 - a regular expression is one line
import re
import unicodedata
from collections.abc import Iterator

from clinweave.patients.deid.spans import Kind, Span

_ARABIC, _CYRILLIC, _GREEK = r"\u0600-\u06ff\u0750-\u077f", r"\u0400-\u04ff", r"\u0370-\u03ff"
_CJK, _KANA, _HANGUL = r"\u3400-\u9fff", r"\u3040-\u30ff", r"\uac00-\ud7af"
_OTHERS = rf"{_ARABIC}{_CYRILLIC}{_CJK}{_KANA}{_HANGUL}\u0590-\u05ff\u0900-\u0dff\u0e00-\u0e7f\u10a0-\u10ff\u0530-\u058f"
_RUN = re.compile(
    rf"[{_OTHERS}][{_OTHERS}\u00b7\u30fb'\u2019-]*(?:[ ]+[{_OTHERS}][{_OTHERS}\u00b7\u30fb'\u2019-]*)*|[{_GREEK}]{{3,}}(?:[ ]+[{_GREEK}]{{2,}})*"
)
_SURNAMES = (
    "\u738b\u674e\u5f20\u5218\u9648\u6768\u9ec4\u8d75\u5468\u5434\u5f90\u5b59\u80e1\u6731\u9ad8\u6797\u4f55\u90ed\u9a6c\u7f57\u6881\u5b8b\u90d1\u8c22\u97e9\u5510"
    "\u51af\u4e8e\u8463\u8427\u7a0b\u66f9\u8881\u9093\u8bb8\u5085\u6c88\u66fe\u5f6d\u5415\u82cf\u5362\u848b\u8521\u8d3e\u4e01\u9b4f\u859b\u53f6\u960e\u4f59\u6f58"
    "\u675c\u6234\u590f\u949f\u6c6a\u7530\u4efb\u59dc\u8303\u65b9\u77f3\u59da\u8c2d\u5ed6\u90b9\u718a\u91d1\u9646\u90dd\u5b54\u767d\u5d14\u5eb7\u6bdb\u90b1\u79e6"
    "\u6c5f\u53f2\u987e\u4faf\u90b5\u5b5f\u9f99\u4e07\u6bb5\u94b1\u6c64\u5c39\u9ece\u6613\u5e38\u6b66\u4e54\u8d3a\u8d56\u9f9a\u6587\u5f35\u9673\u694a\u9ec3\u8d99\u5289"
)  # the hundred commonest family names of China
_CHINESE = (
    re.compile(rf"(?:\u60a3\u8005|\u75c5\u4eba|\u62a4\u58eb|\u533b\u5e08|\u59d3\u540d[:\uff1a]?|\u5bb6\u5c5e|\u8054\u7cfb\u4eba[:\uff1a]?|\u533b\u751f[:\uff1a]|\u533b\u5e08[:\uff1a]|\u4e3b\u8bc9\u4eba)\s*(?P<it>[{_SURNAMES}][{_CJK}]{{1,2}})(?=[,\uff0c\u3002;\uff1b\s(\uff08]|\u7537|\u5973|\u56e0|\u4e8e|\u6709|\u5728|$)"),
    re.compile(rf"(?P<it>[{_SURNAMES}][{_CJK}]{{0,2}})(?=\u5148\u751f|\u5973\u58eb|\u5c0f\u59d0|\u533b\u751f|\u533b\u5e08|\u4e3b\u4efb|\u6559\u6388|\u62a4\u58eb|\u963f\u59e8|\u592a\u592a)"),
    re.compile(rf"(?P<it>[{_CJK}]{{1,4}})(?=[\s\u3000]?(?:\u3055\u3093|\u69d8|\u6c0f(?!\u540d)|\u5148\u751f))"),
    re.compile(rf"(?<![{_CJK}])(?P<it>[{_CJK}]{{1,3}}[ \u3000][{_CJK}{_KANA}]{{1,4}})(?=[ \u3000]?(?:\u3055\u3093|\u69d8|\u6c0f(?!\u540d)|\u5148\u751f))"),
    # Japanese labels; after a colon or a space alone the name is whole
    re.compile(rf"(?:\u6c0f\u540d|\u60a3\u8005(?:\u540d|\u6c0f\u540d)?|\u62c5\u5f53\u533b|\u4e3b\u6cbb\u533b|\u770b\u8b77\u5e2b|\u533b\u5e2b|\u8a18\u8f09\u8005)(?:\s?[:\uff1a]\s?|[ \u3000])(?P<it>[{_CJK}]{{1,4}}(?:[ \u3000][{_CJK}{_KANA}]{{1,4}})?)(?=[ \u3000,\uff0c\u3001\u3002;\uff1b(\uff08\n]|$)"),
    # Chinese labels before a colon, whatever the family name
    re.compile(rf"(?:\u59d3\u540d|\u60a3\u8005|\u533b\u751f|\u533b\u5e08|\u533b\u5e2b|\u62a4\u58eb|\u7b7e\u540d|\u7b7e\u5b57|\u8bb0\u5f55\u8005|\u5bb6\u5c5e|\u8054\u7cfb\u4eba|\u7236\u4eb2|\u6bcd\u4eb2|\u59bb\u5b50|\u4e08\u592b)\s?[:\uff1a]\s?(?P<it>[{_CJK}]{{2,4}})(?=[ \u3000,\uff0c\u3001\u3002;\uff1b(\uff08\n]|$)"),
    re.compile(rf"(?P<it>[{_HANGUL}]{{2,4}})(?=\s?(?:\uc528|\ub2d8|\ud658\uc790))"),
)  # fmt: skip
_ARABIC_NAME = re.compile(
    rf"(?:\u0627\u0644\u0645\u0631\u064a\u0636\u0629?|\u0627\u0644\u0633\u064a\u062f\u0629?|\u0627\u0644\u062f\u0643\u062a\u0648\u0631\u0629?|\u0627\u0633\u0645\u0647?|\u0627\u0644\u0627\u0633\u0645|\u0627\u0644\u0637\u0628\u064a\u0628\u0629?|\u0627\u0644\u0645\u0645\u0631\u0636\u0629?|\u062f\.)\s*:?\s*(?:\u062f\.\s*)?(?P<it>[{_ARABIC}]+(?:\s+(?:\u0639\u0628\u062f|\u0628\u0646|\u0627\u0628\u0646|\u0627\u0644[{_ARABIC}]+|[{_ARABIC}]+)){{0,2}})"
)
_CYRILLIC_NAME = re.compile(
    r"(?P<it>\b[\u0410-\u042f\u0401][\u0430-\u044f\u0451-]+(?:\s+[\u0410-\u042f\u0401][\u0430-\u044f\u0451]+)?\s+[\u0410-\u042f\u0401][\u0430-\u044f\u0451]+(?:\u043e\u0432\u0438\u0447|\u0435\u0432\u0438\u0447|\u043e\u0432\u043d\u0430|\u0435\u0432\u043d\u0430|\u0438\u0447\u043d\u0430|\u043e\u0432|\u0435\u0432|\u043e\u0432\u0430|\u0435\u0432\u0430|\u0438\u043d|\u0438\u043d\u0430|\u0441\u043a\u0438\u0439|\u0441\u043a\u0430\u044f|\u0435\u043d\u043a\u043e|\u0443\u043a)\b(?:\s+[\u0410-\u042f\u0401][\u0430-\u044f\u0451]+)?)"
    r"|(?:\u0411\u043e\u043b\u044c\u043d(?:\u043e\u0439|\u0430\u044f)|\u041f\u0430\u0446\u0438\u0435\u043d\u0442(?:\u043a\u0430)?|\u0424\u0418\u041e:?|(?:[\u0410-\u042f\u0430-\u044f]+ )?[\u0412\u0432]\u0440\u0430\u0447:?|\u0414\u043e\u043a\u0442\u043e\u0440|\u0414-\u0440)\s+(?P<name>[\u0410-\u042f\u0401][\u0430-\u044f\u0451-]+(?:\s+[\u0410-\u042f\u0401]\.?[\u0430-\u044f\u0451]*){0,2})"
)


def names_in_other_scripts(text: str) -> Iterator[Span]:
    """Yield the names of people in scripts other than Latin; see the module for the two cases."""
    runs = list(_RUN.finditer(text))
    if not runs:
        return
    letters = sum(1 for letter in text if unicodedata.category(letter).startswith("L"))
    others = sum(match.end() - match.start() - match[0].count(" ") for match in runs)
    if others <= 0.4 * letters:
        for match in runs:
            yield Span(*match.span(), Kind.NAME, "another script")
        return
    for pattern in (*_CHINESE, _ARABIC_NAME, _CYRILLIC_NAME):
        for match in pattern.finditer(text):
            group = "it" if match["it"] else "name"
            yield Span(*match.span(group), Kind.NAME, "name in its script")
