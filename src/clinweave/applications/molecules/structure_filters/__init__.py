"""Structures that a chemist would make: rules that refuse, alerts that are shown, classes named by law.

Needs RDKit alone.
"""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.structure_filters.controlled import (
        controlled_among as controlled_among,
    )
    from clinweave.applications.molecules.structure_filters.controlled import (
        controlled_classes as controlled_classes,
    )
    from clinweave.applications.molecules.structure_filters.controlled import (
        matched_classes as matched_classes,
    )
    from clinweave.applications.molecules.structure_filters.environments import (
        count_environments as count_environments,
    )
    from clinweave.applications.molecules.structure_filters.environments import surprisal as surprisal
    from clinweave.applications.molecules.structure_filters.environments import unusualness as unusualness
    from clinweave.applications.molecules.structure_filters.environments import (
        write_environments as write_environments,
    )
    from clinweave.applications.molecules.structure_filters.filtering import (
        StructureFilter as StructureFilter,
    )
    from clinweave.applications.molecules.structure_filters.filtering import alerts as alerts
    from clinweave.applications.molecules.structure_filters.filtering import all_rules as all_rules
    from clinweave.applications.molecules.structure_filters.filtering import open_filter as open_filter
    from clinweave.applications.molecules.structure_filters.liability import liabilities as liabilities
    from clinweave.applications.molecules.structure_filters.liability import (
        metabolic_groups as metabolic_groups,
    )
    from clinweave.applications.molecules.structure_filters.ring_systems import (
        count_ring_systems as count_ring_systems,
    )
    from clinweave.applications.molecules.structure_filters.ring_systems import (
        ring_systems_of as ring_systems_of,
    )
    from clinweave.applications.molecules.structure_filters.ring_systems import (
        write_frequencies as write_frequencies,
    )
    from clinweave.applications.molecules.structure_filters.rules import Rule as Rule
    from clinweave.applications.molecules.structure_filters.rules import Violation as Violation

__getattr__, __dir__ = attach(
    __name__,
    {
        "StructureFilter": "filtering",
        "Rule": "rules",
        "Violation": "rules",
        "alerts": "filtering",
        "all_rules": "filtering",
        "controlled_among": "controlled",
        "controlled_classes": "controlled",
        "count_environments": "environments",
        "count_ring_systems": "ring_systems",
        "liabilities": "liability",
        "metabolic_groups": "liability",
        "matched_classes": "controlled",
        "open_filter": "filtering",
        "ring_systems_of": "ring_systems",
        "surprisal": "environments",
        "unusualness": "environments",
        "write_environments": "environments",
        "write_frequencies": "ring_systems",
    },
)
