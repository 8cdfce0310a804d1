"""clinweave merges clinical knowledge into language models, and measures whether it helped.

For research, not for clinical decisions.

    import clinweave

    kb = clinweave.open()
    answer = kb.ask("Which gene is associated with Marfan syndrome?")
    print(answer.text)
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"
__all__ = [
    "Answer",
    "Audience",
    "KnowledgeBase",
    "UserError",
    "__version__",
    "compare",
    "open",
    "read_results",
    "result_tables",
    "run",
]

if TYPE_CHECKING:
    from pathlib import Path

    from clinweave.core.errors import UserError as UserError
    from clinweave.evaluation import compare as compare
    from clinweave.evaluation import read_results as read_results
    from clinweave.evaluation import result_tables as result_tables
    from clinweave.evaluation import run as run
    from clinweave.knowledge_base import KnowledgeBase as KnowledgeBase
    from clinweave.records import Answer as Answer
    from clinweave.records import Audience as Audience

_PUBLIC = {
    "Answer": "records",
    "Audience": "records",
    "KnowledgeBase": "knowledge_base",
    "UserError": "core.errors",
    "compare": "evaluation",
    "read_results": "evaluation",
    "result_tables": "evaluation",
    "run": "evaluation",
}


def open(home: "Path | str | None" = None, **options: Any) -> "KnowledgeBase":  # noqa: A001 - clinweave.open()
    """Return the knowledge base in `home` (if not given: the setting `home`); nothing is opened yet.

    Options: `model` ("none", or an address as of `--model`), `audience` ("public" or "clinician").
    """
    from clinweave.knowledge_base import open_knowledge_base

    return open_knowledge_base(home, **options)


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'clinweave' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"clinweave.{_PUBLIC[name]}"), name)
