"""Molecules: generate, search, and predict their properties. Needs the extra `molecules`. Research only."""

from clinweave.lazy import attach

__getattr__, __dir__ = attach(__name__, {})
