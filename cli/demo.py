"""`catalog demo`: the whole job on a small survey made on the spot."""

import shutil
import sys
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from catalog import (
    AUTOENCODER,
    TRUTH,
    Catalog,
    CatalogError,
    MockSurvey,
    Recipe,
    TruthFile,
    read_small_table,
    recorded_survey,
    write_mock,
)

from .explain import told
from .ingest import sentence
from .shared.output import progress_bar, say, show
from .shared.training import TrainingTalk

WINDOW = (3700.0, 10200.0)
RECIPE = Recipe(window=WINDOW, epochs=12)
MODELS = 10
STARS = 600
ANOMALY_FRACTION = 0.05
"""More than in a real survey, so that even a small one has a few of each kind."""
TOP = 20
"""How many of the oddest are explained: those that the report lists."""

SHOWN = (
    "consensus_rank", "mangaid", "planted", "strength", "cause", "n_flagged", "n_model", "mean_percentile",
    "unseen_rank", "bp_rp", "abs_g",
)  # fmt: skip
"""Columns of the list of anomalies."""

NEXT = """
Go on with:
{activate}  export CATALOG_DATABASE={database}
  catalog outliers --bp-rp 1 3
  catalog evaluate --kind ch-star --kind emission-line
  catalog query "SELECT model, percentile_50, percentile_99 FROM error_percentile ORDER BY model_id"
  catalog query "SELECT mangaid, consensus_rank, n_flagged, bp_rp, abs_g
                 FROM consensus_anomaly JOIN cmd USING (mangaid)
                 WHERE bp_rp > 3 ORDER BY consensus_rank LIMIT 5"
"""


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default="catalog-demo",
    show_default=True,
    help="Where the survey and the database go.",
)
@click.option("--stars", default=STARS, show_default=True, type=click.IntRange(min=100), help="Size of the survey.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the survey.")
def demo(directory: Path, stars: int, seed: int) -> None:
    """The whole job on a small survey made on the spot.

    Writes a mock survey in MaStar's file formats, one star in twenty odd (see catalog mock), loads it, trains ten
    models with the paper's network for a few epochs, scores, says why the oddest are odd, shows what was found, kind by
    kind, and writes the report into report.html. Run again, it goes on where it was.
    """
    files = directory / "files"
    survey = MockSurvey(stars, seed, ANOMALY_FRACTION)
    if (found := recorded_survey(files)) is not None and found != survey:
        raise CatalogError(
            f"{directory} holds a survey of {found.n_star} stars, seed {found.seed}, odd fraction "
            f"{found.anomaly_fraction:g}; give another --directory or remove it"
        )
    say(f"1. catalog mock -o {files} --stars {stars} --seed {seed} --anomaly-fraction {ANOMALY_FRACTION}")
    with progress_bar("spectra") as bar:
        write_mock(files, survey, bar)
    catalog = Catalog(directory / "catalog.duckdb", as_="arrow")
    say(f"2. catalog ingest {files}")
    for file in catalog.ingest([files]):
        say(f"   {sentence(file)}")
    say(f"3. catalog train --dataset small --window {WINDOW[0]:g} {WINDOW[1]:g} --epochs {RECIPE.epochs}")
    with TrainingTalk() as talk:
        ensemble = catalog.train("small", RECIPE, MODELS, on_plan=talk.plan, on_epoch=talk.epoch).ensemble
    say("4. catalog score --dataset large")
    with progress_bar("scoring") as bar:
        catalog.score("large", ensemble, bar)
    say(f"5. catalog explain --dataset large --top {TOP}")
    with progress_bar("explaining") as bar:
        explained = catalog.explain(top=TOP, dataset="large", ensemble=ensemble, progress=bar)
    outliers = _with_truth(catalog.outliers("large", ensemble, limit=TOP), explained, files / TRUTH)
    show(outliers[:15], "table", "\nConsensus anomalies, with what was planted (catalog outliers --dataset large)")
    first = explained.slice(0, 1).to_pylist()[0]
    click.echo("\n".join(["", f"Why the first (catalog explain {first['mangaid']})", *told(first)]))
    say(f"\n6. catalog evaluate --truth {files / TRUTH}")
    with progress_bar("evaluating") as bar:
        recovery = catalog.evaluate(TruthFile(files / TRUTH), "large", ensemble, talk=say, progress=bar)
    show(_by_kind(recovery), "table", "\nFraction of each kind in the first 5 %, beside a PCA on the same splits")
    neighbors = catalog.neighbors(first["mangaid"], dataset="large", ensemble=ensemble)
    show(neighbors, "table", f"\nLook-alikes of the first (catalog neighbors {first['mangaid']})")
    whole = directory / "report.html"
    say(f"\n7. catalog report --dataset large -o {whole}")
    with progress_bar("report") as bar:
        catalog.report(whole, "large", ensemble, force=True, progress=bar)
    say(f"   all of it with figures, in a browser: {whole.resolve().as_uri()}")
    activate = "" if shutil.which("catalog") else f"  . {Path(sys.prefix) / 'bin' / 'activate'}\n"
    say(NEXT.format(activate=activate, database=catalog.database.path))


def _with_truth(outliers: pa.Table, explained: pa.Table, path: Path) -> pa.Table:
    """The main columns of the oddest, with what was planted in them and what `explain` calls it."""
    truth = {row["mangaid"]: row for _, row in read_small_table(path, ("mangaid", "kind", "strength"))}
    causes = dict(zip(explained["mangaid"].to_pylist(), explained["cause"].to_pylist(), strict=True))
    rows = []
    for row in outliers.to_pylist():
        known = truth[row["mangaid"]]
        strength = float(known["strength"] or 0)
        planted = {"planted": known["kind"], "strength": f"{strength:g}" if strength else ""}
        row |= planted | {"cause": causes.get(row["mangaid"], "")}
        rows.append({name: row[name] for name in SHOWN})
    return pa.Table.from_pylist(rows)


def _by_kind(recovery: pa.Table) -> pa.Table:
    """One row per kind from the rows of `recovery`: how many there are, and what share each method finds."""
    together = [row for row in recovery.to_pylist() if row["strength"] is None]

    def column(method: str, members: str, name: str) -> list[Any]:
        return [row[name] for row in together if (row["method"], row["members"]) == (method, members)]

    def rounded(method: str, members: str, name: str) -> list[float | None]:
        return [None if value is None else round(value, 2) for value in column(method, members, name)]

    return pa.table(
        {
            "kind": [kind or "all kinds" for kind in column(AUTOENCODER, "all", "kind")],
            "n": column(AUTOENCODER, "all", "n_odd"),
            "autoencoders": rounded(AUTOENCODER, "all", "recall_5"),
            "those that have not seen it": rounded(AUTOENCODER, "unseen", "recall_5"),
            "pca": rounded("pca", "all", "recall_5"),
            "auc of autoencoders": rounded(AUTOENCODER, "all", "auc"),
        }
    )
