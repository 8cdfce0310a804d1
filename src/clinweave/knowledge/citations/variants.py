"""What else a sentence of the evidence states: parts of a definition, the sentence without an aside, listed items."""

from collections.abc import Iterator, Sequence

from clinweave.knowledge.citations.clauses import AUXILIARIES, CONDITIONS, PREPOSITIONS, groups
from clinweave.knowledge.citations.inflection import is_verb, word_set
from clinweave.knowledge.citations.tokens import Token

Items = Sequence[Token]
_STRESSED = (("especially",), ("particularly",), ("in", "particular"), ("above", "all"), ("notably",))
_STRESSED_END = frozenset({",", ";"})
_ROLE_HEADS = word_set(
    "symptom sign feature cause complication treatment option manifestation finding factor effect trigger test "
    "criterion indication contraindication example organ investigation agent drug medicine type subtype"
)
_NUMERIC = frozenset(
    {
        "of",
        "against",
        "vs",
        "versus",
        "n",
        "p",
        "%",
        "=",
        "<",
        ">",
        "ci",
        "sd",
        "range",
        "mean",
        "median",
        ",",
        ";",
    }
)
_NUMERIC_WORDS = frozenset({"about", "patient", "family", "case", "child"})
_INCLUDE = Token("include", "word", "", "include")


def variants(items: Items) -> Iterator[list[Token]]:
    """Yield what a sentence states beside its whole; each holds wherever the sentence does."""
    bare = without_numbers_in_parentheses(items)
    if bare:
        yield bare
    yield from _defined(bare or items)
    yield from _without_stress(bare or items)
    yield from _without_relative(bare or items)
    yield from _listed(bare or items)
    yield from _by_example(bare or items)


def without_numbers_in_parentheses(items: Items) -> list[Token]:
    """Return a sentence without "(18 of 40; 45 %)"; [] where it has no such parentheses."""
    texts = [item.text for item in items]
    for start, text in enumerate(texts):
        if text != "(" or ")" not in texts[start:]:
            continue
        end = texts.index(")", start)
        inside = items[start + 1 : end]
        exponent = len(inside) == 1 and inside[0].text.isdigit()  # "10(9)"
        if (
            inside
            and not exponent
            and any(item.kind == "number" for item in inside)
            and all(map(_is_figure, inside))
        ):
            rest = [*items[:start], *items[end + 1 :]]
            return without_numbers_in_parentheses(rest) or rest
    return []


def _is_figure(item: Token) -> bool:
    return item.kind == "number" or item.text in _NUMERIC | _NUMERIC_WORDS


def _defined(items: Items) -> Iterator[list[Token]]:
    """Yield "X is a Y" and "X is caused by Z" of "X is a Y caused by Z", and of "X is a Y that causes Z"."""
    group = next(groups(list(items)), None)
    if group is None or group.start == 0 or group.verb != "be" or len(group.words) != 1:
        return
    if group.end >= len(items) or items[group.end].text not in ("a", "an", "the"):
        return
    if items[group.end].text == "the" or any(item.text in CONDITIONS - _RELATIVE for item in items):
        return
    for index in range(group.end + 2, len(items) - 1):
        item, after = items[index], items[index + 1]
        before = list(items[:index])
        if before[-1].text == ",":
            before.pop()
        if item.text in _RELATIVE and (after.text in AUXILIARIES or is_verb(after.text)):
            if not any(word.text in _RELATIVE for word in items[index + 1 :]):
                yield before
                yield [*items[: group.start], *items[index + 1 :]]
            return
        participle = item.form == "ed" and is_verb(item.text) and after.text in ("by", "with", "in", "from")
        if participle and items[index - 1].text not in AUXILIARIES:
            yield before
            helper = items[group.start : group.start + 1]
            yield [*items[: group.start], *helper, *items[index:]]
            return


_RELATIVE = frozenset({"that", "which", "who"})


def _without_stress(items: Items) -> Iterator[list[Token]]:
    """Yield "X can raise Y" of "X can raise Y, especially in older people"."""
    texts = [item.text for item in items]
    for index in range(3, len(texts) - 1):
        if texts[index] in _STRESSED_END and any(
            tuple(texts[index + 1 : index + 1 + len(words)]) == words for words in _STRESSED
        ):
            yield list(items[:index])
            return


def _without_relative(items: Items) -> Iterator[list[Token]]:
    """Yield "X may arise under a nail" of "X may arise under a nail, where it is missed"."""
    for index in range(3, len(items) - 1):
        if items[index].text == "," and items[index + 1].text in ("where", "which", "who", "whose"):
            if next(groups(list(items[:index])), None) is not None:
                yield list(items[:index])
            return


def _listed(items: Items) -> Iterator[list[Token]]:
    """Yield "features include A and B" of "Features: A and B"."""
    texts = [item.text for item in items]
    if texts.count(":") != 1:
        return
    place = texts.index(":")
    head, rest = list(items[:place]), list(items[place + 1 :])
    aside = next(
        (n for n in range(1, len(rest) - 1) if rest[n].text == "," and rest[n + 1].text == "with"), len(rest)
    )
    rest = rest[:aside]
    plain = (
        head
        and rest
        and not any(item.text in AUXILIARIES or item.text in CONDITIONS for item in head)
        and not any(item.text in AUXILIARIES | CONDITIONS | {"not", "no"} for item in rest)
    )
    rest = [item._replace(text=",") if item.text == ";" else item for item in rest]
    if not any(item.text in ("and", "or") for item in rest):
        last_comma = max((n for n, item in enumerate(rest) if item.text == ","), default=-1)
        if last_comma > 0:
            rest[last_comma] = rest[last_comma]._replace(text="and", kind="word", raw="and")
    last = next(
        (n for n, item in enumerate(head) if item.text in PREPOSITIONS or item.text == "of"), len(head)
    )
    if plain and last and head[last - 1].text in _ROLE_HEADS:
        yield [*head, _INCLUDE, *rest]
        are = Token("are", "word", "", "are")
        yield [*head, are, *rest]
        yield [Token("the", "word", "", "the"), *head, are, *rest]


def _by_example(items: Items) -> Iterator[list[Token]]:
    """Yield "X such as A cause Y" of "X such as A and B cause Y", and "A is an X"."""
    texts = [item.text for item in items]
    for index in range(1, len(texts) - 2):
        if texts[index : index + 2] != ["such", "as"]:
            continue
        head = list(items[:index])
        if head[-1].text == ",":
            head.pop()
        while head and head[0].text in ("certain", "some", "the", "other", "many"):
            head.pop(0)
        end = next((group.start for group in groups(list(items)) if group.start > index + 2), None)
        if not head or end is None or len(head) > 5:
            return
        if any(item.text in PREPOSITIONS or item.text in AUXILIARIES or item.text == "of" for item in head):
            return
        named = list(items[index + 2 : end])
        if named and named[-1].text == ",":
            named.pop()
        for example in _examples(named):
            yield [*head, *items[index : index + 2], *example, *items[end:]]
            yield [
                *example,
                Token("is", "word", "", "is"),
                Token("a", "word", "", "a"),
                *head[:-1],
                head[-1]._replace(form=""),
            ]
        return


def _examples(items: Items) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for item in items:
        if item.text in (",", "and", "or"):
            parts.append([])
        else:
            parts[-1].append(item)
    return [part for part in parts if part]
