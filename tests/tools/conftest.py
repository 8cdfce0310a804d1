"""A small knowledge base that is really built, with a release to diagnose from and a tabular list to code from."""

import duckdb
import pytest

from clinweave.applications.coding import Codebook
from clinweave.knowledge_base import KnowledgeBase
from tests.applications.coding.conftest import CODES, TABULAR
from tests.applications.diagnosis.conftest import hpoa, obo
from tests.test_knowledge_base import built


class SmallBase(KnowledgeBase):
    """A knowledge base whose release and tabular list are files beside it instead of fetched ones."""

    def diagnoser(self, release=None):
        return super().diagnoser(release or self.home / "release")

    def _open_codebook(self):
        return Codebook.of_files(
            self.home / "icd" / "tabular.xml", self.home / "icd" / "codes.txt", self.home / "coding"
        )


@pytest.fixture(scope="session")
def small_home(tmp_path_factory):
    home = built(tmp_path_factory.mktemp("tools"))
    (home / "release").mkdir()
    (home / "release" / "hp.obo").write_text(obo(), "utf-8")
    (home / "release" / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    (home / "icd").mkdir()
    (home / "icd" / "tabular.xml").write_text(TABULAR, "utf-8")
    (home / "icd" / "codes.txt").write_text("\n".join(CODES.split()) + "\n", "utf-8")
    with duckdb.connect(str(home / "records.duckdb")) as connection:
        connection.execute("create table prescriptions (subject_id integer, drug varchar, started timestamp)")
        connection.executemany(
            "insert into prescriptions values (?, ?, ?)",
            [(1, "losartan", "2100-03-01 08:00"), (1, "aspirin", None), (2, "losartan", "2100-04-01 09:30")],
        )
    return home


@pytest.fixture(scope="session")
def base(small_home):
    with SmallBase(small_home, records=small_home / "records.duckdb") as opened:
        yield opened
