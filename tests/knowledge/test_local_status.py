"""Status and experiencer of findings in the languages beside English."""

from pathlib import Path

import pytest

from clinweave.knowledge.linking.languages import LANGUAGES
from clinweave.knowledge.linking.local_status import of_relative, status_of

FOLDER = Path(__file__).parents[2] / "benchmarks" / "local_status"
FINDINGS = {"es": "convulsiones", "fr": "ataxie", "de": "Krampfanfälle", "zh": "抽搐", "ja": "けいれん"}
ROWS = [
    line.split("\t")
    for name in ("templates.tsv", "templates_unseen.tsv", "templates_last.tsv")
    for line in (FOLDER / name).read_text("utf-8").splitlines()
    if not line.startswith("#")
]


def read(template, language):
    """Return the status of the finding put into a template, or "family"."""
    template, finding = template.replace("\\n", "\n"), FINDINGS[language]
    start = template.index("{x}")
    text, end = template.replace("{x}", finding), start + len(finding)
    if of_relative(text, start, end, language):
        return "family"
    return status_of(text, start, end, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_templates_are_read_as_they_mean(language):
    wrong = [row for row in ROWS if row[0] == language and read(row[2], language) != row[1]]
    assert wrong == []


@pytest.mark.parametrize(
    ("language", "text", "finding", "status"),
    [
        ("es", "No presenta convulsiones.", "convulsiones", "absent"),
        ("es", "No ha presentado convulsiones ni fiebre", "fiebre", "absent"),
        ("es", "Sin fiebre, presenta convulsiones", "convulsiones", "present"),
        ("es", "Sí, convulsiones", "convulsiones", "present"),
        ("es", "Convulsiones: sí. Fiebre: no.", "Convulsiones", "present"),
        ("es", "Convulsiones: sí. Fiebre: no.", "Fiebre", "absent"),
        ("fr", "Pas de fièvre, présente une scoliose", "scoliose", "present"),
        ("de", "Z.n. Sturz, V. a. Epilepsie", "Epilepsie", "uncertain"),
        ("de", "Wir schlossen eine Epilepsie aus", "Epilepsie", "absent"),
        ("de", "Keine Epilepsie, hat aber Fieber", "Fieber", "present"),
        ("zh", "无力，发热", "发热", "present"),
        ("zh", "无发热、咳嗽", "咳嗽", "absent"),
        ("ja", "発熱、咳嗽、けいれんなし", "発熱", "absent"),
        ("ja", "発熱を認め、けいれんはない", "発熱", "present"),
        ("ja", "けいれんが止まらない", "けいれん", "present"),
    ],
)
def test_status(language, text, finding, status):
    start = text.index(finding)
    assert status_of(text, start, start + len(finding), language) == status
