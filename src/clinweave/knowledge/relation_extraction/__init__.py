"""Relations proposed from text by a language model: typed, quoted, checked, and stored apart from the graph."""
