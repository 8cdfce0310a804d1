"""A small knowledge base that is really built, with hostile names, and the pages over it."""

from contextlib import contextmanager

from starlette.testclient import TestClient

from clinweave.applications.diagnosis import Diagnoser, Release, open_model
from clinweave.knowledge_base import KnowledgeBase
from clinweave.records import Concept, Relation
from clinweave.service import ChatHandler, ServiceState, make_app
from tests.applications.diagnosis.conftest import hpoa, obo
from tests.knowledge.graph_fixture import DISEASE, FINDING, GENE_OF, HAS, IS_A
from tests.test_knowledge_base import built

SCRIPT = "<script>alert(1)</script> disease"
BREAKOUT = '"><img src=x onerror=alert(1)> finding'
REVERSED = "Reversed \u202egnp.exe finding"
ADDRESS = "javascript:alert(1)"
RECORDS = {
    "mondo": [
        Concept("MONDO:0000001", DISEASE, "disease", "mondo"),
        Concept("MONDO:0007947", DISEASE, "Marfan syndrome", "mondo", ("MFS",), "A <b>bold</b> definition."),
        Concept("MONDO:0000666", DISEASE, SCRIPT, "mondo", ("hostile disease",)),
        Concept("MONDO:0000777", DISEASE, "Lens disease 1", "mondo"),
        Relation("MONDO:0007947", IS_A, "MONDO:0000001", "mondo"),
        Relation("MONDO:0000666", IS_A, "MONDO:0000001", "mondo"),
    ],
    "hpo": [
        Concept("HP:0000102", FINDING, "Ectopia of the lens", "hpo", ("Dislocated lens",)),
        Concept("HP:0000103", FINDING, "Cataract", "hpo"),
        Concept("HP:0000202", FINDING, "Aneurysm", "hpo"),
        Concept("HP:0000301", FINDING, "Seizure", "hpo", ("Seizures",)),
        Concept("HP:0000302", FINDING, "Ataxia", "hpo"),
        Concept("HP:0000666", FINDING, BREAKOUT, "hpo", ("hostile finding",)),
        Concept("HP:0000667", FINDING, REVERSED, "hpo"),
    ],
    "hgnc": [Concept("HGNC:3603", "biolink:Gene", "FBN1", "hgnc")],
    "hpoa": [
        Relation("MONDO:0007947", HAS, "HP:0000102", "hpoa", ("PMID:1",), "7/12"),
        Relation("MONDO:0007947", HAS, "HP:0000202", "hpoa", (ADDRESS, "PMID:3"), "5/12"),
        Relation("MONDO:0000666", HAS, "HP:0000666", "hpoa", ("PMID:4",)),
        Relation("MONDO:0000666", HAS, "HP:0000667", "hpoa", (ADDRESS,)),
        Relation("MONDO:0000777", HAS, "HP:0000102", "hpoa", ("PMID:5",)),
        Relation("HGNC:3603", GENE_OF, "MONDO:0007947", "hpoa", ("PMID:2",)),
        Relation("HGNC:3603", GENE_OF, "MONDO:0000666", "hpoa", ("PMID:2",)),
    ],
}
TEXT = """# Marfan syndrome

## Treatment

Marfan syndrome is treated with losartan, which slows the widening of the aorta.

## Follow-up &lt;img src=x onerror=alert(1)&gt;

The aorta is measured once a year. &lt;script&gt;alert(2)&lt;/script&gt; is shown as it is written.
"""
LETTER = (
    "A girl of 16 years with a dislocated lens and an aneurysm. No seizures. She may have ataxia. "
    "Her father has a cataract."
)

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
DRUGS = {
    "DRUGBANK:DB00945": ("Aspirin", ASPIRIN),
    "DRUGBANK:DB01399": ("Salsalate", "O=C(Oc1ccccc1C(=O)O)c1ccccc1O"),
    "DRUGBANK:DB08814": ("<b>Triflusal</b>", "CC(=O)Oc1cc(C(F)(F)F)ccc1C(=O)O"),
    "DRUGBANK:DB00331": ("Metformin", "CN(C)C(=N)NC(=N)N"),
}


def known_drugs():
    """Return a table of four drugs, one with a hostile name; needs the extra molecules."""
    import numpy as np

    from clinweave.applications.molecules import KnownDrugs
    from clinweave.applications.molecules.drugs.known import packed
    from clinweave.applications.molecules.prediction import read_structure
    from clinweave.applications.molecules.prediction.structures import inchi_key

    structures = [read_structure(smiles) for _, smiles in DRUGS.values()]
    return KnownDrugs(
        list(DRUGS),
        [name for name, _ in DRUGS.values()],
        [item.smiles for item in structures],
        [inchi_key(item.molecule) for item in structures],
        np.array([packed(item.molecule) for item in structures]),
        {"release": "1", "licence": "CC0"},
    )


def small_base(home, model="none"):
    """Return an opened knowledge base below `home`, with its own release for diagnosis."""
    built(home, RECORDS, TEXT)
    base = KnowledgeBase(home, model=model)
    (home / "hp.obo").write_text(obo(), "utf-8")
    (home / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    release = Release(home / "hp.obo", home / "phenotype.hpoa")
    base._diagnosers[None] = Diagnoser(open_model(release, home / "diagnosis"))
    return base


@contextmanager
def pages_of(base, **settings):
    """Yield a client of the pages of a knowledge base."""
    state = ServiceState.create(ChatHandler(base, name="tiny", retrievers=("graph", "text")), **settings)
    with TestClient(make_app(state), base_url="http://127.0.0.1") as client:
        yield client
    state.close()
