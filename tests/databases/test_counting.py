from clinweave.databases import DATABASES, count_records
from tests.databases.conftest import SAMPLES, write


def test_counts_of_hand_made_annotations(tmp_path):
    counts = count_records(DATABASES["hpoa"], write(tmp_path, SAMPLES["hpoa"]))
    assert counts.pop("cpu_seconds") >= 0
    assert counts == {
        "release": "2031-01-02",
        "concepts": 3,
        "names": 3,
        "xrefs": 0,
        "relations": 5,
        "passages": 0,
        "kinds": {
            "biolink:Disease": 2,
            "biolink:has_phenotype": 1,
            "biolink:has_phenotype negated": 1,
            "biolink:has_mode_of_inheritance text-mined": 1,
            "biolink:has_attribute": 1,
            "biolink:Gene": 1,
            "biolink:gene_associated_with_condition": 1,
        },
        "dropped": {},
    }
