"""The page Molecules over HTTP, on a small table of drugs."""

import base64
import re
import sys

import pytest

from clinweave.core.lazy import OpenedOnce
from clinweave.knowledge_base import KnowledgeBase
from clinweave.service import ServiceSettings
from tests.service.pages import ASPIRIN, DRUGS, known_drugs, pages_of


def test_without_the_extra_the_page_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pages_of(KnowledgeBase(tmp_path)) as pages:
        response = pages.get("/molecules")
        assert response.status_code == 200
        assert "clinweave[molecules]" in response.text
        assert pages.post("/molecules", data={"molecule": ASPIRIN}).status_code == 400


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    pytest.importorskip("rdkit", reason="needs the molecules extra")
    base = KnowledgeBase(tmp_path_factory.mktemp("home"))
    base._drugs = OpenedOnce(known_drugs)
    return base


@pytest.fixture(scope="module")
def pages(base):
    with pages_of(base) as client:
        yield client


@pytest.mark.molecules
def test_a_structure_is_drawn_with_its_properties(pages):
    page = pages.post("/molecules", data={"molecule": ASPIRIN}).text
    picture = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', page)[1]
    assert base64.b64decode(picture).startswith(b"<svg")
    assert re.search(r"weight <small>.*?</th><td>180\.2</td>", page, re.DOTALL)
    assert "clinweave molecules properties train" in page
    assert " style=" not in page


@pytest.mark.molecules
def test_a_drug_is_found_by_its_name_or_near_ones_are_offered(pages):
    page = pages.post("/molecules", data={"molecule": "aspirin"}).text
    assert ">Aspirin</h2>" in page
    assert ASPIRIN in page
    response = pages.post("/molecules", data={"molecule": "metformine"})
    assert response.status_code == 400
    assert 'value="DRUGBANK:DB00331"' in response.text


@pytest.mark.molecules
def test_similar_drugs_are_pictures_with_their_similarity(pages):
    part = pages.post("/molecules/similar", data={"molecule": ASPIRIN}, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "&lt;b&gt;Triflusal" in part
    assert part.count("<img") == 3
    assert "This is Aspirin" in part
    assert "<html" in pages.post("/molecules/similar", data={"molecule": ASPIRIN}).text


@pytest.mark.molecules
def test_variants_are_other_valid_structures_and_repeat_with_the_seed(pages):
    def variants(seed):
        page = pages.post("/molecules", data={"molecule": ASPIRIN, "seed": seed}).text
        return re.findall(r'aria-label="Open ([^"]+)"', page)

    from rdkit import Chem

    first = variants("0")
    assert 4 <= len(first) <= 8
    assert len(set(first)) == len(first)
    assert all(Chem.MolFromSmiles(smiles) is not None for smiles in first)
    assert ASPIRIN not in first
    assert variants("0") == first != variants("1")


@pytest.mark.molecules
@pytest.mark.parametrize("text", ["", "x" * 2001, "C1CC", "<script>alert(1)</script>", "C" * 300])
def test_what_is_no_structure_is_said(pages, text):
    response = pages.post("/molecules", data={"molecule": text})
    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert "<script>alert" not in response.text


@pytest.mark.molecules
def test_predictions_have_an_interval_and_a_domain(base, tmp_path):
    pytest.importorskip("lightgbm", reason="needs the molecules extra")
    from clinweave.applications.molecules.prediction import read_table, train

    rows = [f"{'C' * n}{end},{n}" for n in range(2, 22) for end in ("O", "N", "Cl", "C(=O)O", "c1ccccc1")]
    (tmp_path / "table.csv").write_text("smiles,length\n" + "\n".join(rows), "utf-8")
    train(read_table(tmp_path / "table.csv", ""), ["length"], tmp_path / "model", "descriptors")
    with pages_of(base, settings=ServiceSettings(property_models=(tmp_path / "model",))) as pages:
        inside = pages.post("/molecules", data={"molecule": "CCCCCCCO"}).text
        outside = pages.post("/molecules", data={"molecule": DRUGS["DRUGBANK:DB00331"][1]}).text
    assert re.search(
        r"length <small>value</small></th><td>[\d.]+ \([\d.-]+ to [\d.]+\)</td><td>inside", inside
    )
    assert "outside: do not rely on it" in outside
