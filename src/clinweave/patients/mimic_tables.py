"""SQL for the events of each MIMIC-IV table. https://mimic.mit.edu/docs/iv/modules/

In each SELECT, `t` is the file's rows (all columns text, `row` the number of the row), and the result has the columns
of `batches.READ`. Absent tables are left out.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One SELECT over a file, with the columns that it needs and the small tables that it looks into."""

    file: str
    needs: tuple[str, ...]
    select: str
    looks_into: tuple[str, ...] = ()
    timeless: bool = False
    may_need: tuple[str, ...] = ()  # columns that older releases lack: empty where absent


def _time(column: str) -> str:
    return f"try_cast({column} as timestamp) as time"


def _finite(column: str) -> str:
    """Return a column as a number; null where it is none, NaN or infinite."""
    return f"case when isfinite(try_cast({column} as double)) then try_cast({column} as double) end"


def _number(column: str) -> str:
    return f"{_finite(column)} as numeric_value"


def _icd(prefix9: str, prefix10: str) -> str:
    version = "trim(t.icd_version)"
    return (
        f"case {version} when '9' then '{prefix9}' when '10' then '{prefix10}' end || ':' || trim(t.icd_code)"
    )


def _same_icd(table: str) -> str:
    return (
        f" left join {table} d on trim(d.icd_code) = trim(t.icd_code)"
        " and trim(d.icd_version) = trim(t.icd_version)"
    )


def _stated(column: str) -> str:
    """Return a text column, null where it is blank or was taken out by the de-identification ("___")."""
    return f"nullif(nullif(trim({column}), ''), '___')"


def _status(text: str, absent: str, else_: str = "'present'") -> str:
    return f"case when regexp_matches({text}, '{absent}', 'i') then 'absent' else {else_} end as status"


_PRESCRIBED = (
    f"nullif(concat_ws('; ', nullif(concat_ws(' ', {_stated('t.dose_val_rx')}, {_stated('t.dose_unit_rx')},"
    f" {_stated('t.route')}), ''), 'until ' || left({_stated('t.stoptime')}, 10)), '')"
)
_PROBLEM = _icd("ICD9CM", "ICD10CM")
_PROCEDURE = _icd("ICD9PROC", "ICD10PCS")
_ITEM = "'MIMIC.ITEM:' || t.itemid as code, i.label as name"
_ITEMS = "left join d_items i on i.itemid = t.itemid"
# a test that was not done has no result
_CANCELLED = r"^\W*(test )?(was )?(cancel|not (done|performed)\b)|patient credited|^nd\b.*\bnot done"
# https://mimic.mit.edu/docs/iv/modules/hosp/emar: what was given, and what was not given by this event
GIVEN = (
    r"^(delayed |partial )?(administered|applied|started|restarted|given|flushed|bolus|confirmed|rate change)|"
    r"^removed existing"
)
NOT_GIVEN = (
    r"^(delayed )?not\b|\bnot (given|done|applied|started|administered|flushed)|^hold|^held|refus|^(delayed )?stop|"
    r"^removed( in other location)?$|^(delayed )?assessed|reconciliation|cancel|discontinu|^omit|^missed"
)
_IS_GIVEN = f"case when regexp_matches(trim(t.event_txt), '{GIVEN}', 'i') then 'present' else 'uncertain' end"
_STATED_STATUS = "coalesce(trim(t.statusdescription), '')"
# https://mimic.mit.edu/docs/iv/modules/icu/inputevents: a rewritten row was replaced by another and not delivered
_UNDONE = r"^(rewritten|cancel|not ?ordered)"
# a number is a result unless the accompanying text is a bound; a result may stand in the comments alone
_BLANK = "''"
_MICRO_TIME = "coalesce(try_cast(t.charttime as timestamp), try_cast(t.chartdate as timestamp)) as time"
_RESULT, _COMMENT = _stated("t.value"), _stated("t.comments")
_BOUND = r"^\s*([<>]|(less|greater|more) than\b)"
_LAB_TEXT = (
    f"case when regexp_matches({_RESULT}, '{_BOUND}', 'i') then {_RESULT}"
    f" when {_RESULT} is null and regexp_matches({_COMMENT}, '{_BOUND}', 'i') then {_COMMENT}"
    f" when coalesce({_finite('t.valuenum')}, {_finite(_RESULT)}) is null"
    f" then coalesce({_RESULT}, {_COMMENT}) end"
)
_MICRO_TEXT = (
    f"nullif(concat_ws('; ', {_stated('t.org_name')}, {_stated('t.quantity')}, {_stated('t.comments')}), '')"
)
_SUSCEPTIBLE = (
    "case trim(t.interpretation) when 'S' then 'S (susceptible)' when 'R' then 'R (resistant)'"
    " when 'I' then 'I (intermediate)' when 'P' then 'P (pending)' else nullif(trim(t.interpretation), '') end"
)

SOURCES = (
    Source(
        "hosp/patients", ("gender",), "'GENDER//' || t.gender as code, 'person' as kind from t", timeless=True
    ),
    Source(
        "hosp/patients",
        ("anchor_age", "anchor_year"),
        "make_timestamp(try_cast(t.anchor_year as int) - try_cast(t.anchor_age as int), 1, 1, 0, 0, 0) as time,"
        " 'MEDS_BIRTH' as code, 'person' as kind from t",
    ),
    Source(
        "hosp/patients",
        ("dod",),
        f"{_time('t.dod')}, 'MEDS_DEATH' as code, 'person' as kind from t where t.dod <> ''",
    ),
    Source(
        "hosp/admissions",
        ("admittime", "admission_type"),
        f"{_time('t.admittime')}, 'HOSPITAL_ADMISSION//' || t.admission_type as code, 'visit' as kind from t",
    ),
    Source(
        "hosp/admissions",
        ("dischtime", "discharge_location"),
        f"{_time('t.dischtime')}, 'HOSPITAL_DISCHARGE//' || coalesce(t.discharge_location, '') as code,"
        " 'visit' as kind from t where t.dischtime <> ''",
    ),
    Source(
        "hosp/diagnoses_icd",
        ("hadm_id", "icd_code", "icd_version"),
        "coalesce(try_cast(a.dischtime as timestamp), try_cast(a.admittime as timestamp)) as time,"
        f" {_PROBLEM} as code, d.long_title as name, 'problem' as kind from t"
        " left join admissions a on a.hadm_id = t.hadm_id"
        "" + _same_icd("d_icd_diagnoses"),
        ("hosp/admissions", "hosp/d_icd_diagnoses"),
    ),
    Source(
        "hosp/procedures_icd",
        ("chartdate", "icd_code", "icd_version"),
        f"{_time('t.chartdate')}, {_PROCEDURE} as code, d.long_title as name, 'procedure' as kind from t"
        "" + _same_icd("d_icd_procedures"),
        ("hosp/d_icd_procedures",),
    ),
    Source(
        "hosp/labevents",
        ("itemid", "charttime", "valuenum", "value", "valueuom"),
        f"{_time('t.charttime')}, 'MIMIC.LAB:' || t.itemid as code,"
        f" coalesce({_finite('t.valuenum')}, {_finite(_RESULT)}) as numeric_value,"
        f" {_LAB_TEXT} as text_value, {_status(f'coalesce({_LAB_TEXT}, {_BLANK})', _CANCELLED)}, t.valueuom as unit,"
        " concat_ws(', ', l.label, nullif(l.fluid, '')) as name, 'lab' as kind"
        " from t left join d_labitems l on l.itemid = t.itemid",
        ("hosp/d_labitems",),
        may_need=("comments",),
    ),
    Source(
        "hosp/microbiologyevents",
        ("chartdate", "test_itemid", "test_name", "org_name"),
        f"{_MICRO_TIME}, 'MIMIC.MICRO:' || t.test_itemid as code, t.test_name as name,"
        f" {_MICRO_TEXT} as text_value, {_status(f'coalesce({_MICRO_TEXT}, {_BLANK})', _CANCELLED)}, 'lab' as kind"
        " from t",
        may_need=("charttime", "quantity", "comments"),
    ),
    Source(
        "hosp/microbiologyevents",
        ("chartdate", "test_itemid", "org_name", "ab_name"),
        f"{_MICRO_TIME}, 'MIMIC.SUSCEPTIBILITY:'"
        " || coalesce(nullif(trim(t.ab_itemid), ''), replace(t.ab_name, ' ', '_')) as code,"
        f" t.ab_name || ' susceptibility' as name, concat_ws(', ', {_stated('t.org_name')} || ':'"
        f" || coalesce(' ' || {_SUSCEPTIBLE}, ''), 'MIC ' || {_stated('t.dilution_text')}) as text_value, 'lab' as kind"
        " from t where coalesce(trim(t.ab_name), '') <> ''",
        may_need=("charttime", "ab_itemid", "interpretation", "dilution_text"),
    ),
    Source(
        "hosp/omr",
        ("chartdate", "result_name", "result_value"),
        f"{_time('t.chartdate')}, 'MIMIC.OMR:' || replace(t.result_name, ' ', '_') as code, t.result_name as name,"
        f" {_number('t.result_value')},"
        f" case when ({_finite('t.result_value')}) is null then t.result_value end as text_value,"
        " 'observation' as kind from t",
    ),
    Source(
        "hosp/prescriptions",
        ("starttime", "drug", "ndc"),
        "coalesce(try_cast(t.starttime as timestamp), try_cast(a.admittime as timestamp)) as time,"
        " case when coalesce(t.ndc, '') not in ('', '0') then 'NDC:' || t.ndc"
        " else 'MIMIC.DRUG:' || replace(t.drug, ' ', '_') end as code, t.drug as name, 'drug' as kind,"
        f" {_PRESCRIBED} as text_value"
        " from t left join admissions a on a.hadm_id = t.hadm_id",
        ("hosp/admissions",),
        may_need=("stoptime", "dose_val_rx", "dose_unit_rx", "route"),
    ),
    Source(
        "hosp/emar",
        ("charttime", "medication", "event_txt"),
        f"{_time('t.charttime')}, 'MIMIC.DRUG:' || replace(nullif(trim(t.medication), ''), ' ', '_') as code,"
        f" t.medication as name, nullif(trim(t.event_txt), '') as text_value, 'drug' as kind,"
        f" {_status('trim(t.event_txt)', NOT_GIVEN, _IS_GIVEN)} from t",
    ),
    Source(
        "icu/icustays",
        ("intime", "first_careunit"),
        f"{_time('t.intime')}, 'ICU_ADMISSION//' || t.first_careunit as code, 'visit' as kind from t",
    ),
    Source(
        "icu/inputevents",
        ("starttime", "itemid", "amount", "amountuom"),
        f"{_time('t.starttime')}, {_ITEM}, {_number('t.amount')}, t.amountuom as unit, 'drug' as kind,"
        f" {_status(_STATED_STATUS, _UNDONE)} from t {_ITEMS}",
        ("icu/d_items",),
        may_need=("statusdescription",),
    ),
    Source(
        "icu/procedureevents",
        ("starttime", "itemid"),
        f"{_time('t.starttime')}, {_ITEM}, 'procedure' as kind,"
        f" {_status(_STATED_STATUS, _UNDONE)} from t {_ITEMS}",
        ("icu/d_items",),
        may_need=("statusdescription",),
    ),
    *(
        Source(
            f"icu/{name}",
            ("charttime", "itemid", "value", "valueuom"),
            f"{_time('t.charttime')}, {_ITEM}, {_number('t.value')},"
            f" case when ({_finite('t.value')}) is null then t.value end as text_value, t.valueuom as unit,"
            f" 'observation' as kind from t {_ITEMS}",
            ("icu/d_items",),
        )
        for name in ("chartevents", "outputevents")
    ),
    *(
        Source(
            f"note/{name}",
            ("charttime", "note_type", "text"),
            f"{_time('t.charttime')}, 'NOTE//{name}//' || t.note_type as code, '{name} note' as name,"
            " t.text as text_value, 'note' as kind from t",
        )
        for name in ("discharge", "radiology")
    ),
)
