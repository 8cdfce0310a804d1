"""Perturbations of a question or its evidence, to measure robustness: "graph~typos" is the condition graph, perturbed.

Each changes one thing and none changes the right answer. The same item is perturbed the same way under every
condition and in every run.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from clinweave.records import Question

MARK = "~"
PERTURBATIONS: dict[str, str] = {
    "typos": "one letter in ten words changed, dropped, doubled or exchanged",
    "informal": "lower case, no punctuation, as typed into a search box",
    "framed": "the question within a polite sentence",
    "lay": "medical words replaced by everyday ones",
    "option-order": "options in reverse order",
    "distracting": "evidence about another item after the right evidence",
    "contradicting": "a false relation after the right evidence",
    "support-removed": "without the evidence that names the right option or holds the answer",
    "other-removed": "without as many items of evidence that do not",
}
EVIDENCE = ("distracting", "contradicting", "support-removed", "other-removed")
REMOVED = ("support-removed", "other-removed")  # does the answer rest on the evidence that supports it?
_WORD = re.compile(r"[A-Za-z]{4,}")
_SHARE = 0.1  # of the words of four letters or more; at least one


def perturbed(question: Question, name: str) -> Question:
    """Return a question with its text or options perturbed; unchanged for "" and for perturbations of evidence."""
    if name == "option-order":
        options = question.options[::-1]
        return replace(
            question,
            options=options,
            option_ids=question.option_ids[::-1],
            answer=len(options) - 1 - question.answer,
        )
    change = {"typos": with_typos, "informal": informal, "framed": framed, "lay": in_lay_words}.get(name)
    return replace(question, question=change(question.question, question.id)) if change else question


def with_typos(text: str, seed: str) -> str:
    """Return a text with typing errors in a tenth of its longer words; numbers and short words stay."""
    random = Random(f"{seed}/typos")  # noqa: S311
    words = list(_WORD.finditer(text))
    chosen = random.sample(words, min(len(words), max(1, round(_SHARE * len(words)))))
    for match in sorted(chosen, key=lambda word_match: word_match.start(), reverse=True):
        text = text[: match.start()] + _misspelt(match[0], random) + text[match.end() :]
    return text


def _misspelt(word: str, random: Random) -> str:
    at = random.randrange(1, len(word) - 1)
    ways: tuple[Callable[[], str], ...] = (
        lambda: word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        lambda: word[:at] + word[at + 1 :],
        lambda: word[:at] + word[at] + word[at:],
        lambda: word[:at] + random.choice("etaoinsr") + word[at + 1 :],
    )
    made = word
    while made == word:  # an exchange of two equal letters changes nothing
        made = random.choice(ways)()
    return made


def informal(text: str, _: str) -> str:
    """Return a text as typed in haste: lower case and without punctuation; decimals and hyphens stay."""
    return " ".join(re.sub(r"[?!,;:()\"]|\.(?!\d)", " ", text).lower().split())


_FRAMES = (
    "Could you please tell me the following? {}",
    "A colleague asked me this, and I would like to be sure. {}",
    "I am preparing for a ward round. {} Thank you.",
)
_LAY = {
    "hypertension": "high blood pressure", "myocardial infarction": "heart attack", "cardiac": "heart",
    "renal": "kidney",
    "hepatic": "liver", "pulmonary": "lung", "cerebral": "brain", "gastric": "stomach", "cutaneous": "skin",
    "dermatitis": "skin inflammation", "haemorrhage": "bleeding", "hemorrhage": "bleeding",
    "fracture": "broken bone",
    "pyrexia": "fever", "dyspnea": "shortness of breath", "dyspnoea": "shortness of breath", "pruritus": "itching",
    "neoplasm": "tumour", "carcinoma": "cancer", "malignancy": "cancer", "edema": "swelling", "oedema": "swelling",
    "seizure": "fit", "seizures": "fits", "hypoglycemia": "low blood sugar", "hyperglycemia": "high blood sugar",
    "anemia": "low red blood cells", "thrombosis": "blood clot", "cerebrovascular accident": "stroke",
    "ocular": "eye", "auditory": "hearing", "osseous": "bone", "vertebral": "spine", "paediatric": "child",
    "pediatric": "child", "neonatal": "newborn", "maternal": "mother's", "mortality": "death", "morbidity": "illness",
    "therapy": "treatment", "administration": "giving", "adverse effects": "side effects",
    "contraindicated": "not safe",
    "prophylaxis": "prevention", "diagnosis": "finding out the illness", "prognosis": "outlook", "etiology": "cause",
    "phenotypic feature": "sign", "phenotype": "sign", "intellectual disability": "learning difficulties",
    "short stature": "being short", "muscular hypotonia": "floppy muscles", "hypotonia": "floppy muscles",
}  # fmt: skip
_LAY_WORDS = re.compile(
    rf"\b({'|'.join(sorted(map(re.escape, _LAY), key=len, reverse=True))})\b", re.IGNORECASE
)


def framed(text: str, seed: str) -> str:
    """Return a question within a polite sentence, the same one for the same item."""
    return Random(f"{seed}/framed").choice(_FRAMES).format(text)  # noqa: S311


def in_lay_words(text: str, _: str) -> str:
    """Return a question with medical words replaced by everyday ones; unchanged where it has none of the list."""
    return _LAY_WORDS.sub(lambda match: _LAY[match[0].lower()], text)
