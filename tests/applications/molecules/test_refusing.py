"""What new molecules are new to: nothing of a set is missed, other spellings are found, and few are lost in vain."""

from types import SimpleNamespace

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.applications.molecules import moses_filters, new_to, read_smiles
from clinweave.applications.molecules.generator import PACKAGED
from clinweave.applications.molecules.membership_filter import SEEN, open_seen, seen_from, write_seen
from clinweave.applications.molecules.novelty import ThinnedSet
from clinweave.core.errors import ClinweaveError, UserError

pytestmark = pytest.mark.molecules


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=40))
def test_what_was_seen_is_always_found_also_from_the_file(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("seen") / SEEN
    write_seen(path, seen_from(texts))
    kept = open_seen(path)
    assert all(item in kept for item in texts)
    assert len(kept) == len(set(texts))


def test_others_are_taken_for_seen_once_in_a_thousand(tmp_path):
    path = tmp_path / SEEN
    write_seen(path, seen_from(f"C{n}" for n in range(20_000)))
    assert path.stat().st_size < 20_000 * 1.6  # bytes a molecule
    seen = open_seen(path)
    wrong = sum(f"N{n}" in seen for n in range(20_000))
    assert 4 < wrong < 45  # 19.5 expected
    assert open_seen(tmp_path / "none.npz") is None
    path.write_bytes(b"nothing")
    with pytest.raises(ClinweaveError, match="cannot be read"):
        open_seen(path)


def test_a_chemists_file_may_spell_its_molecules_in_any_way(tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_bytes(
        b"\xef\xbb\xbfid,smiles\r\n1,OCC\r\n2,C1CC\r\n3,Cl.NC(C)c1ccccc1\r\n4,C[C@H](O)CN\r\nid,smiles\r\n"
    )
    model = SimpleNamespace(seen=seen_from(["CCC"]), checkpoint=SimpleNamespace(folder=tmp_path))
    known = new_to([str(mine), "training"], model, tmp_path)
    assert [item in known for item in ("CCO", "CC(N)c1ccccc1", "CC(O)CN", "C[C@H](O)CN", "CCC", "CCN")] == [
        True, True, True, True, True, False
    ]  # fmt: skip
    assert (known.rows, known.unread) == (5, 2)
    assert "row 2: not a SMILES" in known.first_unread
    with pytest.raises(UserError, match="there is no file"):
        new_to(["gone.smi"], model, tmp_path)
    (tmp_path / "bad.smi").write_text("C1CC\nfoo\n")
    with pytest.raises(UserError, match="no row holds a molecule"):
        new_to([str(tmp_path / "bad.smi")], model, tmp_path)
    with pytest.raises(UserError, match="clinweave fetch moses"):
        new_to(["moses"], model, tmp_path)
    with pytest.raises(UserError, match="clinweave fetch moses"):
        moses_filters(tmp_path)
    model.seen = None
    with pytest.raises(UserError, match="does not say what it was trained on"):
        new_to(["training"], model, tmp_path)


@pytest.mark.shared
def test_the_packaged_set_is_that_of_moses(shared_data):
    seen = open_seen(PACKAGED / SEEN)
    held = read_smiles(shared_data / "molecules" / "moses" / "test.csv.gz")[:40_000]
    assert len(seen) == 1_584_663
    assert 15 < sum(item in seen for item in held) < 70  # 39 expected by chance
    assert "CC(=O)Nc1ccc(O)cc1" not in seen


def test_a_thinned_set_holds_its_share_of_a_set_and_nothing_else():
    molecules = [f"C{'C' * number}O" for number in range(2000)]
    part = ThinnedSet(set(molecules), 0.6)
    inside = [item for item in molecules if item in part]
    assert 0.55 < len(inside) / len(molecules) < 0.65
    assert inside == [item for item in molecules if item in ThinnedSet(set(molecules), 0.6)]
    assert inside != [item for item in molecules if item in ThinnedSet(set(molecules), 0.6, seed=1)]
    assert "CCN" not in ThinnedSet(set(molecules), 1.0)
    assert all(item in ThinnedSet(set(molecules), 1.0) for item in molecules)
    assert not any(item in ThinnedSet(set(molecules), 0.0) for item in molecules)


def test_a_share_of_what_the_model_was_trained_on_is_left_out(tmp_path):
    model = SimpleNamespace(seen={"CCO", "CCN"})
    assert "CCO" in new_to([], model, tmp_path, training_share=1.0)
    assert "CCO" not in new_to([], model, tmp_path)
    assert not new_to([], SimpleNamespace(seen=None), tmp_path, training_share=1.0).sets  # it does not say
