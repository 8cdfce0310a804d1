"""The query for passages about a subject: all words of one of its names are in the title."""

from collections.abc import Sequence
from typing import Any

from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.retrieval.index_store import schema

_PREFERRED = 4.0
_OF_BODY = 3.0  # weight of words of the text, relative to those of the title


def titled_query(names: Sequence[str], prefer: str, body: str) -> Any:
    """Return the tantivy query for titles with a name, None without a name; see `TextIndex.titled`."""
    import tantivy

    known, groups = schema(), []
    for name in names:
        terms = [tantivy.Query.term_query(known, "title", word) for word in dict.fromkeys(words_of(name))]
        if terms:
            every = tantivy.Query.boolean_query([(tantivy.Occur.Must, term) for term in terms])
            groups.append((tantivy.Occur.Should, every))
    if not groups:
        return None
    clauses = [(tantivy.Occur.Must, tantivy.Query.boolean_query(groups))]
    for word in words_of(prefer):
        term = tantivy.Query.term_query(known, "title", word)
        clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(term, _PREFERRED)))
    if words := dict.fromkeys(words_of(body)):
        terms = [tantivy.Query.term_query(known, "body", word, "freq") for word in words]
        wanted = tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms])
        clauses.append((tantivy.Occur.Must, tantivy.Query.boost_query(wanted, _OF_BODY)))
    return tantivy.Query.boolean_query(clauses)
