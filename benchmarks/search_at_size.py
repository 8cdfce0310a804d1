"""Text search at size: time, disk, memory and latency of the sharded index at three sizes, and extrapolated.

Documents are real abstracts (PubMedQA's) in which words are exchanged by a seed for others of the abstracts, drawn by
how often they occur, and now and then for a new word, so that the vocabulary grows as in real text. Questions are
PubMedQA's. Beside it tantivy's own index over the same documents, with its default words and its query parser.

python benchmarks/search_at_size.py --abstracts pubmedqa_train.json --work DIR [--sizes 100000,300000,1000000]

Larger sizes are extrapolated by straight lines through three or more measured ones. `--check N` measures one more size
that the lines do not see and prints it beside what they say of it. A size that was measured is read from DIR/N.json;
`--searches` measures its searches again (the build may have run beside other work).
"""

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np

EXCHANGED, NEW = 0.3, 0.004  # shares of words
EXTRAPOLATED = (1_000_000, 10_000_000, 36_000_000)
SYLLABLES = [f"{a}{b}" for a in "bcdfglmnprstv" for b in "aeiou"]


def documents(abstracts: list[tuple[str, str]], count: int, seed: int = 0):
    """Yield (title, text) of so many documents; the first n are the same whatever the count."""
    words = [re.findall(r"\S+", text) for _, text in abstracts]
    often = Counter(word for text in words for word in text)
    vocabulary = list(often)
    shares = np.array([often[word] for word in vocabulary], float)
    shares /= shares.sum()
    generator = np.random.default_rng(seed)
    pool: list[int] = []
    for number in range(count):
        title, _ = abstracts[number % len(abstracts)]
        text = list(words[number % len(words)])
        draws = generator.random(len(text))
        for position in np.flatnonzero(draws < EXCHANGED + NEW).tolist():
            if draws[position] < NEW:
                text[position] = "".join(SYLLABLES[item] for item in generator.integers(0, len(SYLLABLES), 4))
            else:
                pool = pool or generator.choice(len(vocabulary), 100_000, p=shares).tolist()
                text[position] = vocabulary[pool.pop()]
        yield title, " ".join(text)


def read_abstracts(path: Path) -> tuple[list[tuple[str, str]], list[str]]:
    items = list(json.loads(path.read_text("utf-8")).values())
    return [(item["QUESTION"], " ".join(item["CONTEXTS"])) for item in items], [
        item["QUESTION"] for item in items
    ]


def write_corpus(path: Path, abstracts: list[tuple[str, str]], count: int) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as stream:
        for number, (title, text) in enumerate(documents(abstracts, count)):
            stream.write(json.dumps({"id": f"d{number}", "title": title, "text": text}) + "\n")
    partial.rename(path)


def build_plain(corpus: Path, folder: Path) -> float:
    """Build tantivy's own index with its default words; return processor seconds."""
    import tantivy

    folder.mkdir()
    builder = tantivy.SchemaBuilder()
    for name in ("title", "body"):
        builder.add_text_field(name, stored=True)
    begun = time.process_time()
    index = tantivy.Index(builder.build(), str(folder))
    writer = index.writer(heap_size=96 << 20, num_threads=1)
    with corpus.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            writer.add_document(tantivy.Document(title=row["title"], body=row["text"]))
    writer.commit()
    writer.wait_merging_threads()
    return time.process_time() - begun


def own_memory() -> dict[str, float]:
    """Return MB of this process's own and of mapped files."""
    status = Path("/proc/self/status").read_text("ascii")
    return {name: int(status.partition(f"{name}:")[2].split()[0]) / 1024 for name in ("RssAnon", "RssFile")}


def measure_search(kind: str, folder: Path, questions: list[str]) -> dict[str, object]:
    """Return latencies in ms and memory; run in a process of its own. The first 50 questions warm up."""
    if kind == "clinweave":
        from clinweave.knowledge import TextIndex

        index = TextIndex.open(folder)

        def search(question: str):
            return [hit.passage.text for hit in index.search(question, k=10)]
    else:
        import tantivy

        plain = tantivy.Index.open(str(folder))
        searcher = plain.searcher()

        def search(question: str):
            words = re.sub(r"\W+", " ", question).lower()  # capitals such as IN are operators
            query = plain.parse_query(words, ["title", "body"])
            return [searcher.doc(address)["body"] for _, address in searcher.search(query, 10).hits]

    for question in questions[:50]:
        search(question)
    times, cpu = [], time.process_time()
    for question in questions[50:]:
        begun = time.perf_counter()
        search(question)
        times.append((time.perf_counter() - begun) * 1000)
    cpu = (time.process_time() - cpu) / len(times) * 1000
    p50, p99 = np.percentile(times, [50, 99]).tolist()
    drawn = np.random.default_rng(0).choice(times, (2000, len(times)))
    intervals = np.percentile(np.percentile(drawn, [50, 99], axis=1), [2.5, 97.5], axis=1).T.tolist()
    return {"p50_ms": p50, "p99_ms": p99, "processor_ms": cpu, "intervals_ms": intervals, **own_memory()}


def measured_apart(kind: str, folder: Path, source: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--search", kind, str(folder), "--abstracts", str(source)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def measure(work: Path, source: Path, count: int, workers: int) -> dict[str, object]:
    """Build both indexes over so many documents and search them; run in a process of its own for its memory."""
    from clinweave.batch import LocalRunner, make_job, run_batch

    folder = work / str(count)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    corpus = work / f"{count}.jsonl"
    if not corpus.is_file():
        log(f"{count:,}: writing documents")
        write_corpus(corpus, read_abstracts(source)[0], count)
    log(f"{count:,}: building shards")
    job = make_job("index", {"graph": "none", "tier": "public"})
    before, begun = children_seconds(), time.perf_counter()
    result = run_batch(job, corpus, folder / "out", runner=LocalRunner(workers), part_bytes=64 << 20)
    wall, cpu = time.perf_counter() - begun, children_seconds() - before
    own, child = (
        resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    log(f"{count:,}: {cpu:.0f} processor s; building tantivy's own")
    plain = build_plain(corpus, folder / "plain")
    log(f"{count:,}: {plain:.0f} processor s; searching")
    joined = folder / "out" / "joined"
    row = {
        "documents": count, "passages": result.facts["passages"], "text_mb": corpus.stat().st_size / 1e6,
        "shards": len(result.parts), "workers": workers, "build_wall_s": wall, "build_processor_s": cpu,
        "build_peak_mb": own + workers * child,
        "words_mb": size(joined / "tantivy"), "stored_mb": size(joined / "parts"),
        "plain_processor_s": plain, "plain_mb": size(folder / "plain"),
        "clinweave": measured_apart("clinweave", joined, source),
        "tantivy": measured_apart("tantivy", folder / "plain", source),
    }  # fmt: skip
    corpus.unlink()
    return row


def log(message: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {message}", file=sys.stderr, flush=True)


def measured_or_kept(options: argparse.Namespace, count: int) -> dict:
    """Return what was measured at a size, in a process of its own unless an earlier run did it."""
    kept = options.work / f"{count}.json"
    if not kept.is_file():
        command = [sys.executable, __file__, "--measure", str(count), "--abstracts", str(options.abstracts),
                   "--work", str(options.work), "--workers", str(options.workers)]  # fmt: skip
        row = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        kept.write_text(json.dumps(row, indent=1), "utf-8")
    row = json.loads(kept.read_text("utf-8"))
    if options.searches:
        folder = options.work / str(count)
        row["clinweave"] = measured_apart("clinweave", folder / "out" / "joined", options.abstracts)
        row["tantivy"] = measured_apart("tantivy", folder / "plain", options.abstracts)
        kept.write_text(json.dumps(row, indent=1), "utf-8")
    return row


def children_seconds() -> float:
    """Return processor seconds of this process and of its children that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(item.ru_utime + item.ru_stime for item in used)


def size(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def extrapolated(rows: list[dict], key, count: int) -> float:
    """Return a value at a size by the straight line through the measured ones."""
    slope, level = np.polyfit([row["documents"] for row in rows], [key(row) for row in rows], 1)
    return float(level + slope * count)


PEAK = "peak memory of the build, MB"  # of a part of 64 MB: it does not grow with the corpus
COLUMNS = {
    "build, processor s": lambda row: row["build_processor_s"],
    "tantivy's own, processor s": lambda row: row["plain_processor_s"],
    PEAK: lambda row: row["build_peak_mb"],
    "words, MB": lambda row: row["words_mb"],
    "passages, MB": lambda row: row["stored_mb"],
    "tantivy's own, MB": lambda row: row["plain_mb"],
    "p50 ms": lambda row: row["clinweave"]["p50_ms"],
    "p99 ms": lambda row: row["clinweave"]["p99_ms"],
    "processor ms": lambda row: row["clinweave"]["processor_ms"],
    "own memory, MB": lambda row: row["clinweave"]["RssAnon"],
    "mapped, MB": lambda row: row["clinweave"]["RssFile"],
    "tantivy's own p50 ms": lambda row: row["tantivy"]["p50_ms"],
    "p99 ms of it": lambda row: row["tantivy"]["p99_ms"],
    "processor ms of it": lambda row: row["tantivy"]["processor_ms"],
}


def on_the_line(rows: list[dict], name: str, key, count: int) -> str:
    return "-" if name == PEAK else f"{extrapolated(rows, key, count):,.1f}"


def show(rows: list[dict], check: dict | None) -> None:
    """Print one line per quantity, with measured sizes first, then the extrapolated ones."""
    largest = max(row["documents"] for row in rows)
    beyond = [count for count in EXTRAPOLATED if count > largest] if len(rows) > 2 else []
    heads = [f"{row['documents']:,}" for row in rows]
    if check is not None:
        heads += [f"{check['documents']:,}", f"{check['documents']:,} by the line"]
    heads += [f"{count:,}, extrapolated" for count in beyond]
    print("| documents | " + " | ".join(heads) + " |\n|" + "---|" * (len(heads) + 1))
    for name, key in COLUMNS.items():
        values = [f"{key(row):,.1f}" for row in rows]
        if check is not None:
            values += [f"{key(check):,.1f}", on_the_line(rows, name, key, check["documents"])]
        values += [on_the_line(rows, name, key, count) for count in beyond]
        print(f"| {name} | " + " | ".join(values) + " |")
    for row in [*rows, *([check] if check is not None else [])]:
        print(f"\n{row['documents']:,} documents, 95 % intervals over questions (bootstrap), ms:")
        for kind in ("clinweave", "tantivy"):
            (low50, high50), (low99, high99) = row[kind]["intervals_ms"]
            print(f"  {kind}: p50 {low50:.2f} to {high50:.2f}, p99 {low99:.1f} to {high99:.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--abstracts", type=Path, required=True, help="PubMedQA's pubmedqa_train.json")
    parser.add_argument("--work", type=Path, help="a folder of this benchmark")
    parser.add_argument("--sizes", default="100000,300000,1000000")
    parser.add_argument("--check", type=int, help="a further size, held against the lines through the others")
    parser.add_argument("--searches", action="store_true", help="measure the searches of kept sizes again")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--questions", type=int, default=500, help="the first 50 warm up")
    parser.add_argument("--measure", type=int, metavar="N", help="measure one size (used by itself)")
    parser.add_argument(
        "--search", nargs=2, metavar=("KIND", "INDEX"), help="measure one index (used by itself)"
    )
    options = parser.parse_args()
    if options.search:
        kind, folder = options.search
        asked = list(islice(read_abstracts(options.abstracts)[1], options.questions))
        print(json.dumps(measure_search(kind, Path(folder), asked)))
        return
    if options.work is None:
        parser.error("--work is needed: a folder of this benchmark")
    options.work.mkdir(parents=True, exist_ok=True)
    if options.measure:
        print(json.dumps(measure(options.work, options.abstracts, options.measure, options.workers)))
        return
    rows = [measured_or_kept(options, count) for count in map(int, options.sizes.split(","))]
    show(rows, measured_or_kept(options, options.check) if options.check else None)


if __name__ == "__main__":
    main()
