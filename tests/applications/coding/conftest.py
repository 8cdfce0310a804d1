"""A small tabular list, and the whole one where it can be fetched."""

import pytest

from clinweave.applications.coding import Codebook

TABULAR = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular><version>2026</version>
<chapter><name>9</name><desc>Diseases of the circulatory system (I00-I99)</desc>
<section id="I10-I1A"><desc>Hypertensive diseases (I10-I1A)</desc>
<diag><name>I10</name><desc>Essential (primary) hypertension</desc>
  <inclusionTerm><note>high blood pressure</note></inclusionTerm></diag>
<diag><name>I11</name><desc>Hypertensive heart disease</desc>
  <diag><name>I11.0</name><desc>Hypertensive heart disease with heart failure</desc></diag>
  <diag><name>I11.9</name><desc>Hypertensive heart disease without heart failure</desc></diag></diag>
<diag><name>I50</name><desc>Heart failure</desc>
  <codeFirst><note>heart failure due to hypertension (I11.0)</note></codeFirst>
  <diag><name>I50.2</name><desc>Systolic (congestive) heart failure</desc>
    <diag><name>I50.20</name><desc>Unspecified systolic (congestive) heart failure</desc></diag>
    <diag><name>I50.23</name><desc>Acute on chronic systolic (congestive) heart failure</desc></diag></diag>
  <diag><name>I50.9</name><desc>Heart failure, unspecified</desc></diag></diag>
</section></chapter>
<chapter><name>10</name><desc>Diseases of the respiratory system (J00-J99)</desc>
<section id="J40-J4A"><desc>Chronic lower respiratory diseases (J40-J4A)</desc>
<diag><name>J18</name><desc>Pneumonia, unspecified organism</desc>
  <diag><name>J18.9</name><desc>Pneumonia, unspecified organism</desc></diag></diag>
</section></chapter>
<chapter><name>19</name><desc>Injury (S00-T88)</desc>
<section id="S50-S59"><desc>Injuries of the forearm (S50-S59)</desc>
<diag><name>S52</name><desc>Fracture of forearm</desc>
  <sevenChrDef><extension char="A">initial encounter for closed fracture</extension>
  <extension char="D">subsequent encounter for closed fracture with routine healing</extension></sevenChrDef>
  <diag><name>S52.5</name><desc>Fracture of lower end of radius</desc>
  <diag><name>S52.50</name><desc>Unspecified fracture of the lower end of radius</desc>
  <diag><name>S52.501</name><desc>Unspecified fracture of the lower end of right radius</desc></diag>
  <diag><name>S52.502</name><desc>Unspecified fracture of the lower end of left radius</desc></diag>
  <diag><name>S52.509</name><desc>Unspecified fracture of the lower end of unspecified radius</desc></diag>
  </diag></diag></diag>
</section></chapter>
</ICD10CM.tabular>
"""
CODES = """I10 I11 I110 I119 I50 I502 I5020 I5023 I509 J18 J189 S52 S525 S5250 S52501 S52501A S52501D
S52502 S52502A S52502D S52509 S52509A S52509D"""


@pytest.fixture(scope="session")
def small_book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("icd") / "2026"
    folder.mkdir()
    (folder / "tabular.xml").write_text(TABULAR, "utf-8")
    (folder / "codes.txt").write_text("\n".join(CODES.split()) + "\n", "utf-8")
    return Codebook.of_files(folder / "tabular.xml", folder / "codes.txt", folder.parent / "cache")


@pytest.fixture(scope="session")
def book(fetched, tmp_path_factory):
    """Return the whole release; tests that need it are skipped where it cannot be fetched."""
    files = fetched("icd10cm")
    return Codebook.of_files(
        files["icd10cm-tabular.xml"], files["icd10cm-codes.txt"], tmp_path_factory.mktemp("coding") / "cache"
    )
