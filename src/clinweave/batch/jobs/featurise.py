"""Molecules in standard form, with their graph and properties."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from clinweave.batch.contract import Batches, Transform
from clinweave.core.extras import needs_extra


@dataclass(frozen=True)
class Featurise:
    """Standard SMILES, atoms, bonds and properties of molecules; a refused structure has its reason instead.

    `parent`: without salts and charges.
    """

    parent: bool = False

    version: ClassVar[int] = 1
    needs: ClassVar[pa.Schema] = pa.schema([pa.field("smiles", pa.string(), nullable=False)])

    @property
    def gives(self) -> pa.Schema:
        """Return the columns of `clinweave.applications.molecules.FEATURES`."""
        from clinweave.applications.molecules import FEATURES

        return FEATURES

    def key(self) -> str:
        """Return the version of RDKit, which decides on standard forms."""
        with needs_extra("molecules"):
            from rdkit import rdBase
        return str(rdBase.rdkitVersion)

    def open(self) -> Transform:
        """Return the function over batches."""
        from clinweave.applications.molecules import featurise

        def featurised(batches: Batches) -> Batches:
            for batch in batches:
                yield featurise(batch, parent=self.parent)

        return featurised
