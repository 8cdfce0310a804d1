"""Ordinary questions for training and for counting false alarms: public sets and names of findings."""

import csv
import gzip
import json
import re
import tarfile
from pathlib import Path

QUESTIONS_WITH = {
    "en": (
        "What causes {}?",
        "{}",
        "Which diseases have {}?",
        "How is {} treated?",
        "Which syndrome has {} and short stature?",
    ),
    "es": (
        "¿Qué causa {}?",
        "{}",
        "¿Qué enfermedades tienen {}?",
        "¿Cómo se trata {}?",
        "¿Es hereditario: {}?",
    ),
    "fr": (
        "Quelle est la cause de {} ?",
        "{}",
        "Quelles maladies ont {} ?",
        "Comment traite-t-on {} ?",
        "Qu'est-ce que {} ?",
    ),
    "de": (
        "Was verursacht {}?",
        "{}",
        "Welche Krankheiten haben {}?",
        "Wie behandelt man {}?",
        "Was ist {}?",
    ),
    "zh": ("什么会引起{}？", "{}", "哪些疾病有{}？", "{}怎么治疗？", "什么是{}？"),
}


def ordinary(folder: Path, translations: Path) -> dict[str, list[tuple[str, str]]]:
    """Return (language, question) by set; a set whose file is absent is left out."""
    sets = {
        "PubMedQA": [("en", row["question"]) for row in _json(folder / "qa/pubmedqa_train.json")],
        "MedQuAD": [("en", text) for text in _medquad(folder / "corpus/medquad.tar.gz")],
        "MedQA": [
            ("en", row["question"])
            for name in ("dev", "train_1030")
            for row in _json(folder / f"qa/medqa/{name}.json")
        ],
        "clinicians": [
            ("en", row["question"])
            for row in _json(folder / "qa/clinical_questions.jsonl")
            if row["expect"] == "answer"
        ],
        "Chinese instructions": [
            ("zh", row["instruction"])
            for row in _json(next((folder / "corpus/zh").glob("*.json.gz"), folder / "absent"))
        ],
        "names of findings": _names(translations),
    }
    return {name: sorted(set(rows)) for name, rows in sets.items() if rows}


def _json(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    rows: list[dict[str, str]] = list(content.values()) if isinstance(content, dict) else content
    return [{key.lower(): value for key, value in row.items()} for row in rows]


def _medquad(path: Path) -> list[str]:
    if not path.is_file():
        return []
    texts = []
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".xml") else None
            if stream is not None:
                texts += re.findall(r"<Question[^>]*>([^<]+)</Question>", stream.read().decode("utf-8"))
    return [text.strip() for text in texts]


def _names(folder: Path) -> list[tuple[str, str]]:
    """Return a question with each translated name of a finding, and with its English name; four forms by turns."""
    rows = []
    for path in sorted(folder.glob("**/hp-*.babelon.tsv*")):
        code = path.name[3:5]
        if code not in QUESTIONS_WITH:
            continue
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as stream:
            for number, row in enumerate(csv.DictReader(stream, delimiter="\t")):
                if row.get("predicate_id") != "rdfs:label" or not row.get("translation_value"):
                    continue
                forms = QUESTIONS_WITH[code]
                rows.append((code, forms[number % len(forms)].format(row["translation_value"])))
                if code == "es":
                    forms = QUESTIONS_WITH["en"]
                    rows.append(("en", forms[number % len(forms)].format(row["source_value"].lower())))
    return rows
