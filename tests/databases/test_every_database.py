"""What holds for every reader: provenance, CURIEs, gzip, and that no bytes raise anything but ClinweaveError."""

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinweave.core.errors import ClinweaveError, UserError
from clinweave.databases import DATABASES, DEFAULT, OPEN, RowLog
from clinweave.records import Concept, Passage, Relation, Tier
from tests.databases.conftest import SAMPLES, Reading, write

EVERY = sorted(DATABASES)
FILES = [(database, name) for database in EVERY for name in SAMPLES[database]]


def refuses_by_name(database: str, name: str, data: bytes) -> None:
    """Read a sample with one file replaced: it is read, or refused by an error that names the file."""
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), {**SAMPLES[database], name: data})
        message = name
        try:
            DATABASES[database].source(files)
            for _ in DATABASES[database].read(files, RowLog(keep=0)):
                pass
        except ClinweaveError as error:
            message = str(error)
        assert name in message


GATED = {"umls", "rxnorm", "drugbank", "loinc"}
WITHOUT_CONCEPTS = {"sssom", "proposals", "pubmed", "jats", "bookshelf"}


def test_every_database_has_a_sample_and_the_default_ones_stay_as_they_were():
    assert set(SAMPLES) == set(DATABASES)
    basic = ("hpo", "hpoa", "mondo", "icd10cm", "uniprot_diseases", "chebi", "drug_names", "hgnc")
    assert basic == DEFAULT
    assert set(OPEN) > set(DEFAULT)
    assert not GATED & set(OPEN)


@pytest.mark.parametrize("database", EVERY)
def test_records_say_where_they_come_from(database, reading):
    result = reading(database)
    assert result.records
    assert bool(result.concepts) == (database not in WITHOUT_CONCEPTS)
    assert result.source.id == database
    assert result.source.release
    assert result.source.licence
    assert result.source.tier is (Tier.GATED if database in GATED else Tier.PUBLIC)
    for record in result.records:
        assert record.source == database
        if isinstance(record, Concept):
            names = [record.id, *record.xrefs, *record.related]
            assert record.category.startswith("biolink:")
            assert record.name.strip() == record.name != ""
            assert record.id not in (*record.xrefs, *record.related)
            assert not set(record.xrefs) & set(record.related)
        elif isinstance(record, Relation):
            names = [record.subject, record.object]
            assert record.predicate.startswith("biolink:")
        else:
            names = list(record.concepts)
            assert isinstance(record, Passage)
            assert record.end - record.start == len(record.text) > 0
        for name in names:
            prefix, colon, local = name.partition(":")
            assert prefix
            assert colon
            assert local
            assert not set(" |\t") & set(name)


@pytest.mark.parametrize("database", EVERY)
def test_gzip_reads_the_same(database, reading):
    plain = reading(database).records
    packed = {n: d if n.endswith(".bz2") else gzip.compress(d) for n, d in SAMPLES[database].items()}
    assert reading(database, files=packed).records == plain


@pytest.mark.parametrize("database", EVERY)
def test_without_its_optional_files_it_reads_less(database, reading):
    left_out = dict.fromkeys(DATABASES[database].optional)
    assert reading(database, files=left_out).records


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"<!DOCTYPE html><html><body>404</body></html>",
        b"\xff\xfe\x00bad",
        b"\x1f\x8b\x08\x00cut",
        b"BZh91AY",
        b"a\tb\tc\n1\t2\t3\n",
        b'{"error": "not found"}',
        b"x" * (1 << 21),
        gzip.compress(b"format-version: 1.2\n" * 9999)[:-20],
    ],
    ids=[
        "empty",
        "blank",
        "web page",
        "not text",
        "gzip",
        "bzip2",
        "table",
        "json",
        "one long line",
        "cut gzip",
    ],
)
@pytest.mark.parametrize("database", EVERY)
def test_a_file_of_something_else_is_named(database, data, tmp_path):
    contents = {
        name: data if name == DATABASES[database].files[0] else SAMPLES[database][name]
        for name in SAMPLES[database]
    }
    with pytest.raises(UserError, match=DATABASES[database].files[0]):
        Reading(database, write(tmp_path, contents))


@pytest.mark.parametrize("database", EVERY)
def test_missing_files_are_named(database, tmp_path):
    with pytest.raises(UserError, match="needs the file"):
        DATABASES[database].source({})
    first = DATABASES[database].files[0]
    with pytest.raises(UserError, match="no such file"):
        list(DATABASES[database].read({name: tmp_path / name for name in SAMPLES[database]}, RowLog()))
    with pytest.raises(UserError, match="folder"):
        list(
            DATABASES[database].read(
                {**dict.fromkeys(SAMPLES[database], tmp_path), first: tmp_path}, RowLog()
            )
        )


@pytest.mark.parametrize(("database", "name"), FILES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.binary(max_size=400))
def test_random_bytes_raise_nothing_else(database, name, data):
    refuses_by_name(database, name, data)


@pytest.mark.parametrize(("database", "name"), FILES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files_raise_nothing_else(database, name, data):
    good = SAMPLES[database][name]
    at = data.draw(st.integers(0, len(good)))
    cut = data.draw(st.integers(0, 40))
    filling = data.draw(
        st.one_of(st.binary(max_size=6), st.sampled_from([b"\t", b"\n", b'"', b"null", b"[", b"<"]))
    )
    refuses_by_name(database, name, good[:at] + filling + good[at + cut :])
