"""Diagnosis: from a patient's findings to a ranked, explained differential."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.diagnosis.ages import read_age as read_age
    from clinweave.applications.diagnosis.annotations import Annotations as Annotations
    from clinweave.applications.diagnosis.case_files import read_packets as read_packets
    from clinweave.applications.diagnosis.cases import Case as Case
    from clinweave.applications.diagnosis.cases import corrected as corrected
    from clinweave.applications.diagnosis.cases import from_mentions as from_mentions
    from clinweave.applications.diagnosis.cases import packet as packet
    from clinweave.applications.diagnosis.cases import read_cases as read_cases
    from clinweave.applications.diagnosis.diagnose import Diagnoser as Diagnoser
    from clinweave.applications.diagnosis.exports import write_pheval as write_pheval
    from clinweave.applications.diagnosis.findings import Findings as Findings
    from clinweave.applications.diagnosis.findings import read_findings as read_findings
    from clinweave.applications.diagnosis.genes import diseases_of as diseases_of
    from clinweave.applications.diagnosis.genes import gene_ranking as gene_ranking
    from clinweave.applications.diagnosis.genes import read_genes as read_genes
    from clinweave.applications.diagnosis.genes import weights as weights
    from clinweave.applications.diagnosis.letters import Letter as Letter
    from clinweave.applications.diagnosis.letters import denied_of_relatives as denied_of_relatives
    from clinweave.applications.diagnosis.letters import is_value as is_value
    from clinweave.applications.diagnosis.letters import kind_of as kind_of
    from clinweave.applications.diagnosis.letters import marked_text as marked_text
    from clinweave.applications.diagnosis.letters import note_of as note_of
    from clinweave.applications.diagnosis.letters import read_letter as read_letter
    from clinweave.applications.diagnosis.letters import segments as segments
    from clinweave.applications.diagnosis.letters import unread_share as unread_share
    from clinweave.applications.diagnosis.model import Model as Model
    from clinweave.applications.diagnosis.model import Settings as Settings
    from clinweave.applications.diagnosis.ontology import Ontology as Ontology
    from clinweave.applications.diagnosis.patient import Corrections as Corrections
    from clinweave.applications.diagnosis.patient import LetterCase as LetterCase
    from clinweave.applications.diagnosis.patient import case_from_letter as case_from_letter
    from clinweave.applications.diagnosis.patient import correct as correct
    from clinweave.applications.diagnosis.patient import diagnose_patient as diagnose_patient
    from clinweave.applications.diagnosis.patient import read_sex as read_sex
    from clinweave.applications.diagnosis.phenopackets import check_target as check_target
    from clinweave.applications.diagnosis.phenopackets import phenopacket_of as phenopacket_of
    from clinweave.applications.diagnosis.phenopackets import write_phenopackets as write_phenopackets
    from clinweave.applications.diagnosis.propagation import carry_down as carry_down
    from clinweave.applications.diagnosis.ranker import Ranker as Ranker
    from clinweave.applications.diagnosis.related_diseases import Links as Links
    from clinweave.applications.diagnosis.related_diseases import RelatedDiseases as RelatedDiseases
    from clinweave.applications.diagnosis.related_diseases import from_mondo as from_mondo
    from clinweave.applications.diagnosis.related_diseases import genes_from as genes_from
    from clinweave.applications.diagnosis.result import DiagnosisResult as DiagnosisResult
    from clinweave.applications.diagnosis.result import RankedDisease as RankedDisease
    from clinweave.applications.diagnosis.result import Reason as Reason
    from clinweave.applications.diagnosis.result import subtype_notes as subtype_notes
    from clinweave.applications.diagnosis.result_page import write_page as write_page
    from clinweave.applications.diagnosis.sex import sex_problems as sex_problems
    from clinweave.applications.diagnosis.shares import PRIORS as PRIORS
    from clinweave.applications.diagnosis.shares import Prior as Prior
    from clinweave.applications.diagnosis.shares import log_prior as log_prior
    from clinweave.applications.diagnosis.store import VERSIONS as VERSIONS
    from clinweave.applications.diagnosis.store import Release as Release
    from clinweave.applications.diagnosis.store import fetched_genes as fetched_genes
    from clinweave.applications.diagnosis.store import fetched_mondo as fetched_mondo
    from clinweave.applications.diagnosis.store import fetched_release as fetched_release
    from clinweave.applications.diagnosis.store import genes_release as genes_release
    from clinweave.applications.diagnosis.store import open_model as open_model
    from clinweave.applications.diagnosis.store import release_in as release_in
    from clinweave.applications.diagnosis.term_lists import read_terms as read_terms

__getattr__, __dir__ = attach(
    __name__,
    {
        "DiagnosisResult": "result",
        "RankedDisease": "result",
        "Reason": "result",
        "subtype_notes": "result",
        "VERSIONS": "store",
        "PRIORS": "shares",
        "Prior": "shares",
        "log_prior": "shares",
        "Letter": "letters",
        "Ontology": "ontology",
        "Corrections": "patient",
        "LetterCase": "patient",
        "case_from_letter": "patient",
        "correct": "patient",
        "diagnose_patient": "patient",
        "read_sex": "patient",
        "check_target": "phenopackets",
        "corrected": "cases",
        "denied_of_relatives": "letters",
        "note_of": "letters",
        "is_value": "letters",
        "kind_of": "letters",
        "marked_text": "letters",
        "phenopacket_of": "phenopackets",
        "read_age": "ages",
        "read_letter": "letters",
        "read_terms": "term_lists",
        "segments": "letters",
        "unread_share": "letters",
        "write_phenopackets": "phenopackets",
        "Annotations": "annotations",
        "Case": "cases",
        "Diagnoser": "diagnose",
        "Model": "model",
        "Ranker": "ranker",
        "Release": "store",
        "Settings": "model",
        "carry_down": "propagation",
        "fetched_genes": "store",
        "fetched_mondo": "store",
        "genes_release": "store",
        "fetched_release": "store",
        "Findings": "findings",
        "RelatedDiseases": "related_diseases",
        "Links": "related_diseases",
        "from_mentions": "cases",
        "from_mondo": "related_diseases",
        "genes_from": "related_diseases",
        "read_findings": "findings",
        "sex_problems": "sex",
        "diseases_of": "genes",
        "gene_ranking": "genes",
        "open_model": "store",
        "read_genes": "genes",
        "weights": "genes",
        "packet": "cases",
        "read_cases": "cases",
        "read_packets": "case_files",
        "release_in": "store",
        "write_page": "result_page",
        "write_pheval": "exports",
    },
)
