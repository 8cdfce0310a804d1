"""What a question asks for."""

from clinweave.knowledge.query.asked import clean as clean_question
from clinweave.knowledge.query.parse import Query, parse_query

__all__ = ["Query", "clean_question", "parse_query"]
