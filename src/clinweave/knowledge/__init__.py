"""The graph, the text index, the linker, evidence for a question, and the check of citations."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.knowledge.citations import CitationChecker as CitationChecker
    from clinweave.knowledge.corpora import add_collection as add_collection
    from clinweave.knowledge.corpora import build_home_index as build_home_index
    from clinweave.knowledge.corpora import collections as collections
    from clinweave.knowledge.corpora import remove_collection as remove_collection
    from clinweave.knowledge.evidence import Knowledge as Knowledge
    from clinweave.knowledge.evidence import Weaver as Weaver
    from clinweave.knowledge.evidence import Woven as Woven
    from clinweave.knowledge.evidence import pack as pack
    from clinweave.knowledge.evidence import render as render
    from clinweave.knowledge.facts import Draft as Draft
    from clinweave.knowledge.folders import read_folder as read_folder
    from clinweave.knowledge.graph import Graph as Graph
    from clinweave.knowledge.graph_build import build_graph as build_graph
    from clinweave.knowledge.kgx import export_kgx as export_kgx
    from clinweave.knowledge.kgx import import_kgx as import_kgx
    from clinweave.knowledge.linker import Linker as Linker
    from clinweave.knowledge.text_index import Hit as Hit
    from clinweave.knowledge.text_index import TextIndex as TextIndex
    from clinweave.knowledge.text_index import build_index as build_index
    from clinweave.knowledge.verbalise import verbalise as verbalise

__getattr__, __dir__ = attach(
    __name__,
    {
        "CitationChecker": "citations",
        "Draft": "facts",
        "Knowledge": "evidence",
        "add_collection": "corpora",
        "build_home_index": "corpora",
        "collections": "corpora",
        "remove_collection": "corpora",
        "pack": "evidence",
        "Weaver": "evidence",
        "Woven": "evidence",
        "render": "evidence",
        "read_folder": "folders",
        "Graph": "graph",
        "build_graph": "graph_build",
        "export_kgx": "kgx",
        "import_kgx": "kgx",
        "Linker": "linker",
        "Hit": "text_index",
        "TextIndex": "text_index",
        "build_index": "text_index",
        "verbalise": "verbalise",
    },
)
