"""What a question asks: language, intent, the concepts that it names, and the words that remain."""

from clinweave.knowledge.query.parse import parse_query
from clinweave.knowledge.query.query import Intent, Kind, Query, Topic
from clinweave.knowledge.query.query import clean as clean_question

__all__ = ["Intent", "Kind", "Query", "Topic", "clean_question", "parse_query"]
