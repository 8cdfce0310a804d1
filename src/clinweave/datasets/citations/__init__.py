"""Labelled pairs of a sentence and the evidence it cites, to evaluate the citation checker."""
