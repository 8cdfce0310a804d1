"""The base form of an English word, and its British or American spelling brought to one."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"aemi", "emi"), (r"haem", "hem"), (r"paed", "ped"), (r"^oe(?=[sd])|(?<=n)oe(?=a)", "e"), (r"oed", "ed"),
        (r"coeli", "celi"), (r"rrhoe", "rrhe"), (r"foet", "fet"), (r"gynaec", "gynec"), (r"aesth", "esth"),
        (r"leuc(?=o|em)", "leuk"), (r"caec", "cec"), (r"faec", "fec"), (r"sulph", "sulf"), (r"tumour", "tumor"),
        (r"colour", "color"), (r"behaviour", "behavior"), (r"favour", "favor"), (r"odour", "odor"),
        (r"fibre(?=s?$)", "fiber"), (r"litre(?=s?$)", "liter"), (r"metre(?=s?$)", "meter"),
        (r"centre(?=s?$)", "center"), (r"ageing", "aging"), (r"labelled", "labeled"), (r"orrhoe", "orrhe"),
        (r"programme", "program"), (r"oestr", "estr"), (r"anaem", "anem"), (r"orthopaed", "orthoped"), (r"naev", "nev"),
        (r"trophic$", "tropic"),
        (r"(?<=[a-z])ys(?=(?:e|es|ed|ing)$)", "yz"), (r"(?<=[a-z]{3})logue(?=s?$)", "log"), (r"goitre", "goiter"),
        (r"titre(?=s?$)", "titer"), (r"calibre", "caliber"), (r"manoeuvre", "maneuver"), (r"mould", "mold"),
        (r"^grey", "gray"), (r"practis(?=e|ing)", "practic"), (r"^licence", "license"), (r"defence", "defense"),
        (r"judgement", "judgment"), (r"aluminium", "aluminum"), (r"^fulfil(?=s?$)", "fulfill"),
        (r"^enrol(?=s?$|ment)", "enroll"),
        (r"^(lab|vap|hum|rig|harb|neighb|sav|flav|ferv|hon|rum|endeav|arm)our(?!ish)", r"\1or"),
        (r"(?<=[a-z]{3}[aeiou])ll(?=(?:ed|ing|er|ers|or|ors)$)(?<!fill)(?<!roll)(?<!well)(?<!kill)(?<!pull)(?<!call)(?<!swell)"
         r"(?<!distill)(?<!instill)(?<!thrill)(?<!smell)(?<!spill)(?<!stroll)", "l"),

    )
)  # fmt: skip
_PLURALS = {
    "children": "child", "women": "woman", "men": "man", "people": "people", "diagnoses": "diagnosis",
    "feet": "foot", "teeth": "tooth", "metastases": "metastasis", "bacteria": "bacterium", "stimuli": "stimulus",
    "fungi": "fungus", "nuclei": "nucleus", "crises": "crisis", "vertebrae": "vertebra", "mice": "mouse",
    "these": "this", "those": "those", "viruses": "virus", "biopsies": "biopsy", "thrombi": "thrombus",
    "calculi": "calculus", "hordeola": "hordeolum", "diverticula": "diverticulum", "septa": "septum",
    "labia": "labium", "ganglia": "ganglion", "atria": "atrium", "cilia": "cilium", "ostia": "ostium",
    "capilli": "capillus", "nevi": "nevus", "cocci": "coccus", "streptococci": "streptococcus",
    "staphylococci": "staphylococcus", "meningococci": "meningococcus", "pneumococci": "pneumococcus",
    "fetuses": "fetus", "cervices": "cervix", "indices": "index", "cortices": "cortex", "varices": "varix",
    "matrices": "matrix", "appendices": "appendix", "themselves": "itself",
    "emboli": "embolus", "bacilli": "bacillus", "foci": "focus", "criteria": "criterion", "phenomena": "phenomenon",
    "sera": "serum", "spectra": "spectrum", "lice": "louse", "lives": "life", "loci": "locus", "menisci": "meniscus",
    "axes": "axis", "testes": "testis", "pelves": "pelvis", "apices": "apex", "phalanges": "phalanx",
    "humeri": "humerus",
    "viscera": "viscus", "uteri": "uterus", "rami": "ramus", "thalami": "thalamus", "hila": "hilum", "ilea": "ileum",
    "halves": "half", "calves": "calf", "leaves": "leaf", "radii": "radius", "individuals": "individual",
    "bronchi": "bronchus", "alveoli": "alveolus", "villi": "villus", "larvae": "larva", "ova": "ovum",
}  # fmt: skip
# Greek and Latin plurals: carcinomata, bursae, thromboses.
_LEARNED = (
    (re.compile(r"mata$"), "ma"),
    (re.compile(r"ae$"), "a"),
    (re.compile(r"(?<=[mtnhrclip]o)ses$|(?<=ly)ses$|(?<=the)ses$"), "sis"),
)
_ISE = re.compile(r"(.{3,})is(e|es|ed|ing|er|ers|ation|ations)")
_WITH_S = word_set(
    "raise praise appraise advise exercise arise promise precise likewise otherwise bruise noise devise revise "
    "supervise compromise comprise surprise disguise despise concise excise incise improvise expertise premise "
    "demise circumcise poise cruise televise paradise franchise"
)
_LONG = 5  # letters of a word whose "ae" and "oe" are read as "e"
_KEEP = word_set(
    "is was has does as this its us yes less plus always perhaps besides diabetes rabies herpes mumps "
    "measles series species ascites shingles hives rickets biceps triceps caries scabies feces sometimes "
    "towards across gas bias pus lupus times news"
)  # fmt: skip


@cache
def lexicon() -> dict[str, Any]:
    """Return the lexicon file: verbs, irregular forms, synonyms and abbreviations."""
    return tomllib.loads(files(__package__).joinpath("lexicon.toml").read_text(encoding="utf-8"))


def spelling(word: str) -> str:
    """Return a lower-case word in one spelling: "oedema" as "edema", "tumour" as "tumor"."""
    for pattern, plain in _SPELLINGS:
        word = pattern.sub(plain, word)
    if (ending := _ISE.fullmatch(word)) and f"{ending[1]}ise" not in _WITH_S:
        word = f"{ending[1]}iz{ending[2]}"
    if len(word) > _LONG and not word.endswith(("oes", "oed", "oeing")):
        word = re.sub(r"[ao]e(?=[a-z])", "e", word)
    return word


@cache
def lemma(word: str) -> tuple[str, str]:
    """Return the base form of a lower-case word, and the ending that it had: "s", "ed", "ing" or ""."""
    if word in _KEEP:
        return word, ""
    if word in _PLURALS:
        return _PLURALS[word], "s"
    if word in _verb_forms():
        return _verb_forms()[word]
    return _singular(word)


def is_verb(word: str) -> bool:
    """Tell whether a base form is one of the lexicon's verbs."""
    return word in _bases()


def _singular(word: str) -> tuple[str, str]:
    for pattern, ending in _LEARNED:
        if len(word) > 6 and (plain := pattern.sub(ending, word)) != word:
            return plain, "s"
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y", "s"
    if len(word) > 4 and re.search(r"(?:ss|x|ch|sh|z)es$", word):
        return word[:-2], "s"
    if len(word) > 3 and word.endswith("s") and not re.search(r"(?:ss|us|is|ous)$", word):
        return word[:-1], "s"
    return word, ""


@cache
def _bases() -> frozenset[str]:
    return frozenset(lexicon()["verbs"].split())


@cache
def _verb_forms() -> dict[str, tuple[str, str]]:
    """Return each inflected form with its base and ending."""
    forms: dict[str, tuple[str, str]] = {}
    doubled = frozenset(lexicon()["stems_doubled"])
    for base in sorted(_bases()):
        stem = base + base[-1] if base in doubled else base
        soft = re.search(r"[^aeiou]y$", base)
        third = (
            base[:-1] + "ies" if soft else base + ("es" if re.search(r"(?:s|x|ch|sh|z|o)$", base) else "s")
        )
        past = base[:-1] + "ied" if soft else base + "d" if base.endswith("e") else stem + "ed"
        gerund = base[:-1] + "ing" if re.search(r"[^e]e$", base) else stem + "ing"
        forms |= {base: (base, ""), third: (base, "s"), past: (base, "ed"), gerund: (base, "ing")}
    for base, past, participle in lexicon()["irregular"]:
        forms[past] = (base, "ed") if past != base else forms.get(base, (base, ""))
        forms[participle] = (base, "ed") if participle != base else (base, "")
    return forms
