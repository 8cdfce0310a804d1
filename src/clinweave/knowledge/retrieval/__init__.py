"""The text index, and the folders of documents it can take in."""
