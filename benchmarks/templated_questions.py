"""Questions made from the graph's own records, in varied form: is the record in the answer?

    python benchmarks/templated_questions.py [--diseases 50] [--seed 0]

Draws diseases with a gene, a mode of inheritance and at least eight findings, and asks for each: its gene,
inheritance and features, one recorded and one unrecorded finding (which must get no "yes" or "no"), its features
under a synonym and with a letter missing, and the diagnosis of three of its findings (right if it is among those
shown). The knowledge base is the one in CLINWEAVE_HOME. It measures reading and composing, not medicine: the graph
holds the answers.
"""

import argparse
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import clinweave
from clinweave.core.predicates import GENE, HAS_PHENOTYPE, INHERITANCE
from clinweave.knowledge import Graph

LEAST = 8  # findings of a disease that is drawn


def drawn(graph: Graph, chance: random.Random, count: int) -> Iterator[tuple[str, list[str]]]:
    """Yield (disease, findings) of diseases that have all that is asked about."""
    findings: dict[str, list[str]] = defaultdict(list)
    for row in graph.relations(None, HAS_PHENOTYPE, negated=False):
        if (
            row.subject.startswith("MONDO:")
            and row.frequency != "HP:0040285"
            and not row.frequency.startswith("0/")
        ):
            findings[row.subject].append(row.object)
    diseases = sorted(disease for disease, terms in findings.items() if len(terms) >= LEAST)
    chance.shuffle(diseases)
    for disease in diseases:
        complete = graph.relations(None, GENE, disease) and graph.relations(disease, INHERITANCE)
        if complete and len(graph.concept(disease).name) <= 60:
            yield disease, findings[disease]
            count -= 1
            if count == 0:
                return


def lower(name: str) -> str:
    """Return a name as it stands within a sentence."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def misspelt(name: str, chance: random.Random) -> str:
    """Return a name with one letter of its longest plain word missing, or "" if it has no long one."""
    words = [word for word in name.split() if len(word) > 7 and word.isalpha()]
    if not words:
        return ""
    word = max(words, key=len)
    place = chance.randrange(2, len(word) - 2)
    return name.replace(word, word[:place] + word[place + 1 :])


def checks(
    base: Any, disease: str, terms: list[str], chance: random.Random
) -> Iterator[tuple[str, str, bool]]:
    """Yield (kind, question, right) for one disease."""
    graph: Graph = base.graph
    concept = graph.concept(disease)
    name = concept.name

    def names(rows: Any, end: str) -> list[str]:
        return [graph.concept(getattr(row, end)).name for row in rows]

    def asked(kind: str, question: str, wanted: list[str]) -> tuple[str, str, bool]:
        text = base.ask(question, audience="clinician").text
        return kind, question, any(item.lower() in text.lower() for item in wanted)

    genes = names(graph.relations(None, GENE, disease), "subject")
    modes = [item.split(" inheritance")[0] for item in names(graph.relations(disease, INHERITANCE), "object")]
    features = [graph.concept(term).name for term in terms]
    yield asked("gene", f"Which gene causes {name}?", genes)
    yield asked("inheritance", f"How is {name} inherited?", modes)
    yield asked("features", f"What are the symptoms of {name}?", features)
    term = chance.choice(features)
    yield asked(
        "recorded finding",
        f"Is {lower(term)} a feature of {name}?",
        ["yes: ", f"{term} is a recorded feature"],
    )
    other = chance.choice(sorted(graph.descendants("HP:0000118")))
    if other not in terms and not graph.descendants(other) & set(terms):
        question = f"Is {lower(graph.concept(other).name)} a feature of {name}?"
        yield (
            "unrecorded finding",
            question,
            not base.ask(question, audience="clinician").text.startswith(("Yes", "No:")),
        )
    if synonyms := [item for item in concept.synonyms if len(item) > 8]:
        yield asked("synonym", f"What are the features of {chance.choice(synonyms)}?", features)
    if wrong := misspelt(name, chance):
        yield asked("misspelt", f"What are the symptoms of {wrong}?", [f"{name} has these recorded features"])
    three = ", ".join(lower(item) for item in chance.sample(features, 3))
    yield asked("diagnosis of three findings", f"A patient has {three}. What is the diagnosis?", [name])


def main() -> None:
    """Print how many of each kind are right, and the questions that are not."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--diseases", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    counts: Counter[tuple[str, bool]] = Counter()
    with clinweave.open() as base:
        for disease, terms in drawn(base.graph, chance, options.diseases):
            for kind, question, right in checks(base, disease, terms, chance):
                counts[kind, right] += 1
                if not right:
                    print(f"not: {kind}: {question}")
    for kind in dict.fromkeys(kind for kind, _ in counts):
        print(f"{kind}: {counts[kind, True]} of {counts[kind, True] + counts[kind, False]}")


if __name__ == "__main__":
    main()
