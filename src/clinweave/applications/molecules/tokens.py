"""Byte-pair tokenizer over SMILES or SELFIES: 36 characters of a molecule become about 7 tokens, which makes
training affordable on a CPU."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.core.errors import ClinweaveError, UserError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

START, END, UNKNOWN = 0, 1, 2
_SPECIAL = ["<start>", "<end>", "<unknown>"]
_SELFIES_BASE = 0xE000  # SELFIES symbols are written as characters of Unicode's private area


class Tokens:
    """Text of a molecule to token ids and back. `kind` is smiles or selfies."""

    def __init__(self, kind: str, model: "Tokenizer", symbols: Sequence[str] = ()) -> None:
        self.kind, self.symbols, self._model = kind, list(symbols), model
        self._code = {symbol: chr(_SELFIES_BASE + number) for number, symbol in enumerate(self.symbols)}

    def __len__(self) -> int:
        """Return the size of the vocabulary."""
        return int(self._model.get_vocab_size())

    def encode(self, smiles: Sequence[str]) -> list[list[int]]:
        """Return the ids of each SMILES, without start and end; one that cannot be written is an empty list."""
        texts = [self._text(text) for text in smiles]
        return [item.ids for item in self._model.encode_batch(texts)]

    def decode(self, ids: Iterable[Sequence[int]]) -> list[str]:
        """Return the SMILES that each list of ids spells, valid or not (SELFIES always spell a valid one)."""
        texts = ["".join(self._model.id_to_token(i) or "" for i in row if i > UNKNOWN) for row in ids]
        return texts if self.kind == "smiles" else [self._from_selfies(text) for text in texts]

    def _text(self, smiles: str) -> str:
        if self.kind == "smiles":
            return smiles
        import selfies

        try:
            symbols = list(selfies.split_selfies(selfies.encoder(smiles, strict=False)))
        except selfies.EncoderError:
            return ""
        return "".join(self._code.get(symbol, "\ufffd") for symbol in symbols)

    def _from_selfies(self, text: str) -> str:
        import selfies

        symbols = [
            self.symbols[ord(c) - _SELFIES_BASE] for c in text if ord(c) >= _SELFIES_BASE and c != "\ufffd"
        ]
        return str(selfies.decoder("".join(symbols)))

    def save(self, folder: Path) -> None:
        """Write tokens.json (and the SELFIES symbols inside it)."""
        import json

        value = {"kind": self.kind, "symbols": self.symbols, "model": json.loads(self._model.to_str())}
        (folder / "tokens.json").write_text(json.dumps(value, ensure_ascii=True) + "\n", "utf-8")


def open_tokens(folder: Path) -> Tokens:
    """Return the tokens that `save` wrote. Raises `UserError` if there are none."""
    import json

    from tokenizers import Tokenizer

    try:
        value = json.loads((folder / "tokens.json").read_text("utf-8"))
        return Tokens(value["kind"], Tokenizer.from_str(json.dumps(value["model"])), value["symbols"])
    except FileNotFoundError:
        raise UserError(f"{folder} holds no tokens.json: it is not a folder of a molecule model") from None
    except (ValueError, KeyError) as error:
        raise ClinweaveError(f"{folder / 'tokens.json'} cannot be read: {error}") from error


def learn_tokens(smiles: Sequence[str], kind: str, vocabulary: int) -> Tokens:
    """Learn byte-pair merges on these molecules (200,000 are enough; a minute of CPU).

    Every printable ASCII character is in the alphabet: no letter of a SMILES is unknown.
    """
    from tokenizers import Tokenizer, models, trainers

    if kind not in {"smiles", "selfies"}:
        raise UserError(f"tokens over {kind!r}: choose smiles or selfies")
    symbols: list[str] = []
    if kind == "selfies":
        import selfies

        texts = [selfies.encoder(text, strict=False) for text in smiles]
        symbols = sorted(selfies.get_alphabet_from_selfies(texts))
    model = Tokenizer(models.BPE(unk_token=_SPECIAL[UNKNOWN]))
    tokens = Tokens(kind, model, symbols)
    letters = [chr(_SELFIES_BASE + n) for n in range(len(symbols))] or [chr(n) for n in range(33, 127)]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=_SPECIAL, initial_alphabet=letters, show_progress=False
    )
    model.train_from_iterator((tokens._text(text) for text in smiles), trainer)
    return tokens
