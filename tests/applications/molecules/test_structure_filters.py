"""Rules of makeable molecules: each refuses its examples, spares what drugs have, and is counted and shown."""

import json

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

from rdkit import Chem
from rdkit.Chem import FilterCatalog

from clinweave.applications.molecules.structure_filters import (
    alerts,
    all_rules,
    controlled_classes,
    matched_classes,
    open_filter,
    ring_systems_of,
)
from clinweave.cli import main
from clinweave.core.errors import UserError

pytestmark = pytest.mark.molecules
MOTIFS = [rule for rule in all_rules() if rule.smarts]
DRUGS = {
    "osimertinib without its acrylamide": "COc1cc(N(C)CCN(C)C)c(NC(C)=O)cc1Nc1nccc(-c2cn(C)c3ccccc23)n1",
    "vorinostat (hydroxamate)": "ONC(=O)CCCCCCC(=O)Nc1ccccc1",
    "hydroxyurea": "NC(=O)NO",
    "fluvoxamine (oxime ether)": "COCCCCC(=NOCCN)c1ccc(C(F)(F)F)cc1",
    "minoxidil (N-oxide)": "Nc1cc(N2CCCCC2)nc(N)[n+]1[O-]",
    "nitrofurantoin (nitro, hydrazone)": "O=C1CN(N=Cc2ccc([N+](=O)[O-])o2)C(=O)N1",
    "isoniazid (hydrazide)": "NNC(=O)c1ccncc1",
    "gliclazide (semicarbazide)": "Cc1ccc(S(=O)(=O)NC(=O)NN2CC3CCCC3C2)cc1",
    "paroxetine (benzodioxole)": "Fc1ccc(C2CCNCC2COc2ccc3OCOc3c2)cc1",
    "ketoconazole (ketal)": "CC(=O)N1CCN(c2ccc(OCC3COC(Cn4ccnc4)(c4ccc(Cl)cc4Cl)O3)cc2)CC1",
    "dapagliflozin (glycoside)": "CCOc1ccc(Cc2cc(C3OC(CO)C(O)C(O)C3O)ccc2Cl)cc1",
    "nifedipine (dihydropyridine)": "COC(=O)C1=C(C)NC(C)=C(C(=O)OC)C1c1ccccc1[N+](=O)[O-]",
    "carbamazepine (dibenzazepine)": "NC(=O)N1c2ccccc2C=Cc2ccccc21",
    "diazepam": "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21",
    "sildenafil": "CCCc1nn(C)c2c1nc([nH]c2=O)-c1cc(ccc1OCC)S(=O)(=O)N1CCN(C)CC1",
}


def _run(arguments):
    """Return the exit code of a command."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


@pytest.mark.parametrize("rule", MOTIFS, ids=lambda rule: rule.id)
def test_each_rule_refuses_its_examples_and_spares_the_others(rule):
    assert rule.refused
    assert all((rule.name, rule.reason, rule.source))
    for smiles in rule.refused:
        assert rule.cases(Chem.MolFromSmiles(smiles)), smiles
    for smiles in rule.allowed:
        assert not rule.cases(Chem.MolFromSmiles(smiles)), smiles


@pytest.mark.parametrize("name", DRUGS)
def test_what_drugs_have_is_exempt(name):
    assert open_filter().violations(Chem.MolFromSmiles(DRUGS[name])) == []


@pytest.mark.parametrize(
    ("smiles", "rule"),
    [
        ("CC[C](C)C", "valence"),
        ("[13CH3]CO", "valence"),
        ("C1CC2=CC1CC2", "bridgehead_alkene"),
        ("C1CC2CC3CCC1N3C2", "ring_system"),
        ("CC(C)C1=NN(C)C(=O)C1=Cc1ccc(N(C)C)cc1", "pains"),
    ],
)
def test_rules_in_code(smiles, rule):
    assert rule in {violation.rule for violation in open_filter().violations(Chem.MolFromSmiles(smiles))}


def test_pains_are_those_of_rdkits_catalogue():
    chosen = FilterCatalog.FilterCatalogParams()
    chosen.AddCatalog(FilterCatalog.FilterCatalogParams.FilterCatalogs.PAINS)
    catalogue = FilterCatalog.FilterCatalog(chosen)
    examples = [
        *DRUGS.values(), "Oc1ccccc1O", "O=C1C=CC(=O)C=C1", "CN(C)c1ccc(C=NNC(=O)c2ccccc2)cc1", "CCN(CC)c1ccc(O)cc1",
        "O=C1NC(=S)SC1=Cc1ccccc1", "c1ccc(N=Nc2ccccc2)cc1", "Oc1ccc2ccccc2c1CN1CCCC1",
        "CC1=C(C(=O)c2ccccc2)C(=O)NN1c1ccccc1",
    ]  # fmt: skip
    matched = 0
    for smiles in examples:
        molecule = Chem.MolFromSmiles(smiles)
        expected = sorted(f"PAINS: {entry.GetDescription()}" for entry in catalogue.GetMatches(molecule))
        assert sorted(text for text in alerts(molecule) if text.startswith("PAINS")) == expected
        matched += bool(expected)
    assert matched >= 5


def test_a_ring_system_does_not_depend_on_substituents_or_stereo():
    plain, decorated = "c1ccc2[nH]ccc2c1", "CC(=O)n1cc(C[C@H](N)C(=O)O)c2cc(OC)ccc12"
    assert set(ring_systems_of(Chem.MolFromSmiles(plain))) == set(
        ring_systems_of(Chem.MolFromSmiles(decorated))
    )
    pyridone = ring_systems_of(Chem.MolFromSmiles("Cn1ccccc1=O"))
    assert pyridone != ring_systems_of(Chem.MolFromSmiles("Cc1ccccn1"))
    assert len(ring_systems_of(Chem.MolFromSmiles("C1CCC2(CC1)CCNCC2"))) == 1  # spiro: one system


def test_refusals_are_counted_once_a_structure_and_named():
    makeable = open_filter()
    assert makeable.refuse("CN(C)OC") == "n_o"
    assert makeable.refuse("CN(C)OC") == "n_o"
    assert makeable.refuse("CCO") == ""
    assert dict(makeable.counts) == {"n_o": 1}
    assert makeable.describe() == ["1 n_o (single bond between nitrogen and oxygen)"]
    excused = makeable.excuse(makeable.violations(Chem.MolFromSmiles("CN(C)OC")))
    assert excused.refuse("CCN(C)OC") == ""
    assert excused.identity != makeable.identity


def test_rules_can_be_allowed_and_added(tmp_path):
    assert open_filter(["n_o"]).refuse("CN(C)OC") == ""
    with pytest.raises(UserError, match="did you mean nitrosamine"):
        open_filter(["nitrosamin"])
    own = tmp_path / "own.smarts"
    own.write_text("# mine\n[Br]\tno bromine\n#[#6]C\n", "utf-8")
    with pytest.raises(UserError, match=r"line 3: '#\[#6\]C' is not a SMARTS"):
        open_filter((), own)
    own.write_bytes(b"\xef\xbb\xbf# mine\r\n[Br]\tno bromine\r\n\r\nc1ccsc1\r\n")
    makeable = open_filter((), own)
    assert makeable.refuse("Brc1ccccc1") == "own.2"
    assert makeable.describe() == ["1 own.2 (no bromine)"]
    with pytest.raises(UserError, match="cannot be read"):
        open_filter((), tmp_path / "none")
    own.write_text("# nothing\n", "utf-8")
    with pytest.raises(UserError, match="no line holds"):
        open_filter((), own)


@pytest.mark.parametrize(
    ("smiles", "section"),
    [
        ("CC(C)OP(C)(=O)F", "Schedule 1.A.1"),
        ("O=C(CC)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1", "21 CFR 1308.11"),
        ("O=C1NC(=O)NC(=O)C1(CC)c1ccccc1", "Part II"),
        ("CC(NC)C(=O)c1ccccc1", "generic definition"),
    ],
)
def test_classes_of_law_are_flagged_with_their_source(smiles, section):
    assert any(section in text for text in matched_classes(Chem.MolFromSmiles(smiles)))


def test_classes_of_law_spare_common_drugs():
    assert len(controlled_classes()) > 15
    for name, smiles in DRUGS.items():
        assert matched_classes(Chem.MolFromSmiles(smiles)) == [], name


def test_a_search_refuses_counts_and_says_so(tmp_path, capsys):
    pool = tmp_path / "pool.smi"
    pool.write_text("CN(C)OC\nCC(=O)Nc1ccccc1\nO=C(Nc1ccccc1)c1ccncc1\nCC(C)Cc1ccccc1\n", "utf-8")
    out = tmp_path / "best.csv"
    common = [
        "molecules",
        "optimize",
        "--scorer",
        "qed",
        "--budget",
        "40",
        "--pool",
        str(pool),
        "--method",
        "graph-ga",
    ]
    assert _run([*common, "--out", str(out), "--report", str(tmp_path / "p.html"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["refused_by_rule"]["n_o"] >= 1
    assert answer["fates"]["not makeable"] >= 1
    makeable = open_filter()
    assert all(makeable.refuse(row["smiles"]) == "" for row in answer["molecules"])
    page = (tmp_path / "p.html").read_text("utf-8")
    assert ", by rule at the end of the page" in page
    refused = page.partition("Structures refused as not makeable")[2]
    assert f"{answer['refused_by_rule']['n_o']:,} n_o" in refused
    assert _run([*common, "--out", str(out), "--no-filters"]) == 2  # the journal is of a search with rules
    assert "belongs to another search" in capsys.readouterr().err
    off = tmp_path / "off.csv"
    assert _run([*common, "--out", str(off), "--no-filters", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["refused_by_rule"] is None
    assert _run([*common, "--out", str(tmp_path / "x.csv"), "--no-filters", "--allow", "n_o"]) == 2
    assert "--no-filters refuses nothing" in capsys.readouterr().err


def test_what_the_start_has_is_allowed_and_said(tmp_path, capsys):
    out = tmp_path / "best.csv"
    options = ["--scorer", "qed", "--budget", "30", "--method", "graph-ga", "--start", "C=CC(=O)Nc1ccccc1"]
    pool = tmp_path / "pool.smi"
    pool.write_text("CC(=O)Nc1ccccc1\n", "utf-8")
    assert _run(["molecules", "optimize", *options, "--pool", str(pool), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["allowed_for_start"] == ["michael_acceptor"]


def test_a_pool_that_is_refused_whole_is_an_error(tmp_path, capsys):
    pool = tmp_path / "pool.smi"
    pool.write_text("CN(C)OC\nCOOC\n", "utf-8")
    options = ["--scorer", "qed", "--budget", "30", "--method", "graph-ga", "--pool", str(pool)]
    assert _run(["molecules", "optimize", *options, "--out", str(tmp_path / "b.csv")]) == 2
    assert "all of its 2 molecules are refused" in capsys.readouterr().err
