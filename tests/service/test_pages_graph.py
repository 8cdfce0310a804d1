"""The page Graph over HTTP: search, neighbourhoods, filters, paths, and the layouts."""

import re
from itertools import pairwise

import pytest

from clinweave.service.pages.drawing import NodeName, draw_neighbourhood, draw_paths, shortened, wrapped
from tests.service.pages import BREAKOUT, SCRIPT, pages_of, small_base

MARFAN = "MONDO:0007947"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    with pages_of(small_base(tmp_path_factory.mktemp("home"))) as client:
        yield client


def test_search_lists_concepts_and_completes(pages):
    page = pages.get("/graph", params={"q": "marfan"}).text
    assert 'href="/graph?id=MONDO%3A0007947"' in page
    part = pages.get("/graph/names", params={"q": "marf"}).text
    assert "Marfan syndrome" in part
    assert "<html" not in part
    assert "Nothing has this name" in pages.get("/graph", params={"q": "xyzzy"}).text


def test_a_neighbourhood_is_drawn_and_tabled_with_sources(pages):
    page = pages.get("/graph", params={"id": MARFAN}).text
    drawn, tabled = page.partition("<svg viewBox")[2], page.partition("The same as a table")[2]
    for name in ("FBN1", "Ectopia of the lens", "Aneurysm", "disease"):
        assert name in drawn.partition("</svg>\n</div>")[0]
        assert name in tabled
    assert "has the feature" in drawn
    assert "is associated with the gene" in drawn
    href = re.search(r'href="(/relation\?r=[^"]+)"', tabled)[1]
    assert pages.get(href).status_code == 200
    assert "4 of 4 neighbours" in page


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({"predicate": "biolink:has_phenotype"}, {"HP:0000102", "HP:0000202"}),
        ({"category": "biolink:Gene"}, {"HGNC:3603"}),
        ({"source": "mondo"}, {"MONDO:0000001"}),
        ({"source": "mondo", "category": "biolink:Gene"}, set()),
    ],
)
def test_filters_keep_what_they_say(pages, filters, shown):
    page = pages.get("/graph", params={"id": MARFAN, **filters}).text
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    assert {id_.replace("%3A", ":") for id_ in re.findall(r"/graph\?id=([^\"]+)", table)} == shown
    assert ("No relation fits" in page) == (not shown)


def test_paths_are_drawn_and_written(pages):
    page = pages.get("/graph", params={"from": "FBN1", "to": "Aneurysm"}).text
    assert "FBN1 is a gene associated with Marfan syndrome." in page
    assert "Marfan syndrome has the feature Aneurysm" in page
    assert page.count("<rect") >= 3
    assert "No path" in pages.get("/graph", params={"from": "Seizure", "to": "Aneurysm"}).text
    assert pages.get("/graph", params={"from": "FBN1", "to": "HGNC:3603"}).status_code == 400
    assert pages.get("/graph", params={"from": "FBN1"}).status_code == 400


def test_an_unknown_name_offers_near_ones(pages):
    response = pages.get("/graph", params={"id": "Marfan syndrom"})
    assert response.status_code == 400
    assert 'href="/graph?id=MONDO%3A0007947"' in response.text


def test_hostile_names_are_escaped(pages):
    page = pages.get("/graph", params={"id": "MONDO:0000666"}).text
    assert SCRIPT not in page
    assert BREAKOUT not in page
    assert "<img" not in page
    assert "\u202e" not in page
    page = pages.get("/graph", params={"q": '"><script>alert(1)</script>', "from": "", "to": ""}).text
    assert "<script>alert" not in page


def nodes(count, prefix="X"):
    return [
        NodeName(f"{prefix}:{n}", f"a rather long name of concept number {n}", "biolink:Disease")
        for n in range(count)
    ]


@pytest.mark.parametrize("sizes", [[59], [1], [20, 20, 19], [1] * 30, [0]])
def test_the_layout_keeps_names_apart_and_inside(sizes):
    groups = [(f"g{i}", nodes(size, f"G{i}")) for i, size in enumerate(sizes)]
    drawing = draw_neighbourhood(NodeName("C:1", "centre", ""), groups)
    for side in ("start", "end"):
        rows = sorted(
            [node.y for group in drawing.groups if group.anchor == side for node in group.nodes]
            + [group.y for group in drawing.groups if group.anchor == side]
        )
        assert all(after - before >= 20 for before, after in pairwise(rows))
        assert all(8 <= row <= drawing.height for row in rows)
    drawn = [node.id for group in drawing.groups for node in group.nodes]
    assert sorted(drawn) == sorted(node.id for _, members in groups for node in members)


def test_a_concept_of_several_paths_is_drawn_once():
    a, b, c, d = nodes(4)
    drawing = draw_paths([[a, b, d], [a, c, d], [a, b, c, d]])
    half = drawing.node_width / 2 + 1  # with its line
    assert all(half <= node.x <= drawing.width - half for node in drawing.nodes)
    assert len(drawing.nodes) == 4
    assert len(drawing.lines) == 5
    at = {node.id: node.x for node in drawing.nodes}
    assert at[a.id] < at[b.id] < at[d.id]
    half = drawing.node_width / 2
    assert all(half <= node.x <= 960 - half for node in drawing.nodes)


def test_long_names_are_cut_at_words():
    assert shortened("short") == "short"
    assert (
        shortened("a name that is much longer than can be drawn here")
        == "a name that is much longer than\u2026"
    )
    assert len(shortened("x" * 90)) == 36
    assert wrapped("familial thoracic aortic aneurysm") == ("familial thoracic aortic", "aneurysm")
