"""More readers for the fuzzer: office formats, PDF tables, names in other languages, own tables, molecules."""

import importlib.util
import io
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
    """Return the readers of office formats, of tables of names and triples, and of molecules where RDKit is."""
    return [*_office(), *_names(), *(_molecules() if importlib.util.find_spec("rdkit") else [])]


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


def _molecules() -> list[Reader]:
    """Return the readers of molecule files, each with every row answered."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import xlsxwriter
    from rdkit import Chem

    from clinweave.applications.molecules import read_molecules

    names = ("CCO", "C[C@H](N)C(=O)O", "c1ccc2[nH]ccc2c1")
    molecules = [Chem.MolFromSmiles(smiles) for smiles in names]
    items = ">  <IC50>\n1.5\n\n>  <IC50>\n2\n\n$$$$\n"
    old = "".join(f"{Chem.MolToMolBlock(molecule)}{items}" for molecule in molecules)
    new = "".join(f"{Chem.MolToMolBlock(molecule, forceV3000=True)}{items}" for molecule in molecules)
    sheet, columns = io.BytesIO(), io.BytesIO()
    book = xlsxwriter.Workbook(sheet)
    page = book.add_worksheet()
    page.merge_range(0, 1, 0, 2, "Assay")
    page.write_row(1, 0, ["SMILES", "IC50", "Ki"])
    page.write_row(2, 0, ["CCO", 1.5, "x"])
    book.close()
    pq.write_table(pa.table({"smiles": list(names), "value": [1.5, None, 2.0]}), columns)
    texts = {
        "a.sdf": old.encode(),
        "b.sdf": new.encode(),
        "c.csv": b'smiles,name\nCCO,"a, b"\nC1CC,"two\nlines"\nCC,x\n',
        "d.smi": b"SMILES\tname\nCCO\tethanol\nC1CC\tbroken\n",
        "e.tsv": b"id\tsmiles\n1\tCCO\n2\tCC(C)(C)(C)C\n",
    }
    packed = {"f.xlsx": sheet.getvalue(), "g.parquet": columns.getvalue()}

    def read(folder: Path) -> None:
        for row in read_molecules(first(folder)):
            assert (row.smiles is None) == bool(row.reason)

    return [
        *(Reader(f"molecules {name}", {name: content}, read) for name, content in texts.items()),
        *(Reader(f"molecules {name}", {name: content}, read, text=False) for name, content in packed.items()),
    ]
