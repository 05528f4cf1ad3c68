"""What every score of an ensemble recovers: `python -m benchmarks.scores FOLDER`, after `benchmarks.recipes FOLDER`."""

import sys
from pathlib import Path

from benchmarks.measure import table
from benchmarks.paper import Session
from catalog.evaluation.methods import AUTOENCODER, SCORES

STRENGTHS = (0.5, 1.0, 2.0)

BY_KIND = ("paper", "conditional")
"""Recipes whose scores are told apart by kind."""

ENSEMBLES = "SELECT name, recipe ->> '$.name' AS recipe FROM ensemble ORDER BY ensemble_id"

Rows = list[dict[str, str]]


def found(rows: Rows, method: str, kind: str, strength: float | None, column: str) -> str:
    """What the consensus of all members finds, as text."""
    for row in rows:
        at = float(row["strength"]) if row["strength"] else None
        if (row["method"], row["members"], row["kind"], at) == (method, "all", kind, strength) and row[column]:
            return f"{float(row[column]):.2f}"
    return ""


def main() -> None:
    session = Session(Path(sys.argv[1]))
    truth = f"{session.folder}/mock/truth.csv"
    summary: list[list[object]] = []
    kinds: dict[str, list[object]] = {}
    methods = (AUTOENCODER, *SCORES)
    for ensemble in session.run("query", ENSEMBLES, "--format", "csv"):
        ask = ("evaluate", "--ensemble", ensemble["name"], "--no-baselines", "--format", "csv")
        planted, known = session.run(*ask), session.run(*ask, "--truth", truth)
        for method in methods:
            line = [
                ", ".join(found(planted, method, "", strength, column) for strength in STRENGTHS)
                for column in ("recall_1", "recall_5")
            ]
            line.append(found(planted, method, "", 1.0, "auc"))
            line += [found(known, method, "", None, column) for column in ("recall_1", "recall_5", "auc")]
            summary.append([ensemble["recipe"], "error" if method == AUTOENCODER else method, *line])
            if ensemble["recipe"] in BY_KIND:
                for kind in dict.fromkeys(row["kind"] for row in planted if row["kind"]):
                    kinds.setdefault(kind, [kind]).append(found(planted, method, kind, 1.0, "recall_1"))
    print("### Scores on the mock survey\n")
    head = ["planted, top 1 %", "planted, top 5 %", "AUC at 1", "known, top 1 %", "known, top 5 %", "known, AUC"]
    print(table(["recipe", "score", *head], summary), end="\n\n")
    print("Planted at strengths 0.5, 1 and 2, all kinds together. By kind, strength 1, in the top 1 %:\n")
    columns = [f"{recipe}: {'error' if method == AUTOENCODER else method}" for recipe in BY_KIND for method in methods]
    print(table(["kind", *columns], list(kinds.values())))


if __name__ == "__main__":
    main()
