# ruff: noqa: S608 - names of tables and columns are constants of this file
"""The database that EHRSQL's questions are about, built from the MIMIC-IV demo by the rules of its publishers.

Each patient is moved in time such that the first admission is in 2100; what would be after the end of 2100 has not
happened yet. Text is lower case, one table keeps a name that several use, and costs are drawn as the publishers drew
them. Source: https://github.com/glee4810/ehrsql-2024 (preprocess), doi:10.48550/arXiv.2405.06673. This demo may
lack tables (chartevents and outputevents are large): they exist and are empty, and questions on them are left out.
"""

import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from clinweave.core.errors import UserError
from clinweave.patients import connect, quoted

if TYPE_CHECKING:
    import numpy as np
    from duckdb import DuckDBPyConnection

YEAR = 2100
NOW = f"{YEAR}-12-31 23:59:00"
START = f"{YEAR}-01-01"
PATIENTS, STILL_IN = 90, 10  # patients who were discharged, and who are in hospital at the end of 2100
MAYBE_ABSENT = ("chartevents", "outputevents")
FILES = (
    "patients", "admissions", "icustays", "transfers", "d_icd_diagnoses", "d_icd_procedures", "d_labitems", "d_items",
    "diagnoses_icd", "procedures_icd", "labevents", "prescriptions", "inputevents", "microbiologyevents",
)  # fmt: skip
_TWICE = ("artificial insemination", "dental examination", "insertion of intrauterine contraceptive device")
_COSTS = (("diagnoses_icd", "icd_code", "charttime"), ("labevents", "itemid", "charttime"),
          ("procedures_icd", "icd_code", "charttime"), ("prescriptions", "drug", "starttime"))  # fmt: skip


@dataclass(frozen=True)
class EhrDatabase:
    """What was built: rows by table, and the tables that the demo lacks."""

    rows: dict[str, int]
    absent: tuple[str, ...]


def build_database(archive: Path, names: Mapping[str, str], path: Path) -> EhrDatabase:
    """Write the database to `path` (DuckDB). Raises `UserError` naming a file that the archive lacks.

    `names` says which table keeps a name that several use: name -> prescriptions, labevents or inputevents.
    """
    import numpy as np

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        absent = _unpack(archive, folder)
        built = path.with_suffix(".part")
        built.unlink(missing_ok=True)
        connection = connect(folder)
        try:
            connection.execute(f"attach {quoted(built)} as ehr")
            for name in (*FILES, *MAYBE_ABSENT):
                if name not in absent:
                    _read(connection, name, folder / f"{name}.csv.gz")
            connection.execute("create table used (label varchar, place varchar)")
            connection.executemany("insert into used values (?, ?)", [*names.items(), ("", "")])
            _build(connection, np.random.default_rng(0), absent)
            listed = connection.execute("select table_name from duckdb_tables() where database_name = 'ehr'")
            tables = sorted(str(row[0]) for row in listed.fetchall())
            rows = {name: _count(connection, f"ehr.{name}") for name in tables}
            connection.execute("detach ehr")
        finally:
            connection.close()
        built.replace(path)
    return EhrDatabase(rows, tuple(absent))


def _unpack(archive: Path, folder: Path) -> list[str]:
    """Write the tables' files into a folder; return those of `MAYBE_ABSENT` that are missing."""
    wanted = {f"{name}.csv.gz": name for name in (*FILES, *MAYBE_ABSENT)}
    missing = dict.fromkeys(wanted.values())
    try:
        with tarfile.open(archive) as members:
            for member in members:
                name = wanted.get(Path(member.name).name)
                content = members.extractfile(member) if name and member.isfile() else None
                if name and content:
                    (folder / f"{name}.csv.gz").write_bytes(content.read())
                    missing.pop(name, None)
    except (OSError, tarfile.TarError) as error:
        raise UserError(f"{archive} is no archive of the MIMIC-IV demo: {error}") from error
    if lacking := [name for name in missing if name not in MAYBE_ABSENT]:
        raise UserError(f"{archive} has no {lacking[0]}.csv.gz; give the archive of the MIMIC-IV demo 2.2")
    return list(missing)


def _read(connection: "DuckDBPyConnection", name: str, path: Path) -> None:
    """Make a table of a file: text in lower case and without margins, `n` the number of the row."""
    source = f"read_csv({quoted(path)}, all_varchar = true, header = true)"
    names = [row[0] for row in connection.execute(f"describe select * from {source}").fetchall()]
    columns = ", ".join(f'nullif(trim(lower("{item}")), \'\') as "{item}"' for item in names)
    connection.execute(
        f"create table raw_{name} as select row_number() over () - 1 as n, {columns} from {source}"
    )


def _count(connection: "DuckDBPyConnection", table: str) -> int:
    row = connection.execute(f"select count(*) from {table}").fetchone()
    return int(row[0]) if row else 0


def _build(connection: "DuckDBPyConnection", random: "np.random.Generator", absent: Sequence[str]) -> None:
    _shifts(connection, random)
    connection.execute(
        f"create macro moved(t, days) as (case when cast(t as timestamp) + to_days(cast(days as integer)) <= "
        f"timestamp '{NOW}' then cast(t as timestamp) + to_days(cast(days as integer)) end)"
    )
    connection.execute(_STAYS)
    _patients(connection, random)
    for statement in _statements(absent):
        connection.execute(statement)
    _costs(connection, random)


def _shifts(connection: "DuckDBPyConnection", random: "np.random.Generator") -> None:
    """Make the table of each patient's days to move, years of 365 days as the publishers count them."""
    connection.execute(
        f"create table shift as select subject_id, 365 * ({YEAR} - min(year(cast(admittime as timestamp)))) as days, "
        "min(n) as n from raw_admissions group by subject_id"
    )
    for _ in range(_count(connection, "shift")):
        random.choice([YEAR], p=[1.0])  # one draw per patient, as published


_STAYS = """
create table moved_admissions as
select a.n, cast(a.subject_id as integer) as subject_id, cast(a.hadm_id as integer) as hadm_id,
  moved(admittime, days) as admittime, moved(dischtime, days) as dischtime, admission_type, admission_location,
  case when moved(dischtime, days) is not null then discharge_location end as discharge_location, insurance, language,
  marital_status, year(cast(admittime as timestamp)) - cast(anchor_year as integer) + cast(anchor_age as integer) as age
from raw_admissions a join shift using (subject_id) join raw_patients p using (subject_id)
where moved(admittime, days) is not null
"""


def _patients(connection: "DuckDBPyConnection", random: "np.random.Generator") -> None:
    """Draw the patients, and write patients and admissions. The day of birth within a year is drawn by the year."""

    def drawn(where: str, size: int) -> list[int]:
        rows = connection.execute(
            f"select subject_id from moved_admissions where {where} group by subject_id order by min(n)"
        )
        every = [int(row[0]) for row in rows.fetchall()]
        return every if size > len(every) else [int(row) for row in random.choice(every, size, replace=False)]

    inside = drawn("dischtime is null", STILL_IN)
    listed = ", ".join(map(str, inside)) or "-1"
    outside = drawn(f"dischtime is not null and subject_id not in ({listed})", PATIENTS)
    connection.execute("create table cohort (subject_id integer)")
    connection.executemany("insert into cohort values (?)", [[stay] for stay in (*inside, *outside, -1)])
    rows = connection.execute(
        "select cast(subject_id as integer), gender, cast(anchor_year as integer) - cast(anchor_age as integer), dod, "
        "days from raw_patients join shift using (subject_id) where cast(subject_id as integer) in (from cohort) "
        "order by raw_patients.n"
    ).fetchall()
    connection.execute(
        "create table ehr.patients (row_id integer, subject_id integer, gender varchar, dob timestamp, dod timestamp)"
    )
    for number, (subject, gender, year, died, days) in enumerate(rows):
        born = _birthday(int(year)) + timedelta(days=int(days))
        end = datetime.fromisoformat(died) + timedelta(days=int(days)) if died else None
        end = end if end and end <= datetime.fromisoformat(NOW) else None
        connection.execute(
            "insert into ehr.patients values (?, ?, ?, ?, ?)", [number, subject, gender, born, end]
        )
    connection.execute(
        "create table ehr.admissions as select row_number() over (order by n) - 1 as row_id, * exclude (n) "
        "from moved_admissions where subject_id in (from cohort) order by n"
    )


def _birthday(year: int) -> datetime:
    days = (datetime(year, 12, 31) - datetime(year, 1, 1)).days + 1
    return datetime(year, 1, 1) + timedelta(days=Random(0).randint(0, days))  # noqa: S311


_HADM = "cast(t.hadm_id as integer) in (select hadm_id from ehr.admissions)"
_IDS = "cast(t.subject_id as integer) as subject_id, cast(t.hadm_id as integer) as hadm_id"


def _numbered(name: str, select: str) -> str:
    numbered = (
        f"select row_number() over (order by n) - 1 as row_id, * exclude (n) from ({select}) order by n"
    )
    return f"create table ehr.{name} as {numbered}"


def _event(name: str, columns: str, where: str, time: str = "charttime", source: str = "") -> str:
    """Return the statement for a table of events that have a time and an admission."""
    return _numbered(
        name,
        f"select t.n, {_IDS}, {columns}, moved(t.{time}, days) as {time} from {source or f'raw_{name}'} t "
        f"join shift using (subject_id) where {_HADM} and {where} and moved(t.{time}, days) >= timestamp '{START}'",
    )


def _dictionary(name: str, left_out: Sequence[str] = ()) -> str:
    """Return the statement for a table of codes: each code and each title once, the first one stays."""
    without = f"and long_title not in ({', '.join(map(quoted, left_out))})" if left_out else ""
    once = (
        "select min(n) as n, arg_min(icd_code, n) as icd_code, long_title from (select n, "
        f"'icd' || icd_version || '|' || icd_code as icd_code, long_title from raw_{name} "
        f"where long_title is not null {without} "
        "qualify row_number() over (partition by icd_version, icd_code order by n) = 1) group by long_title"
    )
    return _numbered(name, once)


def _coded(name: str, time: str) -> str:
    """Return a select of coded events with `charttime`."""
    return (
        f"(select c.n, c.subject_id, c.hadm_id, 'icd' || icd_version || '|' || icd_code as icd_code, "
        f"{time} as charttime from raw_{name} c left join raw_admissions a using (hadm_id))"
    )


def _statements(absent: Sequence[str]) -> Iterator[str]:
    yield _numbered(
        "icustays",
        f"select t.n, {_IDS}, cast(stay_id as integer) as stay_id, first_careunit, last_careunit, "
        "moved(intime, days) as intime, moved(outtime, days) as outtime "
        "from raw_icustays t join shift using (subject_id) "
        f"where {_HADM} and moved(intime, days) is not null",
    )
    yield _numbered(
        "transfers",
        f"select t.n, {_IDS}, cast(transfer_id as integer) as transfer_id, eventtype, careunit, "
        "moved(intime, days) as intime, moved(outtime, days) as outtime "
        "from raw_transfers t join shift using (subject_id) "
        f"where {_HADM} and moved(intime, days) is not null",
    )
    yield from _names()
    yield from _coded_events()
    yield from _events(absent)


def _names() -> Iterator[str]:
    yield _dictionary("d_icd_diagnoses", _TWICE)
    yield _dictionary("d_icd_procedures")
    yield _NAMES
    yield _numbered(
        "d_labitems",
        "select n, cast(itemid as integer) as itemid, label from raw_d_labitems where label is not null "
        "and label not in (select label from kept where place <> 'labevents')",
    )
    yield _numbered(
        "d_items",
        "select n, cast(itemid as integer) as itemid, label, abbreviation, linksto from raw_d_items "
        "where label is not null and linksto in ('inputevents', 'outputevents', 'chartevents') "
        "and label not in (select label from kept where place <> 'inputevents')",
    )


def _coded_events() -> Iterator[str]:
    for name, time in (
        ("diagnoses_icd", "a.admittime"),
        ("procedures_icd", "case when cast(c.chartdate as timestamp) < cast(a.admittime as timestamp) "
         "or cast(c.chartdate as timestamp) > cast(a.dischtime as timestamp) then a.dischtime else c.chartdate end"),
    ):  # fmt: skip
        known = f"t.icd_code in (select icd_code from ehr.d_icd_{name.removesuffix('_icd')})"
        yield _event(name, "t.icd_code", known, source=_coded(name, time))


def _events(absent: Sequence[str]) -> Iterator[str]:
    yield _event(
        "labevents",
        "cast(t.itemid as integer) as itemid, cast(valuenum as double) as valuenum, valueuom",
        "valuenum is not null and valueuom is not null "
        "and cast(t.itemid as integer) in (select itemid from ehr.d_labitems)",
    )
    yield _PRESCRIBED
    yield _event(
        "prescriptions",
        "moved(t.stoptime, days) as stoptime, drug, dose_val_rx, dose_unit_rx, route",
        "true",
        "starttime",
        "prescribed",
    )
    amounts = "cast(totalamount as double) as totalamount, totalamountuom"
    items = "cast(t.itemid as integer) in (select itemid from ehr.d_items)"
    stay = "cast(stay_id as integer) as stay_id, cast(t.itemid as integer) as itemid"
    yield _event(
        "inputevents",
        f"{stay}, {amounts}",
        f"totalamount is not null and totalamountuom = 'ml' and {items}",
        "starttime",
    )
    yield _event(
        "microbiologyevents", "spec_type_desc, test_name, org_name", "true",
        source="(select * replace (coalesce(charttime, chartdate) as charttime) from raw_microbiologyevents)",
    )  # fmt: skip
    values = {"chartevents": "valuenum", "outputevents": "value"}
    for name, value in values.items():
        if name in absent:
            yield (
                f"create table ehr.{name} (row_id integer, subject_id integer, hadm_id integer, stay_id integer, "
                f"itemid integer, charttime timestamp, {value} double, valueuom varchar)"
            )
        else:
            columns = f"{stay}, cast({value} as double) as {value}, valueuom"
            yield _event(name, columns, f"{value} is not null and valueuom is not null and {items}")


# A name that several tables use is kept in one of them. Which one is published as a list; here it is read off the
# training queries and answers (`used`), and inputevents has the names that they do not tell.
_NAMES = """
create table kept as
select label, coalesce(any_value(u.place), 'inputevents') as place from (
  select distinct label, 'inputevents' as place from raw_d_items
  union all select distinct label, 'labevents' from raw_d_labitems where label is not null
  union all select distinct drug, 'prescriptions' from raw_prescriptions where drug is not null
) names left join used u using (label) group by label having count(distinct names.place) > 1
"""

_PRESCRIBED = """
create table prescribed as
with whole as (
  select * replace (cast(replace(dose_val_rx, ',', '') as double) as dose_val_rx)
  from raw_prescriptions
  where drug not in (select label from kept where place <> 'prescriptions') and starttime is not null
    and stoptime is not null and dose_unit_rx is not null and route is not null
    and regexp_full_match(replace(dose_val_rx, ',', ''), '[0-9]+')
), units as (
  select drug, dose_unit_rx, row_number() over (partition by drug order by count(*) desc, min(n)) as rank
  from whole group by drug, dose_unit_rx
)
select whole.* from whole join units using (drug, dose_unit_rx) where rank = 1
"""


def _costs(connection: "DuckDBPyConnection", random: "np.random.Generator") -> None:
    """Write the table of costs: each code, test and drug has a price, drawn about a mean of its table."""
    connection.execute(
        "create table ehr.cost (row_id integer, subject_id integer, hadm_id integer, event_type varchar, "
        "event_id integer, chargetime timestamp, cost double)"
    )
    means = random.poisson(lam=10, size=len(_COSTS))
    total = 0
    for (table, column, time), mean in zip(_COSTS, means, strict=True):
        names = connection.execute(f"select distinct {column} from ehr.{table} order by 1").fetchall()
        connection.execute(
            f"create or replace table price as select {column} as name, cast(0 as double) as price "
            f"from ehr.{table} limit 0"
        )
        prices = [[row[0], round(float(random.normal(loc=mean, scale=1.0)), 2)] for row in names]
        if prices:
            connection.executemany("insert into price values (?, ?)", prices)
        connection.execute(
            f"insert into ehr.cost select {total} + row_id, subject_id, hadm_id, '{table}', row_id, {time}, price "
            f"from ehr.{table} join price on name = {column} order by row_id"
        )
        total += _count(connection, f"ehr.{table}")
