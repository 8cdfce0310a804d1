"""What all routes share: the knowledge base, the settings, and the threads that work runs in."""

import os
from dataclasses import dataclass, field

from clinweave.knowledge_base import NO_MODEL, KnowledgeBase
from clinweave.service.chat.handler import ChatHandler
from clinweave.service.settings import ServiceSettings
from clinweave.service.workers import WorkerPool


@dataclass
class ServiceState:
    """The parts of one running service; make one with `ServiceState.create` and release it with `close`.

    Never call the knowledge base on the event loop: it blocks every other client. Use
    `await state.lookups.run(function, ...)` for what answers within seconds (link, search, graph, diagnose) and
    `await state.answers.run(function, ...)` for what may ask a language model. Both raise `BusyError` (status 429) when
    too much waits already and `TooSlowError` (504) past the time limit.
    """

    base: KnowledgeBase
    chat: ChatHandler
    settings: ServiceSettings
    lookups: WorkerPool
    models: WorkerPool = field(repr=False)

    @classmethod
    def create(cls, chat: ChatHandler, settings: ServiceSettings | None = None) -> "ServiceState":
        """Return the state of a service over the knowledge base of `chat`. Starts no thread before the first call."""
        chosen = settings or ServiceSettings()
        threads = chosen.lookup_threads or min(4, os.cpu_count() or 1)
        return cls(
            base=chat.base,
            chat=chat,
            settings=chosen,
            lookups=WorkerPool("lookups", threads, chosen.max_lookups, chosen.lookup_seconds),
            models=WorkerPool("models", chosen.max_queue, chosen.max_queue, chosen.model_seconds),
        )

    @property
    def has_model(self) -> bool:
        """Return whether answers may be written by a language model."""
        return self.base.model_name not in NO_MODEL

    @property
    def answers(self) -> WorkerPool:
        """Return the pool for questions: that of model calls if there is a model, else that of look-ups."""
        return self.models if self.has_model else self.lookups

    def close(self) -> None:
        """Let running work end and refuse new work. The knowledge base stays open: its owner closes it."""
        self.lookups.close()
        self.models.close()
