"""Character classes for names in Latin script, with all accents (Vietnamese, Polish, Turkish, ...)."""

import unicodedata

_LATIN = [chr(code) for code in (*range(0x41, 0x250), *range(0x1E00, 0x1F00))]
UPPER = "".join(letter for letter in _LATIN if unicodedata.category(letter) == "Lu")
LOWER = "".join(letter for letter in _LATIN if unicodedata.category(letter) == "Ll")
