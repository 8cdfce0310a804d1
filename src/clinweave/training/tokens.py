"""Items as the model sees them: token ids, and which of them the loss counts.

Tokenised here and not by the trainer, so that what `show_example` prints is what is trained on.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from clinweave.datasets import Example, Kind
from clinweave.errors import UserError
from clinweave.models import Message
from clinweave.training.items import load_examples
from clinweave.training.settings import Inputs

IGNORED = -100  # the label of a token that the loss does not count


class Tokens(NamedTuple):
    """Token ids and labels of one item; `labels[i]` is `ids[i]`, or -100 where the loss does not count it."""

    ids: list[int]
    labels: list[int]


def prepare_tokenizer(tokenizer: Any) -> Any:
    """Return the tokenizer with a padding token that is not the end of a turn, so that the end is learnt."""
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        others = [
            token
            for token in ("<|endoftext|>", tokenizer.unk_token, *tokenizer.all_special_tokens)
            if token
            and token not in {tokenizer.eos_token, tokenizer.bos_token}
            and tokenizer.convert_tokens_to_ids(token) is not None
        ]
        if not others:
            raise UserError("the tokenizer has no token to pad with besides the one that ends a turn")
        tokenizer.pad_token = others[0]
    return tokenizer


def prompt_ids(tokenizer: Any, prompt: Sequence[Message]) -> list[int]:
    """Return the ids of a prompt up to the assistant's header; control words in its text are broken up."""
    words = [word for word in tokenizer.all_special_tokens if len(word) > 1]
    turns = []
    for message in prompt:
        text = message["content"]
        for word in words:
            text = text.replace(word, f"{word[0]} {word[1:]}")
        turns.append({"role": message["role"], "content": text})
    shown = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    return list(tokenizer(shown, add_special_tokens=False)["input_ids"])


def reply_ids(tokenizer: Any, reply: str) -> list[int]:
    """Return the ids of a reply and the token that ends the turn."""
    plain = tokenizer(reply, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return [*plain, tokenizer.eos_token_id]


def tokenised(tokenizer: Any, example: Example) -> Tokens:
    """Return one item with labels: of running text every token counts, else the reply's alone."""
    if example.kind == Kind.TEXT:
        ids = reply_ids(tokenizer, example.completion)
        return Tokens(ids, list(ids))
    prompt, reply = prompt_ids(tokenizer, example.prompt), reply_ids(tokenizer, example.completion)
    return Tokens(prompt + reply, [IGNORED] * len(prompt) + reply)


def fitting(tokenizer: Any, examples: Iterable[Example], max_length: int) -> tuple[list[Tokens], int]:
    """Return the items that fit, and how many do not: an answer cut short would teach to stop short."""
    made = [tokenised(tokenizer, example) for example in examples]
    kept = [one for one in made if len(one.ids) <= max_length]
    if not kept:
        raise UserError(f"no item fits into {max_length} tokens: raise max_length")
    check_masks(tokenizer, kept)
    return kept, len(made) - len(kept)


def check_masks(tokenizer: Any, items: Iterable[Tokens]) -> None:
    """Raise `UserError` where an item counts nothing, counts a prompt's token, or does not end its turn."""
    for place, item in enumerate(items):
        counted = [label != IGNORED for label in item.labels]
        if not any(counted) or counted != sorted(counted):
            raise UserError(f"item {place}: the counted tokens are not one stretch at the end")
        if item.labels[-1] != tokenizer.eos_token_id:
            raise UserError(f"item {place}: the reply does not end its turn")
        if any(label not in (IGNORED, token) for token, label in zip(item.ids, item.labels, strict=True)):
            raise UserError(f"item {place}: a label differs from its token")


def packed(tokenizer: Any, examples: Iterable[Example], length: int) -> list[Tokens]:
    """Return running text joined and cut into blocks of `length` tokens; a last short block is kept."""
    stream = [token for example in examples for token in reply_ids(tokenizer, example.completion)]
    blocks = [stream[start : start + length] for start in range(0, len(stream), length)]
    return [Tokens(block, list(block)) for block in blocks if len(block) > 1]


def show_example(tokenizer: Any, example: Example) -> str:
    """Return one item as the model sees it: what the loss counts stands between the marks [[ and ]]."""
    ids, labels = tokenised(tokenizer, example)
    start = next(place for place, label in enumerate(labels) if label != IGNORED)
    before, counted = tokenizer.decode(ids[:start]), tokenizer.decode(ids[start:])
    return f"{before}[[{counted}]]\n({len(ids)} tokens, {len(ids) - start} counted by the loss)"


def show_first(inputs: Inputs, kind: str) -> str:
    """Return the first item of a kind in the inputs' data as the model sees it (of a pair the better reply)."""
    from transformers import AutoTokenizer

    from clinweave.training.bases import base_weights

    tokenizer = AutoTokenizer.from_pretrained(base_weights(inputs.base, inputs.home), local_files_only=True)
    first = load_examples(inputs.data, Kind(kind), "train")[0]
    return show_example(prepare_tokenizer(tokenizer), first)
