"""How soon a command that only asks has answered: `python -m benchmarks.startup DATABASE [--before PYTHON]`.

DATABASE is that of `catalog demo`. Every command is a process of its own, as a user starts it, and so is bare DuckDB,
which opens the file and answers one SELECT. All are run in turn, round after round, so that a noise of the machine
meets all of them. With --before, the Python of an earlier version answers too, from a file that it can read.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 7
SQL = "SELECT mangaid, consensus_rank FROM consensus_anomaly ORDER BY consensus_rank LIMIT 5"
BARE = f"import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).execute({SQL!r}).fetchall())"


def commands(mangaid: str) -> dict[str, list[str]]:
    """What is asked, by what it is called in the table."""
    return {
        "query": ["query", SQL],
        "outliers": ["outliers"],
        "neighbors": ["neighbors", mangaid],
        "explain (stored)": ["explain", mangaid],
        "labels": ["labels"],
        "schema": ["schema"],
        "ensembles": ["ensembles"],
        "db status": ["db", "status"],
        "--help": ["--help"],
    }


def absolute(path: str) -> Path:
    """A path that means the same wherever a process stands."""
    return Path(path).absolute()


def seconds(command: list[str]) -> float:
    """Wall-clock time of a process; it must succeed.

    It stands in no checkout, or it would run the code of that one, whichever Python it is.
    """
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=tempfile.gettempdir())
    return time.perf_counter() - start


def main() -> None:
    """Print the table, as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", type=absolute)
    parser.add_argument("--before", type=absolute, help="Python of an earlier version.")
    parser.add_argument(
        "--before-database",
        type=absolute,
        help="The same database, of the revision of that version.",
    )
    given = parser.parse_args()
    ask = f"import duckdb, sys; print(duckdb.connect(sys.argv[1]).execute({SQL!r}).fetchone()[0])"
    first = [sys.executable, "-c", ask, str(given.database)]
    mangaid = subprocess.run(first, check=True, capture_output=True, text=True).stdout.strip()
    pythons = {"now": (sys.executable, given.database)}
    if given.before is not None:
        pythons["before"] = (str(given.before), given.before_database or given.database)
    runs = {("bare DuckDB", "now"): [sys.executable, "-c", BARE, str(given.database)]}
    for name, arguments in commands(mangaid).items():
        for version, (python, database) in pythons.items():
            runs[name, version] = [python, "-m", "catalog.cli", "--database", str(database), *arguments]
    taken: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
    for _ in range(ROUNDS):
        for key, command in runs.items():
            taken[key].append(seconds(command))
    medians = {key: statistics.median(values) for key, values in taken.items()}
    bare = medians["bare DuckDB", "now"]
    print(f"median of {ROUNDS}, seconds\n\n| command | before | now | now over bare DuckDB |\n|---|---|---|---|")
    print(f"| bare DuckDB | | {bare:.3f} | 1.0 |")
    for name in commands(mangaid):
        before = medians.get((name, "before"))
        said = "" if before is None else f"{before:.3f}"
        print(f"| {name} | {said} | {medians[name, 'now']:.3f} | {medians[name, 'now'] / bare:.1f} |")


if __name__ == "__main__":
    main()
