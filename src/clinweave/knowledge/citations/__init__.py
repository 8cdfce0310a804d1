"""The check of citations: a sentence as a typed claim, against the records it points at."""
