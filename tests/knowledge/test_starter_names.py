"""clinweave's own names in other languages: the file, and that they are read without any fetched translation."""

import re
from pathlib import Path

import pytest

from clinweave.knowledge import Linker, with_translations
from clinweave.knowledge.linking.languages import LANGUAGES
from clinweave.knowledge.linking.starter_names import starter_names, starter_translations
from clinweave.knowledge.linking.translated_labels import TranslatedLabels
from tests.knowledge.named import NamesGraph


def test_the_list_has_common_findings_and_diseases_in_every_language():
    items = starter_names().values()
    assert sum(item.id.startswith("HP:") for item in items) >= 350
    assert sum(not item.id.startswith("HP:") for item in items) >= 150
    for item in items:
        assert re.fullmatch(r"(HP|MONDO):\d{7}|ORPHA:\d+", item.id)
        assert set(item.names) == set(LANGUAGES)
        assert all(name == name.strip() and name for names in item.names.values() for name in names)


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("es", "¿Qué enfermedades tienen ectopia del cristalino y talla alta?", ["HP:0001083", "HP:0000098"]),
        ("es", "¿Cuáles son los síntomas de la fibrosis quística?", ["MONDO:0009061"]),
        ("fr", "un enfant avec des convulsions et une surdité", ["HP:0001250", "HP:0000365"]),
        ("de", "Welches Gen verursacht Chorea Huntington?", ["MONDO:0007739"]),
        ("zh", "哪些疾病会引起晶状体异位？", ["HP:0001083"]),
        ("zh", "苯丙酮尿症如何治疗？", ["MONDO:0009861"]),
        ("ja", "水晶体偏位と高身長を伴う疾患は？", ["HP:0001083", "HP:0000098"]),
    ],
)
def test_names_are_found_in_questions(language, text, expected):
    labels = TranslatedLabels(language, starter_translations(language))
    assert [item.id for item in labels.matches(text)] == expected
    assert all(item.own and not item.official for item in labels.matches(text))


def test_a_linker_reads_them_without_fetched_files(tmp_path):
    linker = with_translations(Linker.open(NamesGraph(Path(tmp_path / "named"))), tmp_path)
    (mention,) = linker.link("Der Patient hat Krampfanfälle.")
    assert (mention.id, mention.text) == ("HP:0001250", "Krampfanfälle")
    assert "clinweave's own German name" in mention.reason
