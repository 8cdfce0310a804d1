"""What all routes share: the knowledge base, the settings, and the threads that work runs in."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from clinweave.knowledge_base import NO_MODEL, KnowledgeBase
from clinweave.records import Tier
from clinweave.service.api.jobs import Jobs
from clinweave.service.chat.handler import ChatHandler
from clinweave.service.knowledge import Releases, read_releases
from clinweave.service.operation.audit import AuditLog
from clinweave.service.operation.metrics import Metrics
from clinweave.service.preparation import Preparation
from clinweave.service.security.policy import AccessRules
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
    models: WorkerPool
    jobs: Jobs
    rules: AccessRules
    releases: Releases
    metrics: Metrics = field(repr=False)
    audit: AuditLog = field(repr=False)
    preparation: Preparation = field(repr=False)
    ready: bool = True

    @classmethod
    def create(
        cls,
        chat: ChatHandler,
        settings: ServiceSettings | None = None,
        *,
        rules: AccessRules | None = None,
        audit_log: Path | None = None,
    ) -> "ServiceState":
        """Return the state of a service over the knowledge base of `chat`. Starts no thread before the first call.

        Raises `UserError` for an audit log that cannot be written.
        """
        chosen = settings or ServiceSettings()
        threads = chosen.lookup_threads or min(4, os.cpu_count() or 1)
        lookups = WorkerPool("lookups", threads, chosen.max_lookups, chosen.lookup_seconds)
        models = WorkerPool("models", chosen.max_queue, chosen.max_queue, chosen.model_seconds)
        jobs = Jobs()
        releases = read_releases(chat.base)
        access = rules or AccessRules()
        access.private = access.private or releases.tier in {Tier.PRIVATE, Tier.PSEUDONYMISED}
        return cls(
            base=chat.base,
            chat=chat,
            settings=chosen,
            lookups=lookups,
            models=models,
            jobs=jobs,
            rules=access,
            releases=releases,
            metrics=Metrics(lookups, models, jobs.pool),
            audit=AuditLog(audit_log, releases),
            preparation=Preparation(chat.base),
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
        self.jobs.close()
        self.lookups.close()
        self.models.close()
        self.audit.close()
