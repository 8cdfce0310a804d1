"""Measure how many findings are recognised by labels in other languages: 50 labels a language, in changed forms.

    python benchmarks/translations.py TRANSLATIONS --graph GRAPH [--seed 13]

The labels are drawn by a seed that served no rule. Each is put into a sentence as it stands, without accents and in
capitals, in the plural, with its content words in the opposite order, and with another article. A form counts as
recognised where the HPO id of the label (or of another label with the same words) is among the mentions of its place.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from random import Random
from unicodedata import category, normalize

from clinweave.databases import RowLog
from clinweave.databases.hpo_translations import read_translations, translation_files
from clinweave.knowledge import Graph, Linker, with_translations

SENTENCES = {
    "es": "El paciente presenta {} desde la infancia.",
    "fr": "Le patient présente {} depuis l'enfance.",
    "de": "Der Patient hat {} seit der Kindheit.",
    "zh": "患者自幼出现{}。",
    "ja": "患者は小児期から{}を認める。",
}
PLURAL = {
    "es": {"aeoáéó": "s", "ldnr": "es"},
    "fr": {"aeéilntr": "s"},
    "de": {"e": "n"},
}  # last letter, ending
ARTICLES = {"es": (" de ", " de la "), "fr": (" de ", " de la "), "de": (" der ", " des ")}
COUNT = 50


def forms(label: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield (kind, form) of a label."""
    yield "as it stands", label
    if language in {"zh", "ja"}:
        yield "with 的 or の", label[:-2] + ("的" if language == "zh" else "の") + label[-2:]
        yield "with spaces", " ".join(label)
        return
    plain = "".join(sign for sign in normalize("NFD", label) if category(sign) != "Mn")
    yield "no accents, capitals", plain.upper()
    words = label.split()
    ending = next((ending for letters, ending in PLURAL[language].items() if words[0][-1] in letters), "")
    if ending:
        yield "plural", " ".join([words[0] + ending, *words[1:]])
    if len(words) == 2:
        yield "other word order", f"{words[1]} {words[0]}"
    old, new = ARTICLES[language]
    if old in label:
        yield "other article", label.replace(old, new, 1)


def main() -> None:
    """Print recall by language and form."""
    parser = argparse.ArgumentParser()
    parser.add_argument("translations", type=Path)
    parser.add_argument("--graph", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=13)
    options = parser.parse_args()
    linker = with_translations(
        Linker.open(Graph.open(options.graph)), options.graph.parent, folder=options.translations
    )
    for language, files in translation_files(options.translations).items():
        if language not in SENTENCES:
            continue
        names = [item for item in read_translations(files[0], RowLog()) if item.label]
        known = linker.labels(language).labels
        names = sorted({(item.id, item.name) for item in names if item.id in known and "(" not in item.name})
        chosen = Random(f"{options.seed}/{language}").sample(names, min(COUNT, len(names)))
        counts: dict[str, list[int]] = {}
        missed: list[str] = []
        for curie, label in chosen:
            same = {other for other, name in names if name.casefold() == label.casefold()}
            for kind, form in forms(label, language):
                result = {item.id for item in linker.link(SENTENCES[language].format(form), {"HP"})}
                counts.setdefault(kind, []).append(bool(result & same))
                if not result & same:
                    missed.append(f"{kind}: {form} ({curie})")
        figures = "; ".join(f"{kind} {sum(hits)} of {len(hits)}" for kind, hits in counts.items())
        print(f"{language}: {figures}")
        for line in missed:
            print(f"    missed, {line}")


if __name__ == "__main__":
    main()
