"""Fuller reading of notes: values with units and ranges, vital signs, growth; what they exclude and what not."""

import json
import re
import time
from pathlib import Path

import pytest

from clinweave.cli import main
from clinweave.knowledge import Linker, NoteReader, Person, person_of, unwrapped
from clinweave.knowledge.notes import lab_tests
from clinweave.knowledge.notes.lab_tests import canonical_unit, listed_tests
from tests.knowledge import named
from tests.knowledge.named import FINDING, NamesGraph

FINDINGS = {
    "HP:0001900": "Increased circulating hemoglobin concentration",
    "HP:0001882": "Leukopenia",
    "HP:0001974": "Leukocytosis",
    "HP:0001873": "Thrombocytopenia",
    "HP:0001894": "Thrombocytosis",
    "HP:0002900": "Hypokalemia",
    "HP:0002153": "Hyperkalemia",
    "HP:0002902": "Hyponatremia",
    "HP:0003228": "Hypernatremia",
    "HP:0002925": "Elevated circulating thyroid-stimulating hormone concentration",
    "HP:0011227": "Elevated circulating C-reactive protein concentration",
    "HP:0003565": "Elevated erythrocyte sedimentation rate",
    "HP:0003493": "Antinuclear antibody positivity",
    "HP:0010837": "Decreased circulating ceruloplasmin concentration",
    "HP:0012664": "Reduced left ventricular ejection fraction",
    "HP:0012666": "Severely reduced left ventricular ejection fraction",
    "HP:0004322": "Short stature",
    "HP:0000098": "Tall stature",
    "HP:0000252": "Microcephaly",
    "HP:0000256": "Macrocephaly",
    "HP:0004325": "Decreased body weight",
    "HP:0004324": "Increased body weight",
    "HP:0025501": "Class III obesity",
    "HP:0032263": "Increased blood pressure",
    "HP:0002901": "Hypocalcemia",
    "HP:0002789": "Tachypnea",
    "HP:0001659": "Aortic regurgitation",
    "HP:0002301": "Hemiplegia",
    "HP:0040292": "Left hemiplegia",
    "HP:0010743": "Short metatarsal",
    "HP:0100749": "Chest pain",
    "HP:0012531": "Pain",
    "HP:0003828": "Variable expressivity",
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> NoteReader:
    with pytest.MonkeyPatch.context() as patch:
        concepts = {curie: (FINDING, name) for curie, name in FINDINGS.items()}
        patch.setattr(named, "CONCEPTS", {**named.CONCEPTS, **concepts})
        patch.setattr(named, "PARENTS", {**named.PARENTS, **{curie: ["HP:0000118"] for curie in FINDINGS}})
        extra = [
            ("Decreased ceruloplasmin level", "HP:0010837", "exact"),
            ("Aortic valve regurgitation", "HP:0001659", "exact"),
        ]
        return NoteReader(Linker.open(NamesGraph(Path(tmp_path_factory.mktemp("notes")), extra)))


def found(reader: NoteReader, text: str) -> set[tuple[str, str, str]]:
    mentions = reader.read(text)
    assert all(item.text == text[item.start : item.end] for item in mentions)
    return {(item.name, item.status, item.experiencer) for item in mentions}


def present(*names: str) -> set[tuple[str, str, str]]:
    return {(name, "present", "") for name in names}


def absent(*names: str) -> set[tuple[str, str, str]]:
    return {(name, "absent", "") for name in names}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the note's own range decides, whatever the usual one says
        ("Hb 11.8 g/dL (reference range 11.0-15.0 g/dL)", absent("Anemia", FINDINGS["HP:0001900"])),
        ("TSH of 9.1 mIU/L [normal value <10]", absent(FINDINGS["HP:0002925"])),
        ("Ceruloplasmin 0.05 g/L (0.2\u20130.6)", present(FINDINGS["HP:0010837"])),
        ("White cell count, 12.24\u00d7109/L; reference range, 3.69\u20139.16\u00d7109/L", present("Leukocytosis")),
        # sourced ranges by age and sex
        ("A 40-year-old man. Haemoglobin 125 g/L.", present("Anemia")),
        ("A 40-year-old woman. Haemoglobin 125 g/L.", absent("Anemia", FINDINGS["HP:0001900"])),
        ("A 3-week-old girl. WBC 14 x 10^9/L.", set()),
        ("K 2.9, Na 128 mEq/L", present("Hypokalemia", "Hyponatremia")),
        ("WBC 2,300/\u00b5L, platelets 45 x 10\u2079/L, age 30 years", present("Leukopenia", "Thrombocytopenia")),
        ("A 60-year-old man with an LVEF of 25%", present(FINDINGS["HP:0012666"])),
        ("A 60-year-old man, LVEF: 35 %", present(FINDINGS["HP:0012664"])),
        # borderline values are neither a finding nor its absence
        ("A 50-year-old man, respiratory rate 11/min", set()),
        ("A 50-year-old man, respiratory rate 14/min", absent("Tachypnea")),
        # flags, tables, arrows
        ("Potassium   5.9   mmol/L   3.5-5.1   H", present("Hyperkalemia")),
        ("Hemoglobin | 7.1 | g/dL | 12-16 | L\nSodium | 140 | mmol/L | 135-145 |",
         present("Anemia") | absent("Hyponatremia", "Hypernatremia")),
        ("Sodium                                  125          mmol/L        133-146", present("Hyponatremia")),
        ("TSH | 9.1 | H", present(FINDINGS["HP:0002925"])),
        ("\u2191 CRP, calcium \u2193", present(FINDINGS["HP:0011227"], "Hypocalcemia")),
        # words, also shared by a list
        ("CRP was not elevated.", absent(FINDINGS["HP:0011227"])),
        ("Markedly raised CRP and ESR", present(FINDINGS["HP:0011227"], FINDINGS["HP:0003565"])),
        ("ANA came back negative", absent(FINDINGS["HP:0003493"])),
        ("She tested positive for antinuclear antibodies.", present(FINDINGS["HP:0003493"])),
        # growth and vital signs
        ("Height 98 cm (below the 3rd percentile), head circumference 46 cm (-3.2 SD)",
         present("Short stature", "Microcephaly")),
        ("z-score for height was -2.8", present("Short stature")),
        ("Weight on the 50th centile", absent("Decreased body weight", "Increased body weight")),
        ("26.8th percentile length (48 cm) and 99th percentile head circumference",
         absent("Short stature", "Tall stature") | present("Macrocephaly")),
        ("A 44-year-old man, BMI 63, BP 150/95, respiratory rate 28/min",
         present("Class III obesity", "Increased blood pressure", "Tachypnea")),
        ("A 4-year-old boy, BMI 26, BP 150/95", set()),
        ("A 7-month-old boy, RR 62", present("Tachypnea")),
        ("Mrs Hall is retired. RR 28", present("Tachypnea")),
        ("RR 28", set()),  # an adult's tachypnea, a toddler's normal breathing
    ],
)  # fmt: skip
def test_values_become_findings_or_their_absence(reader: NoteReader, text: str, expected: set) -> None:
    assert found(reader, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Calcium 500 mg daily, potassium 20 mEq, vitamin D 1000 IU",  # doses
        "Haemoglobin-related peptide is elevated; he has normal pulses",
        "K-ras, Na channel, Ca 19-9, the ALT codon",
        "Hb 7.1 mmHg, sodium 3 weeks ago, platelets on 12/5/2019",
        "TSH 2.1 mIU/L (0.4-4) on levothyroxine 50 \u00b5g",  # normal under treatment: no exclusion
        "After transfusion the haemoglobin was normal.",
        "Sodium <200 mmol/L",
        "height of the column 12 cm, a length of 3 cm, weight loss",
    ],
)
def test_other_numbers_mean_nothing(reader: NoteReader, text: str) -> None:
    assert found(reader, text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Severe regurgitation of a trileaflet aortic valve", {"Aortic regurgitation"}),
        ("A residual left-sided hemiplegia", {"Left hemiplegia"}),  # and not the broader one within it
        ("short 4th metatarsals", {"Short metatarsal"}),
        ("pleuritic chest pain", {"Chest pain"}),
        ("short stature and a broad metatarsal", {"Short stature"}),  # a conjunction between
        ("The aorta showed regurgitation", set()),  # a verb between
        (
            "The aortic valve leaflet regurgitation is absent: absence of febrile seizures",
            {"Aortic regurgitation", "Seizure"},
        ),
        ("short, with a normal metatarsal", set()),
        ("Variable expressivity is known", set()),  # of a disease, not of a patient
    ],
)
def test_words_that_stand_apart(reader: NoteReader, text: str, expected: set[str]) -> None:
    assert {item.name for item in reader.read(text)} == expected


def test_what_stands_apart_keeps_its_status(reader: NoteReader) -> None:
    text = "There is no regurgitation of a trileaflet aortic valve. His father had a left-sided hemiplegia."
    assert [(item.status, item.experiencer) for item in reader.read(text)] == [
        ("absent", ""),
        ("present", "family"),
    ]


def test_relatives_and_conditions_are_told_apart(reader: NoteReader) -> None:
    raised = FINDINGS["HP:0002925"]
    assert found(reader, "Her mother's TSH was 12 mIU/L (0.4-4).") == {(raised, "present", "family")}
    assert found(reader, "If the potassium is high, call us.") == {("Hyperkalemia", "hypothetical", "")}


def test_several_notes_keep_their_own_patients(reader: NoteReader) -> None:
    notes = ["A 40-year-old man. Hb 12.5 g/dL.", "", "A 40-year-old woman. Hb 12.5 g/dL."]
    read = reader.read_many(notes)
    assert [[item.status for item in mentions] for mentions in read] == [
        ["present"],
        [],
        ["absent", "absent"],
    ]


@pytest.mark.parametrize(
    "text", ["", " \n", "\x00\ud800 Hb \ud800 7 g/dL", "Hb " * 5000, "(" * 5000, "K " + "1" * 5000]
)
def test_hostile_texts_are_read(reader: NoteReader, text: str) -> None:
    assert all(item.text == text[item.start : item.end] for item in reader.read(text))


def test_columns_of_a_scan_are_joined(reader: NoteReader) -> None:
    scan = (
        "The boy was seen because he has short\nstature and a left-sided hemi-\nplegia. There is no fever, but chest"
        "\r\npain is a problem, and the potas-\r\nsium was 2.1 mmol/L (reference range\n3.5-5.1), without fur-\nther "
        "findings."
    )
    once = re.sub(r"-\r?\n", "", scan).replace("\r", "").replace("\n", " ")
    expected = present("Short stature", "Left hemiplegia", "Chest pain", "Hypokalemia") | absent("Fever")
    assert found(reader, scan) == found(reader, once) == expected


def test_lines_of_a_list_stay_apart() -> None:
    text = "Findings:\n- short\n- stature normal\n- seizure\n\nDenies:\nfever"
    assert unwrapped(text) == (text, None)
    assert unwrapped("one\ntwo") == ("one\ntwo", None)


def test_places_are_those_of_the_original(reader: NoteReader) -> None:
    text = "A note on micro-\n  cephaly and fe-\nver."
    assert [(item.text, item.name) for item in reader.read(text)] == [
        ("micro-\n  cephaly", "Microcephaly"),
        ("fe-\nver", "Fever"),
    ]


def test_many_values_take_linear_time(reader: NoteReader) -> None:
    def seconds(times: int) -> float:
        begun = time.process_time()
        reader.read("TSH 9.1 mIU/L (0.4-4), chest pain of the left chest; " * times)
        return time.process_time() - begun

    seconds(100)
    assert seconds(4000) < 40 * max(seconds(400), 0.02)


def test_scanned_lines_and_other_languages(reader: NoteReader) -> None:
    assert found(reader, "Hb 7.1\ng/dL in a 30-year-old man") == present("Anemia")
    assert found(reader, "El paciente presenta hemoglobina de 7 g/dL y fiebre.") == set()


def test_table_of_tests_is_sound() -> None:
    for names, test in listed_tests():
        assert names
        assert test.findings
        assert all(curie.startswith("HP:") for curie in test.findings.values())
        low, high = test.plausible
        for limits in (item.limits for item in test.ranges):
            assert limits.lowest <= limits.low < limits.high <= limits.highest
            assert limits.lowest in {0.0, float("-inf")} or low <= limits.lowest, names
            assert limits.highest == float("inf") or limits.highest <= high, names


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("A 44-year- old man", Person(44.0, "male")),
        ("A man in his late 70s", Person(70.0, "male")),
        ("a five-month-old girl", Person(5 / 12, "female")),
        ("A boy was born to a 26-year-old mother", Person(None, "male")),
        ("72F with cough", Person(72.0, "female")),
        ("A male neonate", Person(0.0, "male")),
        ("", Person(None, "")),
    ],
)
def test_age_and_sex(text: str, person: Person) -> None:
    assert person_of(text) == person


def test_units_in_one_spelling() -> None:
    assert {canonical_unit(unit) for unit in ("mg/dL", "mg per dl", "mg / dl", "MG%")} == {"mg/dl"}
    assert canonical_unit("\u00b5mol/L") == canonical_unit("umol/l")


def test_command_reads_notes(tmp_path: Path, capsys: pytest.CaptureFixture[str], reader: NoteReader) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["link", "--notes", "--prefix", "MONDO", "--text", "Hb 7 g/dL"])
    assert stop.value.code == 2
    assert "--notes" in capsys.readouterr().err
    assert json.dumps([item.id for item in reader.read("K 2.1 mmol/L")]) == '["HP:0002900"]'


NEUTROPENIA, ANEMIA, GLYCINE = "HP:0001875", "HP:0001903", "HP:0002154"


@pytest.fixture(scope="module")
def full_reader(tmp_path_factory: pytest.TempPathFactory) -> NoteReader:
    """Return a reader that knows every finding of the table of tests."""
    concepts = {}
    for _, test in listed_tests():
        concepts |= {curie: (FINDING, f"finding {curie}") for curie in test.findings.values()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(named, "CONCEPTS", {**named.CONCEPTS, **concepts})
        patch.setattr(named, "PARENTS", {**named.PARENTS, **{curie: ["HP:0000118"] for curie in concepts}})
        return NoteReader(Linker.open(NamesGraph(tmp_path_factory.mktemp("full") / "graph")))


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("A 3-year-old boy, neutrophils 0.6, Hb 9.1.", {NEUTROPENIA, ANEMIA}),
        ("A 3-year-old boy, neutrophils 600.", {NEUTROPENIA}),
        ("A 5-year-old girl: Hb 9.1 in June.", {ANEMIA}),
        ("Hb 61 g/L was measured.", {ANEMIA}),  # low at any age from infancy on
        ("A boy of 2 months old, Hb 10.2 g/dL.", set()),  # the usual fall of the first months
        ("A 6-month-old girl: plasma glycine 1,250 umol/L.", {GLYCINE}),
        ("A 30-year-old man: ammonia 240.", {"HP:0001987"}),
        (
            "A 4-year-old: venous gas pH 7.18, bicarbonate 9, lactate 7.5 mmol/L, ketones 5.1 mmol/L.",
            {"HP:0032368", "HP:0032066", "HP:0002151", "HP:0410175"},
        ),
        ("A 9-year-old boy: calcium 2.95.", {"HP:0003072"}),  # in mg/dL no patient has it
        ("A 9-year-old boy: urine ketones 3+, ketones 3+.", {"HP:0002919"}),
        ("A girl of 2 months: glycine and alanine were elevated.", {GLYCINE, "HP:0003348"}),
        ("A 7-year-old boy: sweat chloride 98 mmol/L, urine sodium 20 mmol/L.", {"HP:0012236"}),
    ],
)
def test_values_of_all_ages_and_without_units(full_reader, text, present):
    assert {mention.id for mention in full_reader.read(text) if mention.of_patient} == present


@pytest.mark.parametrize(
    "text",
    [
        "A 50-year-old woman: neutrophils 78, lymphocytes 8, eosinophils 9.",  # percent
        "A 40-year-old man: lactate 6.",  # of mmol/L high, of mg/dL normal
        "A 40-year-old man: CRP 4.",
        "A 40-year-old man takes calcium 500 mg and iron 65 mg.",
        "A 40-year-old man: CSF glucose 2.1 mmol/L, urine potassium 20 mmol/L.",
    ],
)
def test_what_could_mean_either_is_not_read(full_reader, text):
    assert full_reader.read(text) == []


def test_a_stated_person_goes_before_what_the_text_says(full_reader):
    text = "Neutrophils 1.2 x10^9/L."
    assert full_reader.read(text, Person(0.5, "male"))[0].status == "absent"
    assert full_reader.read(text, Person(30, "male"))[0].status == "present"


def test_every_range_names_its_source_and_every_source_is_explained():
    path = Path(lab_tests.__file__).with_name("laboratory_tests.tsv")
    lines = path.read_text("utf-8").splitlines()
    head, *rows = [line.split("\t") for line in lines if not line.startswith("#")]
    comment = " ".join(line for line in lines if line.startswith("#"))
    for cells in rows:
        row = dict(zip(head, cells, strict=True))
        assert bool(row["ranges"]) == bool(row["source"]), row["names"]
        assert all(f"{source}:" in comment for source in row["source"].split())


def test_limits_are_in_order_and_plausible():
    for names, test in listed_tests():
        for item in test.ranges:
            low, high, lowest, highest = item.limits
            assert lowest <= low < high <= highest, names
            assert item.since < item.until, names
            assert test.plausible[0] <= max(low, 0) or low <= 0, names


@pytest.mark.parametrize(
    ("text", "present", "absent"),
    [
        ("Finding\tPresent\tAbsent\nMicrocephaly\tx\t\nShort stature\t\tx\n", ["HP:0000252"], ["HP:0004322"]),
        ("Sign          Yes   No\nMicrocephaly   x\nShort stature        x\n", ["HP:0000252"], ["HP:0004322"]),
        ("| Microcephaly | + |\n| Chest pain | yes |\n| Short stature | - |\n",
         ["HP:0000252", "HP:0100749"], ["HP:0004322"]),
        ("[x] Microcephaly [ ] Short stature\n", ["HP:0000252"], ["HP:0004322"]),
        ("+microcephaly +chest pain -short stature\n", ["HP:0000252", "HP:0100749"], ["HP:0004322"]),
        ("-microcephaly -chest pain -short stature\n", ["HP:0000252", "HP:0100749", "HP:0004322"], []),
        ("Hearing is normal potassium was twelve.", [], []),
        ("Microcephaly - Short stature -\n", ["HP:0000252", "HP:0004322"], []),
        ("Microcephaly.Chest pain;short stature.No hypokalemia.",
         ["HP:0000252", "HP:0100749", "HP:0004322"], ["HP:0002900"]),
    ],
)  # fmt: skip
def test_marks_of_tables_and_forms_and_missing_blanks(
    reader: NoteReader, text: str, present: list[str], absent: list[str]
) -> None:
    found = reader.read(text)
    assert [item.id for item in found if item.status == "present"] == present
    assert [item.id for item in found if item.status == "absent"] == absent


def test_a_flag_between_a_value_and_its_range(reader: NoteReader) -> None:
    (item,) = reader.read("Test        Result   Flag   Range\nSodium      136      L      138-145 mmol/L\n")
    assert (item.id, item.status) == ("HP:0002902", "present")
    assert "its range 138 to 145" in item.reason


def test_a_double_spaced_scan_is_joined(reader: NoteReader) -> None:
    text = (
        "The boy of six years has been of short\n\nstature since birth and complains of chest\n\n"
        "pain on most days, but there is no\n\nmicrocephaly, and at school he does\n\nas well as others of his age.\n"
    )
    assert {item.id: item.status for item in reader.read(text)} == {
        "HP:0004322": "present", "HP:0100749": "present", "HP:0000252": "absent",
    }  # fmt: skip
    listed = "Short stature\n\nChest pain\n\nNo\n\nMicrocephaly\n\nHyponatremia\n\nLeukopenia\n"
    assert all(item.status == "present" for item in reader.read(listed))
