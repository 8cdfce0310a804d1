"""Base utilities: atomic files and cached steps, errors, statistics, access policy, guardrails, HTML.

Nothing is imported here; import the module that you need, e.g. `from clinweave.core.errors import UserError`.
"""
