"""AgentClinic's simulated patients with a language model as the doctor: does asking for missing facts help?

Every case is a choice among ten diagnoses: the right one and nine drawn from the other cases. The doctor starts from
the objective and the demographics. A scripted patient and examiner answer a question with the fields of the case whose
names and words it shares; what the case does not hold is "not recorded". The final choice is the same in every arm: the
diagnosis whose log-likelihood rises most when the facts are added to the prompt (PMI, Holtzman et al. 2021), so arms
differ in the facts alone. Source of the cases: AgentClinic (arXiv:2405.07960), made from MedQA.
"""

import argparse
import gzip
import json
import math
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.agent_parts.journal import Journal
from benchmarks.agent_parts.tables import paired, share

import clinweave
from clinweave.agent import Agent, Budget, ModelPlanner, UserQuestion
from clinweave.knowledge_base import KnowledgeBase
from clinweave.models import LanguageModel, open_model

OPTIONS = 10
SHOWN = 5  # fields in a reply
UNRECORDED = "That is not recorded."
# a doctor without a model, who asks every patient the same
ROUTINE = (
    "What are your symptoms and since when?",
    "What is your past medical history?",
    "Do you smoke or drink, and what is your work (social history)?",
    "Is there anything else in the review of systems?",
    "What are the vital signs?",
    "What are the findings of the physical examination?",
    "What are the results of the blood tests?",
    "What are the findings of imaging?",
)
# words of questions that stand in other words in the cases' field names
_ALIKE = {
    "smoke": "social", "drink": "social", "alcohol": "social", "drug": "social", "work": "social", "travel": "social",
    "fever": "temperature", "pulse": "heart", "lab": "blood", "laboratory": "blood", "xray": "imaging",
    "ray": "imaging", "scan": "imaging", "ct": "imaging", "mri": "imaging", "ultrasound": "imaging",
    "exam": "examination", "examine": "examination", "medication": "past", "illness": "past", "family": "past",
    "long": "history", "start": "history", "since": "history", "complaint": "primary", "bring": "primary",
}  # fmt: skip
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "can",
        "could",
        "did",
        "do",
        "doe",
        "for",
        "from",
        "had",
        "ha",
        "have",
        "how",
        "i",
        "in",
        "is",
        "it",
        "it",
        "me",
        "of",
        "on",
        "or",
        "other",
        "patient",
        "please",
        "tell",
        "th",
        "that",
        "the",
        "their",
        "there",
        "they",
        "this",
        "to",
        "wa",
        "wa",
        "were",
        "what",
        "when",
        "which",
        "who",
        "will",
        "with",
        "you",
        "your",
        "about",
        "anything",
        "else",
        "result",
        "finding",
    ]
)


@dataclass(frozen=True)
class Field:
    """A field of a case: the names that lead to it, its text, and who gives it ("patient" or "examiner")."""

    names: str
    text: str
    giver: str

    @property
    def line(self) -> str:
        """Return the field as it is told, with the name of its group where the examiner tells it."""
        names = self.names.split(" > ")
        return f"{' '.join(names[-2:] if self.giver == 'examiner' else names[-1:])}: {self.text}"


@dataclass
class Case:
    """A patient: what the doctor is told, all fields, and the diagnosis with the others to choose from."""

    number: int
    told: str
    fields: list[Field]
    diagnosis: str
    options: list[str] = field(default_factory=list)

    def reply(self, question: str) -> list[str]:
        """Return the fields that the patient or the examiner tells: those that share most words with a question."""
        wanted = words(question)
        rarity = self._rarity()
        scored = [(_match(wanted, item, rarity), -index) for index, item in enumerate(self.fields)]
        best = max(scored, default=(0.0, 0))[0]
        chosen = sorted(
            ((score, index) for score, index in scored if score > 0 and score >= best / 2), reverse=True
        )
        return [self.fields[-index].line for _, index in chosen[:SHOWN]]

    def _rarity(self) -> dict[str, float]:
        """Return how much a word tells: the logarithm of the share of fields without it, at least a tenth."""
        holding = Counter(
            word for item in self.fields for word in words(f"{item.names} {item.text}", alike=False)
        )
        return {word: max(0.1, math.log(len(self.fields) / count)) for word, count in holding.items()}

    def lines(self, *givers: str) -> list[str]:
        """Return all that the patient ("patient") or the examiner ("examiner") could tell."""
        return [item.line for item in self.fields if item.giver in givers]


def words(text: str, *, alike: bool = True) -> set[str]:
    """Return the words of a text without endings and small words, with the field names that they stand for."""
    plain = {
        re.sub(r"(?:ies|es|s|ing|ed)$", "", word) for word in re.findall(r"[a-z]+", text.lower())
    } - _SMALL
    return plain | {_ALIKE[word] for word in plain if alike and word in _ALIKE}


def _match(wanted: set[str], item: Field, rarity: Mapping[str, float]) -> float:
    own = words(item.names.rsplit(" > ", 1)[-1], alike=False)
    weights = ((3, own), (2, words(item.names, alike=False)), (1, words(item.text, alike=False)))
    return sum(weight * sum(rarity[word] for word in wanted & held) for weight, held in weights)


def fields_of(part: object, giver: str, names: tuple[str, ...] = ()) -> list[Field]:
    """Return the fields of a nested record."""
    if isinstance(part, dict):
        return [
            item
            for key, value in part.items()
            for item in fields_of(value, giver, (*names, key.replace("_", " ")))
        ]
    if isinstance(part, list):
        part = ", ".join(map(str, part))
    return [Field(" > ".join(names), str(part).strip().rstrip("."), giver)]


def read_cases(path: Path, seed: int) -> list[Case]:
    """Return the cases in a drawn order, each with its ten diagnoses. The right one is in no field's name or place."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        exams = [json.loads(line)["OSCE_Examination"] for line in stream if line.strip()]
    names = sorted({exam["Correct_Diagnosis"] for exam in exams})
    cases = []
    for number, exam in enumerate(exams):
        actor = dict(exam["Patient_Actor"])
        told = f"{exam['Objective_for_Doctor'].rstrip('.')}. {actor.pop('Demographics')}."
        rest = {
            key: value
            for key, value in exam.items()
            if key in {"Physical_Examination_Findings", "Test_Results"}
        }
        items = fields_of(actor, "patient") + fields_of(rest, "examiner")
        right = exam["Correct_Diagnosis"]
        chance = random.Random(seed * 1000 + number)
        others = [name for name in names if name.lower() != right.lower()]
        options = [*chance.sample(others, OPTIONS - 1), right]
        chance.shuffle(options)
        cases.append(Case(number, told, items, right, options))
    random.Random(seed).shuffle(cases)
    return cases


class Doctor:
    """Asks by a planner, and chooses a diagnosis by the model's likelihoods."""

    def __init__(self, base: KnowledgeBase, model: LanguageModel, questions: int) -> None:
        self.base, self.model, self.questions = base, model, questions
        self._planner = ModelPlanner(model, [])
        self._before: dict[int, list[float]] = {}  # case -> log-likelihoods without facts

    def ask(self, case: Case) -> dict:
        """Return the exchange of the agent with the scripted patient."""
        heard: list[tuple[str, list[str]]] = []

        def reply(asked: UserQuestion) -> str:
            heard.append((asked.text, case.reply(asked.text)))
            return "; ".join(heard[-1][1]) or UNRECORDED

        question = (
            f"{case.told} Which is the diagnosis: {'; '.join(case.options)}? The user has the patient's history, the "
            "physical examination and the test results: use ask_user for one of them at a time, until you are sure."
        )
        budget = Budget(calls=self.questions + 3, tokens=200_000, seconds=3600.0, questions=self.questions)
        result = Agent(self.base, self._planner, budget, reply=reply).run(question)
        return {
            "exchange": heard,
            "tokens": result.tokens,
            "stopped": str(result.stopped),
            "calls": result.calls,
        }

    def choose(self, case: Case, facts: Sequence[str]) -> dict:
        """Return the diagnosis whose log-likelihood per token rises most with the facts."""
        with_facts = self._prompt(case.told, facts)
        if case.number not in self._before:
            scores = self.model.score(self._prompt("", ()), case.options)
            self._before[case.number] = [item.per_token for item in scores]
        scores = self.model.score(with_facts, case.options)
        gains = [
            item.per_token - before for item, before in zip(scores, self._before[case.number], strict=True)
        ]
        best = max(range(len(gains)), key=gains.__getitem__)
        return {"chosen": case.options[best], "right": case.options[best] == case.diagnosis,
                "tokens": self.model.count_tokens(with_facts)}  # fmt: skip

    @staticmethod
    def _prompt(told: str, facts: Sequence[str]) -> list[dict]:
        case = "\n".join([told, *facts]).strip() or "A patient comes to the hospital."
        return [
            {
                "role": "system",
                "content": "You are a doctor. Reply with the name of one disease and nothing else.",
            },
            {"role": "user", "content": f"{case}\nWhat is the most likely diagnosis?"},
        ]


def measure_clinic(options: argparse.Namespace, journal: Journal) -> list[dict]:
    """Measure and print; return every case with its arms. No new case is begun after `options.minutes`."""
    seed, questions, minutes = options.seed, options.questions, options.minutes
    cases, began = read_cases(options.file, seed)[: options.items or None], time.monotonic()
    opened = open_model(options.model)
    rows = []
    with clinweave.open(model=opened, audience="clinician") as base:
        doctor = Doctor(base, opened, questions)
        for number, case in enumerate(cases, 1):
            if minutes and time.monotonic() - began > 60 * minutes:
                break
            print(f"case {number} of {len(cases)}", file=sys.stderr, flush=True)
            rows.append(_arms(doctor, case, journal, f"clinic {seed} {opened.name} {questions}"))
    _print(rows, questions)
    return rows


def _arms(doctor: Doctor, case: Case, journal: Journal, which: str) -> dict:
    def timed(name: str, gather: Callable[[], dict]) -> dict:
        def compute() -> dict:
            started = time.perf_counter()
            gathered = gather()
            done = doctor.choose(case, gathered["facts"])
            seconds = time.perf_counter() - started
            return (
                gathered | done | {"tokens": gathered.get("tokens", 0) + done["tokens"], "seconds": seconds}
            )

        return journal.result(f"{which}, {name}, {case.number}", compute)

    def asked() -> dict:
        done = doctor.ask(case)
        return done | {"facts": _told(done["exchange"])}

    def routine() -> dict:
        heard = [(text, case.reply(text)) for text in ROUTINE[: doctor.questions]]
        return {"exchange": heard, "facts": _told(heard)}

    arms = {
        "finishes at once (control)": lambda: {"facts": []},
        "agent asks": asked,
        "routine questions": routine,
        "history only": lambda: {"facts": case.lines("patient")},
        "all facts": lambda: {"facts": case.lines("patient", "examiner")},
    }
    return {
        "case": case.number,
        "diagnosis": case.diagnosis,
        "arms": {key: timed(key, run) for key, run in arms.items()},
    }


def _told(exchange: Sequence[tuple[str, list[str]]]) -> list[str]:
    """Return each field that was told, once; the words of the questions are no facts."""
    return list(dict.fromkeys(line for _, lines in exchange for line in lines))


def _print(rows: list[dict], questions: int) -> None:
    arms = list(rows[0]["arms"])
    print(f"{len(rows)} patients, {OPTIONS} diagnoses to choose from (chance {100 // OPTIONS} %)\n")
    print("| arm | right diagnosis (95 % CI) | facts told | tokens | seconds |\n|---|---|---|---|---|")
    for arm in arms:
        done = [row["arms"][arm] for row in rows]
        facts, tokens, seconds = (
            sum(values) / len(done)
            for values in (
                [len(item["facts"]) for item in done],
                [item["tokens"] for item in done],
                [item["seconds"] for item in done],
            )
        )
        print(
            f"| {arm} | {share([item['right'] for item in done])} | {facts:.1f} | {tokens:.0f} | {seconds:.0f} |"
        )
    right = {arm: {str(row["case"]): float(row["arms"][arm]["right"]) for row in rows} for arm in arms}
    print()
    for arm, baseline in [(arm, arms[0]) for arm in arms[1:]] + [("agent asks", "routine questions")]:
        print(f"{arm} minus {baseline}: {paired(right[arm], right[baseline])}")
    heard = [pair for row in rows for pair in row["arms"]["agent asks"].get("exchange", [])]
    answered = sum(bool(said) for _, said in heard)
    none = sum(not row["arms"]["agent asks"].get("exchange") for row in rows)
    print(f"\n{len(heard)} questions asked by the agent (at most {questions} a patient), {answered} answered by the "
          f"case; {none} patients were asked nothing")  # fmt: skip
