"""Parts of `citation_entailment.py`."""
