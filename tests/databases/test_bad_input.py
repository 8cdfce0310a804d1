"""Bad input through readers and build: each fault is counted with file and row, or refused, and the rest loads."""

from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.databases import DATABASES, RowLog
from clinweave.knowledge import Graph, build_graph
from clinweave.records import Concept
from tests.databases.conftest import SAMPLES, write

OBO, HPOA = SAMPLES["hpo"]["hp.obo"], SAMPLES["hpoa"]["phenotype.hpoa"]


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def read(tmp_path: Path, database: str, **changed: bytes) -> tuple[list[object], RowLog]:
    """Return the records of a sample with some of its files replaced, and what was refused."""
    files = write(
        tmp_path, {**SAMPLES[database], **{name.replace("__", "."): data for name, data in changed.items()}}
    )
    log = RowLog()
    DATABASES[database].source(files)
    return list(DATABASES[database].read(files, log)), log


def test_the_wrong_release_file_is_refused_by_name(tmp_path):
    for database, name, other in (
        ("hpo", "hp.obo", HPOA),
        ("hpoa", "phenotype.hpoa", OBO),
        ("rxnorm", "RXNCONSO.RRF", SAMPLES["umls"]["MRDEF.RRF"]),
        ("loinc", "Loinc.csv", SAMPLES["loinc"]["MapTo.csv"]),
        ("hetionet", "edges.sif", SAMPLES["hetionet"]["nodes.tsv"]),
    ):
        with pytest.raises(UserError, match=name):
            read(tmp_path, database, **{name.replace(".", "__"): as_bytes(other)})


def test_another_vocabulary_in_the_form_of_the_right_one_is_refused(tmp_path):
    other = as_bytes(OBO).replace(b"HP:", b"XY:")
    for database, name in (("mondo", "mondo.json"), ("doid", "doid.json")):
        with pytest.raises(UserError, match="no term of"):
            read(tmp_path, database, **{name.replace(".", "__"): other})


def test_mixed_releases_circles_doubles_and_dangling_rows_in_one_build(tmp_path):
    result = as_bytes(OBO).replace(
        b"name: Wobbling\n", b"name: Wobbling\nis_a: HP:0000102 ! Swaying\nis_a: HP:0000999 ! Gone\n"
    )
    result = result.replace(
        b"[Typedef]",
        b"[Term]\nid: HP:0000102\nname: Swaying\nis_a: HP:0000100 ! Wobbling\n\n"
        b"[Term]\nid: HP:0000102\nname: Swaying again\n\n[Typedef]",
    )  # fmt: skip
    hpoa = as_bytes(HPOA).replace(b"2031", b"2030").replace(b"HP:0000100", b"HP:0000998")
    files = {
        "hpo": write(tmp_path, {"hp.obo": result}),
        "hpoa": write(tmp_path, {**SAMPLES["hpoa"], "phenotype.hpoa": hpoa}),
    }
    built = build_graph(files, tmp_path / "graph")
    dropped = built.manifest["dropped"]
    assert dropped["hpo: hp.obo: an id twice"] == 1
    assert any("would close a circle" in reason for reason in dropped)
    assert any("no database describes" in reason or "unknown" in reason for reason in dropped), dropped
    graph = Graph.open(tmp_path / "graph")
    assert graph.concept("HP:0000102").name == "Swaying"
    assert "HP:0000102" not in graph.ancestors("HP:0000102")
    assert ["hpoa", "OMIM:100001", "biolink:has_phenotype", "HP:0000998"] in graph.info()["dangling"]
    assert graph.info()["warnings"] == built.manifest["warnings"]
    assert len(built.manifest["warnings"]) == (1 if b"2030" in hpoa else 0)


@pytest.mark.parametrize(
    ("fault", "why"),
    [(b"OMIM:7\tW\xf6bbelknie\t\tHP:0000100", "not UTF-8"), (b"x" * 5000, "longer than")],
    ids=["Latin-1 bytes", "a line without end"],
)
def test_one_bad_line_is_counted_with_its_row_and_the_rest_is_read(tmp_path, monkeypatch, fault, why):
    monkeypatch.setattr("clinweave.databases.files.MAX_LINE", 4096)
    rows = as_bytes(HPOA).rstrip(b"\n").split(b"\n")
    whole, _ = read(tmp_path, "hpoa")
    spoilt = b"\n".join([*rows[:-1], fault, rows[-1]]) + b"\n"
    result, log = read(tmp_path, "hpoa", phenotype__hpoa=spoilt)
    assert result == whole
    [entry] = [item for item in log.examples if why in item.reason]
    assert (entry.file, entry.row) == ("phenotype.hpoa", len(rows))


@pytest.mark.parametrize(
    "database",
    ["loinc", "rxnorm", "kgx", "sssom", "hetionet", "mesh", "primekg", "sider", "drugbank_vocabulary"],
)
def test_latin_1_bytes_cost_one_row_in_every_table(tmp_path, database):
    name = next(iter(SAMPLES[database]))
    rows = as_bytes(SAMPLES[database][name]).split(b"\n")
    if len(rows) < 3 or rows[0].lstrip()[:1] in b"<[{":
        pytest.skip("the sample is no table of several rows")
    whole, before = read(tmp_path, database)
    result, log = read(
        tmp_path, database, **{name.replace(".", "__"): b"\n".join([*rows[:-1], b"\xe9\xe8", *rows[-1:]])}
    )
    assert [item for item in log.examples if "not UTF-8" in item.reason]
    assert log.total == before.total + 1
    assert result == whole


def test_a_first_line_that_is_no_text_is_another_file(tmp_path):
    with pytest.raises(UserError, match=r"phenotype\.hpoa.*row 1"):
        read(tmp_path, "hpoa", phenotype__hpoa=b"\xff\xfe" + as_bytes(HPOA))


@pytest.mark.parametrize(
    "database", ["orphanet", "uniprot_diseases", "mesh", "drugbank", "pubmed", "jats", "bookshelf", "icd10cm"]
)
def test_an_xml_bomb_is_refused(tmp_path, database):
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;">]><a>&b;</a>'
    samples = {
        name: bomb
        if as_bytes(data).lstrip()[:1] == b"<" or name.endswith((".xml", ".nxml", ".bin"))
        else data
        for name, data in SAMPLES[database].items()
    }
    if bomb not in samples.values():
        samples = dict.fromkeys(samples, bomb)
    files = write(tmp_path, samples)

    def whole() -> None:
        DATABASES[database].source(files)
        list(DATABASES[database].read(files, RowLog()))

    with pytest.raises(UserError, match=r"DOCTYPE|entity"):
        whole()


def test_the_rest_of_a_release_makes_a_graph(tmp_path):
    spoilt = as_bytes(OBO).replace(b"[Typedef]", b"[Term]\nid: HP:0000103\nname: W\xf6bbeln\n\n[Typedef]")
    result, log = read(tmp_path, "hpo", hp__obo=spoilt)
    assert {item.id for item in result if isinstance(item, Concept)} >= {"HP:0000100", "HP:0000118"}
    assert log.total >= 1
