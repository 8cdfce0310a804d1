"""A probe of general ability: what training on medicine should not make a model forget.

Some 380 plain items, written and generated here: common knowledge, opposites, kinds, numbers, verb forms, and minimal
pairs of sentences of which one is grammatical (the idea of BLiMP, https://arxiv.org/abs/1912.00582; none of its
sentences). No benchmark is copied, and no item is among the requests that a model replays in training.
"""

import operator
from collections.abc import Iterator, Sequence
from random import Random

from clinweave.datasets import ask
from clinweave.evaluation.finetuning.general_words import (
    CAPITALS,
    FACTS,
    KINDS_OF,
    OPPOSITES,
    PAIRS,
    PAST,
    PLURALS,
)
from clinweave.records import Question

TEXT_PROMPT = ask("You are a helpful assistant.", "Write a short text.")
_SEED = "general probe"


def probe() -> list[Question]:
    """Return the questions; `kind` is what they are about, and the right option's place is drawn."""
    random = Random(_SEED)  # noqa: S311
    questions = []
    for number, (kind, asked, right, wrong) in enumerate(_items(random)):
        options = [right, *wrong]
        random.shuffle(options)
        name = f"general-{number}"
        questions.append(
            Question(name, "general", asked, tuple(options), options.index(right), kind=kind, cluster=name)
        )
    return questions


_Item = tuple[str, str, str, Sequence[str]]


def _items(random: Random) -> Iterator[_Item]:
    for asked, right, *wrong in FACTS:
        yield "facts", asked, right, wrong
    for kind, wording, table in (
        ("capitals", "What is the capital of {}?", CAPITALS),
        ("opposites", "What is the opposite of {}?", OPPOSITES),
        ("kinds", "What kind of thing is {}?", KINDS_OF),
        ("plurals", "What is the plural of {}?", PLURALS),
        ("past", "What is the past tense of {}?", PAST),
    ):
        yield from _from_table(kind, wording, table, random)
    yield from _numbers(random)
    for right, bad in PAIRS:
        yield "grammar", "Which sentence is good English?", right, (bad,)
    yield from _agreement()


def _from_table(kind: str, wording: str, table: Sequence[tuple[str, ...]], random: Random) -> Iterator[_Item]:
    """Yield one item per row; a row names its own wrong options, or other rows' answers are drawn."""
    answers = sorted({row[1] for row in table})
    for asked, right, *own in table:
        wrong = own or random.sample([item for item in answers if item != right], 3)
        yield kind, wording.format(asked), right, wrong


def _numbers(random: Random) -> Iterator[_Item]:
    for sign, count in (("plus", operator.add), ("minus", operator.sub), ("times", operator.mul)):
        for _ in range(14):
            b, a = sorted(random.sample(range(2, 10), 2))
            right = count(a, b)
            others = [item for item in range(max(0, right - 4), right + 5) if item != right]
            yield (
                "arithmetic",
                f"What is {a} {sign} {b}?",
                str(right),
                tuple(map(str, random.sample(others, 3))),
            )
    for wording, pick in (("largest", max), ("smallest", min)):
        for _ in range(12):
            numbers = random.sample(range(3, 99), 4)
            right = pick(numbers)
            yield ("order", f"Which of the numbers {', '.join(map(str, numbers))} is the {wording}?", str(right),
                   tuple(str(item) for item in numbers if item != right))  # fmt: skip
    for _ in range(16):
        start, step = random.randint(1, 9), random.randint(1, 5)
        row = [start + step * index for index in range(5)]
        others = [item for item in range(row[-1] - 4, row[-1] + 5) if item not in row]
        yield ("sequence", f"Which number comes next: {', '.join(map(str, row[:-1]))}?", str(row[-1]),
               tuple(map(str, random.sample(others, 3))))  # fmt: skip


def _agreement() -> Iterator[_Item]:
    """Yield pairs that differ in the number of the verb, near the subject and with another noun between."""
    nouns = (("dog", "dogs"), ("teacher", "teachers"), ("river", "rivers"), ("car", "cars"), ("child", "children"),
             ("window", "windows"), ("bird", "birds"), ("song", "songs"), ("friend", "friends"),
             ("ship", "ships"))  # fmt: skip
    ends = (("is old", "are old"), ("was late", "were late"), ("has gone", "have gone"))
    for index, (item, many) in enumerate(nouns):
        single, plural = ends[index % 3]
        between = nouns[(index + 1) % len(nouns)]
        for subject, good, bad in ((item, single, plural), (many, plural, single)):
            yield (
                "grammar",
                "Which sentence is good English?",
                f"The {subject} {good}.",
                (f"The {subject} {bad}.",),
            )
            other = between[1] if subject == item else between[0]
            yield ("grammar", "Which sentence is good English?", f"The {subject} near the {other} {good}.",
                   (f"The {subject} near the {other} {bad}.",))  # fmt: skip
