"""Known oddities among real spectra: their ranks in the consensus of three models of 40 epochs."""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import table

DATA = Path(os.environ.get("CATALOG_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "real_stars"
TRAIN = ["train", "--dataset", "small", "--window", "3910", "8770", "--models", "3", "--epochs", "40"]


def run(database: Path, *arguments: str) -> tuple[str, float]:
    start = time.perf_counter()
    command = [sys.executable, "-m", "catalog.cli", "--database", str(database), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"    catalog {' '.join(arguments[:-1] if arguments[0] == 'ingest' else arguments)}", file=sys.stderr)
    return done.stdout, time.perf_counter() - start


def area_under_roc(rank: np.ndarray, odd: np.ndarray) -> float:
    """Probability that an odd star ranks before an ordinary one."""
    ahead = (rank[odd][:, None] < rank[~odd][None, :]).mean()
    return float(ahead)


def main() -> None:
    if not DATA.is_dir():
        print(f"### Known oddities among real spectra\n\nskipped: no real spectra in {DATA}")
        return
    with (DATA / "truth.csv").open(newline="", encoding="utf-8") as file:
        truth = {row["mangaid"]: row for row in csv.DictReader(file)}
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "c.duckdb"
        seconds = {}
        _, seconds["ingest"] = run(database, "ingest", str(DATA))
        _, seconds["train"] = run(database, *TRAIN)
        _, seconds["score"] = run(database, "score", "--dataset", "large")
        answer, seconds["outliers"] = run(
            database, "outliers", "--dataset", "large", "--limit", "100000", "--format", "json"
        )
    rows = json.loads(answer)
    rank = np.array([row["consensus_rank"] for row in rows])
    odd = np.array([bool(truth[row["mangaid"]]["anomaly"]) for row in rows])
    print(f"### Known oddities among {len(rows)} real spectra\n")
    print(f"    catalog {' '.join(TRAIN)}\n    catalog score --dataset large\n    catalog outliers --dataset large\n")
    print(", ".join(f"{name} {value:.0f} s" for name, value in seconds.items()), end=". ")
    print(
        f"Area under the ROC curve {area_under_roc(rank, odd):.2f}; of the first 10 {odd[rank <= 10].sum()} are "
        f"labelled odd; {odd[rank <= 0.05 * len(rows)].sum()} of {odd.sum()} are in the first 5 %.\n"
    )
    cells = [
        [row["consensus_rank"], row["unseen_rank"] or "", f"{row['n_flagged']} of {row['n_model']}",
         f"{row['mean_percentile']:.1f}", row["mangaid"], truth[row["mangaid"]]["anomaly"],
         truth[row["mangaid"]]["spectral_type"]]
        for row, is_odd in zip(rows, odd, strict=True)
        if is_odd
    ]  # fmt: skip
    print(table(["rank", "unseen rank", "flagged by", "mean percentile", "star", "kind", "type"], cells))
    absent = [
        mangaid for mangaid, row in truth.items() if row["anomaly"] and mangaid not in {r["mangaid"] for r in rows}
    ]
    print(f"\nNot usable in this window, so without a score: {len(absent)} labelled stars ({', '.join(absent)}).")


if __name__ == "__main__":
    main()
