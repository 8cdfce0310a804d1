"""A hand-made ontology and four diseases, two of them kin, as files of a release."""

import pytest

from clinweave.applications.diagnosis import Release, Settings, open_model

TERMS = {  # id: (name, parents)
    "HP:0000118": ("Phenotypic abnormality", ()),
    "HP:0000001": ("All", ()),
    "HP:0000005": ("Mode of inheritance", ("HP:0000001",)),
    "HP:0000100": ("Eye", ("HP:0000118",)),
    "HP:0000101": ("Lens", ("HP:0000100",)),
    "HP:0000102": ("Ectopia of the lens", ("HP:0000101",)),
    "HP:0000103": ("Cataract", ("HP:0000101",)),
    "HP:0000200": ("Heart", ("HP:0000118",)),
    "HP:0000201": ("Aorta", ("HP:0000200",)),
    "HP:0000202": ("Aneurysm", ("HP:0000201",)),
    "HP:0000300": ("Nerves", ("HP:0000118",)),
    "HP:0000301": ("Seizure", ("HP:0000300",)),
    "HP:0000302": ("Ataxia", ("HP:0000300",)),
}
ROWS = (
    # disease, name, qualifier, term, reference, frequency, aspect
    ("OMIM:1", "Lens disease 1", "", "HP:0000102", "PMID:11", "9/10", "P"),
    ("OMIM:1", "Lens disease 1", "", "HP:0000202", "PMID:11;PMID:12", "", "P"),
    ("OMIM:1", "Lens disease 1", "NOT", "HP:0000301", "PMID:12", "", "P"),
    ("OMIM:2", "Cataract with ataxia", "", "HP:0000103", "OMIM:2", "HP:0040281", "P"),
    ("OMIM:2", "Cataract with ataxia", "", "HP:0000302", "OMIM:2", "40%", "P"),
    ("OMIM:2", "Cataract with ataxia", "", "HP:0000005", "OMIM:2", "", "I"),
    ("OMIM:3", "Epilepsy", "", "HP:0000301", "PMID:13", "", "P"),
    ("OMIM:3", "Epilepsy", "", "HP:0001419", "OMIM:3", "", "I"),
    ("ORPHA:9", "Lens disease, first", "", "HP:0000202", "ORPHA:9", "HP:0040282", "P"),
    ("ORPHA:9", "Lens disease, first", "", "HP:0000301", "ORPHA:9", "HP:0040283", "P"),
)


def obo() -> str:
    lines = ["format-version: 1.2", "data-version: hp/releases/2020-01-01", ""]
    for id_, (name, parents) in TERMS.items():
        lines += ["[Term]", f"id: {id_}", f"name: {name}", *(f"is_a: {up} ! above" for up in parents), ""]
        if id_ == "HP:0000102":
            lines[-1:] = ["alt_id: HP:0009102", ""]
    lines += [
        "[Term]",
        "id: HP:0009103",
        "name: obsolete Cataract",
        "is_obsolete: true",
        "replaced_by: HP:0000103",
        "",
    ]
    return "\n".join(lines)


def hpoa(rows=ROWS) -> str:
    head = [
        *("database_id", "disease_name", "qualifier", "hpo_id", "reference", "evidence", "onset"),
        *("frequency", "sex", "modifier", "aspect", "biocuration"),
    ]
    lines = ["#description: made by hand", "#version: 2020-01-01", "\t".join(head)]
    for disease, name, qualifier, term, reference, often, aspect in rows:
        cells = [disease, name, qualifier, term, reference, "PCS", "", often, "", "", aspect, "x"]
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="session")
def release(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    (folder / "hp.obo").write_text(obo(), "utf-8")
    (folder / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    return Release(folder / "hp.obo", folder / "phenotype.hpoa")


@pytest.fixture(scope="session")
def model(release, tmp_path_factory):
    return open_model(release, tmp_path_factory.mktemp("cache"), Settings())
