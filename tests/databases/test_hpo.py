import pytest

from clinweave.databases.obo import quoted
from tests.databases.conftest import HP_OBO


def test_terms_synonyms_definitions_and_parents(reading):
    result = reading("hpo")
    wobble = result.concepts["HP:0000100"]
    assert result.source.release == "2031-01-01"
    assert wobble.synonyms == ("Shaky knees",)  # layperson's word kept, broader word left out
    assert wobble.definition == 'A "wobble" of the knees.'
    assert result.passages[0].text == wobble.definition
    assert result.passages[0].concepts == ("HP:0000100",)
    assert ("HP:0000100", "subclass_of", "HP:0000118") in result.triples
    assert result.log.total == 0


def test_branch_decides_the_category(reading):
    concepts = reading("hpo").concepts
    assert concepts["HP:0000006"].category == "biolink:GeneticInheritance"
    assert concepts["HP:0000100"].category == "biolink:PhenotypicFeature"


def test_old_ids_lead_to_the_term_that_took_their_place(reading):
    wobble = reading("hpo").concepts["HP:0000100"]
    # an alt_id, and an obsolete term whose replacement is itself that old id
    assert {"HP:0000101", "HP:0000200"} <= set(wobble.xrefs)
    assert "HP:0000300" in wobble.related  # "consider" is advice
    assert "HP:0000200" not in reading("hpo").concepts


def test_two_codes_of_one_vocabulary_are_looser_links(reading):
    wobble = reading("hpo").concepts["HP:0000100"]
    assert "UMLS:C0000001" in wobble.xrefs
    assert {"SNOMEDCT:11", "SNOMEDCT:12"} <= set(wobble.related)


def test_an_old_id_claimed_by_two_terms_leads_nowhere(reading):
    text = HP_OBO.replace("id: HP:0000118\n", "id: HP:0000118\nalt_id: HP:0000101\n")
    assert all(
        "HP:0000101" not in concept.xrefs
        for concept in reading("hpo", files={"hp.obo": text}).concepts.values()
    )


def test_replacements_that_go_round_end(reading):
    rounds = "\n".join(
        f"[Term]\nid: HP:900000{a}\nname: obsolete x\nis_obsolete: true\nreplaced_by: HP:900000{b}\n"
        for a, b in ((1, 2), (2, 1))
    )
    assert (
        reading("hpo", files={"hp.obo": f"{HP_OBO}\n{rounds}"}).concepts.keys()
        == reading("hpo").concepts.keys()
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("[Term]\nid: HP:12\nname: short", "a term without an HP id"),
        ("[Term]\nid: HP:0000100\nname: again", "an id twice"),
        ("[Term]\nid: HP:0000400", "a term without a name"),
        ("[Term]\nid: HP:0000400\nname: x\nbroken line", "not 'tag: value'"),
        ("[Term]\nid: HP:0000400\nname: x\nis_a: HP:9999999", "is_a of an unknown term"),
    ],
)
def test_bad_rows_are_counted_with_file_and_row(row, reason, reading):
    result = reading("hpo", files={"hp.obo": f"{HP_OBO}\n{row}\n"})
    assert result.log.counts == {f"hp.obo: {reason}": 1}
    lines = f"{HP_OBO}\n{row}\n".split("\n")
    place = len(lines) - len(row.split("\n"))
    assert place <= result.log.examples[0].row <= len(lines)
    assert "HP:0000100" in result.concepts


def test_quoted_text_ends_at_its_own_quote():
    assert quoted(r'"a \"b\" c\n" EXACT x []') == ('a "b" c\n', "EXACT")
    assert quoted("no quote") is None
