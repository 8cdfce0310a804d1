"""Labelled pairs of a sentence and the evidence it cites, to score the check of citations."""
