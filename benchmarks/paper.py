"""The paper's experiment on a mock survey of its size, and what is recovered: `python -m benchmarks.paper FOLDER`.

Every step is a command of the catalog, so that a run that was interrupted goes on. Hours, with the paper's epochs; the
number of epochs is the second argument.
"""

import csv
import io
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import table

N_STAR = 23_000
EPOCHS = 40
PAPER = {"1 %": -4.4, "10 %": -4.2, "50 %": -3.8, "90 %": -3.4, "99 %": -3.0}
"""log10 error at five percentiles: the paper, section 3.3."""

LOSSES = """
SELECT model.name AS model, train_loss, validation_loss, percentile_1, percentile_10, percentile_50, percentile_90,
    percentile_99
FROM model_version AS model
JOIN error_percentile AS error ON error.model_id = model.model_id
WHERE error.dataset = 'large'
ORDER BY model.model_id
"""


class Session:
    """The commands of one database, with the time of each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "catalog.duckdb"
        self.lines: list[str] = []

    def run(self, *arguments: str) -> list[dict[str, str]]:
        command = [sys.executable, "-m", "catalog.cli", "--database", str(self.database), *arguments]
        start = time.perf_counter()
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        shown = " ".join(argument.replace(f"{self.folder}/", "") for argument in arguments)
        if not shown.startswith("query"):
            self.lines.append(f"    catalog {shown}  # {time.perf_counter() - start:.0f} s")
        return list(csv.DictReader(io.StringIO(done.stdout)))


def _recall(rows: list[dict[str, str]], strength: str) -> str:
    """Recall in the top 1 % of every kind by every method, at one strength or, with "", at all together."""
    chosen = {(row["kind"], row["method"], row["members"]): row for row in rows if row["strength"] == strength}
    kinds = dict.fromkeys(kind for kind, _, _ in chosen)
    methods = [(method, "all") for method in dict.fromkeys(method for _, method, _ in chosen)]
    methods.insert(1, (methods[0][0], "unseen"))
    cells = [
        [
            kind or "all kinds",
            chosen[kind, *methods[0]]["n_odd"],
            *(_interval(chosen[kind, *which]) for which in methods),
        ]
        for kind in kinds
    ]
    names = [method if members == "all" else f"{method}, unseen" for method, members in methods]
    return table(["kind", "n", *names], cells)


def _interval(row: dict[str, str]) -> str:
    if not row["recall_1"]:
        return ""
    value, lo, hi = (float(row[f"recall_1{end}"]) for end in ("", "_lo", "_hi"))
    return f"{value:.2f} ({lo:.2f}–{hi:.2f})"


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    epochs = sys.argv[2] if len(sys.argv) > 2 else str(EPOCHS)
    session = Session(folder)
    session.run("mock", "-o", f"{folder}/mock", "--stars", str(N_STAR))
    session.run("ingest", f"{folder}/mock")
    session.run("train", "--dataset", "small", "--epochs", epochs)
    session.run("score", "--dataset", "large")
    listed = session.run("evaluate", "--truth", f"{folder}/mock/truth.csv", "--figure", f"{folder}/recall.png")
    planted = session.run("evaluate", "--figure", f"{folder}/recovery.png")
    models = session.run("query", LOSSES, "--format", "csv")
    usable = session.run("query", "SELECT name, n_spectrum, n_usable FROM dataset ORDER BY name", "--format", "csv")
    counts = ", ".join(f"{row['n_usable']} of {row['n_spectrum']} usable in `{row['name']}`" for row in usable)
    print(f"### The paper's experiment on a mock survey: {counts}\n")
    print("\n".join(session.lines) + "\n")
    columns = ["percentile_1", "percentile_10", "percentile_50", "percentile_90", "percentile_99"]
    rows: list[list[object]] = [
        [row["model"], f"{float(row['train_loss']):.2e}", f"{float(row['validation_loss']):.2e}",
         *(f"{float(row[column]):.2f}" for column in columns)]
        for row in models
    ]  # fmt: skip
    rows.append(["the paper", "", "1e-03", *(f"{value:.1f}" for value in PAPER.values())])
    print(table(["model", "training loss", "validation loss", *PAPER], rows))
    print(f"\nKnown oddities of all strengths in the top 1 %:\n\n{_recall(listed, '')}")
    print(f"\nPlanted at nominal strength, in the top 1 %:\n\n{_recall(planted, '1.0')}")
    print("\nRecovery of planted oddities by the autoencoders (all members), in the top 1 %, against strength:\n")
    curves = [row for row in planted if row["method"] == "autoencoder" and row["members"] == "all"]
    strengths = sorted({float(row["strength"]) for row in curves})
    by_kind: dict[str, dict[float, str]] = {}
    for row in curves:
        by_kind.setdefault(row["kind"] or "all kinds", {})[float(row["strength"])] = row["recall_1"]
    cells = [
        [kind, *(f"{float(found[s]):.2f}" if found[s] else "" for s in strengths)] for kind, found in by_kind.items()
    ]
    print(table(["kind", *(f"{s:g}" for s in strengths)], cells))


if __name__ == "__main__":
    main()
