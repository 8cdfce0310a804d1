"""Every database that clinweave reads, by id."""

from clinweave.databases.base import Database
from clinweave.databases.chebi import CHEBI
from clinweave.databases.drug_names import DRUG_NAMES
from clinweave.databases.hetionet import HETIONET
from clinweave.databases.hgnc import HGNC
from clinweave.databases.hpo import HPO
from clinweave.databases.hpoa import HPOA
from clinweave.databases.icd10cm import ICD10CM
from clinweave.databases.mondo import MONDO
from clinweave.databases.uniprot_diseases import UNIPROT_DISEASES

_ALL = (HPO, HPOA, MONDO, ICD10CM, UNIPROT_DISEASES, CHEBI, DRUG_NAMES, HGNC, HETIONET)

DATABASES: dict[str, Database] = {database.id: database for database in _ALL}
# What the demo's graph is built from. Hetionet is kept out, so that questions can be asked from another source.
DEFAULT: tuple[str, ...] = tuple(name for name in DATABASES if name != "hetionet")
