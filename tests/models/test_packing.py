"""Prompts and options as one tree of tokens."""

from hypothesis import given
from hypothesis import strategies as st

from clinweave.models.packing import Item, Pack, packs

IDS = st.lists(st.integers(0, 3), min_size=1, max_size=6)
ITEMS = st.lists(st.builds(Item, IDS, st.lists(IDS, min_size=1, max_size=4)), min_size=1, max_size=5)


def path(pack: Pack, row: int) -> list[int]:
    """Return the tokens from the root to a row."""
    tokens: list[int] = []
    while row >= 0:
        tokens.insert(0, pack.tokens[row])
        row = pack.parents[row]
    return tokens


@given(ITEMS)
def test_each_target_is_predicted_from_all_tokens_before_it(items: list[Item]) -> None:
    pack = Pack()
    for item in items:
        pack.add(item)
    expected = [
        ([*item.prompt, *option[:index]], token)
        for item in items
        for option in item.options
        for index, token in enumerate(option)
    ]
    assert [
        (path(pack, row), token) for row, token in zip(pack.sources, pack.targets, strict=True)
    ] == expected
    assert pack.lengths == [len(option) for item in items for option in item.options]


@given(ITEMS)
def test_rows_see_their_path_and_nothing_else(items: list[Item]) -> None:
    pack = Pack()
    for item in items:
        pack.add(item)
    visible = pack.visible()
    for row in range(len(pack.tokens)):
        seen = [other for other in range(len(pack.tokens)) if visible[row, other]]
        assert [pack.tokens[other] for other in seen] == path(pack, row)
        assert pack.positions[row] == len(seen) - 1


def test_shared_tokens_are_one_row() -> None:
    pack = Pack()
    pack.add(Item([1, 2, 3], [[4, 5], [4, 6], [7]]))
    assert pack.tokens == [1, 2, 3, 4]  # the last token of an option predicts nothing
    pack.add(Item([1, 2, 9], [[4]]))
    assert pack.tokens == [1, 2, 3, 4, 9]


@given(ITEMS, st.integers(1, 30))
def test_packs_keep_order_and_hold_everything(items: list[Item], rows: int) -> None:
    result = list(packs(items, rows))
    assert [count for _, counts in result for count in counts] == [len(item.options) for item in items]
    assert [token for pack, _ in result for token in pack.targets] == [
        token for item in items for option in item.options for token in option
    ]
    assert all(len(pack.tokens) >= rows for pack, _ in result[:-1])
