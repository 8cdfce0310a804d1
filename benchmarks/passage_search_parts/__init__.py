"""Parts of the benchmark of passage search."""
