"""Members, groups and siblings from Mondo and from names."""

from clinweave.applications.diagnosis import Links, from_mondo, genes_from
from clinweave.applications.diagnosis.related_diseases import from_names, related_diseases, series
from clinweave.records import Concept, Relation

LINKS = Links(
    {"M:1": ("OMIM:1", "ORPHA:9"), "M:2": ("OMIM:2",), "M:3": ("OMIM:3",), "M:up": ("ORPHA:8",)},
    {"M:1": ("M:up",), "M:2": ("M:up",), "M:3": ("M:up",)},
)


def _by_id(kin):
    return {item.members[0]: item for item in kin}


def test_equivalent_ids_are_members_and_wider_ones_are_kin():
    result = _by_id(related_diseases(LINKS, frozenset({"OMIM:1", "OMIM:2", "ORPHA:8", "ORPHA:9"})))
    assert result["OMIM:1"].members == ("OMIM:1", "ORPHA:9")
    assert result["OMIM:1"].groups == ("ORPHA:8",)
    assert result["OMIM:1"].siblings == ("OMIM:2",)


def test_a_disease_without_annotations_is_a_candidate_by_its_kin_alone():
    annotated = frozenset({"OMIM:1", "OMIM:2"})
    assert "OMIM:3" in _by_id(related_diseases(LINKS, annotated))
    assert "OMIM:3" not in _by_id(related_diseases(LINKS, annotated, related_only=False))


def test_an_annotated_id_that_no_class_knows_stands_alone():
    assert [item.members for item in related_diseases(Links(), frozenset({"OMIM:7", "ORPHA:1"}))] == [
        ("OMIM:7",)
    ]


def test_a_class_with_two_omim_ids_gives_two_candidates():
    links = Links({"M:1": ("OMIM:1", "OMIM:2", "ORPHA:9")})
    result = related_diseases(links, frozenset({"OMIM:1", "OMIM:2", "ORPHA:9"}))
    assert [item.members for item in result] == [("OMIM:1", "ORPHA:9"), ("OMIM:2", "ORPHA:9")]


def test_mondo_records():
    links = from_mondo(
        [
            Concept("MONDO:1", "biolink:Disease", "a", "mondo", xrefs=("OMIM:1", "ORPHA:2", "UMLS:C1")),
            Relation("MONDO:1", "biolink:subclass_of", "MONDO:2", "mondo"),
        ],
        "2024-07",
    )
    assert links.members == {"MONDO:1": ("OMIM:1", "ORPHA:2")}
    assert links.parents == {"MONDO:1": ("MONDO:2",)}


def test_equal_names_and_series():
    assert series("Long QT syndrome 2") == series("Long QT syndrome type 13") == "long qt syndrome"
    names = {"OMIM:1": "Dystrophy, limb", "ORPHA:2": "Limb dystrophy", "OMIM:3": "Dystrophy"}
    links = from_names(names)
    assert ("OMIM:1", "ORPHA:2") in links.members.values()
    result = _by_id(related_diseases(links, frozenset(names)))
    assert result["OMIM:1"].members == ("OMIM:1", "ORPHA:2")
    assert result["OMIM:1"].siblings == ("OMIM:3",)


def test_a_disease_without_annotations_has_the_annotated_ones_of_its_gene():
    genes = {
        "OMIM:1": frozenset("A"),
        "ORPHA:9": frozenset("C"),
        "OMIM:7": frozenset("AC"),
        "OMIM:8": frozenset("B"),
    }
    result = _by_id(related_diseases(LINKS, frozenset({"OMIM:1", "OMIM:2", "ORPHA:9"}), genes))
    assert result["OMIM:7"].genes == ("OMIM:1",)
    assert result["OMIM:7"].name == "OMIM:7, a disease of A, C"
    assert not result["OMIM:1"].genes  # it has findings of its own
    assert "OMIM:8" not in result  # its gene has no other disease


def test_what_orphanet_alone_names_is_a_candidate_on_request():
    annotated = frozenset({"OMIM:1", "ORPHA:8", "ORPHA:9", "ORPHA:5"})
    assert "ORPHA:5" not in _by_id(related_diseases(LINKS, annotated))
    result = _by_id(related_diseases(LINKS, annotated, orphanet=True))
    assert "ORPHA:5" in result
    assert not {"ORPHA:8", "ORPHA:9"} & result.keys()  # a group above OMIM ids, and a member


def test_pairs_of_genes_and_diseases():
    records = [
        Concept("NCBIGene:1", "biolink:Gene", "A", "hpoa"),
        Relation("NCBIGene:1", "biolink:gene_associated_with_condition", "OMIM:1", "hpoa"),
    ]
    assert genes_from(records) == {"OMIM:1": frozenset({"A"})}
