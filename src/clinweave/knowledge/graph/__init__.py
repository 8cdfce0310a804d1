"""The knowledge graph: built from records, opened by memory map, walked, put into words, exchanged as KGX."""
