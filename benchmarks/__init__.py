"""Measurements, not tests: `make bench` prints them as Markdown; benchmarks/RESULTS.md keeps them."""
