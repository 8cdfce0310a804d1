"""One text engine that answers questions of a few words: python searchers.py ENGINE FOLDER (by benchmarks/graph.py).

FOLDER holds passages.parquet (id, text, concept). The protocol is that of walkers.py; an item that comes in is
[words, concept], and the ten best passages are fetched for it, ids and texts.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Search = Callable[[str, str], Any]


def rows(folder: Path) -> Iterator[tuple[str, str, str]]:
    with pq.ParquetFile(folder / "passages.parquet") as file:
        for batch in file.iter_batches(20_000):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def clinweave(folder: Path, work: Path, *, concepts: bool = False) -> Search:
    from clinweave.knowledge import TextIndex, build_index
    from clinweave.records import Passage

    def passages() -> Iterator[Passage]:
        for id_, text, concept in rows(folder):
            yield Passage(id_, text, "", id_, 0, len(text), "made", concepts=(concept,))

    build_index(passages(), None, None, work / "index", inputs={"passages": "made"})
    index = TextIndex.open(work / "index")
    return lambda words, concept: index.search(words, k=10, concepts=(concept,) if concepts else ())


def clinweave_concepts(folder: Path, work: Path) -> Search:
    return clinweave(folder, work, concepts=True)


def tantivy(folder: Path, work: Path) -> Search:
    import tantivy as engine

    builder = engine.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("text", stored=True, tokenizer_name="whitespace", index_option="freq")
    schema = builder.build()
    (work / "t").mkdir()
    index = engine.Index(schema, str(work / "t"))
    writer = index.writer(heap_size=96 << 20, num_threads=1)
    for id_, text, _ in rows(folder):
        writer.add_document(engine.Document(id=id_, text=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(words: str, concept: str) -> list[Any]:  # noqa: ARG001
        clauses = [
            (engine.Occur.Should, engine.Query.term_query(schema, "text", word, "freq"))
            for word in words.split()
        ]
        result = searcher.search(engine.Query.boolean_query(clauses), limit=10, count=False).hits
        return [(score, searcher.doc(place).to_dict()) for score, place in result]

    return search


def bm25s(folder: Path, work: Path) -> Search:
    import bm25s as engine
    import numpy as np

    names, texts = [], []
    for id_, text, _ in rows(folder):
        names.append(id_)
        texts.append(text)
    tokens = engine.tokenize(texts, stopwords=None, show_progress=False)
    built = engine.BM25()
    built.index(tokens, show_progress=False)
    built.save(str(work / "b"))
    del built, tokens
    index = engine.BM25.load(str(work / "b"), mmap=True)

    def search(words: str, concept: str) -> list[Any]:  # noqa: ARG001
        result, _ = index.retrieve(
            engine.tokenize([words], stopwords=None, show_progress=False),
            k=10,
            show_progress=False,
            n_threads=0,
        )
        return [(names[row], texts[row]) for row in np.asarray(result)[0].tolist()]

    return search


ENGINES = {item.__name__: item for item in (clinweave, clinweave_concepts, tantivy, bm25s)}


def main() -> None:
    if len(sys.argv) != 3:
        return
    folder = Path(sys.argv[2])
    with tempfile.TemporaryDirectory(dir=folder) as work:
        wall, cpu = time.perf_counter(), time.process_time()
        search = ENGINES[sys.argv[1]](folder, Path(work))
        peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
        told = {
            "load_wall": time.perf_counter() - wall,
            "load_cpu": time.process_time() - cpu,
            "peak_mb": peak,
        }
        print(json.dumps(told), flush=True)
        for line in sys.stdin:
            times, sizes = [], []
            cpu = time.process_time()
            for words, concept in json.loads(line):
                begun = time.perf_counter()
                result = search(words, concept)
                times.append((time.perf_counter() - begun) * 1000)
                sizes.append(len(result))
            spent = (time.process_time() - cpu) * 1000 / max(1, len(times))
            print(json.dumps({"ms": times, "cpu_ms": spent, "sizes": sizes}), flush=True)


if __name__ == "__main__":
    main()
