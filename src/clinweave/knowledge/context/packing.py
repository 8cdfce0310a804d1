"""Pack evidence items into a token budget, never exceeded, without cutting a fact in two."""

from collections.abc import Callable, Sequence

from clinweave.knowledge.context.facts import Draft
from clinweave.records import Evidence

Count = Callable[[str], int]


def render(items: Sequence[Evidence]) -> str:
    """Return the numbered block that a prompt shows: one line "[1] text" for each item."""
    return "\n".join(f"[{item.id}] {item.text}" for item in items)


def pack(
    drafts: Sequence[Draft], budget: int, count_tokens: Count, *, before: Sequence[Evidence] = ()
) -> tuple[Evidence, ...]:
    """Return as much of the drafts, best first, as fits: `count_tokens(render(before + result)) <= budget`.

    Facts of equal score share the remainder equally at first (passages do not); what one does not use goes to the
    next, and at the end those that were shortened are extended in order. Items are numbered on from `before`.
    """
    sizes = [0] * len(drafts)

    def block(sizes: Sequence[int]) -> tuple[Evidence, ...]:
        fitting = [(draft, size) for draft, size in zip(drafts, sizes, strict=True) if size]
        return tuple(
            draft.cut(size, str(len(before) + index)) for index, (draft, size) in enumerate(fitting, start=1)
        )

    def used(sizes: Sequence[int]) -> int:
        packed = (*before, *block(sizes))
        return count_tokens(render(packed)) if packed else 0

    spent = used(sizes)
    for index, draft in enumerate(drafts):
        shares = draft.kind == "relation"
        equals = sum(other.score == draft.score for other in drafts[index:]) if shares else 1
        allowed = min(budget, spent + max(0, budget - spent) // equals)
        sizes[index] = _largest(sizes, index, draft, allowed, used)
        spent = used(sizes)
    for index, draft in enumerate(drafts):
        if sizes[index] < len(draft.parts):
            sizes[index] = _largest(sizes, index, draft, budget, used, least=sizes[index])
    while any(sizes) and used(sizes) > budget:  # only where count_tokens does not grow with the text
        last = max(index for index, size in enumerate(sizes) if size)
        sizes[last] = 0 if drafts[last].whole else sizes[last] - 1
    return block(sizes)


def _largest(
    sizes: list[int],
    index: int,
    draft: Draft,
    allowed: int,
    used: Callable[[Sequence[int]], int],
    *,
    least: int = 0,
) -> int:
    """Return how many parts of one draft fit into `allowed` tokens (binary search; `least` are known to fit)."""

    def fits(size: int) -> bool:
        return used([*sizes[:index], size, *sizes[index + 1 :]]) <= allowed

    most = len(draft.parts)
    if most == least or fits(most):
        return most
    if draft.whole:
        return least
    low, high = least, most  # low fits, high does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
