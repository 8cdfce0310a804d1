"""Scorers of three dimensions and of other programs: shape, docking, Chemprop."""

import csv
import math
import shutil
import subprocess

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

from rdkit import Chem
from rdkit.Chem import rdDistGeom

from clinweave.applications.molecules.optimization import open_scorer
from clinweave.core.errors import UserError

pytestmark = pytest.mark.molecules
ASPIRIN, SALICYLIC, OCTANE = "CC(=O)Oc1ccccc1C(=O)O", "OC(=O)c1ccccc1O", "CCCCCCCC"


def test_shape_prefers_what_looks_alike_and_repeats_itself(tmp_path):
    scorer = open_scorer(f"shape:{ASPIRIN}")
    same, near, far = scorer([ASPIRIN, SALICYLIC, OCTANE])
    assert same.value > near.value > far.value
    assert same.value > 0.9
    assert far.parts["features"] < 0.2
    assert scorer.bounded
    assert open_scorer(f"shape:{ASPIRIN}")([SALICYLIC]) == [near]
    solid = Chem.AddHs(Chem.MolFromSmiles(ASPIRIN))
    rdDistGeom.EmbedMolecule(solid, randomSeed=3)
    with Chem.SDWriter(str(tmp_path / "pose.sdf")) as writer:
        writer.write(solid)
    posed = open_scorer(f"shape:{tmp_path / 'pose.sdf'}")
    assert posed([ASPIRIN])[0].value > posed([OCTANE])[0].value
    assert posed.identity != scorer.identity


def test_a_reference_without_three_dimensions_is_refused(tmp_path):
    flat = Chem.MolFromSmiles(ASPIRIN)
    with Chem.SDWriter(str(tmp_path / "flat.sdf")) as writer:
        writer.write(flat)
    for text, problem in (("flat.sdf", "no 3D coordinates"), ("gone.sdf", "no such file")):
        with pytest.raises(UserError, match=problem):
            open_scorer(f"shape:{tmp_path / text}")
    with pytest.raises(UserError, match=r"neither an \.sdf file nor a SMILES"):
        open_scorer("shape:xx")
    assert math.isnan(open_scorer("shape:CCO")(["C" * 150])[0].value)


def _box(
    folder, text='receptor = "wall.pdbqt"\ncenter = [0, 0, 0]\nsize = [16, 16, 16]\nexhaustiveness = 1\n'
):
    (folder / "box.toml").write_text(text)
    return f"dock:{folder / 'box.toml'}"


def test_docking_scores_a_ligand_in_the_box(tmp_path):
    pytest.importorskip("vina", reason="needs the extra docking")
    rows = [
        f"ATOM  {n:>5}  C   LIG A   1    {x:8.3f}{y:8.3f}{-4.0:8.3f}  1.00  0.00     0.000 C "
        for n, (x, y) in enumerate(((i * 1.5, j * 1.5) for i in range(-4, 5) for j in range(-4, 5)), 1)
    ]
    (tmp_path / "wall.pdbqt").write_text("\n".join(rows) + "\n")
    scorer = open_scorer(_box(tmp_path))
    naphthalene, methane, broken = scorer(["c1ccc2ccccc2c1", "CC", "C" * 90])
    assert naphthalene.value < methane.value < 0
    assert "heavy atoms" in broken.problem
    assert open_scorer(_box(tmp_path))(["CC"])[0] == methane
    assert open_scorer(_box(tmp_path), minimise=True)(["CC"])[0].value == -methane.value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('receptor = "gone.pdbqt"', "receptor: no file"),
        ('receptor = "wall.pdbqt"\ncenter = [0, 0]', "center must be three numbers"),
        ('receptor = "wall.pdbqt"\ncenter = [0, 0, 0]\nsize = [0, 1, 1]', "size must be above 0"),
        ('receptor = "wall.pdbqt"\nbox = 3', "no key box"),
        ('receptor = "wall.pdbqt"\nexhaustiveness = 0', "exhaustiveness must be"),
    ],
)
def test_a_box_that_cannot_be_is_refused(tmp_path, text, problem):
    (tmp_path / "wall.pdbqt").write_text("")
    with pytest.raises(UserError, match=problem):
        open_scorer(_box(tmp_path, text))


def test_a_chemprop_model_is_a_scorer(tmp_path):
    if shutil.which("chemprop") is None:
        pytest.skip("needs chemprop on the PATH")
    data = tmp_path / "data.csv"
    data.write_text("smiles,size\n" + "".join(f"{'C' * n},{n}\n{'C' * n}O,{n + 1}\n" for n in range(1, 21)))
    command = ["chemprop", "train", "--data-path", str(data), "--task-type", "regression", "--epochs", "20"]
    subprocess.run(
        [*command, "--num-workers", "0", "--accelerator", "cpu", "--output-dir", str(tmp_path / "m")],
        check=True,
    )
    scorer = open_scorer(f"chemprop:{tmp_path / 'm'}")
    with next((tmp_path / "m").rglob("test_predictions.csv")).open() as stream:  # what Chemprop itself said
        expected = {row["smiles"]: float(row["size"]) for row in csv.DictReader(stream)}
    assert len(expected) >= 2
    answers = [answer.value for answer in scorer(list(expected))]
    assert answers == pytest.approx(list(expected.values()), abs=1e-3)
    with pytest.raises(UserError, match="the model predicts size"):
        open_scorer(f"chemprop:{tmp_path / 'm'}", "weight")(["CC"])


def test_a_chemprop_model_that_is_not_there_is_the_users_mistake(tmp_path):
    with pytest.raises(UserError, match=r"no model; give a \.pt or \.ckpt file"):
        open_scorer(f"chemprop:{tmp_path}")
