import pytest

from clinweave.records import Grade
from tests.databases.conftest import SAMPLES


def one(found, predicate):
    return next(item for item in found.relations if item.predicate == f"biolink:{predicate}")


def test_a_row_keeps_what_the_file_says(reading):
    result = reading("hpoa")
    row = one(result, "has_phenotype")
    assert (row.subject, row.object) == ("OMIM:100001", "HP:0000100")
    assert row.publications == ("PMID:1", "PMID:2")
    assert (row.frequency, row.onset, row.sex, row.evidence) == ("7/12", "HP:0003577", "FEMALE", "PCS")
    assert row.grade is Grade.CURATED
    assert not row.negated
    assert result.source.release == "2031-01-02"
    assert result.concepts["OMIM:100001"].name == "Knee wobble"


def test_not_is_a_negated_relation(reading):
    negated = [item for item in reading("hpoa").relations if item.negated]
    assert [(item.subject, item.object) for item in negated] == [("OMIM:100001", "HP:0000118")]


def test_aspects_have_their_predicates(reading):
    triples = reading("hpoa").triples
    assert ("OMIM:100001", "has_mode_of_inheritance", "HP:0000006") in triples
    assert ("ORPHA:7", "has_attribute", "HP:0003577") in triples


def test_rows_mined_by_a_program_are_not_curated(reading):
    mined = one(reading("hpoa"), "has_mode_of_inheritance")
    assert (mined.evidence, mined.grade, mined.agent_type) == ("IEA", Grade.TEXT_MINED, "text_mining_agent")


def test_genes_once_per_disease(reading):
    result = reading("hpoa")
    pairs = [item for item in result.relations if item.predicate.endswith("gene_associated_with_condition")]
    assert [(item.subject, item.object) for item in pairs] == [("NCBIGene:10", "OMIM:100001")]
    assert result.concepts["NCBIGene:10"].name == "KNEE1"


def test_old_column_names_and_header_are_read(reading):
    new = SAMPLES["hpoa"]["phenotype.hpoa"].decode()
    old = new.replace("#version: 2031", "#date: 2031").replace(
        "database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\tonset\tfrequency\tsex\tmodifier\taspect\tbiocuration",
        "#DatabaseID\tDiseaseName\tQualifier\tHPO_ID\tReference\tEvidence\tOnset\tFrequency\tSex\tModifier\tAspect\tBiocuration",
    )
    assert old != new
    before, after = reading("hpoa", files={"phenotype.hpoa": old}), reading("hpoa")
    assert before.records == after.records
    assert before.source == after.source


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("ORPHA:7\tKnee", "ORPHANET-7\tKnee", "database_id is not an OMIM, ORPHA or DECIPHER id"),
        ("\t\tHP:0003577\tORPHA", "\t\tHP:357\tORPHA", "hpo_id is not an HP id"),
        ("\tNOT\t", "\tMAYBE\t", "qualifier is neither empty nor NOT"),
        ("\tC\tx", "\tZ\tx", "unknown aspect"),
        ("\tC\tx", "\tC", "not 12 columns"),
    ],
)
def test_a_corrupted_row_is_counted_and_skipped(old, new, reason, reading):
    text = SAMPLES["hpoa"]["phenotype.hpoa"].decode()
    assert old in text
    result = reading("hpoa", files={"phenotype.hpoa": text.replace(old, new)})
    assert result.log.counts == {f"phenotype.hpoa: {reason}": 1}
    assert len(result.relations) == len(reading("hpoa").relations) - 1


@pytest.mark.shared
@pytest.mark.parametrize(
    ("release", "rows"), [("2021-10-10", 230758), ("2024-03-06", 259801), ("2026-06-06", 284703)]
)
def test_every_row_of_real_releases_is_read(release, rows, shared_data):
    from tests.databases.conftest import Reading

    result = Reading("hpoa", {"phenotype.hpoa": shared_data / "hpo" / release / "phenotype.hpoa.gz"})
    assert (result.source.release, len(result.relations), result.log.total) == (release, rows, 0)
