"""Every reader of files with a small sound input: what the fuzzer changes, and what it calls."""

import gzip
import io
import json
import logging
import shutil
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb

from clinweave.applications.diagnosis import read_cases
from clinweave.compendium import load as load_compendium
from clinweave.databases import DATABASES, RowLog
from clinweave.datasets import (
    Example,
    Kind,
    ask,
    check_file,
    read_benchmark,
    read_examples,
    read_questions,
    read_shape,
)
from clinweave.datasets.examples import to_row
from clinweave.evaluation import load_recipe
from clinweave.knowledge import Graph, TextIndex, build_graph, collections, import_kgx, read_folder
from clinweave.patients import PatientStore, load, read_i2b2, stores
from clinweave.resources import File
from clinweave.resources.wheels import extract
from tests.patients import made
from tests.safety import test_replacing as releases
from tests.safety.documents import docx_file, pdf_file

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Reader:
    """A reader: its sound files by name, what reads the folder that holds them, and how often it is drawn."""

    name: str
    files: Mapping[str, bytes]
    read: Callable[[Path], object]
    text: bool = True
    weight: int = 3


def all_readers(scratch: Path) -> list[Reader]:
    """Return every reader; `scratch` is a folder for making the sound files."""
    logging.getLogger("clinweave").setLevel(logging.CRITICAL)
    return [
        *_patients(scratch),
        *_datasets(),
        *_documents(),
        *_built(scratch),
        *_databases(),
        *_settings(),
    ]


def first(folder: Path) -> Path:
    return next(path for path in sorted(folder.iterdir()) if path.is_file())


def drain(items: object) -> None:
    for _ in items:  # type: ignore[attr-defined]
        pass


def _lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _patients(scratch: Path) -> list[Reader]:
    def store(name: str = "") -> Callable[[Path], object]:
        return lambda folder: load(str(folder / name) if name else str(folder), folder.with_name("out"))

    bulk, mimic = scratch / "bulk", scratch / "mimic"
    made.write_bulk(bulk, "patient-one")
    made.write_mimic(mimic)
    made.write_bundle(scratch / "b.json", "patient-one")
    bundle = (scratch / "b.json").read_bytes()
    with duckdb.connect(str(scratch / "o.duckdb")) as connection:
        connection.execute(made.OMOP)
        connection.execute("checkpoint")
    load(str(bulk), scratch / "meds")
    meds = {
        name: data
        for name, data in _tree(scratch / "meds").items()
        if name.startswith(("data/", "metadata/"))
    }
    unzipped = {name.removesuffix(".gz"): gzip.decompress(data) for name, data in _tree(mimic).items()}
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        archive.add(bulk, "bulk")
    xml = (
        '<deIdi2b2><TEXT><![CDATA[Seen on 3/4/2015 by Dr. Wilson]]></TEXT><TAGS><DATE id="P0" start="8" end="16" '
        'text="3/4/2015" TYPE="DATE" comment=""/></TAGS></deIdi2b2>'
    )
    return [
        Reader("fhir bundle", {"b.json": bundle}, store("b.json"), weight=4),
        Reader(
            "fhir bundle, gzip",
            {"b.json.gz": gzip.compress(bundle)},
            store("b.json.gz"),
            text=False,
            weight=1,
        ),
        Reader("fhir bulk", _tree(bulk), store(), weight=4),
        Reader("fhir tar", {"b.tar.gz": tar.getvalue()}, store("b.tar.gz"), text=False, weight=2),
        Reader(
            "omop duckdb",
            {"o.duckdb": (scratch / "o.duckdb").read_bytes()},
            store("o.duckdb"),
            text=False,
            weight=2,
        ),
        Reader("mimic csv", unzipped, store(), weight=2),
        Reader("mimic gz", _tree(mimic), store(), text=False, weight=1),
        Reader("meds", meds, store(), text=False, weight=2),
        Reader("i2b2", {"a.xml": xml.encode()}, lambda folder: drain(read_i2b2(folder, RowLog()))),
    ]


def _datasets() -> list[Reader]:
    chat = [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a"},
    ]
    shapes = {
        "messages": [{"messages": chat}],
        "trl": [{"prompt": chat[:2], "completion": chat[2:]}, {"prompt": "q", "completion": "a"}],
        "preferences": [{"prompt": "q", "chosen": "a", "rejected": "b"},
                        {"prompt": chat[:2], "chosen": chat[2:], "rejected": [{"role": "assistant", "content": "c"}]}],
        "sharegpt": [{"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]}],
        "alpaca": [{"instruction": "q", "input": "i", "output": "a", "history": [["x", "y"]]}],
        "text": [{"text": "t"}],
    }  # fmt: skip
    options = {"A": "one", "B": "two", "C": "three", "D": "four"}
    medqa = {
        "question": "Which?",
        "options": options,
        "answer": "two",
        "answer_idx": "B",
        "meta_info": "step1",
    }
    benchmarks = {
        "b.json": json.dumps({"medqa": {"0": {"question": "Which?", "options": options, "answer": "B"}}}).encode(),
        "m.jsonl": _lines(medqa, medqa | {"question": "What?"}),
        "p.json": json.dumps({"1": {"QUESTION": "Is it?", "CONTEXTS": ["a"], "LABELS": ["B"], "final_decision": "yes",
                                    "LONG_ANSWER": "It is."}}).encode(),
        "mcq.csv": b'text,correct_node,options_combined\n"Out of the given list, which Gene",A,"A, B"\n',
        "tf.csv": b",text,label\n3,gout is an asthma,False\n",
        "own.jsonl": _lines({"id": "1", "question": "Which?", "options": ["one", "two"], "answer": "one"}),
    }  # fmt: skip

    def shape(folder: Path) -> None:
        check_file(first(folder))
        read_shape(first(folder))

    readers = [
        Reader(f"training {name}", {"t.jsonl": _lines(*rows, *rows)}, shape) for name, rows in shapes.items()
    ]
    readers += [
        Reader(f"benchmark {name}", {name: data}, lambda folder: read_benchmark(first(folder)))
        for name, data in benchmarks.items()
    ]
    example = to_row(Example("1", Kind.INSTRUCTION, "t", tuple(ask("s", "q")), "a"))
    question = {"id": "1", "task": "t", "question": "Which?", "options": ["a", "b"], "answer": 0}
    return [
        *readers,
        Reader("examples", {"e.jsonl": _lines(example)}, lambda folder: drain(read_examples(first(folder)))),
        Reader("questions", {"q.jsonl": _lines(question)}, lambda folder: read_questions(first(folder))),
    ]


def _documents() -> list[Reader]:
    article = (
        b'<?xml version="1.0" encoding="UTF-8"?><article><front><article-meta>'
        b'<article-id pub-id-type="pmc">1</article-id>'
        b"<title-group><article-title>Gout</article-title></title-group><abstract><p>Text <sup>2</sup></p></abstract>"
        b"</article-meta></front><body><sec><title>A</title><p>Body</p></sec></body></article>"
    )
    pairs = (
        b'<D><QAPairs><QAPair pid="1"><Question qid="1" qtype="x">Q?</Question><Answer>A.</Answer></QAPair>'
        b"</QAPairs></D>"
    )
    html = (
        b"<html><head><title>T</title></head><body><h1>H</h1><p>Text</p><table><tr><td>a</td></tr></table>"
        b"</body></html>"
    )
    texts = {"a.txt": b"Gout is a disease.\n", "b.xml": article, "c.md": b"# H\n\nText.\n"}
    zipped, tar = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in texts.items():
            archive.writestr(name, data)
    with tarfile.open(fileobj=tar, mode="w:gz") as packed:
        for name, data in texts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    docx, lines = docx_file(), _lines({"id": 1, "content": "x"})

    def folder_of(folder: Path) -> None:
        drain(read_folder(first(folder), log=RowLog()))

    member = b"pinned bytes " * 20
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pkg/data.txt", member)
    pinned = File("data.txt", sha256(member).hexdigest(), len(member), ())
    return [
        *(
            Reader(f"document {name}", {name: data}, folder_of)
            for name, data in {**texts, "d.xml": pairs, "e.html": html, "f.jsonl": lines}.items()
        ),
        Reader("document docx", {"g.docx": docx}, folder_of, text=False),
        Reader("document pdf", {"h.pdf": pdf_file()}, folder_of, text=False),
        Reader("archive zip", {"x.zip": zipped.getvalue()}, folder_of, text=False, weight=8),
        Reader("archive tar", {"x.tar.gz": tar.getvalue()}, folder_of, text=False),
        Reader("wheel", {"p.whl": wheel.getvalue()},
               lambda folder: extract(first(folder), "pkg/data.txt", folder / "o.txt", pinned), text=False, weight=6),
    ]  # fmt: skip


def _built(scratch: Path) -> list[Reader]:
    kgx = {
        "nodes.tsv": b"id\tcategory\tname\txref\nMONDO:1\tbiolink:Disease\tgout\tOMIM:1\n"
        b"HP:1\tbiolink:PhenotypicFeature\tpain\t\n",
        "edges.tsv": b"subject\tpredicate\tobject\tpublications\nMONDO:1\tbiolink:has_phenotype\tHP:1\tPMID:1\n",
    }
    (scratch / "kgx").mkdir()
    for name, data in kgx.items():
        (scratch / "kgx" / name).write_bytes(data)
    graph = _tree(import_kgx(scratch / "kgx", scratch / "graph").path)
    manifest = graph["manifest.json"]
    kinds: dict[str, Callable[[Path], object]] = {
        "collections/c": collections,
        "graph": lambda folder: Graph.open(folder / "graph"),
        "index": lambda folder: TextIndex.open(folder / "index"),
        "patients/s": lambda folder: (stores(folder), PatientStore.open(folder / "patients" / "s")),
    }
    names = {"collections/c": "collection", "graph": "graph", "index": "text-index", "patients/s": "patients"}
    more = {"path": "x", "tier": "public", "passages": 1, "documents": 1, "parts": {}, "counts": {}}

    def of_kind(kind: str) -> bytes:
        held = {
            name: value
            for name, value in json.loads(manifest).items()
            if name not in {"checksum", "contents"}
        }
        return json.dumps(more | held | {"kind": kind}).encode()

    def opened(folder: Path) -> None:
        result = Graph.open(folder)
        result.search("gout")
        result.about("MONDO:1")

    return [
        Reader("kgx", kgx, lambda folder: import_kgx(folder, folder.with_name("out"))),
        Reader("built graph", graph, opened, text=False, weight=4),
        *(
            Reader(f"manifest {at}", {f"{at}/manifest.json": of_kind(names[at])}, read)
            for at, read in kinds.items()
        ),
        Reader("register", {"patients.json": b'{"stores": {"/x": ["notes"]}, "proposals": ["/y"]}'}, stores),
    ]


def _databases() -> list[Reader]:
    texts = {
        "hp.obo": releases.OBO.format("2025-01-01").encode()[:1500],
        "phenotype.hpoa": releases.HPOA.format("2025-01-01").encode()[:700],
        "genes_to_phenotype.txt": releases.GENES.encode()[:400],
    }

    def annotations(folder: Path) -> None:
        files = {name: folder / name for name in texts}
        given = {"hpo": {"hp.obo": files.pop("hp.obo")}, "hpoa": files}
        build_graph(given, folder.with_name("out"))

    def any_of_them(folder: Path) -> None:
        """Give the file to a reader that it was not made for, chosen by its content."""
        path = first(folder)
        names = sorted(DATABASES)
        database = DATABASES[names[sum(path.read_bytes()) % len(names)]]
        expected = (*database.files, *database.optional) or (path.name,)
        files = dict.fromkeys(expected, path)
        database.source(files)
        drain(database.read(files, RowLog()))

    others = {
        "a.json": b'{"graphs": [{"nodes": [{"id": "http://purl.obolibrary.org/obo/MONDO_1", "lbl": "gout"}],'
        b' "edges": []}]}',
        "b.tsv": b"id\tname\tsynonyms\nHGNC:1\tA1BG\tx|y\n",
        "c.xml": b'<?xml version="1.0"?><JDBOR date="2025-01-01"><DisorderList><Disorder id="1"/></DisorderList>'
        b"</JDBOR>",
        "d.csv": b"code,name\nA00,Cholera\n",
        "e.obo": texts["hp.obo"],
        "f.rrf": b"C1|ENG|P|L1|PF|S1|Y|A1||||MSH|MH|D1|Gout|0|N||\n",
    }
    return [
        Reader("hpo", texts, annotations, weight=2),
        *(Reader(f"database {name}", {name: data}, any_of_them) for name, data in others.items()),
    ]


def _settings() -> list[Reader]:
    packet = {
        "id": "p",
        "subject": {"id": "s", "sex": "FEMALE", "timeAtLastEncounter": {"age": {"iso8601duration": "P3Y"}}},
        "phenotypicFeatures": [{"type": {"id": "HP:0001166", "label": "x"}, "excluded": False}],
        "interpretations": [{"diagnosis": {"disease": {"id": "OMIM:154700", "label": "Marfan"}}}],
        "metaData": {"created": "2024-01-01T00:00:00Z", "phenopacketSchemaVersion": "2.0"},
    }
    recipes = {name: (ROOT / "recipes" / name).read_bytes() for name in ("demo.toml", "doctorgpt.toml")}
    entry = next((ROOT / "compendium").rglob("*.toml"))
    kind = entry.parent.name
    return [
        Reader(
            "phenopacket", {"p.json": json.dumps(packet).encode()}, lambda folder: drain(read_cases(folder))
        ),
        Reader("recipe", {"r.toml": recipes["demo.toml"]}, lambda folder: load_recipe(first(folder))),
        Reader(
            "recipe of stages",
            {"r.toml": recipes["doctorgpt.toml"]},
            lambda folder: load_recipe(first(folder)),
            weight=1,
        ),
        Reader("compendium", {f"{kind}/{entry.name}": entry.read_bytes()}, load_compendium),
    ]


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(folder.with_name("out"), ignore_errors=True)
    for name, data in sorted(
        files.items(), key=lambda item: "manifest" not in item[0]
    ):  # others change after it
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
