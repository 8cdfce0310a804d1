"""Concepts recognised in text: dictionary, senses, negation, abbreviations."""
