"""Known oddities among real spectra: their ranks by every score, in ensembles of three recipes."""

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
TRAIN = {
    "paper": ["--models", "3", "--epochs", "40"],
    "fast": ["--recipe", "fast"],
    "pca": ["--recipe", "pca"],
}
"""Ensembles, and how they are trained."""


def run(database: Path, *arguments: str) -> tuple[str, float]:
    start = time.perf_counter()
    command = [sys.executable, "-m", "catalog.cli", "--database", str(database), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    print(f"    catalog {' '.join(arguments[:-1] if arguments[0] == 'ingest' else arguments)}", file=sys.stderr)
    return done.stdout, time.perf_counter() - start


RANKS = {
    "error": "consensus_rank",
    "unseen": "unseen_rank",
    "chi2": "chi2_rank",
    "relative": "relative_rank",
    "isolation": "isolation_rank",
    "peers": "peer_rank",
}


def area_under_roc(rank: np.ndarray, odd: np.ndarray) -> float:
    """Probability that an odd star ranks before an ordinary one; NaN where there is none of either."""
    ordinary = np.sort(rank[~odd])
    later = len(ordinary) - np.searchsorted(ordinary, rank[odd], "right")
    return float(np.mean(later / len(ordinary))) if odd.any() and len(ordinary) else np.nan


def by_score(rows: list[dict[str, object]], odd: np.ndarray) -> list[list[object]]:
    """What each score finds, of the stars that it ranks."""
    lines: list[list[object]] = []
    for score, column in RANKS.items():
        ranked = np.array([row[column] is not None for row in rows])
        rank = np.array([row[column] for row in rows if row[column] is not None], float)
        known = odd[ranked]
        top = rank <= 0.05 * len(rank)
        found = f"{known[top].sum()} of {known.sum()}" if len(rank) else ""
        auc = area_under_roc(rank, known)
        lines.append([score, len(rank), found, "" if np.isnan(auc) else f"{auc:.2f}"])
    return lines


def main() -> None:
    if not DATA.is_dir():
        print(f"### Known oddities among real spectra\n\nskipped: no real spectra in {DATA}")
        return
    with (DATA / "truth.csv").open(newline="", encoding="utf-8") as file:
        truth = {row["mangaid"]: row for row in csv.DictReader(file)}
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "c.duckdb"
        run(database, "ingest", str(DATA))
        answers = {}
        for name, training in TRAIN.items():
            run(database, "train", "--dataset", "small", "--window", "3910", "8770", "--name", name, *training)
            run(database, "score", "--dataset", "large", "--ensemble", name)
            answer, _ = run(database, "outliers", "--ensemble", name, "--limit", "100000", "--format", "json")
            answers[name] = {row["mangaid"]: row for row in json.loads(answer)}
    ids = sorted(answers["paper"])
    odd = np.array([bool(truth[mangaid]["anomaly"]) for mangaid in ids])
    print(f"### Known oddities among {len(ids)} real spectra\n")
    print(
        "How many of the labelled stars are in the first 5 %, and the area under the ROC curve, by each score. There is"
    )
    print("no photometry, so that nothing has peers; and ivar for a part only.\n")
    for name, training in TRAIN.items():
        print(f"    catalog train --dataset small --window 3910 8770 --name {name} {' '.join(training)}")
        print(f"    catalog score --dataset large --ensemble {name}\n")
        print(table(["score", "ranked", "first 5 %", "AUC"], by_score([answers[name][i] for i in ids], odd)) + "\n")
    columns = [column for score, column in RANKS.items() if score != "peers"]
    cells = [
        [mangaid, truth[mangaid]["anomaly"], truth[mangaid]["spectral_type"]]
        + [str(answers[name][mangaid][column] or "") for name in TRAIN for column in columns]
        for mangaid, is_odd in zip(ids, odd, strict=True)
        if is_odd
    ]
    cells.sort(key=lambda cell: (cell[1], int(cell[3])))
    ranks = [f"{name}: {score}" for name in TRAIN for score in RANKS if score != "peers"]
    print("Ranks:\n\n" + table(["star", "kind", "type", *ranks], cells))  # type: ignore[arg-type]
    absent = [mangaid for mangaid, row in truth.items() if row["anomaly"] and mangaid not in ids]
    print(f"\nNot usable in this window, so without a score: {len(absent)} labelled stars ({', '.join(absent)}).")


if __name__ == "__main__":
    main()
