"""All measurements, one after the other: `python -m benchmarks`."""

import os
import platform
from datetime import UTC, datetime

from benchmarks import attach, export, ingest, likeness, mock, oddities, training
from catalog.provenance import versions_of

if __name__ == "__main__":
    packages = versions_of("numpy", "duckdb", "keras", "tensorflow", "astropy")
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores of {platform.machine()}, ", end="")
    print(", ".join(f"{name} {version}" for name, version in packages.items()) + "\n")
    for benchmark in (mock, likeness, ingest, attach, training, export, oddities):
        benchmark.main()
        print(flush=True)
