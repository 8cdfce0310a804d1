"""More readers for the fuzzer: office formats, tables of PDF, names in other languages, and a user's own tables."""

from collections.abc import Callable
from pathlib import Path

from clinweave.databases import DATABASES, OwnGraph, RowLog, read_disease_names, read_translations
from clinweave.knowledge import read_folder
from tests.safety.documents import (
    MESSAGE,
    RICH_TEXT,
    opendocument_file,
    packed_folder,
    parts_of,
    slides_file,
    table_pdf_file,
    word_file,
    workbook_file,
)
from tests.safety.readers import Reader, drain, first


def more_readers() -> list[Reader]:
    """Return the readers of office formats and of tables of names and triples."""
    return [*_office(), *_names()]


def _office() -> list[Reader]:
    """Return the readers of office formats: each with whole files, and with changes within their parts."""

    def whole(folder: Path) -> None:
        drain(read_folder(first(folder), log=RowLog()))

    def in_parts(suffix: str) -> Callable[[Path], None]:
        def read(folder: Path) -> None:
            file = folder.with_name(f"packed{suffix}")
            file.write_bytes(packed_folder(folder))
            drain(read_folder(file, log=RowLog()))

        return read

    text = opendocument_file("text")
    packed = {
        ".docx": word_file(), ".pptx": slides_file(), ".xlsx": workbook_file(), ".odt": text,
        ".ods": opendocument_file("spreadsheet"),
    }  # fmt: skip
    plain = {
        "t.csv": b'Title,,\nDrug,Dose,Note\ndigoxin,"62.5 micrograms",\naspirin,75 mg,"not in\nchildren"\n',
        "t.tsv": b"Drug\tDose\ndigoxin\t62.5 micrograms\n",
        "m.eml": MESSAGE,
        "r.rtf": RICH_TEXT,
    }
    return [
        *(Reader(f"document {name}", {name: content}, whole) for name, content in plain.items()),
        Reader("document pdf with tables", {"t.pdf": table_pdf_file()}, whole, text=False),
        *(Reader(f"document {suffix}", {f"d{suffix}": content}, whole, text=False, weight=1)
          for suffix, content in packed.items()),
        *(Reader(f"parts of {suffix}", parts_of(content), in_parts(suffix)) for suffix, content in packed.items()),
    ]  # fmt: skip


def _names() -> list[Reader]:
    """Return the readers of names in other languages, and of a user's own tables."""
    babelon = _table(
        "source_language translation_language subject_id predicate_id source_value translation_value "
        "translation_status",
        "en es HP:0000001 rdfs:label All Todo OFFICIAL",
        "en es HP:0000002 rdfs:label Size Talla CANDIDATE",
    )
    synonyms = _table("subject_id translation_value Status", "ID A -", 'HP:0000001 "Tout|Tous" OFFICIAL')
    doid = _table(
        "source_id predicate source_text translation_text status", "DOID:1 rdfs:label gout gota final"
    )
    sssom = _table(
        "subject_id predicate_id object_id mapping_justification",
        "A:1 skos:exactMatch B:2 semapv:LexicalMatching",
    )
    po = b'msgctxt "model:gnuhealth.pathology,name:M109"\nmsgid "Gout, unspecified"\nmsgstr "Gota, no especificada"\n'
    own = {
        "triples.csv": b"subject,predicate,object,frequency,grade\n"
        b'"Gout, acute",has phenotype,pain,7/12,\nA:1,treats,B:2,,curated\n',
        "concepts.csv": b"id,name,category,synonym\nA:1,alpha,drug,a|b\nB:2,beta,disease,\n",
        "source.toml": b'name = "Ours"\nrelease = 2026-01-01\ntier = "gated"\n',
    }
    return [
        Reader("hpo translations", {"hp-es.babelon.tsv": babelon},
               lambda folder: drain(read_translations(first(folder), RowLog()))),
        Reader("hpo synonyms", {"hp-fr.synonyms.tsv": synonyms},
               lambda folder: drain(read_translations(first(folder), RowLog()))),
        Reader("disease names, table", {"doid-es.tsv": doid},
               lambda folder: drain(read_disease_names(first(folder), RowLog()))),
        Reader("disease names, po", {"es.po": po}, lambda folder: drain(read_disease_names(first(folder), RowLog()))),
        Reader("sssom", {"m.sssom.tsv": b"#curie_map:\n#  A: https://a.test/\n" + sssom}, _mappings),
        Reader("own tables", own, _own_tables),
    ]  # fmt: skip


def _table(*rows: str) -> bytes:
    return "".join("\t".join(row.split(" ")) + "\n" for row in rows).encode()


def _mappings(folder: Path) -> None:
    files = {path.name: path for path in folder.iterdir()}
    DATABASES["sssom"].source(files)
    drain(DATABASES["sssom"].read(files, RowLog()))


def _own_tables(folder: Path) -> None:
    graph = OwnGraph("mine", {path.name: path for path in folder.iterdir()})
    drain(graph.concepts())
    drain(graph.relations(lambda cell, _: (cell if ":" in cell else "C:3", "")))
