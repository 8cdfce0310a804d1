"""Tokenise items, and mark the tokens that the loss counts.

Items are tokenised here, not by the trainer: `show_example` prints exactly what is trained on.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from clinweave.core.errors import UserError
from clinweave.datasets import Example, Kind
from clinweave.models import Message
from clinweave.training.items import load_examples
from clinweave.training.settings import Inputs

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IGNORED = -100  # the label of a token that the loss does not count


class Tokens(NamedTuple):
    """Token ids and labels of one item; `labels[i]` is `ids[i]`, or -100 where the loss does not count it."""

    ids: list[int]
    labels: list[int]


def prepare_tokenizer(tokenizer: "PreTrainedTokenizerBase") -> "PreTrainedTokenizerBase":
    """Return the tokenizer with a padding token that differs from the end of a turn: the end must be learnt."""
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


def prompt_ids(tokenizer: "PreTrainedTokenizerBase", prompt: Sequence[Message]) -> list[int]:
    """Return the ids of a prompt up to the assistant's header; control words in its text are broken up."""
    return _ids(tokenizer, _rendered(tokenizer, _plain_turns(tokenizer, prompt)))


def reply_ids(tokenizer: "PreTrainedTokenizerBase", reply: str) -> list[int]:
    """Return the ids of a reply and the token that ends the turn."""
    plain = tokenizer(reply, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return [*plain, tokenizer.eos_token_id]


def tokenised(tokenizer: "PreTrainedTokenizerBase", example: Example, turns: str = "all") -> Tokens:
    """Return one item with labels: of running text every token counts, else the replies' alone.

    With `turns` "all" those are the assistant's turns of the conversation (`Example.counted` and the last one), with
    "last" the last one alone. Raises `UserError` where the chat template writes earlier turns in another way than the
    last one; they cannot be trained.
    """
    if example.kind == Kind.TEXT:
        text = reply_ids(tokenizer, example.completion)
        return Tokens(text, list(text))
    messages = _plain_turns(tokenizer, example.prompt)
    ids: list[int] = []
    labels: list[int] = []
    written = ""
    for index in example.counted if turns == "all" else ():
        before = _rendered(tokenizer, messages[:index])
        reply = messages[index]["content"]
        after = _rendered(tokenizer, messages[: index + 1], header=False)
        if not after.startswith(before + reply + tokenizer.eos_token):
            reply = reply.strip()  # many templates trim a turn
        if not before.startswith(written) or not after.startswith(before + reply + tokenizer.eos_token):
            raise UserError(
                f"item {example.id}: the chat template writes earlier turns of the assistant in another way; train the "
                "last turn alone (turns=last)"
            )
        between, answer = _ids(tokenizer, before[len(written) :]), reply_ids(tokenizer, reply)
        ids += between + answer
        labels += [IGNORED] * len(between) + answer
        written = before + reply + tokenizer.eos_token
    conversation = _rendered(tokenizer, messages)
    if not conversation.startswith(written):
        raise UserError(f"item {example.id}: the chat template changes earlier turns; set turns=last")
    between, answer = _ids(tokenizer, conversation[len(written) :]), reply_ids(tokenizer, example.completion)
    return Tokens(ids + between + answer, labels + [IGNORED] * len(between) + answer)


def by_turn(example: Example) -> list[Example]:
    """Return one item for each counted turn of a conversation, each with what comes before it as its prompt."""
    earlier = [
        replace(
            example,
            id=f"{example.id}-{index}",
            prompt=example.prompt[:index],
            completion=example.prompt[index]["content"],
            counted=(),
        )
        for index in example.counted
    ]
    return [*earlier, replace(example, counted=())]


def _plain_turns(tokenizer: "PreTrainedTokenizerBase", prompt: Sequence[Message]) -> list[Message]:
    """Return messages whose text holds no control word of the template."""
    words = [word for word in tokenizer.all_special_tokens if len(word) > 1]
    turns = []
    for message in prompt:
        text = message["content"]
        for word in words:
            text = text.replace(word, f"{word[0]} {word[1:]}")
        turns.append(Message(role=message["role"], content=text))
    return turns


def _rendered(
    tokenizer: "PreTrainedTokenizerBase", messages: Sequence[Message], *, header: bool = True
) -> str:
    """Return messages in the chat template, up to the assistant's header where it is wanted."""
    return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=header))


def _ids(tokenizer: "PreTrainedTokenizerBase", text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def fitting(
    tokenizer: "PreTrainedTokenizerBase", examples: Iterable[Example], max_length: int, turns: str = "all"
) -> tuple[list[Tokens], int]:
    """Return the items that fit, and how many do not: an answer cut short would teach to stop short."""
    encoded = [tokenised(tokenizer, example, turns) for example in examples]
    usable = [item for item in encoded if len(item.ids) <= max_length]
    if not usable:
        raise UserError(f"no item fits into {max_length} tokens: raise max_length")
    check_masks(tokenizer, usable)
    return usable, len(encoded) - len(usable)


def check_masks(tokenizer: "PreTrainedTokenizerBase", items: Iterable[Tokens]) -> None:
    """Raise `UserError` where an item counts nothing, a reply does not end its turn, or a label is not its token."""
    for index, item in enumerate(items):
        counted = [label != IGNORED for label in item.labels]
        if not any(counted):
            raise UserError(f"item {index}: no token is counted")
        ends = [
            position
            for position, mine in enumerate(counted)
            if mine and not any(counted[position + 1 : position + 2])
        ]
        if any(item.labels[position] != tokenizer.eos_token_id for position in ends) or not counted[-1]:
            raise UserError(f"item {index}: the reply does not end its turn")
        if any(label not in (IGNORED, token) for token, label in zip(item.ids, item.labels, strict=True)):
            raise UserError(f"item {index}: a label differs from its token")


def packed(tokenizer: "PreTrainedTokenizerBase", examples: Iterable[Example], length: int) -> list[Tokens]:
    """Return running text joined and cut into blocks of `length` tokens; a last short block is kept."""
    stream = [token for example in examples for token in reply_ids(tokenizer, example.completion)]
    blocks = [stream[start : start + length] for start in range(0, len(stream), length)]
    return [Tokens(block, list(block)) for block in blocks if len(block) > 1]


def show_example(tokenizer: "PreTrainedTokenizerBase", example: Example, turns: str = "all") -> str:
    """Return one item as the model sees it: what the loss counts stands between the marks [[ and ]]."""
    ids, labels = tokenised(tokenizer, example, turns)
    text, start = "", 0
    for end in range(1, len(ids) + 1):
        if end == len(ids) or (labels[end] != IGNORED) != (labels[start] != IGNORED):
            piece = tokenizer.decode(ids[start:end])
            text += f"[[{piece}]]" if labels[start] != IGNORED else piece
            start = end
    counted = sum(label != IGNORED for label in labels)
    return f"{text}\n({len(ids)} tokens, {counted} counted by the loss)"


def show_first(inputs: Inputs, kind: str, turns: str = "all") -> str:
    """Return the first item of a kind in the inputs' data as the model sees it (of a pair the better reply)."""
    from transformers import AutoTokenizer

    from clinweave.training.base_models import base_weights

    tokenizer = AutoTokenizer.from_pretrained(base_weights(inputs.base, inputs.home), local_files_only=True)
    first = load_examples(inputs.data, Kind(kind), "train")[0]
    return show_example(prepare_tokenizer(tokenizer), first, turns)
