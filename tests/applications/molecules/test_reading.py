"""Rows of molecules: every one is answered, in order; graphs and properties agree with RDKit's."""

import gzip

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.applications.molecules import (
    PROPERTIES,
    featurise,
    parse,
    parse_condition,
    read_molecules,
    standardise,
)
from clinweave.applications.molecules.featurization import graphs_from
from clinweave.applications.molecules.graphs import graphs_of, join, keep_atoms, scaffold_atoms
from clinweave.core.errors import UserError

pytestmark = pytest.mark.molecules

DRUGS = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "CC(C)(C)C(=O)C(Oc1ccc(Cl)cc1)n1ccnc1",
    "C[C@H](N)C(=O)O",
    "CCCC",
    "O=C1CCCCC1",
    "C/C=C/C",
    "C[N+](C)(C)C",
]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("hello", "not a SMILES"),
        ("C1CC", "not a SMILES"),
        ("C(C)(C)(C)(C)C", "not a possible structure"),
        ("n1cccc1", "not a possible structure"),
        ("c1ccccc1C(=O)[O-].[Na+]", "a mixture of 2 parts"),
        ("[13CH4]", "isotope"),
        ("*CC", "not named"),
        ("CC[CH2]", "open valence"),
        ("C" * 500, "500 heavy atoms"),
        ("C" * 6000, "characters"),
        ("[H][H]", "no heavy atom"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(text, reason):
    answer = standardise(text)
    assert answer.smiles is None
    assert reason in answer.reason


def test_charge_and_stereo_are_kept_and_the_parent_is_named():
    assert standardise("C[N+](C)(C)C").smiles == "C[N+](C)(C)C"
    assert standardise("C[C@H](N)C(=O)O").smiles == "C[C@H](N)C(=O)O"
    assert standardise("C/C=C/C").smiles == "C/C=C/C"
    salt = standardise("CC(=O)[O-].[Na+]", parent=True)
    assert salt.smiles == "CC(=O)[O-]"
    assert salt.notes == ("largest of 2 parts",)


def test_order_and_count_of_a_table_are_kept(tmp_path):
    path = tmp_path / "set.csv"
    path.write_bytes(
        b"\xef\xbb\xbfname,SMILES,smiles\r\nethanol,OCC,x\r\nbad,C1CC,x\r\nname,SMILES,smiles\r\n,,\r\nshort\r\nmethane,C,x\r\n"
    )
    rows = list(read_molecules(path))
    assert [row.row for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.smiles for row in rows] == ["CCO", None, None, None, None, "C"]
    assert [row.reason for row in rows][2:5] == [
        "the header again",
        "empty",
        "1 cells, the header has 3",
    ]
    assert rows[0].name == "ethanol"


def test_plain_lines_and_gzip(tmp_path):
    path = tmp_path / "set.smi.gz"
    path.write_bytes(gzip.compress(b"SMILES\r\nOCC ethanol and more\r\n\r\nC1CC\tbroken\r\n"))
    rows = list(read_molecules(path))
    assert [(row.smiles, row.name) for row in rows] == [
        ("CCO", "ethanol and more"),
        (None, ""),
        (None, "broken"),
    ]


def test_empty_files_hold_no_rows_and_unknown_columns_are_named(tmp_path):
    (tmp_path / "a.smi").write_text("")
    (tmp_path / "a.csv").write_text("")
    assert not list(read_molecules(tmp_path / "a.smi"))
    assert not list(read_molecules(tmp_path / "a.csv"))
    (tmp_path / "b.csv").write_text("compound,value\nCC,1\n")
    with pytest.raises(UserError, match="its columns are compound, value"):
        list(read_molecules(tmp_path / "b.csv"))
    assert [row.smiles for row in read_molecules(tmp_path / "b.csv", column="compound")] == ["CC"]
    with pytest.raises(UserError, match="no file"):
        list(read_molecules(tmp_path / "none.smi"))


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="CNOcno()[]=#123+-@/\\.%H*Cl ", max_size=30))
def test_any_text_is_answered(text):
    answer = standardise(text)
    assert (answer.smiles is None) == bool(answer.reason)
    if answer.smiles:
        assert standardise(answer.smiles).smiles == answer.smiles


def test_a_batch_keeps_its_rows_and_its_values_are_rdkits():
    from rdkit.Chem import QED, Crippen, Descriptors

    made = featurise(pa.RecordBatch.from_pydict({"smiles": ["bad", *DRUGS, None]}))
    assert made.num_rows == len(DRUGS) + 2
    assert made.column("reason").to_pylist()[0]
    assert made.column("smiles").to_pylist()[-1] is None
    molecule = parse(DRUGS[0])
    row = made.to_pylist()[1]
    wanted = (
        Descriptors.MolWt(molecule),
        Crippen.MolLogP(molecule),
        Descriptors.TPSA(molecule),
        QED.qed(molecule),
    )
    assert [row[name] for name in list(PROPERTIES)[:4]] == pytest.approx(wanted, rel=1e-5)
    graphs = graphs_from(made)
    same = graphs_of([parse(standardise(one).smiles) for one in DRUGS])
    for name in graphs.__annotations__:
        assert (getattr(graphs, name) == getattr(same, name)).all(), name


def test_graphs_are_taken_and_joined_without_loss():
    graphs = graphs_of([parse(one) for one in DRUGS])
    rows = np.array([3, 0, 5])
    some = graphs.take(rows)
    alone = join([graphs_of([parse(DRUGS[row])]) for row in rows])
    for name in graphs.__annotations__:
        assert (getattr(some, name) == getattr(alone, name)).all(), name


def test_scaffolds_are_those_of_rdkit():
    from rdkit.Chem.Scaffolds import MurckoScaffold

    for smiles in DRUGS:
        graphs = graphs_of([parse(smiles)])
        scaffold = MurckoScaffold.GetScaffoldForMol(parse(smiles))
        cut = keep_atoms(graphs, scaffold_atoms(graphs))
        assert cut.atom_counts[0] == scaffold.GetNumAtoms(), smiles
        if scaffold.GetNumAtoms() and "[" not in smiles:
            # what the decoder sees in training is what it is shown later: the scaffold as a molecule of its own
            fresh = graphs_of([parse(MurckoScaffold.MurckoScaffoldSmiles(smiles))])
            assert sorted(map(tuple, cut.atoms)) == sorted(map(tuple, fresh.atoms)), smiles
            assert sorted(cut.kinds) == sorted(fresh.kinds)


def test_conditions_are_read_or_refused():
    assert parse_condition("logp=2.5, QED=0.9") == {"logp": 2.5, "qed": 0.9}
    assert parse_condition("") == {}
    for wrong in ("logp", "logp=x", "mass=3", "logp=1,logp=2", "logp=nan"):
        with pytest.raises(UserError):
            parse_condition(wrong)
