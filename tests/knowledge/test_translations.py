"""Findings in other languages: the translation files, the matching of labels, denial, what is not read."""

import gzip
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.databases import RowLog, Translation, read_translations, translation_files
from clinweave.knowledge import Linker, language_limits, language_of, unread_language, with_translations
from clinweave.knowledge.linking.local_status import of_relative, status_of
from clinweave.knowledge.linking.translated_labels import TranslatedLabels
from tests.knowledge.named import NamesGraph

HEADER = "subject_id\tsource_value\tpredicate_id\ttranslation_value\ttranslation_status"
NAMES = {
    "es": {"HP:0001083": "Ectopia del cristalino", "HP:0000098": "Talla alta", "HP:0001250": "Convulsiones",
           "HP:0001259": "Coma", "HP:0031401": "Linfocitos T bajos, CD8 negativos"},
    "fr": {"HP:0001083": "Ectopie du cristallin", "HP:0000098": "Grande taille", "HP:0002650": "Scoliose",
           "HP:0003781": "Salivation excessive", "HP:0012735": "Toux"},
    "de": {"HP:0000098": "Hochwuchs", "HP:0000107": "Nierenzyste", "HP:0002315": "Kopfschmerz"},
    "zh": {"HP:0001083": "晶状体异位", "HP:0001159": "并指（趾）畸形", "HP:0001945": "发热"},
    "ja": {"HP:0001083": "異所性水晶体", "HP:0000098": "高身長", "HP:0001250": "けいれん"},
}  # fmt: skip


@pytest.fixture(scope="module")
def linker(tmp_path_factory):
    return Linker.open(NamesGraph(Path(tmp_path_factory.mktemp("named"))))


def found(language, text):
    names = [
        Translation(curie, name, language, label=True, official=True)
        for curie, name in NAMES[language].items()
    ]
    return [
        (item.id, text[item.start : item.end]) for item in TranslatedLabels(language, names).matches(text)
    ]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("es", "¿Qué enfermedades tienen ectopia del cristalino y talla alta?", ["HP:0001083", "HP:0000098"]),
        ("es", "ECTOPIA DE CRISTALINO; alta talla", ["HP:0001083", "HP:0000098"]),
        ("es", "ectopias de los cristalinos, talla muy alta", ["HP:0001083", "HP:0000098"]),
        ("es", "talla. Alta médica", []),
        ("es", "com fiebre", []),
        ("es", "linfocitos T bajos, CD8 negativos", ["HP:0031401"]),
        ("fr", "une ectopie des cristallins et une très grande taille", ["HP:0001083", "HP:0000098"]),
        ("fr", "salivations excessives", ["HP:0003781"]),
        ("fr", "une toux", ["HP:0012735"]),
        ("fr", "tous les patients", []),
        ("de", "Patienten mit Nierenzysten und Hochwuchs", ["HP:0000107", "HP:0000098"]),
        ("zh", "哪些疾病会引起晶状体异位？", ["HP:0001083"]),
        ("zh", "并趾畸形和晶状体的异位", ["HP:0001159", "HP:0001083"]),
        ("ja", "異所性の水晶体と高身長を伴う疾患は？", ["HP:0001083", "HP:0000098"]),
    ],
)
def test_labels_are_found_in_other_forms(language, text, expected):
    assert [curie for curie, _ in found(language, text)] == expected


def test_offsets_are_those_of_the_text():
    assert found("zh", "患儿：晶状体 异位。") == [("HP:0001083", "晶状体 异位")]
    assert found("es", "Presentó Talla  alta.") == [("HP:0000098", "Talla  alta")]


@pytest.mark.parametrize(
    ("language", "text", "finding", "absent"),
    [
        ("es", "Niega convulsiones ni coma.", "coma", True),
        ("es", "Sin fiebre. Convulsiones.", "Convulsiones", False),
        ("es", "Sin fiebre pero con convulsiones", "convulsiones", False),
        ("fr", "Pas de scoliose.", "scoliose", True),
        ("fr", "Présente une scoliose", "scoliose", False),
        ("de", "Keine Kopfschmerzen, aber Hochwuchs", "Hochwuchs", False),
        ("de", "Keine Kopfschmerzen", "Kopfschmerzen", True),
        ("zh", "无发热、晶状体异位", "晶状体异位", True),
        ("zh", "无皮疹，有发热", "发热", False),
        ("zh", "否认发热", "发热", True),
        ("ja", "けいれんは認めず", "けいれん", True),
        ("ja", "けいれんを認める", "けいれん", False),
    ],
)
def test_denied_findings_are_absent(language, text, finding, absent):
    start = text.index(finding)
    assert (status_of(text, start, start + len(finding), language) == "absent") is absent


@pytest.mark.parametrize(
    ("language", "text", "finding", "relative"),
    [
        ("es", "La madre tiene miopía", "miopía", True),
        ("es", "La madre refiere fiebre", "fiebre", False),
        ("es", "La madre está sana. Fiebre.", "Fiebre", False),
        ("fr", "Son frère a une scoliose", "scoliose", True),
        ("fr", "La mère signale une fièvre", "fièvre", False),
        ("de", "Der Vater hat Hochwuchs", "Hochwuchs", True),
        ("de", "Die Mutter berichtet von Fieber", "Fieber", False),
        ("zh", "其母亲有高血压", "高血压", True),
        ("zh", "患儿发热", "发热", False),
        ("ja", "母親に高身長を認める", "高身長", True),
    ],
)
def test_a_relatives_finding_is_told_from_the_patients(language, text, finding, relative):
    start = text.index(finding)
    assert of_relative(text, start, start + len(finding), language) is relative


@pytest.mark.parametrize(
    ("language", "text", "finding", "suspected"),
    [
        ("es", "Sospecha de escoliosis", "escoliosis", True),
        ("es", "Escoliosis", "Escoliosis", False),
        ("fr", "possible scoliose", "scoliose", True),
        ("de", "Verdacht auf Hochwuchs", "Hochwuchs", True),
        ("zh", "疑似晶状体异位", "晶状体异位", True),
        ("ja", "高身長の疑い", "高身長", True),
        ("ja", "高身長を認める", "高身長", False),
    ],
)
def test_suspected_findings_are_uncertain(language, text, finding, suspected):
    start = text.index(finding)
    assert (status_of(text, start, start + len(finding), language) == "uncertain") is suspected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("¿Qué enfermedades tienen fiebre?", "es"),
        ("Quelles maladies donnent une fièvre ?", "fr"),
        ("Welche Krankheiten gehen mit Fieber einher?", "de"),
        ("哪些疾病会发热？", "zh"),
        ("発熱する病気は？", "ja"),
        ("Which diseases cause fever?", "en"),
        ("FBN1", "en"),
    ],
)
def test_languages_are_told_apart(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "Fever -ve, rash +ve.",
        "No fever.",
        "No seizures, no ataxia",
        "PMH: no diabetes\nGout, asthma",
        "Neither hepatomegaly nor splenomegaly",
        "LA and LE edema; MI 2010",
        "G2 para 1, OS 20/40",
        "CNS: No TIA.",
        "del(5q), HAT negative",
        "Gout? No.",
        "SON WAS ILL",
        "Die-back of nerve; pour feeding",
    ],
)
def test_a_short_english_note_is_english(text):
    assert language_of(text) == "en"
    assert not unread_language(text, ())


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Paciente con fiebre y tos.", "es"),
        ("No presenta fiebre.", "es"),
        ("Niega convulsiones.", "es"),
        ("Le patient a de la fièvre.", "fr"),
        ("La mère a une épilepsie", "fr"),
        ("Kein Fieber", "de"),
        ("Der Patient hat Fieber.", "de"),
    ],
)
def test_a_short_note_in_another_language_is_told(text, language):
    assert language_of(text) == language


@pytest.mark.parametrize(
    "line", (Path(__file__).parent / "data" / "unread_languages.tsv").read_text("utf-8").splitlines()[1:]
)
def test_a_language_that_is_not_read_is_said_to_be_unread(line):
    assert "is not read" in unread_language(line.split("\t")[1])


@pytest.mark.parametrize(
    "line", (Path(__file__).parent / "data" / "read_languages.tsv").read_text("utf-8").splitlines()[1:]
)
def test_a_language_that_is_read_is_not_taken_for_another(line):
    code, text = line.split("\t")
    assert (language_of(text), unread_language(text)) == (code, "")


@pytest.mark.parametrize("name", ["questions.tsv"])
def test_questions_in_the_languages_read_are_told_apart(name):
    folder = Path(__file__).parents[2] / "benchmarks" / "starter_names"
    rows = [line.split("\t") for line in (folder / name).read_text("utf-8").splitlines() if line[0] != "#"]
    assert [row[1] for row in rows if language_of(row[1]) != row[0] or unread_language(row[1])] == []


@pytest.mark.parametrize(
    "text", ["Sjögren syndrome symptoms", "Köhler disease in a boy", "β-thalassemia, 5 µg"]
)
def test_names_with_foreign_letters_are_english(text):
    assert language_of(text) == "en"
    assert not unread_language(text)


def test_what_is_not_read_is_said():
    assert not any(unread_language(text) for text in ("ms", "af", "pe", "de", "MS"))  # no code of a language
    assert "Chinese are not read" in unread_language("哪些疾病会发热？", ())
    assert not unread_language("哪些疾病会发热？", ("zh",))
    assert "Cyrillic" in unread_language("Какие симптомы при астме?", ("zh",))
    assert "Portuguese" in unread_language("Quais são os sintomas para uma criança?", ())
    assert not unread_language("What are the symptoms of Marfan syndrome?", ())
    assert "diseases where they are common (run" in language_limits("zh", ("zh",), ())
    assert "named after a person" in language_limits("es", ("es",), ())
    assert "clinweave's own names" in language_limits("zh", (), ("zh",))
    assert not language_limits("en", ("zh",), ("zh",))


def table(path, rows, header=HEADER):
    text = "\n".join([header, *("\t".join(row) for row in rows)]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def test_statuses_are_kept_apart_and_bad_rows_counted(tmp_path):
    rows = [
        ("HP:0000098", "Tall stature", "rdfs:label", "Talla alta", "OFFICIAL"),
        ("HP:0000099", "x", "rdfs:label", '"Con comillas"', "CANDIDATE"),
        ("HP:0000100", "English text", "rdfs:label", "English text", "NOT_TRANSLATED"),
        ("HP:0000101", "x", "IAO:0000115", "Una definición", "OFFICIAL"),
        ("HP:1", "x", "rdfs:label", "Sin id", "OFFICIAL"),
        ("HP:0000102", "x", "rdfs:label", "Otro", "MAYBE"),
        ("HP:0000103", "x", "rdfs:label", "NA", "OFFICIAL"),
    ]
    for name in ("hp-es.babelon.tsv", "hp-es.babelon.tsv.gz"):
        log = RowLog()
        read = list(read_translations(table(tmp_path / name, rows), log))
        assert [(item.name, item.official) for item in read] == [
            ("Talla alta", True),
            ("Con comillas", False),
        ]
        assert log.total == 2
    assert set(translation_files(tmp_path)) == {"es"}


def test_synonyms_are_names_too(tmp_path):
    path = table(
        tmp_path / "hp-de.synonyms.tsv",
        [("ID", "AL oboInOwl:hasExactSynonym@de SPLIT=|"), ("HP:0000020", "Harninkontinenz|Blasenschwäche")],
        "subject_id\ttranslation_value",
    )
    assert [item.name for item in read_translations(path, RowLog())] == ["Harninkontinenz", "Blasenschwäche"]


def test_a_file_of_something_else_is_refused(tmp_path):
    with pytest.raises(UserError, match="no column translation_value"):
        list(read_translations(table(tmp_path / "hp-es.babelon.tsv", [("a",)], "subject_id"), RowLog()))
    with pytest.raises(UserError, match="its name must be"):
        list(read_translations(table(tmp_path / "spanish.tsv", []), RowLog()))
    bad = tmp_path / "hp-fr.babelon.tsv"
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as a table"):
        list(read_translations(bad, RowLog()))


def test_without_files_common_names_are_read_and_a_language_without_names_is_refused(tmp_path, linker):
    reading = with_translations(linker, tmp_path, language="es")
    assert (reading.languages, reading.official_languages) == (("es", "fr", "de", "zh", "ja"), ())
    (mention,) = reading.link("Tiene convulsiones.")
    assert mention.id == "HP:0001250"
    assert "clinweave's own Spanish name" in mention.reason
    assert linker.languages == ()
    with pytest.raises(UserError, match="'pt' is not read: choose one of en, es"):
        with_translations(linker, tmp_path, language="pt")
    with pytest.raises(UserError, match="no file hp-LANGUAGE"):
        with_translations(linker, tmp_path, folder=tmp_path)


def test_a_linker_with_translations_reads_findings_eponyms_and_english_names(tmp_path, linker):
    rows = [("HP:0001250", "Seizure", "rdfs:label", "Convulsiones", "OFFICIAL"),
            ("HP:0001945", "Fever", "rdfs:label", "Calentura", "CANDIDATE")]  # fmt: skip
    folder = tmp_path / "resources" / "hpo-translations" / "2026"
    folder.mkdir(parents=True)
    table(folder / "hp-es.babelon.tsv", rows)
    reading = with_translations(linker, tmp_path)
    assert reading.official_languages == ("es",)
    text = "¿El síndrome de Marfan da convulsiones? Paciente sin calentura."
    mentions = reading.link(text)
    assert [item.text for item in mentions] == ["síndrome de Marfan", "convulsiones", "calentura"]
    assert all(text[item.start : item.end] == item.text for item in mentions)
    assert [item.id for item in reading.link(text, {"HP"})] == ["HP:0001250", "HP:0001945"]
    assert [item.status for item in mentions] == ["present", "present", "absent"]
    assert "candidate Spanish name" in mentions[2].reason
    english = "Marfan syndrome without seizures and with fever"
    assert reading.link(english) == linker.link(english)
    assert [
        item.id for item in with_translations(linker, tmp_path, language="es").link("calentura", {"HP"})
    ] == ["HP:0001945"]


def test_a_text_too_short_to_tell_its_language_loses_no_english_finding(tmp_path, linker):
    rows = [("HP:0001250", "Seizure", "rdfs:label", "Convulsiones", "OFFICIAL"),
            ("HP:0001945", "Fever", "rdfs:label", "Fiebre", "OFFICIAL")]  # fmt: skip
    folder = tmp_path / "resources" / "hpo-translations" / "2026"
    folder.mkdir(parents=True)
    table(folder / "hp-es.babelon.tsv", rows)
    reading = with_translations(linker, tmp_path)
    for text in ("No fever.", "No seizures, no fever", "WAS y fever"):
        assert reading.link(text) == linker.link(text)
    assert [(item.text, item.id, item.status) for item in reading.link("Fiebre y convulsiones", {"HP"})] == [
        ("Fiebre", "HP:0001945", "present"), ("convulsiones", "HP:0001250", "present"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "No seizures.",
        "PMH: no asthma",
        "Cough N, headache Y.",
        "Patient: ataxia",
        "- No fever\n- Cough",
        "Died of a sin",
    ],
)
def test_words_that_are_english_too_make_no_other_language(text):
    assert language_of(text) == "en"


@pytest.mark.parametrize(
    ("text", "code"),
    [("No tiene fiebre.", "es"), ("Patient ohne Fieber", "de"), ("Le patient ne tousse pas", "fr")],
)
def test_words_that_are_english_too_count_beside_others(text, code):
    assert language_of(text) == code
