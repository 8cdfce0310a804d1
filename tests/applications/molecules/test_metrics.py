"""The MOSES measures against RDKit, against brute force, and against published statistics."""

import io
import pickle
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs the extra molecules")
pytest.importorskip("rdkit", reason="needs the extra molecules")

import numpy as np
import torch
from rdkit import Chem
from scipy import linalg

from clinweave.applications.molecules import parse, read_smiles
from clinweave.applications.molecules.metrics import (
    ChemNet,
    HashSet,
    frechet,
    measure,
    open_filters,
    open_reference,
)
from clinweave.applications.molecules.metrics.moses import (
    Against,
    brics_fragments,
    cosine,
    floor_of,
    morgan_bits,
    scaffold_of,
)
from clinweave.applications.molecules.metrics.reference import training_set
from clinweave.applications.molecules.metrics.similarity import internal_diversity, nearest, packed
from clinweave.applications.molecules.pattern_screen import screen_of
from clinweave.core.errors import ClinweaveError, UserError
from tests.applications.molecules.made import smiles_set

pytestmark = [pytest.mark.molecules, pytest.mark.torch]


@given(st.integers(1, 200), st.floats(0.01, 0.6), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_packed_sets_find_the_nearest(count, density, seed):
    random = np.random.default_rng(seed)
    reference = (random.random((count, 96)) < density * random.random((count, 1))).astype(np.uint8)
    queries = (random.random((5, 96)) < density).astype(np.uint8)
    common = queries.astype(int) @ reference.T
    union = queries.sum(1, dtype=int)[:, None] + reference.sum(1, dtype=int) - common
    expected = (common / np.maximum(union, 1)).max(1)
    together = packed(reference)
    assert [together.best(np.flatnonzero(row)) for row in queries] == pytest.approx(expected, abs=1e-6)
    assert nearest(queries, reference) == pytest.approx(expected.mean(), abs=1e-6)


def test_similarities_are_those_of_rdkit():
    from rdkit import DataStructs
    from rdkit.Chem import rdFingerprintGenerator

    molecules = [parse(item) for item in smiles_set(70)]
    maker = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    prints = [maker.GetFingerprint(item) for item in molecules]
    every = np.array([DataStructs.BulkTanimotoSimilarity(item, prints) for item in prints])
    bits = morgan_bits(molecules)
    assert nearest(bits[:30], bits[30:]) == pytest.approx(every[:30, 30:].max(1).mean(), abs=1e-6)
    assert internal_diversity(bits) == pytest.approx(
        (1 - every.mean(), 1 - (every**2).mean() ** 0.5), abs=1e-6
    )


def test_frechet_is_the_textbooks():
    random = np.random.default_rng(0)
    item, two = random.normal(size=(50, 6)), random.normal(size=(60, 6)) @ np.diag(range(1, 7)) + 1
    first, second = np.cov(item.T), np.cov(two.T)
    away = item.mean(0) - two.mean(0)
    expected = away @ away + np.trace(first + second - 2 * np.real(linalg.sqrtm(first @ second)))
    assert frechet(item.mean(0), first, two.mean(0), second) == pytest.approx(expected)
    assert frechet(item.mean(0), first, item.mean(0), first) == pytest.approx(0, abs=1e-9)


def test_fragments_scaffolds_and_their_cosine():
    expected = ["[16*]c1ccccc1", "[1*]C([6*])=O", "[3*]O[3*]", "[4*]CC"]
    assert sorted(brics_fragments(parse("CCOC(=O)c1ccccc1"))) == sorted(expected)
    assert brics_fragments(parse("CCC")) == ["CCC"]
    assert scaffold_of(parse("Cc1ccccc1")) == []
    assert scaffold_of(parse("Cc1ccc2ccccc2c1")) == ["c1ccc2ccccc2c1"]
    assert cosine({"a": 1, "b": 1}, {"b": 2}) == pytest.approx(0.5**0.5)
    assert np.isnan(cosine({}, {"a": 1}))


def test_a_set_is_measured_with_its_invalid_repeated_and_known_ones():
    result = measure(["CCO", "OCC", "C1CC", "", "c1ccccc1", "CCN"], Against({}, HashSet(["CCO"])))
    assert result["valid"] == pytest.approx(4 / 6)
    assert result["unique"] == pytest.approx(3 / 4)
    assert result["Novelty"] == pytest.approx(2 / 3)
    assert measure(["x", "y"], Against({}))["valid"] == 0
    assert floor_of(10_000) == pytest.approx(0.138)


def test_known_is_a_set():
    known = HashSet(smiles_set(200))
    assert all(item in known for item in smiles_set(200))
    assert "CCCCCCCCCCCCCCCCC" not in known
    assert "C" not in HashSet([])


def test_a_training_set_is_hashed_once(tmp_path, monkeypatch):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    (tmp_path / "train.csv").write_text("SMILES\nCCO\nCCN\n", "utf-8")
    first = training_set(tmp_path)
    (kept,) = (tmp_path / "home" / "molecules" / "training_sets").iterdir()
    again = training_set(tmp_path)
    assert list(first.hashes) == list(again.hashes)
    assert "CCO" in again
    assert "CCC" not in again
    kept.write_bytes(b"damaged")
    assert len(training_set(tmp_path)) == 2
    (tmp_path / "train.csv").write_text("SMILES\nCCC\n", "utf-8")  # another file has hashes of its own
    assert "CCC" in training_set(tmp_path)


def test_products_in_bfloat16_change_activations_little():
    torch.manual_seed(0)
    convolutions = [torch.nn.Conv1d(35, 32, 4, bias=False), torch.nn.Conv1d(32, 32, 4, bias=False)]
    recurrent = [torch.nn.LSTM(32, 128), torch.nn.LSTM(128, 512)]
    kinds = ("Conv1d", "Conv1d", "LSTM", "LSTM")
    layers = [
        (kind, [layer.state_dict()]) for kind, layer in zip(kinds, [*convolutions, *recurrent], strict=True)
    ]
    smiles = smiles_set(40)
    exact = ChemNet(layers, bfloat16=False).activations(smiles)
    close = ChemNet(layers, bfloat16=True).activations(smiles)
    assert np.abs(exact - close).max() < 0.01
    assert np.abs(exact - close).max() > 0  # it was another arithmetic


def test_a_file_that_would_run_something_is_refused(tmp_path):
    class Harm:
        def __reduce__(self):
            return print, ("harm",)

    path = tmp_path / "test_stats.npz"
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "|O", "fortran_order": False, "shape": ()})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("stats.npy", stream.getvalue() + pickle.dumps(Harm()))
    with pytest.raises(ClinweaveError, match=r"names builtins\.print"):
        open_reference(path)
    with pytest.raises(UserError, match="clinweave fetch moses"):
        open_reference(tmp_path / "none.npz")


@pytest.mark.shared
def test_test_molecules_have_the_published_statistics(shared_data):
    """The file's own fingerprints, fragments and scaffolds come out of these functions."""
    folder = shared_data / "molecules" / "moses"
    reference = open_reference(folder / "test_stats.npz")
    smiles = read_smiles(folder / "test.csv.gz")[:300]
    molecules = [parse(item) for item in smiles]
    assert (morgan_bits(molecules) == reference.bits[:300]).all()
    assert all(name in reference.fragments for item in molecules for name in brics_fragments(item))
    assert all(name in reference.scaffolds for item in molecules for name in scaffold_of(item))
    filters = open_filters(folder)
    assert sum(filters.passes(item) for item in molecules[:60]) == 60
    for bad in ("O=C1C=CC(=O)C=C1", "C[N+](C)(C)C", "C1CCCCCCCCC1", "CCCCCl", "C[Si](C)C"):
        assert not filters.passes(parse(bad)), bad


def test_a_screen_of_patterns_answers_as_each_pattern_does():
    patterns = [
        Chem.MolFromSmarts(text) for text in ("[#1]-[O]-[#6]", "c1ccsc1", "[N;H2]", "C(=O)[!#6;!#1]", "[R2]")
    ]
    screen = screen_of(patterns)
    for text in ("OCc1ccsc1", "NCC(=O)OC", "c1ccc2ccccc2c1", "CC(C)=O", "NC(=O)c1ccccc1O"):
        for molecule in (Chem.MolFromSmiles(text), Chem.AddHs(Chem.MolFromSmiles(text))):
            expected = [row for row, pattern in enumerate(patterns) if molecule.HasSubstructMatch(pattern)]
            assert list(screen.matches(molecule)) == expected
