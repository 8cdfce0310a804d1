"""Parts of the benchmarks on molecules."""
