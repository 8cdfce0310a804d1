"""Superscripts and subscripts as plain text that cannot be read as another number: 10<sup>9</sup> is 10⁹, never 109."""

_SUPERSCRIPT = str.maketrans("0123456789+-\u2212=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_SUBSCRIPT = str.maketrans("0123456789+-\u2212=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")


def scripted(text: str, *, above: bool) -> str:
    """Return `text` in Unicode superscripts (`above`) or subscripts, else after a caret or an underscore."""
    if not text.strip():
        return text
    table = _SUPERSCRIPT if above else _SUBSCRIPT
    if all(ord(letter) in table for letter in text):
        return text.translate(table)
    mark = "^" if above else "_"
    return f"{mark}{text}" if text.isalnum() and len(text) == 1 else f"{mark}({text})"
