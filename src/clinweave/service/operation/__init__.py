"""What runs the service: whether it is up, whether it is ready, what it has done."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.service.operation.routes import operation_routes as operation_routes

__getattr__, __dir__ = attach(__name__, {"operation_routes": "routes"})
