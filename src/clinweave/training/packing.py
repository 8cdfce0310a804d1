"""Prefix sharing: pack items with a common prompt into one row, and compute the prompt once.

Twelve findings of one disease are twelve replies to one question: as items of their own they cost the question twelve
times. Here the prompt stands once, the replies after it as branches; a token sees its own branch and what leads to it
and no other branch, and its position is the one it has alone: loss and gradient equal those of separate items
(prefix sharing, https://arxiv.org/abs/2410.20305; a test holds that the losses are equal).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from clinweave.training.tokens import IGNORED, Tokens

if TYPE_CHECKING:
    import torch

    from datasets import Dataset


@dataclass(slots=True)
class Row:
    """Token ids and labels with the position of each token and its segment.

    `parents[s]` is the segment that leads to segment s (-1: none), `truth[s]` 1 for a right reply, -1 for a wrong one,
    0 for a prompt.
    """

    ids: list[int] = field(default_factory=list)
    labels: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    truth: list[int] = field(default_factory=list)

    def add(self, ids: Sequence[int], start: int, parent: int, truth: int = 0) -> int:
        """Add a segment whose first token stands at position `start`; return its number."""
        self.parents.append(parent)
        self.truth.append(truth)
        labels = (IGNORED, *ids[1:]) if truth > 0 else [IGNORED] * len(ids)
        self.ids += ids
        self.labels += labels
        self.positions += range(start, start + len(ids))
        self.segments += [len(self.parents) - 1] * len(ids)
        return len(self.parents) - 1


@dataclass(frozen=True, slots=True)
class Group:
    """A prompt, its replies (each ends its turn), and wrong ones (no end of turn, not counted by the loss)."""

    prompt: tuple[int, ...]
    replies: tuple[tuple[int, ...], ...]
    wrong: tuple[tuple[int, ...], ...] = ()

    @property
    def cost(self) -> int:
        """Return its tokens in a row whose beginning it does not share."""
        return len(self.prompt) + sum(len(reply) + 1 for reply in (*self.replies, *self.wrong))


def grouped(
    items: Iterable[Tokens],
    most: int,
    random: Random,
    wrong: Mapping[tuple[int, ...], Iterable[tuple[int, ...]]] = {},
) -> list[Group]:
    """Return the items by prompt, at most `most` replies together: more make several groups of about equal size.

    An item that comes twice stands in two groups. `wrong` are wrong replies by prompt, at most as many as right ones.
    """
    by_prompt: dict[tuple[tuple[int, ...], int], list[tuple[int, ...]]] = {}
    copies: Counter[tuple[int, ...]] = Counter()
    for ids, labels in items:
        start = next(index for index, label in enumerate(labels) if label != IGNORED)
        copies[tuple(ids)] += 1
        by_prompt.setdefault((tuple(ids[:start]), copies[tuple(ids)]), []).append(tuple(ids[start:]))
    groups = []
    for (prompt, _), replies in by_prompt.items():
        random.shuffle(replies)
        parts = -(-len(replies) // most)
        others = sorted(set(wrong.get(prompt, ())))
        for part in range(parts):
            right = tuple(replies[part::parts])
            groups.append(
                Group(prompt, right, tuple(random.sample(others, min(len(others), max(3, len(right))))))
            )
    return groups


def rows(groups: Sequence[Group], length: int, head: int, random: Random) -> list[Row]:
    """Return rows of at most `length` tokens; groups whose first `head` tokens are equal share a row."""
    order = random.sample(list(groups), len(groups))
    kinds: dict[tuple[int, ...], list[Group]] = {}
    for group in order:
        kinds.setdefault(group.prompt[:head], []).append(group)
    result = []
    for alike in kinds.values():
        chosen: list[Group] = []
        size = 0
        for group in alike:
            more = group.cost - (head if chosen else 0)
            if chosen and size + more > length:
                result.append(_row(chosen))
                chosen, size, more = [], 0, group.cost
            chosen.append(group)
            size += more
        result.append(_row(chosen))
    random.shuffle(result)
    return result


def _row(groups: Sequence[Group]) -> Row:
    """Return a row: what all prompts begin with, then each prompt's rest, then its replies.

    A prompt's last token stands before each of its replies again, since a token predicts only the one after it.
    """
    row = Row()
    # one token of each prompt is left to stand before its replies
    shared = _same([group.prompt[:-1] for group in groups])
    root = row.add(groups[0].prompt[:shared], 0, -1)
    for group in groups:
        parent = row.add(group.prompt[shared:-1], shared, root)
        for truth, replies in ((1, group.replies), (-1, group.wrong)):
            for reply in replies:
                row.add((group.prompt[-1], *reply), len(group.prompt) - 1, parent, truth)
    return row


def _same(prompts: Sequence[tuple[int, ...]]) -> int:
    """Return with how many equal tokens all prompts begin."""
    least, most = min(prompts), max(prompts)
    return next((index for index, pair in enumerate(zip(least, most, strict=False)) if pair[0] != pair[1]),
                min(len(least), len(most)))  # fmt: skip


def visible(segments: "torch.Tensor", parents: Sequence[int]) -> "torch.Tensor":
    """Return which column each token sees (tokens, tokens): its own segment up to itself, and all that leads to it."""
    import torch

    above = torch.zeros((len(parents), len(parents)), dtype=torch.bool)
    for segment, parent in enumerate(parents):
        if parent >= 0:
            above[segment] = above[parent]
        above[segment, segment] = True
    positions = torch.arange(len(segments))
    return above[segments][:, segments] & (positions[None] <= positions[:, None])


def collator(
    dtype: "torch.dtype", *, contrast: bool
) -> "Callable[[list[Mapping[str, Sequence[int]]]], dict[str, torch.Tensor]]":
    """Return what joins rows to one (1, tokens) without padding, with the mask that is added to attention's scores.

    With `contrast` segments, parents and truth go along, else labels.
    """
    import torch

    def batch(items: list[Mapping[str, Sequence[int]]]) -> "dict[str, torch.Tensor]":
        joined: dict[str, list[int]] = {key: [] for key in (*_COLUMNS, "truth")}
        for item in items:
            before = len(joined["parents"])
            for key in ("input_ids", "labels", "positions", "truth"):
                joined[key] += item[key]
            joined["segments"] += [before + segment for segment in item["segments"]]
            joined["parents"] += [before + parent if parent >= 0 else -1 for parent in item["parents"]]
        tensors = {key: torch.tensor(values) for key, values in joined.items()}
        seen = visible(tensors["segments"], joined["parents"])[None, None]
        mask = torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)
        inputs = {
            "input_ids": tensors["input_ids"][None],
            "position_ids": tensors["positions"][None],
            "attention_mask": mask,
        }
        if contrast:
            return {**inputs, **{key: tensors[key] for key in ("segments", "parents", "truth")}}
        return {**inputs, "labels": tensors["labels"][None]}

    return batch


_COLUMNS = ("input_ids", "labels", "positions", "segments", "parents")


def as_rows(packed: Iterable[Row]) -> "Dataset":
    """Return rows as the trainer's dataset."""
    from datasets import Dataset

    return Dataset.from_list(
        [
            dict(zip(_COLUMNS, (row.ids, row.labels, row.positions, row.segments, row.parents), strict=True))
            | {"truth": row.truth}
            for row in packed
        ]
    )
