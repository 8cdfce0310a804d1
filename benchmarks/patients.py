"""Reading patients at the size of MIMIC-IV: synthesised rows, wall time, peak memory; and codes joined to concepts.

    python benchmarks/patients.py --rows 10000000
    python benchmarks/patients.py --counts SOURCE...                    what is read, and what is refused and why
    python benchmarks/patients.py --coverage SOURCE... --graph DIR      how many events' codes a graph knows

Makes a folder of MIMIC-IV's shape (hosp/labevents.csv.gz of that many rows, and the small tables it needs), loads it in
a program of its own, and prints events a second and the peak of that program's resident memory. The rows are invented.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 2048  # MB: what the whole program may take
_LOAD = """
import json, resource, sys, time
from pathlib import Path
from clinweave.patients import load
begun = time.perf_counter()
made = load(sys.argv[1], Path(sys.argv[2]), memory=sys.argv[3])
status = Path("/proc/self/status")  # ru_maxrss counts what the parent held before exec
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
if status.exists():
    peak = int(status.read_text().split("VmHWM:")[1].split()[0]) // 1024
print(json.dumps({"seconds": time.perf_counter() - begun, "peak_mb": peak, **made.manifest["counts"]}))
"""


def make(folder: Path, rows: int, patients: int) -> None:
    """Write the invented tables with DuckDB."""
    import duckdb

    (folder / "hosp").mkdir(parents=True)
    hosp = str(folder / "hosp")
    tables = {
        "patients": f"select 10000000 + i as subject_id, 'F' as gender, 50 as anchor_age, 2150 as anchor_year,"
        f" '2011 - 2013' as anchor_year_group, null as dod from range({patients}) t(i)",
        "admissions": "select 10000000 + i as subject_id, 20000000 + i as hadm_id, timestamp '2150-01-01' as admittime,"
        " timestamp '2150-01-09' as dischtime, 'URGENT' as admission_type, 'HOME' as discharge_location"
        f" from range({patients}) t(i)",
        "d_labitems": "select 50800 + i as itemid, 'Test ' || i as label, 'Blood' as fluid, 'Chemistry' as category"
        " from range(1600) t(i)",
        "labevents": f"select i as labevent_id, 10000000 + (i * 7919) % {patients} as subject_id, null as hadm_id,"
        " i as specimen_id, 50800 + (i * 31) % 1600 as itemid, null as order_provider_id,"
        " timestamp '2150-01-01' + to_minutes((i * 13) % 500000) as charttime,"
        " timestamp '2150-01-01' + to_minutes((i * 13) % 500000 + 90) as storetime,"
        " ((i * 17) % 1000) / 10 as value,"
        " ((i * 17) % 1000) / 10 as valuenum, 'mg/dL' as valueuom,"
        f" 0 as ref_range_lower, 100 as ref_range_upper, null as flag, 'ROUTINE' as priority, null as comments"
        f" from range({rows}) t(i)",
    }
    with duckdb.connect() as connection:
        for name, query in tables.items():
            connection.execute(f"copy ({query}) to '{hosp}/{name}.csv.gz' (header, compression gzip)")


def run(rows: int, memory: str) -> dict[str, float]:
    """Make, load, and return what the loading program says of itself."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "mimic"
        begun = time.perf_counter()
        make(folder, rows, max(10, rows // 350))  # MIMIC-IV has about 350 labs a patient
        print(f"{rows:,} lab rows made in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        done = subprocess.run(
            [sys.executable, "-c", _LOAD, str(folder), str(Path(temporary) / "store"), memory],
            capture_output=True,
            check=True,
        )
        return json.loads(done.stdout.splitlines()[-1])


def coverage(sources: list[str], graph: Path) -> None:
    """Load each source with this graph, and print which share of its events is joined, and which by code."""
    from clinweave.knowledge import Graph, Linker
    from clinweave.patients import load, share

    known = Graph.open(graph)
    linker = Linker.open(known)
    for source in sources:
        with tempfile.TemporaryDirectory() as temporary:
            result = load(source, Path(temporary) / "store", graph=known, linker=linker).manifest["coverage"]
        print(f"{Path(source).name}, {graph}")
        for kind, counts in result.items():
            total = sum(held["events"] for held in counts.values())
            codes = sum(counts[how]["events"] for how in counts if how.startswith("code"))
            print(
                f"  {kind:<10}{total:>10,} events, joined {share(counts):6.1%}, by code {codes / max(total, 1):6.1%}  "
                + ", ".join(f"{how} {held['events']:,}" for how, held in counts.items() if held["events"]),
                flush=True,
            )


def counts(sources: list[str]) -> None:
    """Load each source, and print its events by kind and status, and how many rows were refused for which reason."""
    import duckdb

    from clinweave.patients import load

    for source in sources:
        with tempfile.TemporaryDirectory() as temporary:
            result = load(source, Path(temporary) / "store")
            with duckdb.connect() as connection:
                rows = connection.execute(
                    "select kind::varchar, status::varchar, count(*), count(numeric_value), count(text_value)"
                    f" from read_parquet('{result.path}/data/*.parquet') group by all order by all"
                ).fetchall()
        held = result.manifest["counts"]
        print(f"{Path(source).name}: {held['patients']:,} patients, {held['events']:,} events")
        for kind, status, events, numbers, texts in rows:
            print(
                f"  {kind:<12}{status:<11}{events:>9,} events, {numbers:>8,} with a number, {texts:>7,} with a text"
            )
        for reason, count in result.manifest["dropped"].items():
            print(f"  {count:,} x {reason}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--memory", default="1GB", help="what the engine may hold")
    parser.add_argument(
        "--coverage", nargs="+", default=[], metavar="SOURCE", help="as `clinweave patients load`"
    )
    parser.add_argument(
        "--counts", nargs="+", default=[], metavar="SOURCE", help="as `clinweave patients load`"
    )
    parser.add_argument("--graph", type=Path, help="the graph that codes are joined to")
    chosen = parser.parse_args()
    if chosen.counts:
        counts(chosen.counts)
        return 0
    if chosen.coverage:
        if chosen.graph is None:
            parser.error("--coverage needs --graph DIR")
        coverage(chosen.coverage, chosen.graph)
        return 0
    result = run(chosen.rows, chosen.memory)
    print(
        f"{result['events']:,} events of {result['patients']:,} patients: {result['seconds']:.0f} s,"
        f" {result['events'] / result['seconds']:,.0f} events/s, peak {result['peak_mb']:,} MB (limit {LIMIT:,} MB)"
    )
    return int(result["peak_mb"] > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
