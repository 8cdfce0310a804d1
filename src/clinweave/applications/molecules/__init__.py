"""Molecules: a graph-to-sequence generator with a latent fingerprint, conditions and scaffolds, after the Pangu Drug
Model; MOSES measures; property prediction and optimisation.

Needs the extra `molecules` (reading, properties and metrics need RDKit alone; the model needs torch).
"""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.molecules.cache import build_cache as build_cache
    from clinweave.applications.molecules.condition_checks import condition_accuracy as condition_accuracy
    from clinweave.applications.molecules.drugs.evidence import StructureRetriever as StructureRetriever
    from clinweave.applications.molecules.drugs.known import KnownDrugs as KnownDrugs
    from clinweave.applications.molecules.drugs.known import named_drugs as named_drugs
    from clinweave.applications.molecules.drugs.similar import SimilarDrugs as SimilarDrugs
    from clinweave.applications.molecules.drugs.similar import find_structure as find_structure
    from clinweave.applications.molecules.drugs.similar import similar_drugs as similar_drugs
    from clinweave.applications.molecules.exports import write_generated as write_generated
    from clinweave.applications.molecules.exports import write_latents as write_latents
    from clinweave.applications.molecules.featurization import FEATURES as FEATURES
    from clinweave.applications.molecules.featurization import featurise as featurise
    from clinweave.applications.molecules.generation import GenerationRequest as GenerationRequest
    from clinweave.applications.molecules.generation import GenerationResult as GenerationResult
    from clinweave.applications.molecules.generation import generate as generate
    from clinweave.applications.molecules.generator import Encoded as Encoded
    from clinweave.applications.molecules.generator import Generator as Generator
    from clinweave.applications.molecules.generator import decode as decode
    from clinweave.applications.molecules.generator import encode as encode
    from clinweave.applications.molecules.generator import open_model as open_model
    from clinweave.applications.molecules.generator import packaged as packaged
    from clinweave.applications.molecules.generator_domain import Domain as Domain
    from clinweave.applications.molecules.grid import MoleculeGrid as MoleculeGrid
    from clinweave.applications.molecules.molecule import Molecule as Molecule
    from clinweave.applications.molecules.molecule import parse as parse
    from clinweave.applications.molecules.molecule import read_molecules as read_molecules
    from clinweave.applications.molecules.molecule import read_smiles as read_smiles
    from clinweave.applications.molecules.molecule import standardise as standardise
    from clinweave.applications.molecules.molecule import standardise_all as standardise_all
    from clinweave.applications.molecules.novelty import ReferenceSet as ReferenceSet
    from clinweave.applications.molecules.novelty import moses_filters as moses_filters
    from clinweave.applications.molecules.novelty import new_to as new_to
    from clinweave.applications.molecules.patterns import scaffold_pattern as scaffold_pattern
    from clinweave.applications.molecules.pretrain import PretrainingConfig as PretrainingConfig
    from clinweave.applications.molecules.pretrain import train_model as train_model
    from clinweave.applications.molecules.properties import PROPERTIES as PROPERTIES
    from clinweave.applications.molecules.properties import parse_condition as parse_condition
    from clinweave.applications.molecules.properties import property_table as property_table
    from clinweave.applications.molecules.report import drawing as drawing
    from clinweave.applications.molecules.report import learning_curve as learning_curve
    from clinweave.applications.molecules.report import measures_table as measures_table
    from clinweave.applications.molecules.report import property_histograms as property_histograms
    from clinweave.applications.molecules.report import write_page as write_page
    from clinweave.applications.molecules.salts import without_counter_ions as without_counter_ions
    from clinweave.applications.molecules.settings import SHAPES as SHAPES
    from clinweave.applications.molecules.settings import Schedule as Schedule
    from clinweave.applications.molecules.settings import Shape as Shape
    from clinweave.applications.molecules.settings import schedule_of as schedule_of
    from clinweave.applications.molecules.settings import shape_named as shape_named
    from clinweave.applications.molecules.training import Trainer as Trainer
    from clinweave.applications.molecules.training_set import read_training_set as read_training_set
    from clinweave.applications.molecules.windows import Window as Window
    from clinweave.applications.molecules.windows import parse_targets as parse_targets
    from clinweave.applications.molecules.windows import parse_windows as parse_windows

__getattr__, __dir__ = attach(
    __name__,
    {
        "write_page": "report",
        "property_histograms": "report",
        "learning_curve": "report",
        "measures_table": "report",
        "drawing": "report",
        "condition_accuracy": "condition_checks",
        "Domain": "generator_domain",
        "GenerationResult": "generation",
        "Encoded": "generator",
        "Generator": "generator",
        "PretrainingConfig": "pretrain",
        "Molecule": "molecule",
        "MoleculeGrid": "grid",
        "PROPERTIES": "properties",
        "SHAPES": "settings",
        "Schedule": "settings",
        "Shape": "settings",
        "Trainer": "training",
        "GenerationRequest": "generation",
        "build_cache": "cache",
        "decode": "generator",
        "encode": "generator",
        "FEATURES": "featurization",
        "featurise": "featurization",
        "generate": "generation",
        "ReferenceSet": "novelty",
        "moses_filters": "novelty",
        "new_to": "novelty",
        "open_model": "generator",
        "packaged": "generator",
        "parse": "molecule",
        "parse_condition": "properties",
        "property_table": "properties",
        "read_molecules": "molecule",
        "read_smiles": "molecule",
        "scaffold_pattern": "patterns",
        "schedule_of": "settings",
        "shape_named": "settings",
        "standardise": "molecule",
        "without_counter_ions": "salts",
        "standardise_all": "molecule",
        "read_training_set": "training_set",
        "train_model": "pretrain",
        "Window": "windows",
        "parse_targets": "windows",
        "parse_windows": "windows",
        "write_generated": "exports",
        "write_latents": "exports",
        "KnownDrugs": "drugs.known",
        "named_drugs": "drugs.known",
        "StructureRetriever": "drugs.evidence",
        "SimilarDrugs": "drugs.similar",
        "find_structure": "drugs.similar",
        "similar_drugs": "drugs.similar",
    },
)
