"""Relations proposed from text by a language model: typed, quoted, checked, and kept apart from the graph."""
