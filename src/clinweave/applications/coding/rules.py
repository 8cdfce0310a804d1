"""The rules of the official guidelines, applied to the codes of a note (rules.toml holds them as data)."""

import re
from typing import Any

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.corrected import code_by_sentence, code_corrected, code_weak_limbs
from clinweave.applications.coding.diabetes import code_diabetes
from clinweave.applications.coding.draft import Draft, Drafts, quotes, under
from clinweave.applications.coding.fractures import code_fragility_fractures, drop_unsided
from clinweave.applications.coding.guidelines import rules
from clinweave.applications.coding.newborns import code_newborn
from clinweave.applications.coding.patterns import pattern
from clinweave.applications.coding.poisonings import code_poisonings
from clinweave.applications.coding.pregnancy import code_adverse_effects, code_pregnancy
from clinweave.applications.coding.reading import Finding
from clinweave.applications.coding.results import Rejected
from clinweave.applications.coding.ulcers import code_venous_ulcers

_BMI = re.compile(r"\b(?:bmi|body mass index)\b(?: \(bmi\))?[^\d\n]{0,25}(\d{2}(?:\.\d+)?)", re.IGNORECASE)
_WEIGHT = ("E66", "E43", "E44", "E46", "R63.4", "R63.6", "E45", "R64", "E40", "E41", "R63.5", "F50", "R62.7")
_CHEMOTHERAPY = re.compile(
    r"(?:reason for (?:encounter|visit|admission|attendance)|here|seen|presents?|admitted|attend\w*|"
    r"infusion (?:center|visit|clinic)|day (?:unit|case|ward))"
    r"[^.]{0,60}(?<!after )(?<!following )(?<!since )\b"
    r"(?:cycle|c) ?#?\d+|\bcycle \d+ (?:of |day \d+|chemo)[^.]{0,40}\b(?:given|today|administered|infused)"
)
_WITHDRAWAL = re.compile(
    r"\bciwa\b[^.;]{0,60}(?<!no )(?<!without )(?<!any )withdrawal|"
    r"(?:in|developed|had|mild|moderate|severe) (?:alcohol |etoh )?withdrawal\b"
)
_SPREAD = {
    "bones?|spine|skeleton": "C79.51",
    "liver": "C78.7",
    "lungs?": "C78.00",
    "brain": "C79.31",
    "peritoneum": "C78.6",
}
_NO_SPREAD = re.compile(
    r"\b(?:no|without|possible|suspected|probable|rule out|r/o|negative for|concern for|\?) *(?:\w+ ){0,3}$"
)
_SEPSIS_OF = {
    "mrsa|methicillin[- ]resistant": "A41.02",
    "mssa|methicillin[- ](?:sensitive|susceptible)": "A41.01",
    "e\\.? ?coli|escherichia": "A41.51",
    "klebsiella": "A41.59",
    "pseudomonas": "A41.52",
    "enterococc": "A41.81",
    "strep(?:tococcus)? pneumo|pneumococc": "A40.3",
}
_DEGREES = {"severe": "C", "moderate": "B", "mild": "A"}
_RESIDUAL = pattern("residual")
_SEQUELA = {
    "G81.91": "I69.351",
    "G81.92": "I69.352",
    "G81.93": "I69.353",
    "G81.94": "I69.354",
    "G81.90": "I69.359",
    "R47.01": "I69.320",
    "R47.1": "I69.322",
    "R29.810": "I69.392",
    "R27.0": "I69.393",
    "R13.10": "I69.391",
}
_SEPSIS_DAMAGE = pattern("sepsis_damage")
_DAMAGE = ("N17", "J96.0", "G93.4", "K72.0", "D65", "J80", "J96.2", "D69.6")


def apply_rules(
    drafts: Drafts, text: str, setting: str, book: Codebook, complications: list[Finding]
) -> None:
    """Change the codes of a note as the guidelines ask; `complications` are of diabetes, by their suffix."""
    lowered = " ".join(text.lower().split())
    code_poisonings(drafts, text, setting, book)
    code_adverse_effects(drafts, book)
    _past_strokes(drafts)
    code_weak_limbs(drafts)
    _respiratory_failure(drafts)
    _kidney(drafts)
    code_diabetes(drafts, lowered, book, complications)
    code_venous_ulcers(drafts, lowered)
    _sepsis(drafts, lowered)
    _causes_stated(drafts, lowered)
    _dementia(drafts)
    code_fragility_fractures(drafts, lowered, book)
    for rule in rules()["combine"]:
        _combine(drafts, rule, lowered, book)
    code_by_sentence(drafts, book)
    _specific(drafts)
    drop_unsided(drafts, book)
    code_corrected(drafts)
    _neoplasms(drafts, lowered)
    _organisms(drafts)
    _weight(drafts, text, book)
    code_pregnancy(drafts, text.lower(), setting, book)
    code_newborn(drafts, text, book)
    _symptoms(drafts)
    _anticoagulants(drafts)


def _dementia(drafts: Drafts) -> None:
    """Code dementia in a disease that causes it by that disease and F02, whose codes mirror those of F03."""
    causes = drafts.having(["G30", "G20", "G31.83", "G31.0", "G10"])
    stated = drafts.having(["F03"])
    if not causes or drafts.having(["F02"]) or not (stated or drafts.having(["G30", "G31.83"])):
        return
    code = stated[0] if stated else "F03.90"
    findings = [item for name in (*stated, causes[0]) for item in drafts.codes[name].findings]
    text = " ".join(item.clause.lower() for item in findings)
    mirrored = code.replace("F03.9", "F02.8").replace("F03", "F02")
    degree = next((sign for word, sign in _DEGREES.items() if re.search(rf"\b{word}\b", text)), "")
    if mirrored.startswith("F02.8") and degree:
        mirrored = mirrored.replace("F02.8", f"F02.{degree}")
    if mirrored.endswith("0") and re.search(r"(?<!no )(?<!without )\bagitat", text):
        mirrored = f"{mirrored[:-1]}11"
    elif mirrored.endswith("0") and re.search(
        r"(?<!no )(?<!without )\b(?:wandering|behaviou?ral disturbance)", text
    ):
        mirrored = f"{mirrored[:-1]}18"
    drafts.replace(stated, mirrored, f"dementia in {causes[0]}", "I.A.13", causes[:1])
    if re.search(r"(?<!no )(?<!without )\bwander", text):
        drafts.add(Draft("Z91.83", list(drafts.codes[mirrored].findings), ["I.A.13"], chronic=True))


def _kidney(drafts: Drafts) -> None:
    if (crisis := drafts.having(["I16"])) and not drafts.having(["I10", "I11", "I12", "I13", "I15"]):
        drafts.add(Draft("I10", list(drafts.codes[crisis[0]].findings), ["I.C.9.a"], chronic=True))
    if "Z99.2" in drafts.codes and (others := [code for code in drafts.having(["N18"]) if code != "N18.6"]):
        drafts.replace(others, "N18.6", "kidney disease on dialysis is end-stage", "I.C.14.a", ["Z99.2"])


def _sepsis(drafts: Drafts, text: str) -> None:
    if "A41.9" in drafts.codes:
        for organism, code in _SEPSIS_OF.items():
            if re.search(
                rf"(?:{organism})\w* bacter[ae]+mia|(?:blood (?:cultures?|cx)|bcx)[^.;]{{0,40}}(?:{organism})",
                text,
            ):
                drafts.replace(["A41.9"], code, "the organism grew from blood", "I.C.1.d")
                break
    if not drafts.having(["A40", "A41"]) or drafts.having(["R65.2"]):
        return
    damage = drafts.having(_DAMAGE)
    if damage and _SEPSIS_DAMAGE.search(text):
        findings = [item for code in damage for item in drafts.codes[code].findings]
        drafts.add(Draft("R65.20", findings, ["I.C.1.d"]))


def _respiratory_failure(drafts: Drafts) -> None:
    """Add hypercapnia to respiratory failure with hypoxia: each has its own code."""
    for code in ("J96.01", "J96.11", "J96.21"):
        draft = drafts.codes.get(code)
        if draft and any(re.search("hypercap|hypercarb", item.context) for item in draft.findings):
            drafts.add(Draft(f"{code[:-1]}2", list(draft.findings), [], draft.uncertain))


def _past_strokes(drafts: Drafts) -> None:
    """Turn deficits that an old stroke left into its sequelae."""
    if drafts.having(["I63", "I61"]):
        return
    for code in drafts.having(list(_SEQUELA)):
        clauses = " ".join(item.clause for item in drafts.codes[code].findings)
        if _RESIDUAL.search(clauses):
            if code == "R13.10":  # the note at I69.391 asks for the phase of swallowing, too
                drafts.add(Draft("I69.391", list(drafts.codes[code].findings), ["I.C.9.d"], chronic=True))
                drafts.codes[code].symptom = False
                continue
            drafts.replace(
                [code], _SEQUELA[code], "left by an old stroke: the code of the sequela says both", "I.C.9.d"
            )
            drafts.remove(["Z86.73"], "an old stroke that left deficits is coded by these", "I.C.9.d")


def _combine(drafts: Drafts, rule: dict[str, Any], text: str, book: Codebook) -> None:
    groups = [drafts.having(group) for group in rule["all"]]
    if not all(groups) or (rule.get("any_of") and drafts.having(rule["any_of"])):
        return
    if "unless" in rule and re.search(rule["unless"], text):
        parts = ", ".join(code for group in groups for code in group)
        drafts.warnings.append(f"{parts}: not combined, the note says that they are unrelated")
        return
    code = rule["add"]
    gone = [item for item in drafts.having(rule["remove"]) if item != code] if rule["remove"] else []
    remaining = [item for group in groups for item in group if item not in gone]
    if not code:
        drafts.remove(gone, f"{', '.join(remaining)} says more", rule["rule"])
    elif gone or code not in drafts.codes:
        drafts.replace(gone, code, f"{code} ({book.title(code)}) says both", rule["rule"], remaining)


def _specific(drafts: Drafts) -> None:
    for rule in rules()["specific"]:
        more = drafts.having(rule["more"])
        less = [code for code in drafts.having(rule["less"]) if code not in more] if rule["less"] else []
        if more and less:
            drafts.remove(less, f"{more[0]} says more", "I.B.2")


def _causes_stated(drafts: Drafts, text: str) -> None:
    """Add what a name says of its cause, and what belongs to a code that names it only in part."""
    for code in drafts.having(["K74"]):
        if any(
            "nash" in item.text.lower() or "mash" in item.text.lower() for item in drafts.codes[code].findings
        ):
            drafts.add(Draft("K75.81", list(drafts.codes[code].findings), ["I.A.13"], chronic=True))
    for code in drafts.having(["D70"]):
        fever = [
            item for item in drafts.codes[code].findings if re.search("fever|febrile", item.text.lower())
        ]
        if fever:
            drafts.add(Draft("R50.81", fever, ["I.A.13"], chronic=True))
    if _WITHDRAWAL.search(text) and (
        codes := [code for code in ("F10.20", "F10.10") if code in drafts.codes]
    ):
        drafts.replace(codes, "F10.239", "withdrawal from alcohol is stated", "I.C.5.b")


def _neoplasms(drafts: Drafts, text: str) -> None:
    for code in drafts.having(["C"]):
        words = " ".join(item.text.lower() for item in drafts.codes[code].findings)
        for body_site, target in _SPREAD.items():
            if target not in drafts.codes and not drafts.having([target[:5]]) and _spread_to(body_site, text):
                drafts.add(Draft(target, list(drafts.codes[code].findings), ["I.C.2"]))
        if "metastatic" in words and not drafts.having(["C77", "C78", "C79"]):
            drafts.add(Draft("C79.9", list(drafts.codes[code].findings), ["I.C.2"]))
    if drafts.having(["C"]) and not drafts.having(["Z51"]) and (given := _CHEMOTHERAPY.search(text)):
        findings = [item for code in drafts.having(["C"])[:1] for item in drafts.codes[code].findings]
        drafts.add(Draft("Z51.11", findings, ["I.C.2.e"], chronic=True))
        drafts.warnings.append(
            f"Z51.11 rests on {given[0]!r}: check that chemotherapy was the reason for the visit"
        )
    for code in drafts.having(["Z85"]):
        site = {
            "Z85.3": "C50",
            "Z85.46": "C61",
            "Z85.118": "C34",
            "Z85.038": "C18",
            "Z85.048": "C20",
            "Z85.820": "C43",
        }.get(code)
        if site and drafts.having([site]):
            drafts.remove([code], "the tumour is coded as present", "I.C.2.m")


def _spread_to(site: str, text: str) -> bool:
    """Return whether a list of metastases names a site ("mets to bone and liver")."""
    text = re.sub(r" ?\([^()]{0,40}\)", "", text)
    match = re.search(
        r"\b(?:mets?|metasta\w+)(?: disease| (?:\w+ )?(?:cancer|carcinoma|adenocarcinoma|melanoma|sarcoma))? "
        r"(?:to|in|involving) (?:[\w ]+(?:,|&|/| and) ?){0,3}?"
        rf"(?:the )?(?:{site})\b",
        text,
    )
    return match is not None and _NO_SPREAD.search(text[max(0, match.start() - 40) : match.start()]) is None


def _organisms(drafts: Drafts) -> None:
    hosts = drafts.having(rules()["organisms"]["hosts"])
    for code in drafts.having(["B95", "B96", "B97"]):
        if not hosts:
            drafts.remove([code], "no infection that needs its organism coded in addition", "I.B.7")
        elif drafts.having(["A41.5", "A41.0", "A40", "A41.8"]) and not _same_sentence(drafts, code, hosts):
            drafts.remove([code], "the code of the sepsis names the organism", "I.B.9")
        else:
            drafts.codes[code].rules.append("I.B.7")


def _same_sentence(drafts: Drafts, code: str, hosts: list[str]) -> bool:
    """Return whether the organism stands in a sentence with a local infection."""
    places = {item.sentence for item in drafts.codes[code].findings}
    return any(item.sentence in places for host in hosts for item in drafts.codes[host].findings)


def _weight(drafts: Drafts, text: str, book: Codebook) -> None:
    draft = drafts.codes.pop("Z68", None)
    match = _BMI.search(text)
    if draft is None or match is None:
        return
    value = float(match[1])
    steps = (
        (20, "Z68.1"),
        (40, f"Z68.{int(value)}"),
        (45, "Z68.41"),
        (50, "Z68.42"),
        (60, "Z68.43"),
        (70, "Z68.44"),
        (999, "Z68.45"),
    )
    code = next(code for limit, code in steps if value < limit)
    if code not in book.billable:
        return
    if drafts.having(_WEIGHT):
        drafts.add(Draft(code, draft.findings, ["I.B.14"]))
    else:
        reason = "a body mass index is coded only with a diagnosis of weight"
        drafts.rejected.append(
            Rejected(code, draft.findings[0].text, reason, "I.B.14", quotes(draft.findings[:1]))
        )


_INTEGRAL = ("J90", "J81", "I95", "E8", "G81", "H53.14", "H04.12", "K11.7", "L81", "D23", "D36.1", "Q", "R")


def _symptoms(drafts: Drafts) -> None:
    """Drop symptoms that are part of a disease coded."""
    doubted = any(item.rule == "IV.H" for item in drafts.rejected)
    for rule in rules()["integral"]:
        tops = tuple(rule["symptoms"])
        causes = [code for code in drafts.having(rule["of"]) if not under(code, tops)] if rule["of"] else []
        causes = [
            code
            for code in causes
            if not drafts.codes[code].symptom and not (doubted and _background(drafts, code, tops))
        ]
        gone = [
            code
            for code in drafts.having(tops)
            if (drafts.codes[code].symptom or code.startswith(_INTEGRAL)) and not drafts.codes[code].by_drug
        ]
        if causes and gone:
            drafts.remove(gone, f"part of {causes[0]}", "I.B.5")
    _unexplained(drafts)


def _background(drafts: Drafts, code: str, symptoms: tuple[str, ...]) -> bool:
    """Return whether a lasting disease is named apart from the symptoms, while a diagnosis of them is in doubt."""
    draft = drafts.codes[code]
    named = {item.sentence for symptom in drafts.having(symptoms) for item in drafts.codes[symptom].findings}
    return draft.chronic and all(
        item.section != "diagnoses" and item.sentence not in named for item in draft.findings
    )


def _unexplained(drafts: Drafts) -> None:
    """Drop symptoms of the history and the examination where an acute disease is coded; diagnoses of the list stay."""
    acute = [
        code
        for code, draft in drafts.codes.items()
        if not draft.symptom and not draft.chronic and not code.startswith(("Z", "B9", "R", "G81"))
    ]
    for code in [code for code, draft in drafts.codes.items() if draft.symptom]:
        causes = [cause for cause in acute if _may_explain(cause, code)]
        if not _stands(drafts, code, causes):
            reason = (
                f"{causes[0]} explains the visit" if causes else "named in the review or examination only"
            )
            drafts.remove([code], reason, "I.B.4")


def _may_explain(cause: str, symptom: str) -> bool:
    """Return whether an acute disease may explain a symptom: an injury only what hurts, few diseases a seizure."""
    if symptom.startswith("R56"):
        return cause.startswith(("G0", "G4", "I6", "E87", "E16", "E15", "E83", "T", "F1", "S06", "O1", "B50"))
    return not cause.startswith("S") or symptom.startswith(("M", "R10", "R22", "R51", "R52", "R58", "R60"))


def _stands(drafts: Drafts, code: str, acute: list[str]) -> bool:
    """Return whether a symptom is coded although it is not among the diagnoses."""
    draft = drafts.codes[code]
    sections = {item.section for item in draft.findings}
    unconfirmed = any(item.reason == "uncertain: coded only if confirmed" for item in drafts.rejected)
    doubted = [quote.start for item in drafts.rejected if item.rule == "IV.H" for quote in item.evidence]
    checks = (
        "diagnoses" in sections,
        # the symptoms stand for a disease that is not confirmed, or not coded because it is uncertain
        unconfirmed and code.startswith(("R05", "R06", "R50", "R09")),
        any(
            item.sentence[0] <= start < item.sentence[1] + 30 for item in draft.findings for start in doubted
        ),
        # the notes at these codes ask for them
        code.startswith(("R33", "R35", "R39")) and "N40.1" in drafts.codes,
        code.startswith(("R47", "R29.8", "R13", "R27", "R48", "R41.4"))
        and bool(drafts.having(["I63", "I61", "I60", "I62", "S06"])),
        not acute
        and (not drafts.lists_diagnoses or bool(doubted))
        and not _diagnosed(drafts)
        and bool(sections & {"", "complaint", "course", "plan", "narrative"}),
        code.startswith("R45.85"),  # thoughts of suicide or homicide
        # a finding that the provider names, not a complaint
        code.startswith(("R7", "R8", "R9")) and bool(sections - {"review", "exam", "tests"}),
    )
    return any(checks)


def _diagnosed(drafts: Drafts) -> bool:
    """Return whether the note lists diagnoses; a symptom that it leaves out there is one of theirs, or none."""
    return any(
        item.section == "diagnoses"
        for code, draft in drafts.codes.items()
        if not draft.symptom and not code.startswith(("Z", "F17"))
        for item in draft.findings
    )


def _anticoagulants(drafts: Drafts) -> None:
    if drafts.having(["E10", "O24"]):
        drafts.remove(["Z79.4"], "insulin is part of this diabetes", "I.C.4.a")
    if not drafts.having(["E08", "E09", "E11", "E13"]):
        drafts.remove(["Z79.84"], "no diabetes is coded", "I.C.4.a")
