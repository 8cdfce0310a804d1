"""AgentClinic's simulated patients: does asking for missing findings help the rank of the true diagnosis?

The agent starts from the objective given to the doctor and the demographics. The patient is simulated from the case's
whole record, read by the same note reader: "yes" to a finding that the record states or a kind of it, "no" to one that
the record denies or a kind of what it denies, else "unknown"; in a second arm "no" to all that it does not mention.
Source: AgentClinic (arXiv:2405.07960), MedQA cases.
"""

import gzip
import json
import random
import sys
import time
from pathlib import Path

from benchmarks.agent_parts.tables import paired, share

import clinweave
from clinweave.agent import Agent, Budget, RulePlanner, UserQuestion
from clinweave.core.errors import UserError
from clinweave.knowledge import NoteReader
from clinweave.knowledge_base import KnowledgeBase

DEPTH = 100  # ranks that are looked at


class Patient:
    """A case: what the doctor is told, the whole record, and the findings in it."""

    def __init__(self, base: KnowledgeBase, case: dict) -> None:
        exam = case["OSCE_Examination"]
        actor = exam["Patient_Actor"]
        self.diagnosis = exam["Correct_Diagnosis"]
        self.start = f"{exam['Objective_for_Doctor']} {actor['Demographics']}."
        parts = [actor, exam.get("Physical_Examination_Findings", {}), exam.get("Test_Results", {})]
        self.record = "\n".join([self.start, *(line for part in parts for line in lines(part))])
        mentions = NoteReader(base.linker).read(self.record)
        self.present = {item.id for item in mentions if item.of_patient}
        self.absent = {item.id for item in mentions if not item.experiencer and item.status == "absent"}

    def reply(self, base: KnowledgeBase, finding: str) -> str:
        """Return what the patient says to a finding."""
        if any(item == finding or finding in base.graph.ancestors(item) for item in self.present):
            return "yes"
        above = base.graph.ancestors(finding)
        return "no" if any(item == finding or item in above for item in self.absent) else "unknown"


def lines(part: object, name: str = "") -> list[str]:
    """Return the texts of a nested record, a line each, with the name of their field."""
    if isinstance(part, dict):
        return [line for key, value in part.items() for line in lines(value, key.replace("_", " "))]
    if isinstance(part, list):
        return [line for value in part for line in lines(value, name)]
    return [f"{name}: {part}."]


def rank_of(base: KnowledgeBase, ranking: list[dict], disease: str) -> int:
    """Return the rank of a disease among the first `DEPTH`, 0 where it is not there."""
    wanted = {disease, *base.graph.descendants(disease)}
    for entry in ranking:
        ids = {base.graph.resolve(item) for item in [entry["id"], *entry["members"], entry["mondo"]] if item}
        if ids & wanted:
            return int(entry["rank"])
    return 0


def named_disease(base: KnowledgeBase, text: str) -> str:
    """Return the disease of a diagnosis: the concept of that name, or the one that most of the text names; else ""."""
    try:
        return base.graph.find(text)
    except UserError:
        mentions = [item for item in base.link(text, {"MONDO"}) if len(item.text) > 0.6 * len(text)]
        return mentions[0].id if len(mentions) == 1 else ""


def measure_patients(path: Path, count: int, seed: int, questions: int) -> list[dict]:
    """Measure and print; return every patient with its arms."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        cases = [json.loads(line) for line in stream if line.strip()]
    chance = random.Random(seed)
    chosen = chance.sample(cases, count) if 0 < count < len(cases) else cases
    rows, unnamed, unranked = [], 0, 0
    with clinweave.open() as base:
        annotated = {base.graph.resolve(item) for item in base.diagnoser().model.annotations.diseases}
        for number, case in enumerate(chosen):
            patient = Patient(base, case)
            disease = named_disease(base, patient.diagnosis)
            if not disease:
                unnamed += 1
                continue
            if not annotated & {disease, *base.graph.descendants(disease)}:
                unranked += 1
                continue
            print(f"patient {number + 1} of {len(chosen)}", file=sys.stderr, end="\r")
            rows.append(_arms(base, patient, disease, questions, random.Random(seed + number)))
    print(f"{len(chosen)} patients: {unnamed} whose diagnosis is no unambiguous name of the graph, {unranked} with a "
          f"disease that has no annotated findings, {len(rows)} measured\n")  # fmt: skip
    _print(rows, questions)
    return rows


def _arms(base: KnowledgeBase, patient: Patient, disease: str, questions: int, chance: random.Random) -> dict:
    row = {"diagnosis": patient.diagnosis, "disease": disease, "arms": {}}
    row["arms"]["start (control)"] = _run(base, patient, 0, disease)
    row["arms"]["agent asks"] = _run(base, patient, questions, disease)
    row["arms"]["agent asks, unmentioned is no"] = _run(base, patient, questions, disease, unmentioned="no")
    said = row["arms"]["agent asks"]["replies"]
    known = sorted(patient.present)
    told = chance.sample(known, min(len(known), sum(reply != "unknown" for reply in said.values())))
    row["arms"]["as many findings told at random"] = _ranked(base, patient.start, told, disease)
    row["arms"]["whole record"] = _ranked(base, patient.record, [], disease)
    return row


def _run(
    base: KnowledgeBase, patient: Patient, questions: int, disease: str, unmentioned: str = "unknown"
) -> dict:
    began, replies = time.perf_counter(), {}

    def answer(asked: UserQuestion) -> str:
        said = patient.reply(base, asked.finding)
        replies[asked.finding] = unmentioned if said == "unknown" else said
        return replies[asked.finding]

    # the question makes the agent diagnose; a case without a finding at the start has none to rank
    question = f"What is the diagnosis? {patient.start}"
    result = Agent(base, RulePlanner(), Budget(calls=questions + 2, questions=questions), reply=answer).run(
        question
    )
    yes, no = ([key for key, said in replies.items() if said == wanted] for wanted in ("yes", "no"))
    done = _ranked(base, question, yes, disease, no)
    return done | {"replies": replies, "calls": result.calls, "seconds": time.perf_counter() - began}


def _ranked(base, text, observed, disease, excluded=()) -> dict:
    try:
        line = base.diagnose(observed, excluded=excluded, text=text, limit=DEPTH)
    except UserError:
        return {"rank": 0, "findings": 0, "seconds": 0.0, "replies": {}}
    return {"rank": rank_of(base, line["ranking"], disease), "findings": len(line["observed"]), "replies": {},
            "seconds": 0.0}  # fmt: skip


def _print(rows: list[dict], questions: int) -> None:
    arms = list(rows[0]["arms"])
    print("| arm | first (95 % CI) | first ten | mean reciprocal rank | findings | seconds |")
    print("|---|---|---|---|---|---|")
    values = {}
    for arm in arms:
        done = [row["arms"][arm] for row in rows]
        values[arm] = {
            str(number): 1 / item["rank"] if item["rank"] else 0.0 for number, item in enumerate(done)
        }
        mean = sum(values[arm].values()) / len(done)
        findings, seconds = (sum(item[key] for item in done) / len(done) for key in ("findings", "seconds"))
        first, ten = (
            share([item["rank"] == 1 for item in done]),
            share([0 < item["rank"] <= 10 for item in done]),
        )
        print(f"| {arm} | {first} | {ten} | {mean:.3f} | {findings:.1f} | {seconds:.1f} |")
    for arm in arms[1:]:
        print(f"\n{arm} minus {arms[0]}, reciprocal rank: {paired(values[arm], values[arms[0]])}")
    told = "as many findings told at random"
    print(f"\nagent asks minus {told}, reciprocal rank: {paired(values['agent asks'], values[told])}")
    said = [reply for row in rows for reply in row["arms"]["agent asks"]["replies"].values()]
    counts = ", ".join(f"{said.count(reply)} {reply}" for reply in ("yes", "no", "unknown"))
    print(f"{len(said)} questions asked (at most {questions} a patient): {counts}")
