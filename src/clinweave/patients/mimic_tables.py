"""Which table of MIMIC-IV gives which events, as SQL on its rows. https://mimic.mit.edu/docs/iv/modules/

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


def _time(column: str) -> str:
    return f"try_cast({column} as timestamp) as time"


def _number(column: str) -> str:
    return f"try_cast({column} as double) as numeric_value"


def _icd(system: str, prefix9: str, prefix10: str) -> str:
    return f"case t.icd_version when '9' then '{prefix9}' when '10' then '{prefix10}' end || ':' || trim({system})"


_PROBLEM = _icd("t.icd_code", "ICD9CM", "ICD10CM")
_PROCEDURE = _icd("t.icd_code", "ICD9PROC", "ICD10PCS")
_ITEM = "'MIMIC.ITEM:' || t.itemid as code, i.label as name"
_ITEMS = "left join d_items i on i.itemid = t.itemid"

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
        f"{_time('a.dischtime')}, {_PROBLEM} as code, d.long_title as name, 'problem' as kind from t"
        " left join admissions a on a.hadm_id = t.hadm_id"
        " left join d_icd_diagnoses d on d.icd_code = t.icd_code and d.icd_version = t.icd_version",
        ("hosp/admissions", "hosp/d_icd_diagnoses"),
    ),
    Source(
        "hosp/procedures_icd",
        ("chartdate", "icd_code", "icd_version"),
        f"{_time('t.chartdate')}, {_PROCEDURE} as code, d.long_title as name, 'procedure' as kind from t"
        " left join d_icd_procedures d on d.icd_code = t.icd_code and d.icd_version = t.icd_version",
        ("hosp/d_icd_procedures",),
    ),
    Source(
        "hosp/labevents",
        ("itemid", "charttime", "valuenum", "value", "valueuom"),
        f"{_time('t.charttime')}, 'MIMIC.LAB:' || t.itemid as code, {_number('t.valuenum')},"
        " case when try_cast(t.valuenum as double) is null then t.value end as text_value, t.valueuom as unit,"
        " concat_ws(', ', l.label, nullif(l.fluid, '')) as name, 'lab' as kind"
        " from t left join d_labitems l on l.itemid = t.itemid",
        ("hosp/d_labitems",),
    ),
    Source(
        "hosp/microbiologyevents",
        ("chartdate", "test_itemid", "test_name", "org_name"),
        f"{_time('t.chartdate')}, 'MIMIC.MICRO:' || t.test_itemid as code, t.test_name as name,"
        " t.org_name as text_value, 'lab' as kind from t",
    ),
    Source(
        "hosp/omr",
        ("chartdate", "result_name", "result_value"),
        f"{_time('t.chartdate')}, 'MIMIC.OMR:' || replace(t.result_name, ' ', '_') as code, t.result_name as name,"
        f" {_number('t.result_value')},"
        " case when try_cast(t.result_value as double) is null then t.result_value end as text_value,"
        " 'observation' as kind from t",
    ),
    Source(
        "hosp/prescriptions",
        ("starttime", "drug", "ndc"),
        "coalesce(try_cast(t.starttime as timestamp), try_cast(a.admittime as timestamp)) as time,"
        " case when coalesce(t.ndc, '') not in ('', '0') then 'NDC:' || t.ndc"
        " else 'MIMIC.DRUG:' || replace(t.drug, ' ', '_') end as code, t.drug as name, 'drug' as kind"
        " from t left join admissions a on a.hadm_id = t.hadm_id",
        ("hosp/admissions",),
    ),
    Source(
        "hosp/emar",
        ("charttime", "medication", "event_txt"),
        f"{_time('t.charttime')}, 'MIMIC.DRUG:' || replace(t.medication, ' ', '_') as code, t.medication as name,"
        " t.event_txt as text_value, 'drug' as kind from t where coalesce(t.medication, '') <> ''",
    ),
    Source(
        "icu/icustays",
        ("intime", "first_careunit"),
        f"{_time('t.intime')}, 'ICU_ADMISSION//' || t.first_careunit as code, 'visit' as kind from t",
    ),
    Source(
        "icu/inputevents",
        ("starttime", "itemid", "amount", "amountuom"),
        f"{_time('t.starttime')}, {_ITEM}, {_number('t.amount')}, t.amountuom as unit, 'drug' as kind from t {_ITEMS}",
        ("icu/d_items",),
    ),
    Source(
        "icu/procedureevents",
        ("starttime", "itemid"),
        f"{_time('t.starttime')}, {_ITEM}, 'procedure' as kind from t {_ITEMS}",
        ("icu/d_items",),
    ),
    *(
        Source(
            f"icu/{name}",
            ("charttime", "itemid", "value", "valueuom"),
            f"{_time('t.charttime')}, {_ITEM}, {_number('t.value')},"
            " case when try_cast(t.value as double) is null then t.value end as text_value, t.valueuom as unit,"
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
