"""What the other recipes cost and recover, beside the paper's: `python -m benchmarks.recipes FOLDER`.

FOLDER is that of `benchmarks.paper`, whose survey and ensemble are used. Every step is a command of the catalog, so
that a run that was interrupted goes on.
"""

import sys
from pathlib import Path

from benchmarks.measure import table
from benchmarks.paper import Session
from catalog.autoencoder.recipes import RECIPES
from catalog.evaluation.methods import AUTOENCODER

STRENGTHS = ("0.5", "1", "2")

# Seconds of a whole member, its components included; and until its loss is at or below that of the paper's recipe.
COSTS = """
WITH goal AS (
    SELECT median(validation_loss) AS loss
    FROM model_version JOIN ensemble USING (ensemble_id)
    WHERE ensemble.recipe ->> '$.name' = 'paper'
),
reached AS (
    SELECT model_id, sum(seconds) AS seconds
    FROM training_epoch, goal
    WHERE epoch <= (
        SELECT min(epoch) FROM training_epoch AS own
        WHERE own.model_id = training_epoch.model_id AND own.validation_loss <= goal.loss
    )
    GROUP BY model_id
)
SELECT
    ensemble.name AS ensemble,
    median(model.epochs) AS epochs,
    median(model.train_loss) AS train_loss,
    median(model.validation_loss) AS validation_loss,
    median(epoch_ms(model.finished_at) - epoch_ms(model.started_at)) / 1000 AS seconds,
    median(reached.seconds) AS seconds_to_goal,
    count(reached.seconds) AS n_reached
FROM model_version AS model
JOIN ensemble USING (ensemble_id)
LEFT JOIN reached USING (model_id)
GROUP BY ensemble.ensemble_id, ensemble.name
ORDER BY ensemble.ensemble_id
"""


def recall(row: dict[str, str]) -> str:
    return f"{float(row['recall_1']):.2f}" if row["recall_1"] else ""


def main() -> None:
    session = Session(Path(sys.argv[1]))
    session.run("db", "upgrade")
    for recipe in RECIPES.values():
        if recipe.name != "paper":
            session.run("train", "--dataset", "small", "--recipe", recipe.name, "--name", recipe.name)
            session.run("score", "--dataset", "large", "--ensemble", recipe.name)
    costs = session.run("query", COSTS, "--format", "csv")
    truth = f"{session.folder}/mock/truth.csv"
    summary: list[list[object]] = []
    kinds: dict[str, list[object]] = {}
    for cost in costs:
        ask = ("evaluate", "--ensemble", cost["ensemble"], "--no-baselines", "--format", "csv")
        planted, listed = (
            [row for row in session.run(*ask, *more) if row["method"] == AUTOENCODER]
            for more in ((), ("--truth", truth))
        )
        known = {row["members"]: row for row in listed if not row["kind"] and not row["strength"]}
        together = {(row["members"], f"{float(row['strength']):g}"): recall(row) for row in planted if not row["kind"]}
        summary.append(
            [
                cost["ensemble"],
                cost["epochs"],
                f"{float(cost['train_loss']):.2e}",
                f"{float(cost['validation_loss']):.2e}",
                f"{float(cost['seconds']):.1f}",
                f"{float(cost['seconds_to_goal']):.2f} ({cost['n_reached']})" if cost["seconds_to_goal"] else "",
                *(" / ".join(together[members, strength] for strength in STRENGTHS) for members in ("all", "unseen")),
                f"{recall(known['all'])} / {recall(known['unseen'])}",
                f"{float(known['all']['auc']):.2f} / {float(known['unseen']['auc']):.2f}",
            ]
        )
        nominal = [row for row in planted if row["kind"] and float(row["strength"]) == 1]
        for kind in dict.fromkeys(row["kind"] for row in nominal):
            by = {row["members"]: recall(row) for row in nominal if row["kind"] == kind}
            kinds.setdefault(kind, [kind]).append(f"{by['all']} / {by['unseen']}")
    print("### Recipes on the mock survey\n")
    print("\n".join(session.lines), end="\n\n")
    head = ["ensemble", "epochs", "training loss", "validation loss", "s a model", "s to the paper's loss (models)"]
    print(table([*head, "planted, all", "planted, unseen", "known", "AUC"], summary), end="\n\n")
    print(
        f"Planted: recall in the top 1 % at strengths {', '.join(STRENGTHS)}, all kinds together. Known: recall of the"
    )
    print("survey's own oddities, all / unseen. By kind, planted at nominal strength, all / unseen:\n")
    print(table(["kind", *(cost["ensemble"] for cost in costs)], list(kinds.values())))


if __name__ == "__main__":
    main()
