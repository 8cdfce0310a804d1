"""Named objectives: QED, penalised logP, and the twenty goal-directed tasks of GuacaMol.

Targets, modifiers and means as in table 3 of Brown et al. 2019 (doi:10.1021/acs.jcim.8b00839); their scores are those
of the guacamol package 0.5.5 (`benchmarks/molecules_optimize.py peer` compares them molecule by molecule).
"""

from collections.abc import Callable
from functools import partial

from clinweave.applications.molecules.optimization.modifiers import (
    arithmetic_mean,
    at_least,
    at_most,
    gaussian,
    thresholded,
)
from clinweave.applications.molecules.optimization.objectives import (
    Objective,
    Part,
    atoms,
    bertz,
    descriptor,
    formula,
    logp,
    of_target,
    penalised_logp,
    qed,
    similarity,
    smarts,
)

_TPSA, _AROMATIC, _RINGS = map(descriptor, ("CalcTPSA", "CalcNumAromaticRings", "CalcNumRings"))
_OSIMERTINIB = "COc1cc(N(C)CCN(C)C)c(NC(=O)C=C)cc1Nc2nccc(n2)c3cn(C)c4ccccc34"
_FEXOFENADINE = "CC(C)(C(=O)O)c1ccc(cc1)C(O)CCCN2CCC(CC2)C(O)(c3ccccc3)c4ccccc4"
_RANOLAZINE = "COc1ccccc1OCC(O)CN2CCN(CC(=O)Nc3c(C)cccc3C)CC2"
_PERINDOPRIL = "O=C(OCC)C(NC(C(=O)N1C(C(=O)O)CC2CCCCC12)C)CCC"
_AMLODIPINE = r"Clc1ccccc1C2C(=C(/N/C(=C2/C(=O)OCC)COCCN)C)\C(=O)OC"
_SITAGLIPTIN = "Fc1cc(c(F)cc1F)CC(N)CC(=O)N3Cc2nnc(n2CC3)C(F)(F)F"
_ZALEPLON = "O=C(C)N(CC)C1=CC=CC(C2=CC=NC3=C(C=NN23)C#N)=C1"
_TADALAFIL = "O=C1N(CC(N2C1CC3=C(C2C4=CC5=C(OCO5)C=C4)NC6=C3C=CC=C6)=O)C"
_SILDENAFIL = "CCCC1=NN(C2=C1N=C(NC2=O)C3=C(C=CC(=C3)S(=O)(=O)N4CCN(CC4)C)OCC)C"
_CAMPHOR, _MENTHOL = "CC1(C)C2CCC1(C)C(=O)C2", "CC(C)C1CCC(C)CC1O"
_QUINAZOLINE = "CCCOc1cc2ncnc(Nc3ccc4ncsc4c3)c2cc1S(=O)(=O)C(C)(C)C"
_CORE = "[#7]-c1n[c;h1]nc2[c;h1]c(-[#8])[c;h0][c;h1]c12"
_DECORATION = "[#6]-[#6]-[#6]-[#8]-[#6]~[#6]~[#6]~[#6]~[#6]-[#7]-c1ccc2ncsc2c1"


def _like(name: str, target: str, kind: str, threshold: float = 1.0) -> Objective:
    return Objective((Part(f"like {name}", similarity(target, kind), thresholded(threshold)),))


def _near(name: str, target: str, prop: str, spread: float) -> Part:
    of = {"logP": logp, "TPSA": _TPSA, "Bertz": bertz}[prop]
    return Part(f"{prop} of {name}", of, gaussian(of_target(target, of), spread))


def _osimertinib() -> Objective:
    return Objective(
        (
            Part("like osimertinib", similarity(_OSIMERTINIB, "FCFP4"), thresholded(0.8)),
            Part("not the same", similarity(_OSIMERTINIB, "ECFP6"), at_most(0.85, 0.1)),
            Part("TPSA from 100", _TPSA, at_least(100, 10)),
            Part("logP up to 1", logp, at_most(1, 1)),
        )
    )


def _fexofenadine() -> Objective:
    return Objective(
        (
            Part("like fexofenadine", similarity(_FEXOFENADINE, "AP"), thresholded(0.8)),
            Part("TPSA from 90", _TPSA, at_least(90, 10)),
            Part("logP up to 4", logp, at_most(4, 1)),
        )
    )


def _ranolazine() -> Objective:
    return Objective(
        (
            Part("like ranolazine", similarity(_RANOLAZINE, "AP"), thresholded(0.7)),
            Part("logP from 7", logp, at_least(7, 1)),
            Part("one fluorine", atoms("F"), gaussian(1, 1)),
            Part("TPSA from 95", _TPSA, at_least(95, 20)),
        )
    )


def _perindopril() -> Objective:
    return Objective(
        (
            Part("like perindopril", similarity(_PERINDOPRIL, "ECFP4")),
            Part("two aromatic rings", _AROMATIC, gaussian(2, 0.5)),
        )
    )


def _amlodipine() -> Objective:
    return Objective(
        (
            Part("like amlodipine", similarity(_AMLODIPINE, "ECFP4")),
            Part("three rings", _RINGS, gaussian(3, 0.5)),
        )
    )


def _sitagliptin() -> Objective:
    return Objective(
        (
            Part("unlike sitagliptin", similarity(_SITAGLIPTIN, "ECFP4"), gaussian(0, 0.1)),
            _near("sitagliptin", _SITAGLIPTIN, "logP", 0.2),
            _near("sitagliptin", _SITAGLIPTIN, "TPSA", 5),
            Part("C16H15F6N5O", formula({"C": 16, "H": 15, "F": 6, "N": 5, "O": 1})),
        )
    )


def _zaleplon() -> Objective:
    return Objective(
        (
            Part("like zaleplon", similarity(_ZALEPLON, "ECFP4")),
            Part("C19H17N3O2", formula({"C": 19, "H": 17, "N": 3, "O": 2})),
        )
    )


def _valsartan() -> Objective:
    return Objective(
        (
            Part("valsartan's biphenyl", smarts("CN(C=O)Cc1ccc(c2ccccc2)cc1")),
            _near("sitagliptin", _SITAGLIPTIN, "logP", 0.2),
            _near("sitagliptin", _SITAGLIPTIN, "TPSA", 5),
            _near("sitagliptin", _SITAGLIPTIN, "Bertz", 30),
        )
    )


def _median(kind: str, first: tuple[str, str], two: tuple[str, str]) -> Objective:
    return Objective(
        tuple(Part(f"like {name}", similarity(target, kind)) for name, target in (first, two)),
    )


def _deco_hop() -> Objective:
    return Objective(
        (
            Part("pharmacophore", similarity(_QUINAZOLINE, "PHCO"), thresholded(0.85)),
            Part("no sulfone", smarts("CS([#6])(=O)=O", present=False)),
            Part("no benzothiazole", smarts("[#7]-c1ccc2ncsc2c1", present=False)),
            Part("quinazoline kept", smarts(_CORE)),
        ),
        arithmetic_mean,
    )


def _scaffold_hop() -> Objective:
    return Objective(
        (
            Part("pharmacophore", similarity(_QUINAZOLINE, "PHCO"), thresholded(0.75)),
            Part("decoration kept", smarts(_DECORATION)),
            Part("no quinazoline", smarts(_CORE, present=False)),
        ),
        arithmetic_mean,
    )


_CELECOXIB = "CC1=CC=C(C=C1)C1=CC(=NN1C1=CC=C(C=C1)S(N)(=O)=O)C(F)(F)F"
_TROGLITAZONE = "Cc1c(C)c2OC(C)(COc3ccc(CC4SC(=O)NC4=O)cc3)CCc2c(C)c1O"
_THIOTHIXENE = "CN(C)S(=O)(=O)c1ccc2Sc3ccccc3C(=CCCN4CCN(C)CC4)c2c1"
_ARIPIPRAZOLE = "Clc4cccc(N3CCN(CCCCOc2ccc1c(NC(=O)CC1)c2)CC3)c4Cl"
_ALBUTEROL = "CC(C)(C)NCC(O)c1ccc(O)c(CO)c1"
_MESTRANOL = "COc1ccc2[C@H]3CC[C@@]4(C)[C@@H](CC[C@@]4(O)C#C)[C@@H]3CCc2c1"

REFERENCES = {  # task -> SMILES of the drug that it aims at
    "osimertinib_mpo": _OSIMERTINIB,
    "perindopril_mpo": _PERINDOPRIL,
    "zaleplon_mpo": _ZALEPLON,
    "celecoxib_rediscovery": _CELECOXIB,
}

TASKS: dict[str, Callable[[], Objective]] = {
    "qed": lambda: Objective((Part("QED", qed),)),
    "plogp": lambda: Objective((Part("penalised logP", penalised_logp),), arithmetic_mean, bounded=False),
    "celecoxib_rediscovery": partial(_like, "celecoxib", _CELECOXIB, "ECFP4"),
    "troglitazone_rediscovery": partial(_like, "troglitazone", _TROGLITAZONE, "ECFP4"),
    "thiothixene_rediscovery": partial(_like, "thiothixene", _THIOTHIXENE, "ECFP4"),
    "aripiprazole_similarity": partial(_like, "aripiprazole", _ARIPIPRAZOLE, "ECFP4", 0.75),
    "albuterol_similarity": partial(_like, "albuterol", _ALBUTEROL, "FCFP4", 0.75),
    "mestranol_similarity": partial(_like, "mestranol", _MESTRANOL, "AP", 0.75),
    "isomers_c11h24": lambda: Objective((Part("C11H24", formula({"C": 11, "H": 24})),)),
    "isomers_c9h10n2o2pf2cl": lambda: Objective(
        (Part("C9H10N2O2PF2Cl", formula({"C": 9, "H": 10, "N": 2, "O": 2, "P": 1, "F": 2, "Cl": 1})),)
    ),
    "median1": partial(_median, "ECFP4", ("menthol", _MENTHOL), ("camphor", _CAMPHOR)),
    "median2": partial(_median, "ECFP6", ("tadalafil", _TADALAFIL), ("sildenafil", _SILDENAFIL)),
    "osimertinib_mpo": _osimertinib,
    "fexofenadine_mpo": _fexofenadine,
    "ranolazine_mpo": _ranolazine,
    "perindopril_mpo": _perindopril,
    "amlodipine_mpo": _amlodipine,
    "sitagliptin_mpo": _sitagliptin,
    "zaleplon_mpo": _zaleplon,
    "valsartan_smarts": _valsartan,
    "deco_hop": _deco_hop,
    "scaffold_hop": _scaffold_hop,
}
