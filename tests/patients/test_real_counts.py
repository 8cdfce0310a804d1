"""The real and synthetic records at hand: patients and events do not fall, and what is not read is counted."""

from pathlib import Path

import duckdb
import pytest

from clinweave.patients import load

CLINICAL = Path(__file__).parents[3] / "shared" / "data" / "clinical"
SOURCES = {  # patients, least events, least values by kind: numbers, texts
    "synthea_fhir_r4_bundles.tar.gz": (119, 27_865, "lab", 6_300, 0),
    "synthea_bulk_ndjson.tar.gz": (13, 6_987, "note", 0, 1_202),
    "eunomia_gibleed.duckdb.gz": (2_694, 222_403, "lab", 0, 0),
    "mimic-iv-demo-2.2.tar.gz": (100, 194_993, "lab", 95_245, 15_000),
}


@pytest.mark.skipif(not CLINICAL.is_dir(), reason="needs the records of ../shared/data/clinical")
@pytest.mark.parametrize("name", SOURCES)
def test_counts_do_not_fall(tmp_path, name):
    patients, events, kind, numbers, texts = SOURCES[name]
    built = load(str(CLINICAL / name), tmp_path / "store")
    assert built.manifest["counts"]["patients"] == patients
    assert built.manifest["counts"]["events"] >= events
    query = f"select count(numeric_value), count(text_value) from '{built.path}/data/*.parquet' where kind = '{kind}'"
    with duckdb.connect() as connection:
        result = connection.execute(query).fetchone()
    assert result[0] >= numbers
    assert result[1] >= texts
