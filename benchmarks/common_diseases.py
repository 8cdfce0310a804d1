"""How much the graph knows of 200 common diseases: findings, treatments and tests, per grade, before and after.

    python benchmarks/common_diseases.py GRAPH [GRAPH...] [--missing] [--json]      coverage of each graph
    python benchmarks/common_diseases.py GRAPH --proposals DIR     and what `clinweave graph propose` read from texts
    python benchmarks/common_diseases.py --choose MEDQUAD.tar.gz GRAPH [--orphanet XML]   makes the list anew

The list is common_diseases.toml; its rule stands there. A disease counts as covered where at least one relation of that
grade is about itself (not a kind of it). A synthetic or co-occurrence relation supports no answer.
"""

import argparse
import gzip
import json
import re
import tarfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from clinweave.knowledge import Graph
from clinweave.records import Grade, Relation

LIST = Path(__file__).with_name("common_diseases.toml")
FINDINGS = {"biolink:has_phenotype", "biolink:correlated_with"}
TREATMENTS = {"biolink:treats", "biolink:ameliorates_condition"}
TESTS = {"biolink:diagnoses"}
ASPECTS = ("findings", "treatments", "tests")
FINDING = {"biolink:PhenotypicFeature", "biolink:DiseaseOrPhenotypicFeature"}
SIZE, GROUP = 200, 100
PROPOSED = "from texts"  # proposals that no graph holds unless told so
GRADES = (*map(str, Grade),)
SHOWN = (*GRADES, "any", PROPOSED, "any or text", "curated_median")


def aspect(graph: Graph, disease: str, relation: Relation, categories: dict[str, str]) -> str:
    """Return which of `ASPECTS` a relation tells of a disease, or ""."""
    if relation.negated or relation.frequency == "HP:0040285":
        return ""
    if relation.object == disease and relation.predicate in TREATMENTS:
        return "treatments"
    if relation.object == disease and relation.predicate in TESTS:
        return "tests"
    other = relation.object if relation.subject == disease else relation.subject
    if relation.predicate in FINDINGS:
        if other not in categories:
            categories[other] = graph.concept(other).category
        return "findings" if categories[other] in FINDING else ""
    return ""


def proposed(path: Path, graph: Graph) -> dict[str, list[Relation]]:
    """Return disease -> the relations that a folder of proposals tells of it, in the identifiers of the graph."""
    result: dict[str, list[Relation]] = defaultdict(list)
    for line in (path / "proposals.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        ends = [graph.resolve(row[name]) for name in ("subject", "object")]
        if all(ends):
            relation = Relation(ends[0], row["predicate"], ends[1], "proposals", grade=Grade.TEXT_MINED)
            for end in ends:
                result[end].append(relation)
    return result


def coverage(
    graph: Graph, diseases: Iterable[str], texts: dict[str, list[Relation]] | None = None
) -> dict[str, dict[str, Counter[str]]]:
    """Return disease -> aspect -> grade -> number of distinct things told; what `texts` propose is a grade apart."""
    categories: dict[str, str] = {}
    result: dict[str, dict[str, Counter[str]]] = {}
    for disease in diseases:
        told: dict[tuple[str, str], set[str]] = defaultdict(set)
        known = graph.resolve(disease)
        stated = [(str(item.grade), item) for item in (graph.about(known) if known else ())]
        stated += [(PROPOSED, item) for item in (texts or {}).get(known, ())]
        for grade, relation in stated:
            if name := aspect(graph, known, relation, categories):
                told[name, grade].add(relation.object if relation.subject == known else relation.subject)
        result[disease] = {
            name: Counter({g: len(things) for (a, g), things in told.items() if a == name})
            for name in ASPECTS
        }
    return result


def summary(found: dict[str, dict[str, Counter[str]]]) -> dict[str, dict[str, int]]:
    """Return aspect -> {one of `SHOWN`: diseases with at least one}; "any" is without what texts propose."""
    table = {}
    for name in ASPECTS:
        rows = [told[name] for told in found.values()]
        table[name] = {
            **{grade: sum(row[grade] > 0 for row in rows) for grade in (*GRADES, PROPOSED)},
            "any": sum(any(row[grade] for grade in GRADES) for row in rows),
            "any or text": sum(sum(row.values()) > 0 for row in rows),
            "curated_median": sorted(row["curated"] for row in rows)[len(rows) // 2],
        }
    return table


def joined(path: Path) -> tuple[int, int]:
    """Return how many disease ids HPO's annotations have in this graph, and how many of them are a Mondo disease."""
    import pyarrow.parquet as pq

    expected = [("source", "=", "hpoa"), ("predicate", "in", ["biolink:has_phenotype"])]
    columns = ["subject", "original_subject"]
    rows = pq.read_table(path / "relations.parquet", columns=columns, filters=expected).to_pylist()
    result = {row["original_subject"] or row["subject"]: row["subject"] for row in rows}
    return len(result), sum(known.startswith("MONDO:") for known in result.values())


def listed() -> list[dict[str, str]]:
    """Return the rows of the committed list."""
    return tomllib.loads(LIST.read_text("utf-8"))["disease"]


def folded(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def titles(focus: str) -> list[str]:
    """Return the forms of a topic's title that may be a disease's name."""
    bare = re.sub(r"\s*\(.*", "", focus)
    result = [focus, bare]
    for plural, item in (("diseases", "disease"), ("disorders", "disorder"), ("infections", "infection")):
        result.append(re.sub(rf"(?i)\b{plural}$", item, bare))
    return [*result, bare.removesuffix("s")]


def loose(text: str) -> str:
    """Return a folded name with its words in alphabetical order ("Diabetes Type 2" and "type 2 diabetes")."""
    return "~" + " ".join(sorted(folded(text).split()))


def choose(medquad: Path, graph: Graph, orphanet: Path | None) -> list[dict[str, str]]:
    """Return the list by the rule in common_diseases.toml."""
    labels, others = {}, defaultdict(set)
    for row in graph.names().to_pylist():
        if row["id"].startswith("MONDO:"):
            others[folded(row["name"])].add(row["id"])
            others[loose(row["name"])].add(row["id"])
            if row["kind"] == "label":
                labels[folded(row["name"])] = row["id"]
    topics: dict[str, str] = {}
    answers: list[str] = []
    with tarfile.open(medquad) as archive:
        for member in archive:
            if not member.name.endswith(".xml"):
                continue
            text = archive.extractfile(member).read().decode("utf-8", "replace")
            answers += [f" {folded(item)} " for item in re.findall(r"(?s)<Answer>(.*?)</Answer>", text)]
            focus = re.search(r"(?s)<Focus>(.*?)</Focus>", text)
            if "4_MPlus_Health_Topics" in member.name and focus and "<Category>Disease<" in text:
                for title in (*map(folded, titles(focus[1].strip())), *map(loose, titles(focus[1].strip()))):
                    several = others.get(title, set())
                    curie = labels.get(title) or (next(iter(several)) if len(several) == 1 else "")
                    if curie:
                        topics.setdefault(curie, focus[1].strip())
                        break
    rare = rare_disorders(orphanet, graph) if orphanet else set()
    kept = {c: t for c, t in topics.items() if c not in rare and len(graph.descendants(c)) <= GROUP}
    whole = "\n".join(answers)
    names = {curie: graph.concept(curie).name for curie in kept}
    weight = {}
    for curie, topic in kept.items():
        called = (*titles(topic), names[curie], *graph.concept(curie).synonyms)
        forms = {folded(name) for name in called if len(name) > 5 or name in (topic, names[curie])}
        weight[curie] = sum(whole.count(f" {form} ") for form in forms)
    order = sorted(kept, key=lambda curie: (-weight[curie], names[curie]))[:SIZE]
    return [
        {"id": c, "name": names[c], "topic": kept[c]} for c in sorted(order, key=lambda c: names[c].lower())
    ]


def rare_disorders(path: Path, graph: Graph) -> set[str]:
    """Return the diseases that Orphanet lists as a disorder or group of disorders, and does not call common."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    result = set()
    for block in text.split("<Disorder id=")[1:]:
        code, name = re.search(r"<OrphaCode>(\d+)<", block), re.search(r'<Name lang="en">(.*?)<', block)
        group = re.search(r'(?s)<DisorderGroup id.*?<Name lang="en">(.*?)<', block)
        told_rare = not name[1].startswith(("NON RARE", "OBSOLETE")) and not group[1].startswith("Subtype")
        if told_rare and (known := graph.resolve(f"ORPHA:{code[1]}")):
            result.add(known)
    return result


def write_list(rows: list[dict[str, str]]) -> None:
    """Write common_diseases.toml, keeping the comment that tells its rule."""
    rule = "".join(line for line in LIST.read_text("utf-8").splitlines(True) if line.startswith("#"))
    items = ("\n[[disease]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in row.items()) for row in rows)
    LIST.write_text(rule + "".join(items), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("graphs", nargs="+", type=Path)
    parser.add_argument("--choose", type=Path)
    parser.add_argument("--orphanet", type=Path)
    parser.add_argument("--proposals", type=Path, metavar="DIR", help="a folder of `clinweave graph propose`")
    parser.add_argument("--missing", action="store_true", help="name the diseases that nothing is told of")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if given.choose:
        write_list(choose(given.choose, Graph.open(given.graphs[0]), given.orphanet))
        return
    rows = listed()
    ids, result = [row["id"] for row in rows], {}
    for path in given.graphs:
        graph = Graph.open(path)
        texts = proposed(given.proposals, graph) if given.proposals else None
        result[str(path)] = coverage(graph, ids, texts)
    if given.json:
        print(json.dumps({name: summary(item) for name, item in result.items()}, indent=1))
        return
    shown = [title for title in SHOWN if given.proposals or title not in (PROPOSED, "any or text")]
    for name, item in result.items():
        print(f"\n{name}: of {len(rows)} common diseases, how many have at least one")
        print(f"{'':12}" + "".join(f"{title:>16}" for title in shown))
        for label, counts in summary(item).items():
            print(f"{label:12}" + "".join(f"{counts[title]:16}" for title in shown))
        every, known = joined(Path(name))
        if every:
            print(
                f"disease ids of HPO annotations that are a Mondo disease: {known:,} of {every:,} ({known / every:.1%})"
            )
        if given.missing:
            for label in ASPECTS:
                none = [row["name"] for row in rows if not sum(item[row["id"]][label].values())]
                print(f"no {label}: {', '.join(none)}")


if __name__ == "__main__":
    main()
