"""Registry of databases by id. A database's module is imported when it is first looked up.

The module `clinweave.databases.NAME` holds the database `NAME` under its name in capitals. Other packages add a
`Database` under the entry point group `clinweave.databases`, named by its id.
"""

from collections.abc import Iterator, MutableMapping
from functools import cached_property

from clinweave.core.plugins import ExtensionPoint, PluginError
from clinweave.databases.base import Database

_BASIC = ("hpo", "hpoa", "mondo", "icd10cm", "uniprot_diseases", "chebi", "drug_names", "hgnc")
_OPEN = (  # the catalogue has a release of each
    "doid", "mesh", "icd_maps", "ansm", "sssom", "faker_healthcare", "synthea",
)  # fmt: skip
_LARGE = ("mesh_supplement",)  # open and in the catalogue, yet of use to few: only when named
_GIVEN = (  # read from files that you have
    "hetionet", "orphanet", "drugbank_vocabulary", "sider", "primekg", "kgx", "drugbank", "umls", "rxnorm", "loinc",
    "pubmed", "jats", "bookshelf", "proposals",
)  # fmt: skip


class Registry(MutableMapping[str, Database]):
    """Databases by id, in the order of the names given, then those of installed packages."""

    def __init__(self, names: tuple[str, ...]) -> None:
        built_in = {name: f"clinweave.databases.{name}:{name.upper()}" for name in names}
        self.extensions: ExtensionPoint[Database] = ExtensionPoint(
            "clinweave.databases", "database", built_in
        )

    @cached_property
    def _databases(self) -> dict[str, Database | None]:
        return dict.fromkeys([*self.extensions.built_in, *sorted(self.extensions.installed())])

    def __getitem__(self, name: str) -> Database:
        database = self._databases[name]
        if database is None:
            database = self.extensions.load(name)
            if not isinstance(database, Database) or database.id != name:
                raise PluginError(
                    f"the entry point {name!r} of {self.extensions.group} is not a Database with the id {name!r}"
                )
            self._databases[name] = database
        return database

    def __setitem__(self, name: str, database: Database) -> None:
        self._databases[name] = database

    def __delitem__(self, name: str) -> None:
        del self._databases[name]

    def __contains__(self, name: object) -> bool:
        return name in self._databases  # without importing it

    def __iter__(self) -> Iterator[str]:
        return iter(self._databases)

    def __len__(self) -> int:
        return len(self._databases)


DATABASES = Registry((*_BASIC, *_OPEN, *_LARGE, *_GIVEN))
# What the demo's graph is built from. Other sources are left out: test questions are built from them.
DEFAULT: tuple[str, ...] = _BASIC
# Every open database in the catalogue except the large ones.
OPEN: tuple[str, ...] = (*DEFAULT, *_OPEN)
