"""Lists of genes, what they say of diseases, and the ranking of genes."""

import math

import pytest

from clinweave.applications.diagnosis import Case, Diagnoser, diseases_of, gene_ranking, read_genes, weights
from clinweave.core.errors import UserError
from clinweave.records import Concept, Relation

PREDICATE = "biolink:gene_associated_with_condition"


def test_symbols_scores_and_exomiser(tmp_path):
    path = tmp_path / "genes"
    path.write_text("fbn1\nCBS\t0.5\n\n", "utf-8")
    assert read_genes(path) == {"FBN1": 1.0, "CBS": 0.5}
    path.write_text(
        "#RANK\tID\tGENE_SYMBOL\tEXOMISER_GENE_VARIANT_SCORE\n1\tx\tFBN1\t0.9\n2\ty\tFBN1\t0.2\n", "utf-8"
    )
    assert read_genes(path) == {"FBN1": 0.9}


@pytest.mark.parametrize(
    ("text", "said"), [("A\tmany\n", "row 1"), ("A\t7\n", "between 0 and 1"), ("", "names no gene")]
)
def test_what_is_no_list_of_genes(tmp_path, text, said):
    path = tmp_path / "genes"
    path.write_text(text, "utf-8")
    with pytest.raises(UserError, match=said):
        read_genes(path)


def test_genes_restrict_weight_and_are_ranked(model):
    pairs = [Relation("HGNC:1", PREDICATE, "OMIM:1", "x"), Relation("HGNC:2", PREDICATE, "OMIM:3", "x")]
    genes = [Concept("HGNC:1", "biolink:Gene", "AAA", "x"), Concept("HGNC:2", "biolink:Gene", "BBB", "x")]
    known = diseases_of(genes, pairs)
    assert known == {"AAA": frozenset({"OMIM:1"}), "BBB": frozenset({"OMIM:3"})}
    added, by = weights({"AAA": 0.5, "BBB": 0.0, "CCC": 1.0}, known)
    assert added == {"OMIM:1": pytest.approx(math.log(0.5)), "OMIM:3": pytest.approx(math.log(1e-3))}
    case = Case("x", ("HP:0000102",))
    line = Diagnoser(model).diagnose(case, weighted=added)
    free = {item["id"]: item["score"] for item in Diagnoser(model).diagnose(case)["ranking"]}
    assert [item["id"] for item in line["ranking"]] == ["OMIM:1", "OMIM:3"]
    assert line["ranking"][0]["score"] == pytest.approx(free["OMIM:1"] + math.log(0.5), abs=1e-3)
    assert [item["gene"] for item in gene_ranking(line["ranking"], by)] == ["AAA", "BBB"]
