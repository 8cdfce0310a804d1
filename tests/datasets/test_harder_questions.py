import gzip

import pytest

from clinweave.core.errors import UserError
from clinweave.datasets import cross_source_questions, future_questions
from clinweave.records import Concept, Relation

FEATURE = "biolink:has_phenotype"


def rows(graph, extra=()):
    result = [
        Relation(
            row.subject, FEATURE, row.object, "hpoa", original_subject=row.subject.replace("MONDO", "OMIM")
        )
        for row in graph.relations(predicate=FEATURE, negated=False)
    ]
    return result + [
        Relation(d, FEATURE, f, "hpoa", original_subject=d.replace("MONDO", "OMIM")) for d, f in extra
    ]


def test_future_asks_only_what_the_older_closure_lacks(small_graph):
    added = [(f"MONDO:{d:03}", f"HP:{(d * 2 + 14) % 45:03}") for d in range(0, 60, 2)]
    above = [("MONDO:001", "HP:006"), ("MONDO:003", "HP:013")]
    result = future_questions(small_graph, rows(small_graph), rows(small_graph, added + above), count=40)
    assert len(result) > 10
    pairs = set(added + above)
    for question in result:
        disease, _, feature = question.gold
        old = {row.object for row in small_graph.relations(disease, FEATURE, negated=False)}
        closure = old.union(*(small_graph.ancestors(item) for item in old))
        assert (disease, feature) in pairs
        assert feature not in closure
        new = old | {f for d, f in pairs if d == disease}
        for index, option in enumerate(question.option_ids):
            if index != question.answer:
                assert option not in new
                assert not small_graph.ancestors(option) & new
        assert question.kind == ("refinement" if old & small_graph.ancestors(feature) else "new")


def test_future_with_nothing_new_is_the_users_error(small_graph):
    with pytest.raises(UserError, match="adds nothing"):
        future_questions(small_graph, rows(small_graph), rows(small_graph))


def table(tmp_path, lines, name="indications.tsv"):
    text = "\n".join(["doid_id\tdrugbank_id\tdisease\tdrug\tcategory", *lines]) + "\n"
    path = tmp_path / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    return path


class Mapped:
    """Knows every identifier by its own name."""

    def resolve(self, identifier):
        return None if identifier.endswith("9") else identifier

    def concept(self, identifier):
        return Concept(identifier, "c", identifier, "s")

    def ancestors(self, _):
        return frozenset()

    descendants = ancestors


def test_cross_source_asks_disease_modifying_rows_and_never_offers_another_indication(tmp_path):
    lines = [
        f"DOID:{d}\tDB{d}{k}\tillness {'abcdefgh'[d]}\tdrug{'klm'[k]}{'abcdefgh'[d] * 3}\t{('DM', 'DM', 'SYM')[k]}"
        for d in range(8)
        for k in range(3)
    ]
    result = cross_source_questions(Mapped(), table(tmp_path, lines, "indications.tsv.gz"), count=12)
    assert len(result) == 12
    for question in result:
        letter = question.question.rstrip("?")[-1]
        assert question.options[question.answer].endswith(letter * 3)
        assert "drugm" not in question.options[question.answer]
        assert sum(option.endswith(letter * 3) for option in question.options) == 1
        assert question.cluster == question.concepts[0]


def test_cross_source_bad_rows_name_row_and_field(tmp_path):
    with pytest.raises(UserError, match="row 2, category: 'XX'"):
        cross_source_questions(Mapped(), table(tmp_path, ["DOID:1\tDB1\ta\tb\tXX"]))
    with pytest.raises(UserError, match="knows none"):
        cross_source_questions(Mapped(), table(tmp_path, ["DOID:9\tDB9\ta\tb\tDM"]))
    path = tmp_path / "other.tsv"
    path.write_text("a\tb\n1\t2\n", "utf-8")
    with pytest.raises(UserError, match="no column 'doid_id'"):
        cross_source_questions(Mapped(), path)
