"""The graph, the text index, the linker, evidence for a question, and the check of citations."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.knowledge.citations.checker import CitationChecker as CitationChecker
    from clinweave.knowledge.citations.headings import withdraws as withdraws
    from clinweave.knowledge.citations.instructions import speaks_to_model as speaks_to_model
    from clinweave.knowledge.citations.judge import EntailmentJudge as EntailmentJudge
    from clinweave.knowledge.citations.judge import ModelJudge as ModelJudge
    from clinweave.knowledge.citations.judge import model_judge as model_judge
    from clinweave.knowledge.citations.sentences import split_sentences as split_sentences
    from clinweave.knowledge.citations.standalone import standalone_sentences as standalone_sentences
    from clinweave.knowledge.context.evidence import Context as Context
    from clinweave.knowledge.context.evidence import ContextBuilder as ContextBuilder
    from clinweave.knowledge.context.evidence import pack as pack
    from clinweave.knowledge.context.evidence import render as render
    from clinweave.knowledge.context.prompts import messages_for as messages_for
    from clinweave.knowledge.graph.build import build_graph as build_graph
    from clinweave.knowledge.graph.conflicts import Conflict as Conflict
    from clinweave.knowledge.graph.conflicts import conflict_counts as conflict_counts
    from clinweave.knowledge.graph.conflicts import find_conflicts as find_conflicts
    from clinweave.knowledge.graph.difference import compare_graphs as compare_graphs
    from clinweave.knowledge.graph.frequency import parse_frequency as parse_frequency
    from clinweave.knowledge.graph.graph import Graph as Graph
    from clinweave.knowledge.graph.inputs import graph_inputs as graph_inputs
    from clinweave.knowledge.graph.kgx import export_kgx as export_kgx
    from clinweave.knowledge.graph.kgx import import_kgx as import_kgx
    from clinweave.knowledge.graph.semantics import Semantics as Semantics
    from clinweave.knowledge.graph.verbalise import how_often as how_often
    from clinweave.knowledge.graph.verbalise import phrase as phrase
    from clinweave.knowledge.graph.verbalise import verbalise as verbalise
    from clinweave.knowledge.linking.languages import check_language as check_language
    from clinweave.knowledge.linking.languages import language_limits as language_limits
    from clinweave.knowledge.linking.languages import language_of as language_of
    from clinweave.knowledge.linking.languages import unread_language as unread_language
    from clinweave.knowledge.linking.linker import Linker as Linker
    from clinweave.knowledge.linking.normalise import normal_form as normal_form
    from clinweave.knowledge.linking.own_names import NameSpan as NameSpan
    from clinweave.knowledge.linking.own_names import OwnNames as OwnNames
    from clinweave.knowledge.linking.selection import EITHER_REASON as EITHER_REASON
    from clinweave.knowledge.linking.translations import TranslatedLinker as TranslatedLinker
    from clinweave.knowledge.linking.translations import with_translations as with_translations
    from clinweave.knowledge.notes.headings import heading_reach as heading_reach
    from clinweave.knowledge.notes.person import Person as Person
    from clinweave.knowledge.notes.person import person_of as person_of
    from clinweave.knowledge.notes.reader import NoteReader as NoteReader
    from clinweave.knowledge.notes.table_marks import tick_marks as tick_marks
    from clinweave.knowledge.notes.table_marks import with_mark as with_mark
    from clinweave.knowledge.notes.wrapping import unwrapped as unwrapped
    from clinweave.knowledge.query import Query as Query
    from clinweave.knowledge.query import clean_question as clean_question
    from clinweave.knowledge.query import parse_query as parse_query
    from clinweave.knowledge.query.class_membership import DrugClass as DrugClass
    from clinweave.knowledge.query.class_membership import classes_named as classes_named
    from clinweave.knowledge.query.class_membership import classes_of as classes_of
    from clinweave.knowledge.query.class_membership import known_members as known_members
    from clinweave.knowledge.query.class_membership import normal_class_name as normal_class_name
    from clinweave.knowledge.query.lexicon import broader_phrases as broader_phrases
    from clinweave.knowledge.query.lexicon import drug_classes as drug_classes
    from clinweave.knowledge.query.lexicon import equivalents as equivalents
    from clinweave.knowledge.query.lexicon import rarity as rarity
    from clinweave.knowledge.query.query import Intent as Intent
    from clinweave.knowledge.query.query import Kind as Kind
    from clinweave.knowledge.query.query import Topic as Topic
    from clinweave.knowledge.relation_extraction.proposals import propose as propose
    from clinweave.knowledge.relation_extraction.rules import proposal_rules as proposal_rules
    from clinweave.knowledge.retrieval.corpora import add_collection as add_collection
    from clinweave.knowledge.retrieval.corpora import build_home_index as build_home_index
    from clinweave.knowledge.retrieval.corpora import collection_passages as collection_passages
    from clinweave.knowledge.retrieval.corpora import collections as collections
    from clinweave.knowledge.retrieval.corpora import corpus_hash as corpus_hash
    from clinweave.knowledge.retrieval.corpora import remove_collection as remove_collection
    from clinweave.knowledge.retrieval.corpora import replace_collection as replace_collection
    from clinweave.knowledge.retrieval.folders import read_folder as read_folder
    from clinweave.knowledge.retrieval.graph_facts import GraphRetriever as GraphRetriever
    from clinweave.knowledge.retrieval.hybrid_index import HybridIndex as HybridIndex
    from clinweave.knowledge.retrieval.index_store import Describer as Describer
    from clinweave.knowledge.retrieval.left_out import LeftOutDocuments as LeftOutDocuments
    from clinweave.knowledge.retrieval.retrievers import JOINED as JOINED
    from clinweave.knowledge.retrieval.retrievers import KnowledgeParts as KnowledgeParts
    from clinweave.knowledge.retrieval.retrievers import Retriever as Retriever
    from clinweave.knowledge.retrieval.retrievers import check_retrievers as check_retrievers
    from clinweave.knowledge.retrieval.retrievers import index_folder as index_folder
    from clinweave.knowledge.retrieval.retrievers import open_retriever as open_retriever
    from clinweave.knowledge.retrieval.retrievers import parse_retrievers as parse_retrievers
    from clinweave.knowledge.retrieval.retrievers import prefer_collections as prefer_collections
    from clinweave.knowledge.retrieval.retrievers import preferred_collections as preferred_collections
    from clinweave.knowledge.retrieval.retrievers import retriever_names as retriever_names
    from clinweave.knowledge.retrieval.sentence_encoder import DIMENSIONS as DIMENSIONS
    from clinweave.knowledge.retrieval.sentence_encoder import SentenceEncoder as SentenceEncoder
    from clinweave.knowledge.retrieval.shards import Shard as Shard
    from clinweave.knowledge.retrieval.shards import join_shards as join_shards
    from clinweave.knowledge.retrieval.shards import write_shard as write_shard
    from clinweave.knowledge.retrieval.single_document import TEXT_DOCUMENTS as TEXT_DOCUMENTS
    from clinweave.knowledge.retrieval.single_document import document_text as document_text
    from clinweave.knowledge.retrieval.stored_documents import document_passages as document_passages
    from clinweave.knowledge.retrieval.text_index import Hit as Hit
    from clinweave.knowledge.retrieval.text_index import TextIndex as TextIndex
    from clinweave.knowledge.retrieval.text_index import build_index as build_index
    from clinweave.knowledge.retrieval.text_retriever import Origin as Origin
    from clinweave.knowledge.retrieval.text_retriever import TextRetriever as TextRetriever
    from clinweave.knowledge.retrieval.text_retriever import also_answers as also_answers
    from clinweave.knowledge.retrieval.text_retriever import is_broader as is_broader
    from clinweave.knowledge.retrieval.text_retriever import narrow_fit as narrow_fit
    from clinweave.knowledge.retrieval.text_retriever import origin_of as origin_of
    from clinweave.knowledge.retrieval.text_retriever import stored_intent as stored_intent
    from clinweave.knowledge.retrieval.text_retriever import subject_fit as subject_fit
    from clinweave.knowledge.retrieval.vectors import collections_with_vectors as collections_with_vectors
    from clinweave.knowledge.retrieval.vectors import count_vectors as count_vectors
    from clinweave.knowledge.retrieval.vectors import remove_vectors as remove_vectors
    from clinweave.knowledge.retrieval.vectors import update_vectors as update_vectors

__getattr__, __dir__ = attach(
    __name__,
    {
        "CitationChecker": "citations.checker",
        "EntailmentJudge": "citations.judge",
        "ModelJudge": "citations.judge",
        "model_judge": "citations.judge",
        "EITHER_REASON": "linking.selection",
        "TranslatedLinker": "linking.translations",
        "check_language": "linking.languages",
        "language_limits": "linking.languages",
        "language_of": "linking.languages",
        "unread_language": "linking.languages",
        "with_translations": "linking.translations",
        "LeftOutDocuments": "retrieval.left_out",
        "add_collection": "retrieval.corpora",
        "build_home_index": "retrieval.corpora",
        "collection_passages": "retrieval.corpora",
        "collections": "retrieval.corpora",
        "corpus_hash": "retrieval.corpora",
        "propose": "relation_extraction.proposals",
        "proposal_rules": "relation_extraction.rules",
        "remove_collection": "retrieval.corpora",
        "replace_collection": "retrieval.corpora",
        "prefer_collections": "retrieval.retrievers",
        "preferred_collections": "retrieval.retrievers",
        "messages_for": "context.prompts",
        "pack": "context.evidence",
        "ContextBuilder": "context.evidence",
        "Context": "context.evidence",
        "render": "context.evidence",
        "read_folder": "retrieval.folders",
        "Graph": "graph.graph",
        "build_graph": "graph.build",
        "Conflict": "graph.conflicts",
        "conflict_counts": "graph.conflicts",
        "find_conflicts": "graph.conflicts",
        "compare_graphs": "graph.difference",
        "graph_inputs": "graph.inputs",
        "Semantics": "graph.semantics",
        "export_kgx": "graph.kgx",
        "import_kgx": "graph.kgx",
        "Linker": "linking.linker",
        "Query": "query",
        "clean_question": "query",
        "parse_query": "query",
        "KnowledgeParts": "retrieval.retrievers",
        "Retriever": "retrieval.retrievers",
        "check_retrievers": "retrieval.retrievers",
        "open_retriever": "retrieval.retrievers",
        "parse_retrievers": "retrieval.retrievers",
        "retriever_names": "retrieval.retrievers",
        "TEXT_DOCUMENTS": "retrieval.single_document",
        "document_text": "retrieval.single_document",
        "document_passages": "retrieval.stored_documents",
        "Hit": "retrieval.text_index",
        "HybridIndex": "retrieval.hybrid_index",
        "DIMENSIONS": "retrieval.sentence_encoder",
        "SentenceEncoder": "retrieval.sentence_encoder",
        "collections_with_vectors": "retrieval.vectors",
        "count_vectors": "retrieval.vectors",
        "remove_vectors": "retrieval.vectors",
        "update_vectors": "retrieval.vectors",
        "Describer": "retrieval.index_store",
        "Shard": "retrieval.shards",
        "JOINED": "retrieval.retrievers",
        "index_folder": "retrieval.retrievers",
        "join_shards": "retrieval.shards",
        "write_shard": "retrieval.shards",
        "TextIndex": "retrieval.text_index",
        "build_index": "retrieval.text_index",
        "verbalise": "graph.verbalise",
        "GraphRetriever": "retrieval.graph_facts",
        "Intent": "query.query",
        "Kind": "query.query",
        "Origin": "retrieval.text_retriever",
        "TextRetriever": "retrieval.text_retriever",
        "Topic": "query.query",
        "also_answers": "retrieval.text_retriever",
        "broader_phrases": "query.lexicon",
        "DrugClass": "query.class_membership",
        "classes_named": "query.class_membership",
        "classes_of": "query.class_membership",
        "known_members": "query.class_membership",
        "normal_class_name": "query.class_membership",
        "drug_classes": "query.lexicon",
        "equivalents": "query.lexicon",
        "rarity": "query.lexicon",
        "speaks_to_model": "citations.instructions",
        "withdraws": "citations.headings",
        "how_often": "graph.verbalise",
        "is_broader": "retrieval.text_retriever",
        "narrow_fit": "retrieval.text_retriever",
        "normal_form": "linking.normalise",
        "NameSpan": "linking.own_names",
        "NoteReader": "notes.reader",
        "tick_marks": "notes.table_marks",
        "unwrapped": "notes.wrapping",
        "with_mark": "notes.table_marks",
        "heading_reach": "notes.headings",
        "Person": "notes.person",
        "person_of": "notes.person",
        "OwnNames": "linking.own_names",
        "origin_of": "retrieval.text_retriever",
        "parse_frequency": "graph.frequency",
        "phrase": "graph.verbalise",
        "split_sentences": "citations.sentences",
        "standalone_sentences": "citations.standalone",
        "stored_intent": "retrieval.text_retriever",
        "subject_fit": "retrieval.text_retriever",
    },
)
