"""The systems that the figures of the survey arXiv:2502.20988 name, and the entry that describes each one."""

from collections.abc import Iterable
from dataclasses import dataclass

from clinweave.compendium.entries import Entry

# figure -> names, each with the id of its entry; "" where no public source was found under that name
_NAMED: dict[str, dict[str, str]] = {
    "models from text": {
        "BioMedLM": "biomedlm",
        "GatorTronGPT": "gatortrongpt",
        "Sunsimiao": "sunsimiao",
        "QiZhenGPT": "qizhengpt",
        "PMC-LLaMA": "pmc-llama",
        "HuatuoGPT": "huatuogpt",
        "ChatMed-Consult": "chatmed-consult",
        "Med-PaLM": "med-palm",
        "ChiMed-GPT": "chimed-gpt",
        "Qilin-Med": "qilin-med",
    },
    "models from several modalities": {
        "BioMedGPT": "biomedgpt-pharmolix",
        "BiomedGPT": "biomedgpt-lehigh",
        "Med-PaLM M": "med-palm-m",
        "Qilin-Med-VL": "qilin-med-vl",
        "LLaVA-Med": "llava-med",
    },
    "agents": {
        "MDTeamGPT": "mdteamgpt",
        "AMC-agent": "",
        "GeneGPT": "genegpt",
        "ClinicalAgent": "clinicalagent",
        "TxAgent": "txagent",
    },
    "lineage of base models": {
        "GatorTron": "gatortron",
        "ERNIE-Health": "ernie-health",
        "XrayPULSE": "xraypulse",
        "BenTsao": "bentsao",
        "ClinicalGPT": "clinicalgpt",
        "Sunsimiao-InternLM": "sunsimiao",
        "PULSE": "pulse",
        "BianQue-1": "bianque",
        "PaLM-E": "palm-e",
        "Med-PaLM2": "med-palm-2",
        "Graph-ToolFormer": "graph-toolformer",
        "AMG-RAG": "amg-rag",
        "XrayGLM": "xrayglm",
        "BianQue-2": "bianque",
        "DoctorGLM": "doctorglm",
        "MedReason": "medreason",
        "ChatDoctor": "chatdoctor",
        "Visual Med-Alpaca": "visual-med-alpaca",
        "KSL": "ksl",
        "ShenNong-TCM": "shennong-tcm",
        "DISC-MedLLM": "disc-medllm",
        "HuatuoGPT-II": "huatuogpt-ii",
        "KARE": "kare",
        "LLaVA-Med-1.5": "llava-med",
    },
    "knowledge graphs and models": {
        "LLMs4RDF": "",
        "LLMs4OM": "llms4om",
        "KG4Diagnosis": "kg4diagnosis",
        "KGGen": "kggen",
        "SAC-KG": "sac-kg",
        "MedGraphRAG": "medgraphrag",
        "GraphCare": "graphcare",
        "DR.KNOWS": "dr-knows",
        "KG-SFT": "kg-sft",
        "LangChain": "langchain",
        "KG-RAG": "kg-rag",
        "ClinGen": "clingen",
        "DALK": "dalk",
        "HyKGE": "hykge",
    },
    "pre-training data, typical models": {
        "PubMedBERT": "pubmedbert",
        "OphGLM": "ophglm",
        "Meditron": "meditron",
        "Med-Flamingo": "med-flamingo",
        "PMC-CLIP": "pmc-clip",
        "MedCLIP": "medclip",
        "ClinicalBERT": "clinicalbert",
        "LLaMA-Care": "",
    },
    "industry": {"DaJing": "dajing", "EyeGPT": "eyegpt", "PanGu": "pangu-drug"},
    "systems of the abstract": {"DoctorGPT": "doctorgpt"},
}


@dataclass(frozen=True)
class NamedSystem:
    """A system as a figure or table of the survey names it, and the entry that describes it (empty: none)."""

    name: str
    figure: str
    entry: str


def named_systems(entries: Iterable[Entry]) -> list[NamedSystem]:
    """Return every system that the survey names, with its entry where `entries` hold one."""
    present = {entry.id for entry in entries}
    return [
        NamedSystem(name, figure, entry if entry in present else "")
        for figure, names in _NAMED.items()
        for name, entry in names.items()
    ]
