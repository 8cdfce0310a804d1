"""Property prediction: structures, splits, calibration, and a user's table from end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="needs the molecules extra")
pytest.importorskip("lightgbm", reason="needs the molecules extra")

from clinweave.applications.molecules.prediction import (
    Refused,
    Structure,
    calibration,
    domain,
    features,
    read_structure,
    read_table,
    splits,
)
from clinweave.applications.molecules.prediction.structures import fingerprint, inchi_key
from clinweave.cli import main
from clinweave.core.errors import UserError
from tests.applications.molecules.made import grid_data

pytestmark = pytest.mark.molecules


@pytest.mark.parametrize(
    ("given", "smiles", "note"),
    [
        ("OCC", "CCO", ""),
        ("[O-]C(=O)c1ccccc1.[Na+]", "O=C(O)c1ccccc1", "salt"),
        ("CCO.CCCCN", "CCCCN", "mixture"),
        ("C[N+](C)(C)C", "C[N+](C)(C)C", "charge +1"),
        ("C[N+](=O)[O-]", "C[N+](=O)[O-]", ""),
        ("[2H]CC", "[2H]CC", "isotopes"),
        ("C[Si](C)(C)C", "C[Si](C)(C)C", ""),
        ("[SbH6+3]", "[SbH6+3]", "charge +3"),  # without its charge it would be no possible structure
    ],
)
def test_what_is_done_to_a_structure_is_said(given: str, smiles: str, note: str) -> None:
    found = read_structure(given)
    assert isinstance(found, Structure)
    assert found.smiles == smiles
    assert note in "; ".join(found.notes)
    assert bool(found.notes) == bool(note)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("", "no SMILES"),
        ("CC\u202e", "a letter that is not ASCII"),
        ("\u00e9CCO", "a letter that is not ASCII"),
        ("not one", "not a SMILES"),
        ("C(C)(C)(C)(C)C", "valence"),
        ("c1cccc1", "kekulize"),
        ("C" * 700, "700 heavy atoms"),
    ],
)
def test_what_cannot_be_computed_on_is_refused_with_a_reason(given: str, reason: str) -> None:
    found = read_structure(given)
    assert isinstance(found, Refused)
    assert reason in found.reason


def test_every_way_to_write_a_molecule_gives_the_same_numbers() -> None:
    pair = [read_structure(one) for one in ("CC(=O)Oc1ccccc1C(=O)O", "OC(=O)c1c(OC(C)=O)cccc1")]
    columns = features.describe([one.molecule for one in pair if isinstance(one, Structure)])
    assert columns.shape == (2, len(features.names("maplight")))
    assert np.array_equal(columns[0], columns[1], equal_nan=True)
    assert inchi_key(pair[0].molecule) == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"  # type: ignore[union-attr]


@given(st.lists(st.sampled_from("abcdefgh"), min_size=20, max_size=80), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_no_group_is_on_two_sides(groups: list[str], seed: int) -> None:
    for split in (splits.by_size(groups), splits.balanced(groups, seed)):
        assert sorted(np.concatenate(split).tolist()) == list(range(len(groups)))
        sides = [{groups[row] for row in part} for part in split]
        assert not (sides[0] & sides[1])
        assert not (sides[0] & sides[2])
        assert not (sides[1] & sides[2])
        assert len(split.train) <= 0.8 * len(groups)
    places = splits.folds(groups, 4, seed)
    for one in set(groups):
        rows = [row for row in range(len(groups)) if groups[row] == one]
        assert len({int(places[row]) for row in rows}) == 1 or 2 * len(rows) > len(groups)


def test_of_equal_groups_the_first_of_the_table_are_tested_on() -> None:
    split = splits.by_size([*"abcdefghij", "k", "k"], (0.5, 0.25))
    assert [part.tolist() for part in split] == [[6, 7, 8, 9, 10, 11], [3, 4, 5], [0, 1, 2]]


def test_a_series_around_one_scaffold_is_dealt_over_the_folds() -> None:
    groups = ["a"] * 30 + ["b"] * 10
    places = splits.folds(groups, 5, 0)
    assert splits.crowded(groups) == "a"
    assert sorted(np.bincount(places[:30], minlength=5).tolist()) == [0, 7, 7, 8, 8]
    assert len(set(places[30:].tolist())) == 1
    assert splits.crowded(["a", "b"]) is None
    assert splits.crowded([]) is None


def test_scaffolds_are_bemis_and_murckos() -> None:
    assert splits.scaffolds(["CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CCO"]) == ["c1ccccc1", ""]


def test_venn_abers_is_calibrated_where_scores_are_not() -> None:
    random = np.random.default_rng(1)
    chance = random.uniform(0, 1, 4000)
    truth = (random.uniform(size=4000) < chance).astype(float)
    scores = 3 * np.log(chance / (1 - chance)) + 1  # far too sure, and shifted
    made = calibration.VennAbers.fit(scores[:2000], truth[:2000])
    low, high = made.between(scores[2000:])
    said, width = calibration.merged([low], [high])
    assert (low <= high).all()
    assert np.abs(said - chance[2000:]).mean() < 0.03
    assert 0 <= width.min() <= width.max() < 0.3
    again = calibration.VennAbers.from_json(json.loads(json.dumps(made.to_json())))
    assert np.array_equal(again.between(scores)[1], made.between(scores)[1])


def test_venn_abers_follows_its_definition() -> None:
    from sklearn.isotonic import isotonic_regression

    scores, truth = np.array([0.0, 1, 2, 3]), np.array([0.0, 1, 0, 1])
    low, high = calibration.VennAbers.fit(scores, truth).between(np.array([1.5]))
    for label, said in ((0.0, low), (1.0, high)):
        assert said[0] == pytest.approx(isotonic_regression([0, 1, label, 0, 1])[2])


def test_intervals_cover_what_they_say() -> None:
    random = np.random.default_rng(2)
    similarity = random.uniform(0, 1, 6000)
    errors = np.abs(random.normal(size=6000)) * (1.5 - similarity)
    widths = calibration.Widths.fit(errors[:3000], similarity[:3000], 0.9)
    covered = errors[3000:] <= widths.of(similarity[3000:])
    assert 0.88 < covered.mean() < 0.92
    assert list(widths.half) == sorted(widths.half, reverse=True)
    assert covered[similarity[3000:] < 0.3].mean() > 0.86
    assert calibration.quantile(np.ones(5), 0.9) == np.inf


def test_nearest_is_tanimoto() -> None:
    prints = [fingerprint(read_structure(one).molecule) for one in ("CCO", "CCN", "c1ccccc1O")]  # type: ignore[union-attr]
    best, place = domain.nearest(prints[:1], prints)
    assert (best[0], place[0]) == (1.0, 0)
    assert domain.out_of_fold(prints, np.array([0, 1, 1]))[0] < 1
    assert domain.nearest(prints, [])[1].tolist() == [-1, -1, -1]


BAD = "name,smiles,y\r\na,CCO,1\r\nname,smiles,y\r\nb,xx,2\r\nc,C\r\nd,[Na+].[Cl-],\r\n,,\r\n"


def test_each_row_is_answered_in_order(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"\xef\xbb\xbf" + BAD.encode())
    table = read_table(path)
    told = [one.reason if isinstance(one, Refused) else one.smiles for one in table.structures]
    assert told == [
        "CCO",
        "the header again",
        "not a SMILES",
        "2 cells, the header has 3",
        "[Na+]",
        "no SMILES",
    ]
    assert table.numbers("y")[0] == 1
    assert np.isnan(table.numbers("y")[1:]).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "--smiles-column"),
        ("smiles,smiles\nC,C\n", "2 columns are called 'smiles'"),
        ("smiles,y\nC,many\n", "column y, row 1: 'many' is not a number"),
        ("smiles,y,y\nC,1,2\n", "2 columns are called 'y'"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UserError, match=said):
        read_table(tmp_path / "t.csv").numbers("y")


def _molecules() -> list[str]:
    rings = ("c1ccccc1", "C1CCCCC1", "c1ccncc1", "C1CCNCC1", "c1ccsc1", "C1CCOC1", "c1ccc2ccccc2c1")
    return [
        f"{'C' * chain}{end}{ring}" for ring in rings for chain in range(1, 9) for end in ("", "O", "C(=O)N")
    ]


def test_learning_predicting_and_judging_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from rdkit import Chem
    from rdkit.Chem import Crippen

    lines = ["smiles,logp,fat"]
    for smiles in _molecules():
        value = Crippen.MolLogP(Chem.MolFromSmiles(smiles))
        lines.append(f"{smiles},{value:.3f},{int(value > 2.5)}")
    (tmp_path / "train.csv").write_text("\n".join(lines[:1] + lines[1::2]) + "\n")
    (tmp_path / "new.csv").write_text("\n".join([lines[0], *lines[2::2], "xx,1,1", lines[1]]) + "\n")
    model = str(tmp_path / "model")
    train = ["molecules", "properties", "train", str(tmp_path / "train.csv"), "--out", model, "--json"]
    train += ["--target", "logp", "--target", "fat", "--features", "morgan+descriptors"]
    for fresh in (True, False):
        with pytest.raises(SystemExit) as stop:
            main(train)
        assert not stop.value.code
        assert json.loads(capsys.readouterr().out)["fresh"] is fresh
    _run("predict", str(tmp_path / "new.csv"), "--model", model, "--out", str(tmp_path / "out.csv"))
    table = read_table(tmp_path / "out.csv")
    assert [row[0] for row in table.rows] == [
        line.split(",")[0] for line in (tmp_path / "new.csv").read_text().split()[1:]
    ]
    assert table.rows[-2][table.column("reason")] == "not a SMILES"
    assert not table.rows[-2][table.column("logp_predicted")]
    low, value, high = (table.numbers(f"logp_{name}")[:-2] for name in ("low", "predicted", "high"))
    assert ((low <= value) & (value <= high)).all()
    capsys.readouterr()
    _run("evaluate", str(tmp_path / "new.csv"), "--model", model, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["refused"], told["trained_on"]) == (1, 1)
    assert told["endpoints"]["logp"]["rmse"]["value"] < 0.7 * float(np.nanstd(table.numbers("logp")))
    assert told["endpoints"]["fat"]["auroc"]["value"] > 0.9
    assert not list((tmp_path / "model").glob("*.pkl"))


def _run(*arguments: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["molecules", "properties", *arguments])
    assert not stop.value.code


def test_a_model_that_is_not_there_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("smiles\nC\n")
    with pytest.raises(SystemExit) as stop:
        main(["molecules", "properties", "evaluate", str(tmp_path / "t.csv"), "--model", str(tmp_path)])
    assert stop.value.code == 2


def test_admet_answers_each_row_through_a_program_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "t.csv").write_text("id,smiles\n1,CCO\n2,xx\n3,OCC\n")
    stand_in = tmp_path / "python"
    stand_in.write_text(
        '#!/bin/sh\nprintf "smiles,hERG,hERG_drugbank_approved_percentile\\n$(cat $3),0.25,31\\n" > $4\n'
    )
    stand_in.chmod(0o755)
    out = tmp_path / "out.csv"
    page = tmp_path / "page.html"
    _run(
        "admet", str(tmp_path / "t.csv"), "--out", str(out), "--python", str(stand_in), "--report", str(page), "--json"
    )  # fmt: skip
    assert json.loads(capsys.readouterr().out)["answered"] == 2
    lines = out.read_text().splitlines()
    assert lines[0] == "id,smiles,hERG,hERG_drugbank_approved_percentile,notes,reason"
    assert lines[1:] == ["1,CCO,0.25,31,,", "2,xx,,,,not a SMILES", "3,OCC,0.25,31,,"]
    text = page.read_text()
    assert "<th>hERG</th><td>0.25</td><td>0.25</td><td>0.25</td><td>31</td>" in text
    assert "<td>2</td><td>not a SMILES</td>" in text
    assert grid_data(page)["smiles"] == ["CCO", "CCO"]
    with pytest.raises(SystemExit) as stop:
        main(
            [
                "molecules",
                "properties",
                "admet",
                str(tmp_path / "t.csv"),
                "--out",
                str(out),
                "--python",
                "nowhere",
            ]
        )
    assert stop.value.code == 2
