import gzip
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.core.artifacts import stage
from clinweave.core.errors import UserError
from clinweave.knowledge import Graph, export_kgx, import_kgx
from clinweave.knowledge.graph.build import assemble
from clinweave.knowledge.graph.kgx_text import escaped, items, joined, unescaped
from clinweave.records import Concept, Grade, Relation, Source, Tier
from tests.knowledge.graph_fixture import DISEASE, FINDING, HAS, build

FILES = ("nodes.tsv", "edges.tsv", "passages.tsv", "merges.tsv", "clinweave.json")


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def round_trip(graph: Graph, work: Path) -> Graph:
    export_kgx(graph, work / "out", allow_export=True)
    again = Graph.open(import_kgx(work / "out", work / "again").path)
    export_kgx(again, work / "out2", allow_export=True)
    assert bytes_of(work / "out") == bytes_of(work / "out2")
    return again


def same(one: Graph, two: Graph) -> None:
    assert one.relations() == two.relations()
    ids = [str(row["id"]) for row in one.names().to_pylist()]
    assert one.concepts(ids) == two.concepts(ids)
    assert one.names() == two.names()
    assert list(one.passages()) == list(two.passages())
    assert one.merges() == two.merges()
    assert one.sources() == two.sources()
    assert (one.path / "relations.parquet").read_bytes() == (two.path / "relations.parquet").read_bytes()


def test_out_and_back_loses_nothing(tmp_path: Path) -> None:
    graph = build(tmp_path / "graph")
    again = round_trip(graph, tmp_path)
    same(graph, again)
    assert again.manifest["dropped"] == {}
    assert again.resolve("OMIM:100") == "MONDO:0000010"


def test_gzip_has_the_same_lines_and_takes_the_place_of_plain(tmp_path: Path) -> None:
    graph = build(tmp_path / "graph")
    export_kgx(graph, tmp_path / "out")
    plain = bytes_of(tmp_path / "out")
    export_kgx(graph, tmp_path / "out", compress=True)
    zipped = bytes_of(tmp_path / "out")
    assert sorted(zipped) == sorted(f"{name}.gz" if name.endswith("tsv") else name for name in FILES)
    assert gzip.decompress(zipped["edges.tsv.gz"]) == plain["edges.tsv"]
    same(graph, Graph.open(import_kgx(tmp_path / "out", tmp_path / "again").path))


def test_the_columns_of_kgx(tmp_path: Path) -> None:
    export_kgx(build(tmp_path / "graph"), tmp_path / "out")
    header, *rows = (tmp_path / "out" / "edges.tsv").read_text().splitlines()
    edges = [dict(zip(header.split("\t"), row.split("\t"), strict=True)) for row in rows]
    seen = next(row for row in edges if row["frequency"] == "7/12")
    assert seen["predicate"] == HAS
    assert seen["primary_knowledge_source"] == "infores:hpoa"
    assert (seen["knowledge_level"], seen["agent_type"]) == ("knowledge_assertion", "manual_agent")
    assert (seen["has_count"], seen["has_total"], seen["negated"]) == ("7", "12", "false")
    assert (seen["release"], seen["license"], seen["tier"]) == ("hpoa-1", "licence of hpoa", "public")
    assert any(row["frequency_qualifier"] == "HP:0040281" for row in edges)
    nodes = (tmp_path / "out" / "nodes.tsv").read_text()
    assert nodes.startswith("id\tcategory\tname\tdescription\tprovided_by\txref\tsynonym\t")


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["a\tb", "line\nend", "cr\r", "pipe|d", '"quoted"', "back\\slash", "\\|", "\\n", "\x85\u2028", "né 𝛼"]
)
NAMED = TEXT.filter(bool)
LISTS = st.lists(NAMED, max_size=3, unique=True).map(tuple)


@settings(deadline=None)
@given(st.lists(LISTS, max_size=4), st.lists(TEXT, max_size=4))
def test_cells_come_back_as_they_were(lists: list[tuple[str, ...]], texts: list[str]) -> None:
    cells = joined(pa.array([list(item) for item in lists], pa.list_(pa.string()))).to_pylist()
    assert [items(cell, ours=True) for cell in cells] == lists
    written = escaped(pa.array(texts, pa.string())).to_pylist()
    assert [unescaped(cell) for cell in written] == texts
    for cell in (*cells, *written):
        assert not set(cell) & set("\t\n\r")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(NAMED, LISTS, TEXT), min_size=1, max_size=3), LISTS, TEXT, TEXT, st.booleans())
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory,
    named: list[tuple[str, tuple[str, ...], str]],
    publications: tuple[str, ...],
    frequency: str,
    onset: str,
    negated: bool,
) -> None:
    work = tmp_path_factory.mktemp("kgx")
    source = Source("s", "A\tsource", "infores:s", "1|2", "none\nstated", "", Tier.GATED)
    concepts = [
        Concept(f"MONDO:{row}", DISEASE, name, "s", synonyms, definition)
        for row, (name, synonyms, definition) in enumerate(named)
    ]
    finding = Concept("HP:1", FINDING, "f", "s")
    relation = Relation(
        "MONDO:0", HAS, "HP:1", "s", publications, frequency, onset, negated=negated, grade=Grade.SYNTHETIC
    )
    records = {"s": [*concepts, finding, relation]}
    stage(work / "g", "graph", {}, {}, lambda folder: assemble(records, {"s": source}, folder))
    graph = Graph.open(work / "g")
    same(graph, round_trip(graph, work))
    (kept,) = graph.relations(predicate=HAS)
    assert (kept.frequency, kept.onset, kept.tier) == (frequency, onset, Tier.GATED)
    assert set(kept.publications) == set(publications)


def foreign(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


NODES = "id\tcategory\nMONDO:1\tbiolink:Disease|biolink:NamedThing\nHP:1\tbiolink:PhenotypicFeature\n"


def test_a_foreign_file_with_the_required_columns_alone(tmp_path: Path) -> None:
    rows = [
        ("knowledge_assertion", "manual_agent", "curated"), ("knowledge_assertion", "automated_agent", "text-mined"),
        ("knowledge_assertion", "text_mining_agent", "text-mined"), ("observation", "manual_agent", "text-mined"),
        ("statistical_association", "data_analysis_pipeline", "co-occurrence"),
        ("logical_entailment", "automated_agent", "class-inferred"), ("rubbish", "manual_agent", "text-mined"),
    ]  # fmt: skip
    edges = "subject\tpredicate\tobject\tknowledge_level\tagent_type\r\n" + "".join(
        f"MONDO:1\tbiolink:p{number}\tHP:1\t{level}\t{agent}\r\n"
        for number, (level, agent, _) in enumerate(rows)
    )
    folder = foreign(tmp_path / "in", {"my_nodes.tsv": NODES, "my_edges.tsv": edges})
    graph = Graph.open(import_kgx(folder, tmp_path / "g").path)
    assert [str(item.grade) for item in graph.relations()] == [grade for _, _, grade in rows]
    assert graph.relations()[-1].knowledge_level == "not_provided"
    assert graph.concept("MONDO:1").name == "MONDO:1"
    assert graph.concept("MONDO:1").category == "biolink:Disease"
    assert graph.sources()["kgx"].licence == "not stated"


def test_foreign_frequencies_and_sources(tmp_path: Path) -> None:
    edges = (
        "subject\tpredicate\tobject\tprimary_knowledge_source\thas_count\thas_total\thas_percentage\n"
        "MONDO:1\tbiolink:a\tHP:1\tinfores:zoo\t3\t4\t75\nMONDO:1\tbiolink:b\tHP:1\tinfores:zoo\t\t\t20\n"
    )
    folder = foreign(tmp_path / "in", {"nodes.tsv": NODES, "edges.tsv": edges})
    graph = Graph.open(import_kgx(folder, tmp_path / "g").path)
    assert [item.frequency for item in graph.relations()] == ["3/4", "20%"]
    assert {item.source for item in graph.relations()} == {"zoo"}
    assert graph.sources()["zoo"].infores == "infores:zoo"


def test_malformed_rows_are_counted_and_named(tmp_path: Path) -> None:
    nodes = NODES.encode() + b"no identifier\tbiolink:Gene\nHGNC:1\nHGNC:2\t\xff\n\n"
    edges = (
        "subject\tpredicate\tobject\tnegated\tgrade\nMONDO:1\tbiolink:p\tHP:1\tTrue\t\nMONDO:1\t\tHP:1\t\t\n"
        "MONDO:1\tbiolink:p\tHP:1\tperhaps\t\nMONDO:1\tbiolink:p\tHP:1\t\tsplendid\nMONDO:1\tbiolink:p\tHP:9\t\t\n"
    )
    folder = foreign(tmp_path / "in", {"nodes.tsv": nodes, "edges.tsv": edges})
    done = import_kgx(folder, tmp_path / "g")
    assert done.manifest["dropped"] == {
        "kgx: nodes.tsv: id is not an identifier of the form prefix:local": 1,
        "kgx: nodes.tsv: 1 fields where the header has 2": 1,
        "kgx: nodes.tsv: not UTF-8": 1,
        "kgx: edges.tsv: predicate is not an identifier of the form prefix:local": 1,
        "kgx: edges.tsv: negated is neither true nor false": 1,
        "kgx: edges.tsv: grade must be one of curated, co-occurrence, class-inferred, text-mined, synthetic, "
        "computed": 1,
        "kgx: object HP is no known concept": 1,
    }
    assert ["nodes.tsv", 5, "1 fields where the header has 2"] in done.manifest["examples"]
    assert [item.negated for item in Graph.open(done.path).relations()] == [True]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"nodes.tsv": NODES}, "one edges.tsv"),
        ({"nodes.tsv": NODES, "a_nodes.tsv": NODES, "edges.tsv": ""}, "a_nodes.tsv"),
        ({"nodes.tsv": "name\tcategory\n", "edges.tsv": "subject\tpredicate\tobject\n"}, "lacks id"),
        ({"nodes.tsv": NODES, "edges.tsv": "from\tto\n"}, "lacks subject, predicate, object"),
        ({"nodes.tsv": "id\tcategory\tid\n", "edges.tsv": "subject\tpredicate\tobject\n"}, "twice"),
        ({"nodes.tsv": NODES, "edges.tsv": ""}, "is empty"),
        ({"nodes.tsv": NODES, "edges.tsv.gz": gzip.compress(b"subject\tpredicate\tobject\n" * 99)[:-12]}, "damaged"),
        ({"nodes.tsv": NODES, "edges.tsv.gz": b"not gzip"}, "damaged"),
        ({"nodes.tsv": NODES, "edges.tsv": "subject\tpredicate\tobject\n", "passages.tsv": "id\ttext\n",
          "merges.tsv": "id\tcanonical\n", "clinweave.json": "[]"}, "does not list sources"),
    ],
)  # fmt: skip
def test_what_is_refused_leaves_nothing(tmp_path: Path, files: dict[str, str | bytes], said: str) -> None:
    folder = foreign(tmp_path / "in", files)
    with pytest.raises(UserError, match=said):
        import_kgx(folder, tmp_path / "g")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_importing_again_is_free(tmp_path: Path) -> None:
    folder = foreign(tmp_path / "in", {"nodes.tsv": NODES, "edges.tsv": "subject\tpredicate\tobject\n"})
    assert import_kgx(folder, tmp_path / "g").fresh
    assert not import_kgx(folder, tmp_path / "g").fresh
    foreign(folder, {"nodes.tsv": NODES + "HP:2\tbiolink:PhenotypicFeature\n"})
    assert import_kgx(folder, tmp_path / "g").fresh
