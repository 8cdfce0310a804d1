"""Every database that clinweave reads, by id."""

from clinweave.databases.ansm import ANSM
from clinweave.databases.base import Database
from clinweave.databases.bookshelf import BOOKSHELF
from clinweave.databases.chebi import CHEBI
from clinweave.databases.doid import DOID
from clinweave.databases.drug_names import DRUG_NAMES
from clinweave.databases.drugbank import DRUGBANK
from clinweave.databases.drugbank_vocabulary import DRUGBANK_VOCABULARY
from clinweave.databases.faker_healthcare import FAKER_HEALTHCARE
from clinweave.databases.hetionet import HETIONET
from clinweave.databases.hgnc import HGNC
from clinweave.databases.hpo import HPO
from clinweave.databases.hpoa import HPOA
from clinweave.databases.icd10cm import ICD10CM
from clinweave.databases.icd_maps import ICD_MAPS
from clinweave.databases.jats import JATS
from clinweave.databases.kgx import KGX
from clinweave.databases.loinc import LOINC
from clinweave.databases.mesh import MESH
from clinweave.databases.mesh_supplement import MESH_SUPPLEMENT
from clinweave.databases.mondo import MONDO
from clinweave.databases.orphanet import ORPHANET
from clinweave.databases.primekg import PRIMEKG
from clinweave.databases.proposals import PROPOSALS
from clinweave.databases.pubmed import PUBMED
from clinweave.databases.rxnorm import RXNORM
from clinweave.databases.sider import SIDER
from clinweave.databases.sssom import SSSOM
from clinweave.databases.synthea import SYNTHEA
from clinweave.databases.umls import UMLS
from clinweave.databases.uniprot_diseases import UNIPROT_DISEASES

_BASIC = (HPO, HPOA, MONDO, ICD10CM, UNIPROT_DISEASES, CHEBI, DRUG_NAMES, HGNC)
_OPEN = (DOID, MESH, ICD_MAPS, ANSM, SSSOM, FAKER_HEALTHCARE, SYNTHEA)  # the catalogue has a release of each
_LARGE = (MESH_SUPPLEMENT,)  # open and in the catalogue, yet of use to few: only when named
_GIVEN = (  # read from files that you have
    HETIONET, ORPHANET, DRUGBANK_VOCABULARY, SIDER, PRIMEKG, KGX, DRUGBANK, UMLS, RXNORM, LOINC, PUBMED, JATS,
    BOOKSHELF, PROPOSALS,
)  # fmt: skip

DATABASES: dict[str, Database] = {database.id: database for database in (*_BASIC, *_OPEN, *_LARGE, *_GIVEN)}
# What the demo's graph is built from. Other sources are kept out, so that questions can be asked from them.
DEFAULT: tuple[str, ...] = tuple(database.id for database in _BASIC)
# Every open database that the catalogue can bring, but for the large ones.
OPEN: tuple[str, ...] = (*DEFAULT, *(database.id for database in _OPEN))
