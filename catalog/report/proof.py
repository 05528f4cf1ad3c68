"""What the ensemble recovers of known anomalies, and where every number comes from."""

import json
from pathlib import Path

from catalog.database.listing import listing
from catalog.database.table import to_table
from catalog.evaluation.methods import AUTOENCODER, METHODS
from catalog.evaluation.record import read_evaluation
from catalog.figures.recovery import draw as draw_recovery
from catalog.provenance import __version__, versions_of
from catalog.report import questions
from catalog.report.cells import GridColumn, counted, grid, interval, text
from catalog.report.document import Block, Facts, Folded, Missing, Section, Text
from catalog.report.missing import not_scored
from catalog.report.pictures import Pictures
from catalog.report.scope import Asker, ReportScope, Row

PACKAGES = ("duckdb", "numpy", "astropy", "matplotlib", "keras", "tensorflow")

ALL = "all kinds"


def recovery(scope: ReportScope, pictures: Pictures) -> Section:
    """The newest evaluation of the ensemble on the dataset."""
    title = "What is recovered"
    if scope.scored is None:
        return Section("recovery", title, [not_scored(scope)])
    asker = Asker(scope)
    found = asker.ask("The newest evaluation", questions.NEWEST_EVALUATION)
    if not found:
        missing = Missing(
            "Nobody has measured what this ensemble recovers: of the stars of a list, or of oddities planted in "
            "ordinary spectra.",
            (f"catalog evaluate --truth FILE {scope.options}", f"catalog evaluate {scope.options}"),
        )
        return Section("recovery", title, [missing], asker.questions)
    (evaluation,) = found
    rows = asker.ask("What it recovers", questions.RECOVERY_OF_EVALUATION, evaluation_id=evaluation["evaluation_id"])
    order = {method: number for number, method in enumerate(METHODS)}
    together = sorted((row for row in rows if row["kind"] is None), key=lambda row: order[row["method"]])
    kinds = [row for row in rows if row["method"] == AUTOENCODER]
    measured = [
        GridColumn("anomalies", "n_odd"),
        GridColumn("in the top 1 %", lambda row: _share(row, "recall_1")),
        GridColumn("in the top 5 %", lambda row: _share(row, "recall_5")),
        GridColumn("AUC", lambda row: _share(row, "auc")),
    ]
    blocks: list[Block] = [
        Text(_evaluated(evaluation)),
        grid(
            "Share of all anomalies that each method finds, with 95 % intervals",
            together,
            [GridColumn("method", "method"), *measured],
        ),
        pictures.draw(
            "Recovery of known anomalies by kind and method",
            _alt(kinds),
            lambda plots, file: _draw(scope, evaluation, file),
        ),
        grid(
            "Share of each kind that the error of the autoencoders, the paper's score, finds",
            kinds,
            [GridColumn("kind", lambda row: row["kind"] or ALL), *measured],
        ),
    ]
    return Section("recovery", title, blocks, asker.questions)


def provenance(scope: ReportScope, command: str) -> Section:
    """Versions, hashes, seeds, the revision of the database and the command."""
    asker = Asker(scope)
    (revision,) = asker.ask("Revision of the database", questions.REVISION_OF_DATABASE)
    facts = [
        ("command", command),
        ("database", f"{scope.database.path.name}, revision {revision['revision']}"),
        ("stellar-anomaly-catalog", __version__),
        ("versions that made this report", _versions(versions_of(*PACKAGES))),
    ]
    blocks: list[Block] = []
    if scope.ensemble is not None:
        (hashes,) = asker.ask("Hash of the recipe", questions.HASH_OF_RECIPE)
        facts += [
            ("ensemble", f"{hashes['ensemble']}, planned by version {hashes['code_version']}"),
            ("SHA-256 of its recipe", hashes["recipe_sha256"]),
        ]
        models = asker.ask("Seeds, weights and versions of the models", questions.PROVENANCE_OF_MODELS)
        columns = [
            GridColumn("model", "model"),
            GridColumn("seed", "seed"),
            GridColumn("SHA-256 of its weights", "weights_sha256", kind="hash"),
            GridColumn("code version", "code_version"),
            GridColumn("trained with", lambda row: _versions(json.loads(row["versions"] or "{}"))),
        ]
        blocks.append(
            Folded(
                f"Seeds, weights and versions of {counted(len(models), 'model')}",
                [grid("Seeds, weights and versions", models, columns)],
            )
        )
    return Section("provenance", "Provenance", [Facts(facts), *blocks], asker.questions)


def _draw(scope: ReportScope, evaluation: Row, file: Path) -> None:
    rows, *_ = read_evaluation(scope.database, evaluation["evaluation_id"])
    draw_recovery(to_table(listing(rows, {"mode": evaluation["mode"]})), file)


def _evaluated(evaluation: Row) -> str:
    ranked = f"{counted(evaluation['n_member'], 'model')}, {counted(evaluation['n_spectrum'], 'spectrum', 'spectra')}"
    if evaluation["mode"] == "injection":
        planted = f"planted in ordinary spectra (seed {evaluation['seed']})"
        return f"Oddities of known kind and strength were {planted}; {ranked}."
    return (
        f"{evaluation['n_matched']:,} of {counted(evaluation['n_listed'], 'star')} that {evaluation['truth_file']} "
        f"lists, odd and ordinary, have a scored spectrum; {ranked}. The AUC is the probability that an anomaly ranks "
        "before an ordinary spectrum."
    )


def _alt(kinds: list[Row]) -> str:
    said = ", ".join(
        f"{row['kind'] or ALL} {text(row['recall_5'], '.0%')}" for row in kinds if row["recall_5"] is not None
    )
    return (
        "Recall of every kind of anomaly by every method, with intervals. In the top 5 % by the error of the "
        f"autoencoders: {said}."
    )


def _share(row: Row, name: str) -> str:
    ends = interval(row[f"{name}_lo"], row[f"{name}_hi"], ".2f")
    return f"{text(row[name], '.2f')} ({ends})"


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
