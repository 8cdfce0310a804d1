"""Evidence for a question, ranked into a budget of tokens."""
