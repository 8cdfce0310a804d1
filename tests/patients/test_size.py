"""Memory stays bounded: the benchmark of MIMIC-IV's size, smaller."""

import importlib.util
from pathlib import Path


def test_a_tenth_of_a_gigabyte_of_engine_reads_half_a_million_rows():
    file = Path(__file__).parents[2] / "benchmarks" / "patients.py"
    spec = importlib.util.spec_from_file_location("patients_benchmark", file)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    result = bench.run(500_000, "200MB")
    assert result["events"] > 500_000
    assert result["peak_mb"] < 700
